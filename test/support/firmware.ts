/** Firmware with a static translation table, built by the cross toolchain as a vendor's would be. */

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ASSEMBLER = 'arm-none-eabi-as';
const LINKER = 'arm-none-eabi-ld';

/** Whether the toolchain is there; on CI it has to be. */
export const hasToolchain: boolean =
  process.env['CI'] === 'true' ||
  [ASSEMBLER, LINKER].every((program) => spawnSync(program, ['--version']).error === undefined);

/**
 * Two sections of 1 MiB by `MMUTable`, and a page through the table `pages`; what else is there
 * tells code from data. The entry of `pages` needs a relocation until it is linked.
 */
const SOURCE = `
        .syntax unified
        .cpu    cortex-a9
        .text
        .global _start
        .type   _start, %function
_start: b       _start
        .size   _start, . - _start

        .section .mmu_tbl, "aw"
        .balign 0x4000
        .global MMUTable
        .type   MMUTable, %object
MMUTable:
        .word   0x00000c02
        .word   0x00100c12
        .word   pages + 1
        .fill   4093, 4, 0
        .size   MMUTable, . - MMUTable

        .section .mmu_pages, "aw"
        .balign 0x400
        .type   pages, %object
pages:  .word   0x00042032
        .fill   255, 4, 0
        .size   pages, . - pages

        .data
        .balign 0x400
        .global skew
        .type   skew, %object
skew:   .fill   4096, 4, 0
        .size   skew, . - skew

        .bss
        .balign 0x4000
        .global late_table
        .type   late_table, %object
late_table:
        .space  0x4000
        .size   late_table, . - late_table
`;

/** Where the parts of the firmware lie; data may be loaded elsewhere than where they run. */
const script = (text: string, data: string): string => `
ENTRY(_start)
SECTIONS {
  .text ${text} : { *(.text) }
  .mmu ${data} : { *(.mmu_tbl) *(.mmu_pages) }
  .data : { . += 0x100; *(.data) }
  .bss : { *(.bss) }
  linker_constant = 0x1234;
}`;

/** The kinds of file that the firmware is built as. */
export type FirmwareKind = 'executable' | 'copied' | 'shared' | 'object' | 'unnamed';

/** Builds the firmware in `folder`; answers the path of the file. */
export function buildFirmware(folder: string, kind: FirmwareKind): string {
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('firmware.s'), SOURCE);
  execFileSync(ASSEMBLER, ['-o', path('firmware.o'), path('firmware.s')]);
  if (kind === 'object') return path('firmware.o');
  const places: Record<typeof kind, string> = {
    executable: script('0x00100000', '0x00104000'),
    // The table is in flash at 0x08004000 and copied to 0x20004000 at start.
    copied: script('0x08000000', '0x20004000 : AT(0x08004000)').replace(
      ' : AT(0x08004000) :',
      ' : AT(0x08004000)',
    ),
    shared: script('0', '0x4000'),
    unnamed: script('0x00100000', '0x00104000'),
  };
  writeFileSync(path('firmware.ld'), places[kind]);
  const output = path(`${kind}.elf`);
  const flags = kind === 'shared' ? ['-shared', '-Bsymbolic'] : [];
  const strip = kind === 'unnamed' ? ['-s'] : [];
  execFileSync(LINKER, [
    ...['-n', ...flags, ...strip, '-T', path('firmware.ld')],
    ...['-o', output, path('firmware.o')],
  ]);
  return output;
}
