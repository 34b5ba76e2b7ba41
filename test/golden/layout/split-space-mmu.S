@ Made by: pagewright build split-space.yaml --emit stub
@
@ pagewright_mmu_on: loads the translation registers and turns the MMU on. Call it privileged, with
@ the MMU off, from a page that the tables map at its own address, executable at PL1. The tables
@ must be in memory, not only in a cache: walks do not look into the caches. Changes r0 and r1.

    .syntax unified
    .arch armv7-a
    .arm

    .section .text.pagewright_mmu_on, "ax", %progbits
    .balign 4
    .global pagewright_mmu_on
    .type pagewright_mmu_on, %function
pagewright_mmu_on:
    dsb
    mov r0, #0
    mcr p15, 0, r0, c8, c7, 0           @ TLBIALL
    mcr p15, 0, r0, c7, c5, 0           @ ICIALLU
    mcr p15, 0, r0, c7, c5, 6           @ BPIALL
    dsb
    isb
    movw r0, #0x2
    movt r0, #0x0
    mcr p15, 0, r0, c2, c0, 2           @ TTBCR: N = 2: TTBR0 below 0x40000000
    movw r0, #0x4000
    movt r0, #0x8010
    mcr p15, 0, r0, c2, c0, 0           @ TTBR0
    movw r0, #0x0
    movt r0, #0x8010
    mcr p15, 0, r0, c2, c0, 1           @ TTBR1
    movw r0, #0x5
    movt r0, #0x0
    mcr p15, 0, r0, c3, c0, 0           @ DACR
    movw r0, #0x82a4
    movt r0, #0xb
    mcr p15, 0, r0, c10, c2, 0          @ PRRR
    movw r0, #0x40e0
    movt r0, #0x40e0
    mcr p15, 0, r0, c10, c2, 1          @ NMRR
    movw r0, #0x0
    movt r0, #0x0
    mcr p15, 0, r0, c13, c0, 1          @ CONTEXTIDR: ASID 0
    isb
    mrc p15, 0, r0, c1, c0, 0           @ SCTLR
    movw r1, #0x0
    movt r1, #0x3218
    bic r0, r0, r1
    movw r1, #0x1
    movt r1, #0x3000
    orr r0, r0, r1
    mcr p15, 0, r0, c1, c0, 0
    isb
    bx lr
    .size pagewright_mmu_on, . - pagewright_mmu_on
