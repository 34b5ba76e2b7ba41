/** The guest, assembled from its source with Debian's cross assembler. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ElfImage, parseExecutable } from '../../src/domain/index.js';
import { QEMU } from '../../src/live/qemu-process.js';

const ASSEMBLER = 'arm-none-eabi-as';
const LINKER = 'arm-none-eabi-ld';

/** Programs that the oracle needs, each with the package that it comes in. */
const TOOLS: readonly (readonly [string, string])[] = [
  [QEMU, QEMU],
  [ASSEMBLER, 'binutils-arm-none-eabi'],
  [LINKER, 'binutils-arm-none-eabi'],
];

/** The command that installs what is missing; undefined when all is there. */
export function missingTools(): string | undefined {
  const packages = new Set<string>();
  for (const [program, name] of TOOLS) {
    if (spawnSync(program, ['--version']).error !== undefined) packages.add(name);
  }
  if (packages.size === 0) return undefined;
  return `apt-get install --no-install-recommends ${[...packages].join(' ')}`;
}

/** Assembles `guest/oracle.S`, from the folder of the project. */
export function buildGuest(source = 'guest'): ElfImage {
  const folder = mkdtempSync(join(tmpdir(), 'pagewright-guest-'));
  try {
    const object = join(folder, 'oracle.o');
    const target = join(folder, 'oracle.elf');
    execFileSync(ASSEMBLER, ['--fatal-warnings', '-o', object, join(source, 'oracle.S')]);
    execFileSync(LINKER, ['-T', join(source, 'oracle.ld'), '-o', target, object]);
    return parseExecutable(new Uint8Array(readFileSync(target)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
