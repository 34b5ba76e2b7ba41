@ The guest that tries tables which `pagewright build` made: linked with their start-up stub and their
@ object file, it turns the MMU on by the stub, makes every access of a list, and tells through
@ semihosting what came of each, as one hexadecimal word a line.
@
@   check    the address, then one of: 0 read, 1 write, 2 execute at PL1; 3, 4, 5 the same at PL0
@   answer   0 allowed; 1 in bit 31: DFSR of a data abort; 1 in bit 30: IFSR of a prefetch abort
@
@ The list (`checks`, `checks_end`) and the pages to prepare (`pages`, `pages_end`: physical addresses)
@ are linked in. A prepared page holds `svc 0` at its beginning, which is what a fetch from it executes.
@ This image lies in a MiB that the tables must map at its own address, all rights for PL1, none for PL0.
@
@ r4 next check, r5 end, r6 next answer, r7 and r8 the check.

    .syntax unified
    .arch armv7-a
    .arm

    .equ MODE_USR, 0x1d0
    .equ MODE_SVC, 0x13
    .equ MODE_SYS, 0x1f
    .equ SYS_WRITE0, 0x04
    .equ SYS_EXIT, 0x18
    .equ EXIT_FINE, 0x20026

    .section .text.start, "ax"
    .global _start
_start:
    b reset

    .balign 32
vectors:
    b lost
    b lost                          @ undefined
    b supervisor_call
    b prefetch_abort
    b data_abort
    b lost
    b lost
    b lost

reset:
    cpsid aif, #MODE_SVC
    ldr sp, =stack_end
    ldr r0, =vectors
    mcr p15, 0, r0, c12, c0, 0      @ VBAR
    ldr r0, =pages
    ldr r1, =pages_end
    ldr r2, =0xef000000             @ svc 0
prepare:
    cmp r0, r1
    ldrne r3, [r0], #4
    strne r2, [r3]
    bne prepare
    dsb
    bl pagewright_mmu_on
    ldr r4, =checks
    ldr r5, =checks_end
    ldr r6, =answers
next:
    cmp r4, r5
    beq report
    ldmia r4!, {r7, r8}
    add pc, pc, r8, lsl #3
    nop
    b pl1_read
    nop
    b pl1_write
    nop
    b pl1_fetch
    nop
    b pl0_read
    nop
    b pl0_write
    nop
    b pl0_fetch

pl1_read:
    ldr r0, [r7, #16]
    b allowed
pl1_write:
    str r0, [r7, #16]
    b allowed
pl0_read:
    add r1, r7, #16
    ldrt r0, [r1]
    b allowed
pl0_write:
    add r1, r7, #16
    strt r0, [r1]
    b allowed
pl1_fetch:
    cps #MODE_SYS                   @ whose svc does not overwrite the link register in use
    bx r7
pl0_fetch:
    mov r0, #MODE_USR
    msr spsr_cxsf, r0
    movs pc, r7

allowed:
    mov r0, #0
answer:
    str r0, [r6], #4
    b next

supervisor_call:                    @ a fetch that was allowed
    b allowed

prefetch_abort:
    mrc p15, 0, r0, c5, c0, 1       @ IFSR
    orr r0, r0, #0x40000000
    cps #MODE_SVC
    b answer

data_abort:
    mrc p15, 0, r0, c5, c0, 0       @ DFSR
    orr r0, r0, #0x80000000
    cps #MODE_SVC
    b answer

lost:
    ldr r4, =lost_text
    b say_and_leave

report:
    ldr r4, =answers
    ldr r5, =text
each:
    cmp r4, r6
    beq done
    ldr r0, [r4], #4
    mov r1, #8
digit:
    mov r2, r0, lsr #28
    cmp r2, #10
    addlt r2, r2, #'0'
    addge r2, r2, #'a' - 10
    strb r2, [r5], #1
    mov r0, r0, lsl #4
    subs r1, r1, #1
    bne digit
    mov r2, #'\n'
    strb r2, [r5], #1
    b each
done:
    mov r2, #0
    strb r2, [r5]
    ldr r4, =text
say_and_leave:
    mov r0, #SYS_WRITE0
    mov r1, r4
    svc 0x123456
    mov r0, #SYS_EXIT
    ldr r1, =EXIT_FINE
    svc 0x123456
    b .

    .ltorg

    .section .rodata, "a"
lost_text:
    .asciz "lost\n"

    .section .bss, "aw", %nobits
    .balign 8
    .space 4096
stack_end:
answers:
    .space 65536
text:
    .space 147456 + 4
