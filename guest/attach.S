@ A machine to be looked at from outside: it builds a small address space, turns the MMU on and
@ counts. It runs wherever it is linked to, at the start of a MiB; the board has to have 17 MiB of RAM
@ from there on. TTBCR.N is 1: TTBR0 translates the lower 2 GiB, TTBR1 the upper.
@
@   VA                        →PA                     kind, rights (PL1/PL0), memory
@   _start    +1 MiB          the same                section, rwx/---, normal
@   behind it +15 MiB         the same                15 sections, rw-/---, normal
@   70000000  +1 MiB          _start + 2 MiB          section of domain 3, which has no access
@   80000000  +4 KiB          page                    small page, r--/r--, normal
@   80001000  +4 KiB          page + 4 KiB            small page, rw-/rw-, normal
@   80010000  +64 KiB         _start + 3 MiB          large page, rwx/---, normal
@   c0000000  +16 MiB         the 16 MiB of _start    supersection, rw-/---, normal
@
@ The DACR makes domain 0 a client and domain 1 a manager; the others have no access.

        .syntax unified
        .arch   armv7-a
        .arm

        .equ    SECTION,      0x00002           @ an L1 entry that maps 1 MiB
        .equ    SUPERSECTION, 0x40002
        .equ    TABLE,        0x00001
        .equ    XN,           0x00010
        .equ    PL1_RW,       0x00400           @ AP = 001
        .equ    NORMAL,       0x1000c           @ TEX C B = 000 1 1, S
        .equ    DOMAIN_3,     0x00060

        .text
        .global _start
_start: ldr     sp, =stack_end

        @ Sixteen identity sections, code only in the first.
        ldr     r0, =ttbr0_table
        ldr     r1, =_start
        lsr     r1, r1, #20
        lsl     r2, r1, #20
        ldr     r3, =SECTION | PL1_RW | NORMAL
        orr     r2, r2, r3
        str     r2, [r0, r1, lsl #2]
        mov     r4, #15
1:      add     r1, r1, #1
        add     r2, r2, #0x100000
        orr     r3, r2, #XN
        str     r3, [r0, r1, lsl #2]
        subs    r4, r4, #1
        bne     1b

        @ 0x70000000: nobody may use domain 3.
        ldr     r1, =_start
        lsr     r1, r1, #20
        add     r1, r1, #2
        lsl     r1, r1, #20
        ldr     r3, =SECTION | PL1_RW | XN | NORMAL | DOMAIN_3
        orr     r1, r1, r3
        ldr     r3, =0x700 * 4
        str     r1, [r0, r3]

        @ 0x80000000: pages by a table, in domain 0.
        ldr     r0, =ttbr1_table
        ldr     r1, =pages_table
        orr     r2, r1, #TABLE
        ldr     r3, =0x800 * 4
        str     r2, [r0, r3]
        ldr     r2, =page
        ldr     r3, =0x23f                      @ small, XN, AP = 111, TEX C B = 000 1 1
        orr     r3, r2, r3
        str     r3, [r1]
        add     r2, r2, #0x1000
        ldr     r3, =0x03f                      @ small, XN, AP = 011
        orr     r3, r2, r3
        str     r3, [r1, #4]
        ldr     r2, =_start
        lsr     r2, r2, #20
        add     r2, r2, #3
        lsl     r2, r2, #20
        ldr     r3, =0x01d                      @ large, AP = 001, C B = 1 1
        orr     r2, r2, r3
        add     r3, r1, #16 * 4
        mov     r4, #16
2:      str     r2, [r3], #4
        subs    r4, r4, #1
        bne     2b

        @ 0xc0000000: one supersection, 16 times.
        ldr     r1, =_start
        lsr     r1, r1, #24
        lsl     r1, r1, #24
        ldr     r3, =SUPERSECTION | PL1_RW | XN | NORMAL
        orr     r1, r1, r3
        ldr     r3, =0xc00 * 4
        add     r3, r0, r3
        mov     r4, #16
3:      str     r1, [r3], #4
        subs    r4, r4, #1
        bne     3b

        @ The registers, then the MMU.
        ldr     r0, =ttbr0_table
        mcr     p15, 0, r0, c2, c0, 0
        ldr     r0, =ttbr1_table
        mcr     p15, 0, r0, c2, c0, 1
        mov     r0, #1
        mcr     p15, 0, r0, c2, c0, 2
        mov     r0, #0xd
        mcr     p15, 0, r0, c3, c0, 0
        ldr     r0, =0x1242
        mcr     p15, 0, r0, c13, c0, 1
        mov     r0, #0
        mcr     p15, 0, r0, c8, c7, 0
        dsb
        isb
        mrc     p15, 0, r0, c1, c0, 0
        orr     r0, r0, #1
        mcr     p15, 0, r0, c1, c0, 0
        isb

        @ Count, through the pages at 0x80001000, so that everybody sees it run.
        ldr     r1, =0x80001000
        mov     r0, #0
4:      add     r0, r0, #1
        str     r0, [r1]
        b       4b

        .ltorg

        .data
        .global ttbr0_table, ttbr1_table, pages_table, page
        .type   ttbr0_table, %object
        .type   ttbr1_table, %object
        .type   pages_table, %object
        .type   page, %object
        .balign 0x4000
ttbr1_table:
        .space  0x4000
        .size   ttbr1_table, . - ttbr1_table
ttbr0_table:
        .space  0x2000
        .size   ttbr0_table, . - ttbr0_table
pages_table:
        .space  0x400
        .size   pages_table, . - pages_table
        .balign 0x1000
page:   .space  0x2000
        .size   page, . - page
        .space  0x100
stack_end:
