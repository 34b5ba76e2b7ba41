@ The oracle's guest: does what a list in shared memory says, access by access, and writes down what
@ the processor answered. Bare metal, one core, no stack but the byte below which QEMU puts
@ what SYS_READC reads.
@
@ The host writes a list of requests into one of two banks and sends the number of the bank, one
@ byte, through the semihosting console; the guest works through the list, writes one answer a
@ request, and sends the byte back. Both sides find everything by the symbols of this image.
@
@   request   the routine to run (its address), an address, a value, 0
@   answer    outcome, result, address, mode
@
@   outcome   result, address                             mode
@   0         what the routine answers                    SPSR after a fetch
@   1         DFSR, DFAR: a data abort                    SPSR
@   2         IFSR, IFAR: a prefetch abort                SPSR
@   3         -, LR: an undefined instruction             SPSR
@
@ This section of 1 MiB is all that the guest needs of the tables under test: mapped where it lies,
@ privileged read, write and execute. r4 to r11 belong to the loop and to sweeps; routines use r0 to r3.

    .syntax unified
    .arch armv7-a
    .arm

    .equ MODE_USR, 0x1d0            @ with A, I and F masked, as everywhere here
    .equ MODE_SVC, 0x13
    .equ MODE_SYS, 0x1df
    .equ SCTLR_M, 1 << 0
    .equ SYS_WRITEC, 0x03
    .equ SYS_READC, 0x07
    .equ BANK_REQUESTS, 8192
    .equ BANK_BYTES, BANK_REQUESTS * 16

    .section .text.start, "ax"
    .global _start
_start:
    b reset

    .balign 32
vectors:
    b unexpected                    @ reset
    b undefined
    b supervisor_call
    b prefetch_abort
    b data_abort
    b unexpected
    b unexpected                    @ IRQ: masked always
    b unexpected                    @ FIQ: masked always

reset:
    cpsid aif, #MODE_SVC
    ldr sp, =console_end
    ldr r0, =vectors
    mcr p15, 0, r0, c12, c0, 0      @ VBAR
    mrc p15, 0, r0, c1, c0, 0       @ SCTLR
    ldr r1, =0x30181003             @ AFE TRE UWXN WXN I A M: off, or as the tables under test want
    bic r0, r0, r1
    ldr r1, =sctlr_base
    str r0, [r1]
    mcr p15, 0, r0, c1, c0, 0
    isb
    mov r0, #'r'                    @ ready
    b report

