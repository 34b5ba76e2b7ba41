@ Fills an array of 64 KiB in bss with pseudo-random words and sorts it by recursive quicksort: a
@ program whose pages are first touched in order and then in a pattern that only the data decides.
@ Exit status: 0 when the words ascend and their sum is what it was, otherwise 1.

        .syntax unified
        .arch   armv7-a
        .arm

        .equ    COUNT, 16384
        .equ    EXIT, 1                 @ the number of exit(status) in r7, as on Linux

        .text
        .global _start
        .type   _start, %function
_start:
        bl      fill
        bl      sum
        mov     r8, r0
        ldr     r0, =numbers
        ldr     r1, =numbers + 4 * (COUNT - 1)
        bl      sort
        bl      sum
        cmp     r0, r8
        movne   r0, #1
        bne     1f
        bl      ascends
1:      ldr     r1, =verdict
        str     r0, [r1]
        mov     r7, #EXIT
        svc     #0
        .size   _start, . - _start

@ fill(): writes every number, by Marsaglia's xorshift from the seed.
        .type   fill, %function
fill:
        ldr     r0, =numbers
        ldr     r1, =COUNT
        ldr     r2, =seed
        ldr     r2, [r2]
1:      eor     r2, r2, r2, lsl #13
        eor     r2, r2, r2, lsr #17
        eor     r2, r2, r2, lsl #5
        str     r2, [r0], #4
        subs    r1, r1, #1
        bne     1b
        bx      lr
        .size   fill, . - fill

@ sum(): r0 = the sum of all numbers, modulo 2^32.
        .type   sum, %function
sum:
        ldr     r1, =numbers
        ldr     r2, =COUNT
        mov     r0, #0
1:      ldr     r3, [r1], #4
        add     r0, r0, r3
        subs    r2, r2, #1
        bne     1b
        bx      lr
        .size   sum, . - sum

@ sort(r0 = address of the first, r1 = address of the last): Hoare's partition about the middle.
        .type   sort, %function
sort:
        cmp     r0, r1
        bxhs    lr
        push    {r4, r5, r6, lr}
        mov     r4, r0
        mov     r5, r1
        sub     r2, r1, r0
        lsr     r2, r2, #3
        ldr     r6, [r0, r2, lsl #2]    @ the pivot
        mov     r2, r4                  @ goes up to the first that is not lower
        mov     r3, r5                  @ goes down to the first that is not higher
1:      ldr     r0, [r2]
        cmp     r0, r6
        addlo   r2, r2, #4
        blo     1b
2:      ldr     r1, [r3]
        cmp     r1, r6
        subhi   r3, r3, #4
        bhi     2b
        cmp     r2, r3
        bhi     3f
        str     r1, [r2], #4
        str     r0, [r3], #-4
        cmp     r2, r3
        bls     1b
3:      mov     r0, r4
        mov     r1, r3
        mov     r4, r2
        bl      sort
        mov     r0, r4
        mov     r1, r5
        pop     {r4, r5, r6, lr}
        b       sort
        .size   sort, . - sort

@ ascends(): r0 = 0 when no number is lower than the one before it, otherwise 1.
        .type   ascends, %function
ascends:
        ldr     r1, =numbers
        ldr     r2, =COUNT - 1
        ldr     r3, [r1], #4
1:      ldr     r12, [r1], #4
        cmp     r12, r3
        movlo   r0, #1
        bxlo    lr
        mov     r3, r12
        subs    r2, r2, #1
        bne     1b
        mov     r0, #0
        bx      lr
        .size   ascends, . - ascends
        .ltorg

        .section .rodata, "a"
        .balign 4
        .type   seed, %object
seed:
        .word   0x9e3779b9
        .size   seed, . - seed

        .data
        .balign 4
        .type   verdict, %object
verdict:
        .word   -1                      @ not yet known
        .size   verdict, . - verdict

        .bss
        .balign 4096
        .type   numbers, %object
numbers:
        .space  4 * COUNT
        .size   numbers, . - numbers
