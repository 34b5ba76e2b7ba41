@ The runtime of a live machine: it takes every exception of a program in user mode to the host, who
@ pages the program, and does what the host answers. Bare metal, one core.
@
@ Two MiB of RAM behind the first one are its own, mapped by the host's tables for TTBR1:
@
@   physical         virtual     rights        what
@   RAM +1 MiB       80100000    PL1 r-x       this code
@   RAM +2 MiB       80200000    PL1 rw-       the mailbox; from +16 KiB on the table that it starts on,
@                                              and from +32 KiB on the host's table for TTBR1
@   RAM +3 MiB ...   80300000    PL1 rw-       what the host's domains have: only for REWRITE
@
@ Words of the mailbox, by offset (src/live/mailbox-layout.ts has them too):
@
@   host to guest, before the MMU is on:
@   000 go   004 TTBR0   008 TTBR1   00c TTBCR   010 DACR   014 what SCTLR has to have
@
@   guest to host, when an exception is taken; the sequence number is written last:
@   040 sequence   044 kind   048 FSR   04c FAR   050 operations done of the last answer
@
@   host to guest, the answer; the sequence number is written last:
@   080 sequence   084 operations   088 whether to switch to   08c TTBR0   090 CONTEXTIDR
@
@   0c0 the host sleeps, 0c8 the runtime sleeps: each is woken by a byte on the semihosting console
@   100 r0 to r14, pc, cpsr of the program, both ways
@   200 operations, two words each: number, argument
@
@   number     0 TLBIALL   1 TLBIMVA   2 TLBIASID   3 TLBIMVAA   4 REWRITE
@
@ REWRITE stores every word of the pages from its argument on where it already is; the lowest twelve
@ bits are how many pages there are after the first. The host has written to them past the processor,
@ and there was code in them: a store makes whoever translated the old code, QEMU, forget it; a real
@ processor needs the cache maintenance that follows.

        .syntax unified
        .arch   armv7-a
        .arm

        .equ    GO,           0x000
        .equ    REQUEST,      0x040
        .equ    ANSWER,       0x080
        .equ    ASLEEP,       0x0c0
        .equ    SLEEPING,     0x0c8
        .equ    CONTEXT,      0x100
        .equ    OPERATIONS,   0x200

        .equ    PC,           60
        .equ    CPSR,         64

        .equ    HELLO,        1
        .equ    SUPERVISOR,   2
        .equ    DATA,         3
        .equ    PREFETCH,     4
        .equ    UNDEFINED,    5
        .equ    PANIC,        6

        .equ    MODE_SVC,     0x13
        .equ    MODE_ABT,     0x17
        .equ    MODE_UND,     0x1b
        .equ    SYS_WRITEC,   0x03
        .equ    SYS_READC,    0x07

        .equ    PATIENCE,     0x4000            @ looks at the answer before the runtime sleeps

        .section .text.start, "ax"
        .global _start
_start: b       reset

        .balign 32
vectors:
        b       panic                           @ reset
        b       undefined
        b       supervisor_call
        b       prefetch_abort
        b       data_abort
        b       panic
        b       panic                           @ IRQ: masked always
        b       panic                           @ FIQ: masked always

@ The MMU is off: everything is found by where this code is.
reset:  cpsid   aif, #MODE_SVC
        adr     r8, _start
        add     r8, r8, #0x100000
1:      ldr     r0, [r8, #GO]
        cmp     r0, #0
        beq     1b
        dsb
        mov     r0, #0
        mcr     p15, 0, r0, c8, c7, 0           @ TLBIALL
        mcr     p15, 0, r0, c7, c5, 0           @ ICIALLU
        mcr     p15, 0, r0, c13, c0, 1          @ CONTEXTIDR
        add     r1, r8, #GO + 4
        ldm     r1, {r2-r6}
        mcr     p15, 0, r2, c2, c0, 0           @ TTBR0
        mcr     p15, 0, r3, c2, c0, 1           @ TTBR1
        mcr     p15, 0, r4, c2, c0, 2           @ TTBCR
        mcr     p15, 0, r5, c3, c0, 0           @ DACR
        mrc     p15, 0, r0, c1, c0, 0           @ SCTLR
        ldr     r1, =0x72181003                 @ TE AFE TRE EE UWXN WXN I A M: off, or as the host wants
        bic     r0, r0, r1
        orr     r0, r0, r6
        dsb
        isb
        mcr     p15, 0, r0, c1, c0, 0
        isb
        ldr     pc, =high

high:   ldr     r0, =vectors
        mcr     p15, 0, r0, c12, c0, 0          @ VBAR
        ldr     r8, =mailbox
        add     r0, r8, #CONTEXT
        cps     #MODE_ABT
        mov     sp, r0
        cps     #MODE_UND
        mov     sp, r0
        cps     #MODE_SVC
        mov     sp, r0
        mov     r0, #HELLO
        mov     r1, #0x10
        mov     r2, #0
        mov     r3, #0
        b       report

@ ------------------------------------------------------------------------------- exceptions
@ sp is the context in every mode. r0 to r3: kind, SPSR, FSR, FAR.

        .macro  save correction
        .if     \correction
        sub     lr, lr, #\correction
        .endif
        stmia   sp, {r0-r14}^
        mrs     r1, spsr
        str     lr, [sp, #PC]
        str     r1, [sp, #CPSR]
        .endm

data_abort:
        save    8
        mrc     p15, 0, r2, c5, c0, 0           @ DFSR
        mrc     p15, 0, r3, c6, c0, 0           @ DFAR
        mov     r0, #DATA
        b       report

prefetch_abort:
        save    4
        mrc     p15, 0, r2, c5, c0, 1           @ IFSR
        mrc     p15, 0, r3, c6, c0, 2           @ IFAR
        mov     r0, #PREFETCH
        b       report

supervisor_call:
        save    0
        mov     r2, #0
        mov     r3, #0
        mov     r0, #SUPERVISOR
        b       report

undefined:
        save    0
        tst     r1, #0x20                       @ Thumb: the next instruction is 2 away, not 4
        subne   lr, lr, #2
        subeq   lr, lr, #4
        str     lr, [sp, #PC]
        mov     r2, #0
        mov     r3, #0
        mov     r0, #UNDEFINED
        b       report

panic:  ldr     r8, =mailbox
        add     sp, r8, #CONTEXT
        save    0
        mov     r2, #0
        mov     r3, #0
        mov     r0, #PANIC

report: and     r4, r1, #0xf
        cmp     r4, #0                          @ user mode is 0x10
        movne   r0, #PANIC
        ldr     r8, =mailbox
        add     r9, r8, #REQUEST
        ldr     r4, [r9]
        add     r4, r4, #1
        str     r0, [r9, #4]
        str     r2, [r9, #8]
        str     r3, [r9, #12]
        dmb
        str     r4, [r9]
        dmb
        ldr     r0, [r8, #ASLEEP]
        cmp     r0, #0
        beq     wait
        add     r1, r8, #ASLEEP + 4             @ any byte will do; one that is read goes to sp - 1
        mov     r0, #SYS_WRITEC
        svc     0x123456
wait:   add     r10, r8, #ANSWER
        mov     r11, #PATIENCE
1:      ldr     r0, [r10]
        cmp     r0, r4
        beq     answered
        subs    r11, r11, #1
        bne     1b
        mov     r0, #1                          @ long answers: the core is for somebody else
        str     r0, [r8, #SLEEPING]
        dmb
        ldr     r0, [r10]
        cmp     r0, r4
        movne   r0, #SYS_READC
        movne   r1, #0
        svcne   0x123456
        mov     r0, #0
        str     r0, [r8, #SLEEPING]
        b       wait
answered:
        dmb

        ldr     r6, [r10, #4]
        str     r6, [r9, #16]                   @ done, when the next exception is told
        cmp     r6, #0
        beq     4f
        add     r7, r8, #OPERATIONS
        dsb
2:      ldmia   r7!, {r0, r1}
        cmp     r0, #4
        addls   pc, pc, r0, lsl #3
        b       panic
        mcr     p15, 0, r1, c8, c7, 0           @ TLBIALL
        b       3f
        mcr     p15, 0, r1, c8, c7, 1           @ TLBIMVA
        b       3f
        mcr     p15, 0, r1, c8, c7, 2           @ TLBIASID
        b       3f
        mcr     p15, 0, r1, c8, c7, 3           @ TLBIMVAA
        b       3f
        bl      rewrite
3:      subs    r6, r6, #1
        bne     2b
        dsb
        isb
4:      ldr     r0, [r10, #8]
        cmp     r0, #0
        beq     resume
        mov     r0, #0                          @ Arm ARM B3.10.4: the ASID that belongs to nobody
        mcr     p15, 0, r0, c13, c0, 1
        isb
        ldr     r0, [r10, #12]
        mcr     p15, 0, r0, c2, c0, 0
        isb
        ldr     r0, [r10, #16]
        mcr     p15, 0, r0, c13, c0, 1
        isb

resume: clrex
        ldr     r0, [sp, #CPSR]
        msr     spsr_fsxc, r0
        ldr     lr, [sp, #PC]
        ldmia   sp, {r0-r14}^
        nop
        movs    pc, lr

@ r1: the pages. Leaves r4 and from r6 on alone, but r11 and r12.
rewrite:
        ubfx    r3, r1, #0, #12
        add     r3, r3, #1
        bfc     r1, #0, #12
        add     r3, r1, r3, lsl #12
1:      ldmia   r1, {r0, r2, r11, r12}
        stmia   r1, {r0, r2, r11, r12}
        mcr     p15, 0, r1, c7, c11, 1          @ DCCMVAU
        add     r1, r1, #16
        cmp     r1, r3
        bne     1b
        dsb
        mcr     p15, 0, r0, c7, c5, 0           @ ICIALLU
        mcr     p15, 0, r0, c7, c5, 6           @ BPIALL
        dsb
        isb
        bx      lr

        .ltorg

        .section .mailbox, "aw", %nobits
mailbox:
        .space  0x1000