@ r0: the byte for the host. Then waits for the number of the next bank.
report:
    ldr r1, =console_byte
    strb r0, [r1]
    mov r0, #SYS_WRITEC
    svc 0x123456
    mov r0, #SYS_READC
    mov r1, #0
    svc 0x123456
    ldrb r9, [sp, #-1]              @ QEMU 7.2 answers the byte before this one in r0, and puts this
    ands r9, r9, #1                 @ one below the stack: the bank
    ldr r4, =requests
    ldr r5, =answers
    ldr r6, =request_counts
    addne r4, r4, #BANK_BYTES
    addne r5, r5, #BANK_BYTES
    ldr r6, [r6, r9, lsl #2]
    add r6, r4, r6, lsl #4          @ the end of the list
    mov r8, #0                      @ nobody wants aborts but `answer`
next:
    cmp r4, r6
    ldmiane r4!, {r1, r2, r3, r7}
    bxne r1
    add r0, r9, #'0'
    dsb
    b report

answer:                             @ r0 to r3
    stmia r5!, {r0, r1, r2, r3}
    b next

@ ------------------------------------------------------------------------------- exceptions

data_abort:
    mrs r3, spsr
    mrc p15, 0, r1, c5, c0, 0       @ DFSR
    mrc p15, 0, r2, c6, c0, 0       @ DFAR
    mov r0, #1
    cps #MODE_SVC
    cmp r8, #0
    beq answer
    bx r8                           @ a sweep goes on

prefetch_abort:
    mrs r3, spsr
    mrc p15, 0, r1, c5, c0, 1       @ IFSR
    mrc p15, 0, r2, c6, c0, 2       @ IFAR
    mov r0, #2
    cps #MODE_SVC
    b answer

undefined:
    mrs r3, spsr
    mov r2, lr
    mov r1, #0
    mov r0, #3
    cps #MODE_SVC
    b answer

supervisor_call:                    @ what the fetched code ends in: r0 says where it lies
    mrs r3, spsr
    sub r2, lr, #12
    mov r1, r0
    mov r0, #0
    b answer

unexpected:
    mov r0, #'x'
    b report

@ ------------------------------------------------------------------- reads, writes, fetches

.macro read name, instruction
    .global \name
\name:
    \instruction r1, [r2]
    mov r0, #0
    b answer
.endm

.macro write name, instruction
    .global \name
\name:
    \instruction r3, [r2]
    mov r1, #0
    mov r0, #0
    b answer
.endm

    read privileged_read_1, ldrb
    read privileged_read_2, ldrh
    read privileged_read_4, ldr
    read user_read_1, ldrbt
    read user_read_2, ldrht
    read user_read_4, ldrt
    write privileged_write_1, strb
    write privileged_write_2, strh
    write privileged_write_4, str
    write user_write_1, strbt
    write user_write_2, strht
    write user_write_4, strt

    .global privileged_fetch
privileged_fetch:
    ldr r0, =MODE_SYS
    b jump
    .global user_fetch
user_fetch:
    ldr r0, =MODE_USR
jump:
    msr spsr_fsxc, r0
    mov lr, r2
    movs pc, lr

@ ------------------------------------------------------------ address translation operations

.macro translate name, operation
    .global \name
\name:
    mcr p15, 0, r2, c7, c8, \operation
    isb
    mrc p15, 0, r1, c7, c4, 0       @ PAR
    mov r0, #0
    b answer

@ From the address on, as many pages as the value says; the answers are plain words: PAR, or the
@ DFSR in the upper half and 0xffff in the lower where the operation itself took an abort.
    .global sweep_\name
sweep_\name:
    mov r10, r2
    mov r11, r3
    ldr r8, =8f
7:  mcr p15, 0, r10, c7, c8, \operation
    isb
    mrc p15, 0, r1, c7, c4, 0
6:  str r1, [r5], #4
    add r10, r10, #4096
    subs r11, r11, #1
    bne 7b
    mov r8, #0
    b next
8:  mov r1, r1, lsl #16
    movw r2, #0xffff
    orr r1, r1, r2
    b 6b
.endm

    translate ATS1CPR, 0
    translate ATS1CPW, 1
    translate ATS1CUR, 2
    translate ATS1CUW, 3

@ ------------------------------------------------------------------------ system registers

@ The address names eight words: TTBR0, TTBR1, TTBCR, DACR, PRRR, NMRR, CONTEXTIDR, SCTLR (only M, A,
@ WXN, UWXN, TRE, AFE). Answers TTBCR as it reads back.
    .global enter
enter:
    mcr p15, 0, r0, c8, c7, 0       @ TLBIALL
    ldm r2!, {r0, r1, r3}
    mcr p15, 0, r0, c2, c0, 0       @ TTBR0
    mcr p15, 0, r1, c2, c0, 1       @ TTBR1
    mcr p15, 0, r3, c2, c0, 2       @ TTBCR
    ldm r2!, {r0, r1, r3}
    mcr p15, 0, r0, c3, c0, 0       @ DACR
    mcr p15, 0, r1, c10, c2, 0      @ PRRR
    mcr p15, 0, r3, c10, c2, 1      @ NMRR
    ldm r2, {r0, r3}
    mcr p15, 0, r0, c13, c0, 1      @ CONTEXTIDR
    ldr r1, =sctlr_base
    ldr r1, [r1]
    orr r1, r1, r3
    dsb
    isb
    mcr p15, 0, r1, c1, c0, 0       @ SCTLR
    isb
    mrc p15, 0, r1, c2, c0, 2       @ TTBCR
    mov r0, #0
    b answer

@ The MMU off again.
    .global leave
leave:
    ldr r1, =sctlr_base
    ldr r1, [r1]
    mcr p15, 0, r1, c1, c0, 0
    isb
    mcr p15, 0, r1, c8, c7, 0       @ TLBIALL
    dsb
    isb
    mov r0, #0
    b answer

@ Another address space: the address is its TTBR0, the value its CONTEXTIDR (Arm ARM B3.10.4).
    .global switch_space
switch_space:
    mov r0, #0
    mcr p15, 0, r0, c13, c0, 1      @ CONTEXTIDR: the ASID that belongs to nobody
    isb
    mcr p15, 0, r2, c2, c0, 0       @ TTBR0
    isb
    mcr p15, 0, r3, c13, c0, 1
    isb
    mov r0, #0
    b answer

@ ------------------------------------------------------------------------- TLB maintenance

.macro maintain name, operation
    .global \name
\name:
    dsb
    mcr p15, 0, r2, c8, c7, \operation
    dsb
    isb
    mov r0, #0
    b answer
.endm

    maintain TLBIALL, 0
    maintain TLBIMVA, 1
    maintain TLBIASID, 2
    maintain TLBIMVAA, 3

    .ltorg

@ -------------------------------------------------------------------------------- memory

    .data
    .balign 4096                    @ not on a page of code
sctlr_base: .word 0
console_byte: .word 0
    .space 8
console_end:
    .global request_counts
request_counts: .word 0, 0          @ of each bank

    .bss
    .balign 32
    .global register_blocks
register_blocks: .space 2 * 32      @ for `enter`, one for each bank
    .balign 4096
    .global requests
requests: .space 2 * BANK_BYTES
    .global answers
answers: .space 2 * BANK_BYTES
    .global answers_end
answers_end:
