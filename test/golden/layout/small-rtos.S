/*
 * A small RTOS with one program
 *
 * Made by: pagewright build small-rtos.yaml --emit asm
 *
 * The tables lie at physical address 0x60040000, and must be put there: their
 * entries hold physical addresses. They take 20480 bytes, aligned to 16384.
 * Cost: 4 L2 tables, 20480 bytes of tables, 42 TLB entries (37 small, 1 section, 4 large).
 *
 * source  small-rtos.yaml  table TTBR0@0x60040000  short descriptors  N=0  cortex-a15
 * regs    DACR=00000001 (0 client, others none)  SCTLR=00000001 (no AFE, no TRE)
 *   VA                 →PA            SIZE  KIND     ×  PL1 PL0  TYPE          SH DOM nG  NAME
 *   00000000-0000ffff  ·            64.0 K  fault
 * ---[ app-code ]---
 *   00010000-00010fff  60048000      4.0 K  small    1  r-- r-x  normal-wbwa   -    0 nG  app-code
 * ---[ app-constants ]---
 *   00011000-00011fff  60049000      4.0 K  small    1  r-- r--  normal-wbwa   -    0 nG  app-constants
 * ---[ app-data ]---
 *   00012000-00022fff  60052000     68.0 K  small   17  rw- rw-  normal-wbwa   -    0 nG  app-data
 *   00023000-3ffeffff  ·            1.00 G  fault
 * ---[ stack-guard ]---
 *   3fff0000-3fff0fff  ·             4.0 K  fault                                         stack-guard
 * ---[ stack ]---
 *   3fff1000-3fffffff  60063000     60.0 K  small   15  rw- rw-  normal-wbwa   -    0 nG  stack
 * ---[ heap ]---
 *   40000000-400fffff  +0x20100000   1.0 M  sect     1  rw- rw-  normal-wbwa   -    0 nG  heap
 * ---[ uart ]---
 *   40100000-40100fff  1c090000      4.0 K  small    1  rw- ---  device        s    0 -   uart            k
 * ---[ gic ]---
 *   40101000-40102fff  2c000000      8.0 K  small    2  rw- ---  device        s    0 -   gic             k
 *   40103000-7fffffff  ·            1023 M  fault
 * ---[ kernel-code ]---
 *   80000000-8001ffff  60000000      128 K  large    2  r-x ---  normal-wbwa   -    0 -   kernel-code     k
 * ---[ kernel-data ]---
 *   80020000-8003ffff  60020000      128 K  large    2  rw- ---  normal-wbwa   -    0 -   kernel-data     k
 *   80040000-ffffffff  ·            2.00 G  fault
 * 1.39 MiB mapped · 4 L2 tables · 20.0 KiB of tables · 9 ranges
 */

    .global pagewright_ttbr0
    .set pagewright_ttbr0, 0x60040000
    .global pagewright_ttbcr
    .set pagewright_ttbcr, 0x00000000
    .global pagewright_dacr
    .set pagewright_dacr, 0x00000001
    .global pagewright_sctlr
    .set pagewright_sctlr, 0x00000001
    .global pagewright_tables_base
    .set pagewright_tables_base, 0x60040000
    .global pagewright_tables_bytes
    .set pagewright_tables_bytes, 0x00005000

    .section .pagewright_tables, "aw", %progbits
    .balign 16384
    .global pagewright_tables
    .type pagewright_tables, %object
pagewright_tables:

    /* level 1 */
    .global pagewright_l1
    .type pagewright_l1, %object
pagewright_l1:
    .word 0x60044005, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 1015, 4, 0
    .word 0x60044401, 0x60121c1e, 0x60044801, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 1017, 4, 0
    .word 0x60044c01, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 2040, 4, 0
    .size pagewright_l1, . - pagewright_l1

    /* level 2, 256 entries each */
    .global pagewright_l2
    .type pagewright_l2, %object
pagewright_l2:
    .fill 16, 4, 0
    .word 0x60048a7e, 0x60049a7f, 0x6005287f, 0x6005387f, 0x6005487f, 0x6005587f, 0x6005687f, 0x6005787f
    .word 0x6005887f, 0x6005987f, 0x6005a87f, 0x6005b87f, 0x6005c87f, 0x6005d87f, 0x6005e87f, 0x6005f87f
    .word 0x6006087f, 0x6006187f, 0x6006287f, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 457, 4, 0
    .word 0x6006387f, 0x6006487f, 0x6006587f, 0x6006687f, 0x6006787f, 0x6006887f, 0x6006987f, 0x6006a87f
    .word 0x6006b87f, 0x6006c87f, 0x6006d87f, 0x6006e87f, 0x6006f87f, 0x6007087f, 0x6007187f, 0x1c090417
    .word 0x2c000417, 0x2c001417, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 247, 4, 0
    .word 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d
    .word 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d, 0x6000121d
    .word 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d
    .word 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d, 0x6001121d
    .word 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d
    .word 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d, 0x6002901d
    .word 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d
    .word 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d, 0x6003901d
    .fill 192, 4, 0
    .size pagewright_l2, . - pagewright_l2
    .size pagewright_tables, . - pagewright_tables
