@ A first program: it touches every kind of memory that a program has. It reads a string from rodata,
@ puts it together on its stack, writes it to the start of each page of an array in bss, and counts
@ down in data how many pages are left. Exit status: 0 when every page then holds the string.

        .syntax unified
        .arch   armv7-a
        .arm

        .equ    PAGE, 4096
        .equ    PAGES, 4
        .equ    EXIT, 1                 @ the number of exit(status) in r7, as on Linux

        .text
        .global _start
        .type   _start, %function
_start:
        ldr     r4, =pages
1:      mov     r0, r4
        bl      greet
        add     r4, r4, #PAGE
        ldr     r0, =remaining
        ldr     r1, [r0]
        subs    r1, r1, #1
        str     r1, [r0]
        bne     1b

        ldr     r4, =pages
        mov     r5, #PAGES
2:      mov     r0, r4
        bl      compare
        cmp     r0, #0
        bne     3f
        add     r4, r4, #PAGE
        subs    r5, r5, #1
        bne     2b
        mov     r0, #0
3:      mov     r7, #EXIT
        svc     #0
        .size   _start, . - _start

@ greet(r0 = destination): copies the greeting there by way of the stack.
        .type   greet, %function
greet:
        push    {r4, lr}
        sub     sp, sp, #GREETING_SPACE
        mov     r4, r0
        mov     r0, sp
        ldr     r1, =greeting
        bl      copy
        mov     r0, r4
        mov     r1, sp
        bl      copy
        add     sp, sp, #GREETING_SPACE
        pop     {r4, pc}
        .size   greet, . - greet

@ copy(r0 = destination, r1 = string): copies up to and with the byte 0.
        .type   copy, %function
copy:
        ldrb    r2, [r1], #1
        strb    r2, [r0], #1
        cmp     r2, #0
        bne     copy
        bx      lr
        .size   copy, . - copy

@ compare(r0 = string): r0 = 0 when it is the greeting, otherwise 1.
        .type   compare, %function
compare:
        ldr     r1, =greeting
1:      ldrb    r2, [r0], #1
        ldrb    r3, [r1], #1
        cmp     r2, r3
        movne   r0, #1
        bxne    lr
        cmp     r2, #0
        bne     1b
        mov     r0, #0
        bx      lr
        .size   compare, . - compare
        .ltorg

        .section .rodata, "a"
        .type   greeting, %object
greeting:
        .asciz  "Hello from a domain that maps its own memory.\n"
        .size   greeting, . - greeting
        .equ    GREETING_SPACE, (. - greeting + 7) & ~7

        .data
        .balign 4
        .type   remaining, %object
remaining:
        .word   PAGES
        .size   remaining, . - remaining

        .bss
        .balign PAGE
        .type   pages, %object
pages:
        .space  PAGES * PAGE
        .size   pages, . - pages
