import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { cortexA7 } from '../../src/format/index.js';
import type { SpaceInput } from '../../src/inspect/address-space.js';
import { PhysicalMemory, type TranslationRegisters } from '../../src/machine/index.js';

const DIRECTORY = new URL('../fixtures/linux-armv7-short/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, DIRECTORY));

interface TableIndex {
  readonly ramBase: number;
  readonly ramSize: number;
  readonly pageDirectories: string[];
  readonly frames: string[];
}

/** What the fixture's README tells of the kernel's page tables. */
export const linuxTables = JSON.parse(read('tables.json').toString()) as TableIndex;

/** The registers as the gdbstub named them. */
const named = JSON.parse(read('registers.json').toString()) as Record<string, string>;
const register = (name: string): number => Number(named[name]);

export const linuxRegisters: TranslationRegisters = {
  ttbr0: register('TTBR0'),
  ttbr1: register('TTBR1'),
  ttbcr: register('TTBCR'),
  dacr: register('DACR'),
  sctlr: register('SCTLR'),
  prrr: register('MAIR0'),
  nmrr: register('MAIR1'),
  contextidr: register('CONTEXTIDR_EL1'),
};

/** Memory that holds only the frames with page tables; everything else answers nothing. */
export function linuxMemory(): PhysicalMemory {
  const bytes = gunzipSync(read('tables.bin.gz'));
  const bases = linuxTables.frames.map(Number);
  const memory = new PhysicalMemory(
    bases.map((base) => ({ name: `frame ${base}`, base, bytes: 4096, kind: 'ram' })),
  );
  for (const [index, base] of bases.entries()) {
    memory.writeBytes(base, bytes.subarray(index * 4096, (index + 1) * 4096));
  }
  return memory;
}

/** The space of the process that was running. */
export function linuxInput(): SpaceInput {
  return { reader: linuxMemory(), registers: linuxRegisters, profile: cortexA7 };
}

/** The maps lines of the process, and `[va, pagemap entry]` for each page that is there. */
export function linuxOracle(): { maps: string[]; pages: [number, bigint][] } {
  const lines = gunzipSync(read('oracle.txt.gz')).toString().split('\n');
  const pages = lines
    .filter((line) => line.startsWith('PM '))
    .map((line): [number, bigint] => {
      const [, va, entry] = line.split(' ');
      return [Number.parseInt(va ?? '', 16), BigInt(`0x${entry}`)];
    });
  return { maps: lines.filter((line) => /^[0-9a-f]{8}-/.test(line)), pages };
}
