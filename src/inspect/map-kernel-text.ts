/**
 * The map in the words of two kernels, for people and scripts that know them: Linux's ptdump
 * (`/sys/kernel/debug/kernel_page_tables` on 32-bit Arm) and xv6's `vmprint`.
 */

import { hex, hex0x, PAGE_BYTES } from '../base/index.js';
import { Kind, type MemoryType } from '../format/index.js';
import { ROOT_ENTRY_PAGES, TABLE_ENTRIES } from './address-space.js';
import { isExecutable, isLeaf, isUserAccessible, isWritable, rightsOf } from './leaf-meaning.js';
import type { Names } from './names.js';
import type { Regions } from './regions.js';

const UNITS = ['K', 'M', 'G', 'T'];

/** What ptdump calls the policies of normal memory. */
const CACHED = {
  nc: 'BUFFERABLE/WC',
  wt: 'CACHED/WT',
  'wb-nwa': 'CACHED/WBRA',
  wbwa: 'CACHED/WBWA',
};

/** The map as Linux's ptdump writes it: only what is mapped, neighbours with equal flags together. */
export function* ptdumpText(regions: Regions, names?: Names): Generator<string> {
  const chapters = (names?.regions('virtual') ?? []).map(({ name, base }) => ({ name, base }));
  if (chapters.length === 0) chapters.push({ name: 'Address Space', base: 0 });
  let chapter = 0;
  let run: { first: number; end: number; flags: string } | undefined;
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    if (!isLeaf(meaning)) continue;
    const first = regions.pages[region] as number;
    const end = first + (regions.lengths[region] as number);
    const flags = ptdumpFlags(rightsOf(meaning), regions.meanings.typeOf(meaning));
    const next = chapters[chapter];
    const begins = next !== undefined && next.base < end * PAGE_BYTES;
    if (run !== undefined && !begins && run.end === first && run.flags === flags) {
      run.end = end;
      continue;
    }
    if (run !== undefined) yield runText(run);
    for (; (chapters[chapter]?.base ?? Infinity) < end * PAGE_BYTES; chapter++) {
      yield `---[ ${chapters[chapter]?.name} ]---\n`;
    }
    run = { first, end, flags };
  }
  if (run !== undefined) yield runText(run);
}

function runText(run: { first: number; end: number; flags: string }): string {
  let size = (run.end - run.first) * (PAGE_BYTES / 1024);
  let unit = 0;
  while (size % 1024 === 0 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  // A run up to the last page ends at 0, as an unsigned long does there.
  const end = (run.end * PAGE_BYTES) % 2 ** 32;
  const range = `0x${hex(run.first * PAGE_BYTES)}-0x${hex(end)}`;
  return `${range}   ${`${size}`.padStart(9)}${UNITS[unit]} ${run.flags}\n`;
}

function ptdumpFlags(rights: number, type: MemoryType): string {
  const user = isUserAccessible(rights) ? 'USR' : '   ';
  const shared = type.shareability === 'none' ? '   ' : 'SHD';
  const write = isWritable(rights) ? 'RW' : 'ro';
  return `${user} ${write} ${isExecutable(rights) ? 'x ' : 'NX'} ${shared} ${memoryText(type)}`;
}

function memoryText(type: MemoryType): string {
  switch (type.kind) {
    case 'normal':
      return `MEM/${CACHED[type.inner]}`;
    case 'device':
      return type.shareability === 'none' ? 'DEV/NONSHARED' : 'DEV/SHARED';
    case 'strongly':
      return 'SO/UNCACHED';
    default:
      return 'RESERVED';
  }
}

/** The tables as xv6's `vmprint` writes them: every valid entry, indented by its level. */
export function* vmprintText(regions: Regions): Generator<string> {
  const { space } = regions;
  for (const root of space.roots) {
    yield `page table ${hex0x(root.base, 8)}\n`;
    for (let index = root.first; index < root.end; index++) {
      const kind = space.rootKinds[index] as number;
      if (kind === Kind.TABLE) yield* tableText(regions, index);
      else if (kind === Kind.SECTION || kind === Kind.SUPERSECTION) {
        yield vmprintLine(regions, 1, index, index * ROOT_ENTRY_PAGES);
      }
    }
  }
}

function* tableText(regions: Regions, index: number): Generator<string> {
  const { space } = regions;
  const word = hex0x(space.rootWords[index] as number, 8);
  const table = (space.tableKibibytes[space.tableOf[index] as number] as number) * 1024;
  yield ` ..${index}: pte ${word} pa ${hex0x(table, 8)}\n`;
  for (let entry = 0; entry < TABLE_ENTRIES; entry++) {
    const page = index * ROOT_ENTRY_PAGES + entry;
    if (space.entryAt(page).kind !== Kind.FAULT) yield vmprintLine(regions, 2, entry, page);
  }
}

function vmprintLine(regions: Regions, level: number, index: number, page: number): string {
  const region = regions.at(page);
  const frame = (regions.frames[region] as number) + page - (regions.pages[region] as number);
  const { word } = regions.space.entryAt(page);
  const pa = hex0x(frame * PAGE_BYTES, 8);
  return `${' ..'.repeat(level)}${index}: pte ${hex0x(word ?? 0, 8)} pa ${pa}\n`;
}
