/*
 * A kernel above 1 GiB, a program below
 *
 * Made by: pagewright build split-space.yaml --emit asm
 *
 * The tables lie at physical address 0x80100000, and must be put there: their
 * entries hold physical addresses. They take 24576 bytes, aligned to 16384.
 * Cost: 4 L2 tables, 24576 bytes of tables, 38 TLB entries (4 large, 17 section, 16 supersection, 1 small).
 *
 * source  split-space.yaml  table TTBR0@0x80104000, TTBR1@0x80100000  short descriptors  N=2  cortex-a7
 * regs    DACR=00000005 (0-1 client, others none)  SCTLR=30000001 (AFE TRE)  PRRR=000b82a4  NMRR=40e040e0
 *   VA                 →PA            SIZE  KIND     ×  PL1 PL0  TYPE          SH DOM nG  NAME
 *   00000000-0000ffff  ·            64.0 K  fault
 * ---[ program ]---
 *   00010000-0001ffff  81000000     64.0 K  large    1  r-- r-x  normal-wbwa   -    0 nG  program
 *   00020000-000fffff  ·             896 K  fault
 * ---[ program-data ]---
 *   00100000-001fffff  +0x81000000   1.0 M  sect     1  rw- rw-  normal-wbwa   -    0 nG  program-data
 *   00200000-3ffeffff  ·            1022 M  fault
 * ---[ program-stack ]---
 *   3fff0000-3fffffff  81200000     64.0 K  large    1  rw- rw-  normal-wbwa   -    0 nG  program-stack
 *   40000000-7fffffff  ·             1.0 G  fault
 * ---[ kernel-code ]---
 *   80000000-800fffff  =             1.0 M  sect     1  r-x ---  normal-wbwa   -    0 -   kernel-code     k
 * ---[ kernel-data ]---
 *   80100000-80ffffff  =            15.0 M  sect    15  rw- ---  normal-wbwa   s    0 -   kernel-data     k
 *   81000000-bfffffff  ·            1008 M  fault
 * ---[ all-memory ]---
 *   c0000000-cfffffff  -0x40000000   256 M  super   16  rw- ---  normal-wbwa   s    0 -   all-memory      k
 *   d0000000-f8ffffff  ·             656 M  fault
 * ---[ uart ]---
 *   f9000000-f9000fff  09000000      4.0 K  small    1  rw- ---  device        s    1 -   uart            k
 *   f9001000-f90fffff  ·            1020 K  fault
 * ---[ gic ]---
 *   f9100000-f911ffff  08000000      128 K  large    2  rw- ---  device        s    1 -   gic             k
 *   f9120000-ffffffff  ·             111 M  fault
 * 273 MiB mapped · 4 L2 tables · 20.0 KiB of tables · 8 ranges
 */

    .global pagewright_ttbr0
    .set pagewright_ttbr0, 0x80104000
    .global pagewright_ttbr1
    .set pagewright_ttbr1, 0x80100000
    .global pagewright_ttbcr
    .set pagewright_ttbcr, 0x00000002
    .global pagewright_dacr
    .set pagewright_dacr, 0x00000005
    .global pagewright_sctlr
    .set pagewright_sctlr, 0x30000001
    .global pagewright_prrr
    .set pagewright_prrr, 0x000b82a4
    .global pagewright_nmrr
    .set pagewright_nmrr, 0x40e040e0
    .global pagewright_tables_base
    .set pagewright_tables_base, 0x80100000
    .global pagewright_tables_bytes
    .set pagewright_tables_bytes, 0x00006000

    .section .pagewright_tables, "aw", %progbits
    .balign 16384
    .global pagewright_tables
    .type pagewright_tables, %object
pagewright_tables:

    /* level 1, TTBR1 */
    .global pagewright_l1_ttbr1
    .type pagewright_l1_ttbr1, %object
pagewright_l1_ttbr1:
    .fill 2048, 4, 0
    .word 0x8000940e, 0x8011141e, 0x8021141e, 0x8031141e, 0x8041141e, 0x8051141e, 0x8061141e, 0x8071141e
    .word 0x8081141e, 0x8091141e, 0x80a1141e, 0x80b1141e, 0x80c1141e, 0x80d1141e, 0x80e1141e, 0x80f1141e
    .fill 1008, 4, 0
    .word 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e
    .word 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e
    .word 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e
    .word 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e
    .word 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e
    .word 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e
    .word 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e
    .word 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e
    .word 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e
    .word 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e
    .word 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e
    .word 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e
    .word 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e
    .word 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e
    .word 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e
    .word 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e
    .word 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e
    .word 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e
    .word 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e
    .word 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e
    .word 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e
    .word 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e
    .word 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e
    .word 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e
    .word 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e
    .word 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e
    .word 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e
    .word 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e
    .word 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e
    .word 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e
    .word 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e
    .word 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e
    .fill 656, 4, 0
    .word 0x80105821, 0x80105c21, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 104, 4, 0
    .size pagewright_l1_ttbr1, . - pagewright_l1_ttbr1

    /* level 1, TTBR0 */
    .global pagewright_l1
    .type pagewright_l1, %object
pagewright_l1:
    .word 0x80105005, 0x81121c1e, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 1015, 4, 0
    .word 0x80105401
    .size pagewright_l1, . - pagewright_l1

    /* level 2, 256 entries each */
    .global pagewright_l2
    .type pagewright_l2, %object
pagewright_l2:
    .fill 16, 4, 0
    .word 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d
    .word 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d
    .fill 464, 4, 0
    .word 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d
    .word 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d
    .word 0x09000417, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000
    .fill 248, 4, 0
    .word 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415
    .word 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415
    .word 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415
    .word 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415
    .fill 224, 4, 0
    .size pagewright_l2, . - pagewright_l2
    .size pagewright_tables, . - pagewright_tables
