@ Builds a binary search tree of 4,096 keys out of nodes that it takes one by one from a heap in bss,
@ and walks it in order: a program that grows page after page and then jumps between all of them.
@ Exit status: 0 when the walk meets every key in ascending order, otherwise 1.

        .syntax unified
        .arch   armv7-a
        .arm

        .equ    KEYS, 4096
        .equ    LEFT, 0                 @ a node: the lower keys, the higher keys, its own key
        .equ    RIGHT, 4
        .equ    KEY, 8
        .equ    NODE, 16
        .equ    EXIT, 1                 @ the number of exit(status) in r7, as on Linux

        .text
        .global _start
        .type   _start, %function
_start:
        ldr     r4, =KEYS
        ldr     r5, =generator
        ldm     r5, {r5, r6, r7}        @ first key, multiplier, increment
1:      mov     r0, r5
        bl      insert
        mla     r5, r5, r6, r7
        subs    r4, r4, #1
        bne     1b

        ldr     r0, =root
        ldr     r0, [r0]
        mov     r5, #0                  @ the keys met
        mov     r6, #0                  @ the last of them
        mov     r8, #0                  @ 1 after a key that was out of order
        bl      walk
        ldr     r1, =KEYS
        cmp     r5, r1
        movne   r8, #1
        mov     r0, r8
        mov     r7, #EXIT
        svc     #0
        .size   _start, . - _start

@ insert(r0 = key): hangs a new node with the key into the tree.
        .type   insert, %function
insert:
        ldr     r1, =root               @ where the pointer to the subtree lies
1:      ldr     r2, [r1]
        cmp     r2, #0
        beq     2f
        ldr     r3, [r2, #KEY]
        cmp     r0, r3
        addlo   r1, r2, #LEFT
        addhs   r1, r2, #RIGHT
        b       1b
2:      ldr     r12, =heap_end
        ldr     r2, [r12]
        add     r3, r2, #NODE
        str     r3, [r12]
        str     r0, [r2, #KEY]
        str     r2, [r1]
        bx      lr
        .size   insert, . - insert

@ walk(r0 = node or 0): goes through the subtree in order, keeping r5, r6 and r8 as _start says.
        .type   walk, %function
walk:
        cmp     r0, #0
        bxeq    lr
        push    {r4, lr}
        mov     r4, r0
        ldr     r0, [r4, #LEFT]
        bl      walk
        ldr     r1, [r4, #KEY]
        cmp     r1, r6
        movlo   r8, #1
        mov     r6, r1
        add     r5, r5, #1
        ldr     r0, [r4, #RIGHT]
        pop     {r4, lr}
        b       walk
        .size   walk, . - walk
        .ltorg

        .section .rodata, "a"
        .balign 4
        .type   generator, %object
generator:                              @ a linear congruential generator of full period
        .word   20160404, 1664525, 1013904223
        .size   generator, . - generator

        .data
        .balign 4
        .type   heap_end, %object
heap_end:
        .word   heap
        .size   heap_end, . - heap_end

        .bss
        .balign 4
        .type   root, %object
root:
        .space  4
        .size   root, . - root
        .balign 4096
        .type   heap, %object
heap:
        .space  KEYS * NODE
        .size   heap, . - heap
