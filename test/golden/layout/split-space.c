/*
 * A kernel above 1 GiB, a program below
 *
 * Made by: pagewright build split-space.yaml --emit c
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

#include <stdint.h>

#define PAGEWRIGHT_TTBR0 0x80104000u
#define PAGEWRIGHT_TTBR1 0x80100000u
#define PAGEWRIGHT_TTBCR 0x00000002u
#define PAGEWRIGHT_DACR 0x00000005u
#define PAGEWRIGHT_SCTLR 0x30000001u
#define PAGEWRIGHT_PRRR 0x000b82a4u
#define PAGEWRIGHT_NMRR 0x40e040e0u
#define PAGEWRIGHT_TABLES_BASE 0x80100000u
#define pagewright_l1_ttbr1 (&pagewright_tables[0])
#define pagewright_l1 (&pagewright_tables[4096])
#define pagewright_l2 (&pagewright_tables[5120])

__attribute__((aligned(16384), section(".pagewright_tables")))
uint32_t pagewright_tables[6144] = {
    /* level 1, TTBR1 */
    [2048] = 0x8000940e, 0x8011141e, 0x8021141e, 0x8031141e, 0x8041141e, 0x8051141e, 0x8061141e, 0x8071141e,
    [2056] = 0x8081141e, 0x8091141e, 0x80a1141e, 0x80b1141e, 0x80c1141e, 0x80d1141e, 0x80e1141e, 0x80f1141e,
    [3072] = 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e,
    [3080] = 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e, 0x8005141e,
    [3088] = 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e,
    [3096] = 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e, 0x8105141e,
    [3104] = 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e,
    [3112] = 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e, 0x8205141e,
    [3120] = 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e,
    [3128] = 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e, 0x8305141e,
    [3136] = 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e,
    [3144] = 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e, 0x8405141e,
    [3152] = 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e,
    [3160] = 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e, 0x8505141e,
    [3168] = 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e,
    [3176] = 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e, 0x8605141e,
    [3184] = 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e,
    [3192] = 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e, 0x8705141e,
    [3200] = 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e,
    [3208] = 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e, 0x8805141e,
    [3216] = 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e,
    [3224] = 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e, 0x8905141e,
    [3232] = 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e,
    [3240] = 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e, 0x8a05141e,
    [3248] = 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e,
    [3256] = 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e, 0x8b05141e,
    [3264] = 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e,
    [3272] = 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e, 0x8c05141e,
    [3280] = 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e,
    [3288] = 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e, 0x8d05141e,
    [3296] = 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e,
    [3304] = 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e, 0x8e05141e,
    [3312] = 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e,
    [3320] = 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e, 0x8f05141e,
    [3984] = 0x80105821, 0x80105c21, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
    /* level 1, TTBR0 */
    [4096] = 0x80105005, 0x81121c1e, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
    [5119] = 0x80105401,
    /* level 2, 256 entries each */
    [5136] = 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d,
    [5144] = 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d, 0x81001a3d,
    [5616] = 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d,
    [5624] = 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d, 0x8120983d,
    [5632] = 0x09000417, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
    [5888] = 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415,
    [5896] = 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415, 0x08008415,
    [5904] = 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415,
    [5912] = 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415, 0x08018415,
};
