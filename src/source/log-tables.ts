/**
 * Tables that map what a log tells of, so that all that is asked of tables can be asked of a log too.
 * They are made here, as those of a layout are, and say nothing of where the system has its own.
 */
import { hex0x, MIB, PAGE_BYTES, roundUp, VmError } from '../base/index.js';
import { type ImportedRegion, importRegions, rightsOfBits } from '../layout/index.js';
import type { TableSource } from './address-space-source.js';
import type { EvidenceRegion } from './evidence-regions.js';
import { sourceOfLayout } from './layout-source.js';
import type { FileContext } from './source-options.js';

/** More than the tables of 4 GiB of small pages take, with their roots. */
const ROOM_BYTES = 5 * MIB;

/**
 * The tables of the `regions` that `file` tells of.
 *
 * Errors: SOURCE_ERR_ROOT — the log does not say where a region lies or who may use it, or a region is
 * not whole pages; those of `importRegions` and `buildLayout`.
 */
export function openLogTables(
  context: FileContext,
  file: string,
  regions: readonly EvidenceRegion[],
): TableSource {
  const told = regions.map((region) => importedRegion(context.word.text, region));
  const layout = importRegions(file, told, { tables: freePlace(told) });
  return sourceOfLayout(context, layout, {
    kind: 'log',
    notes: [
      'these tables were made from what the log tells; shareability and leaf sizes are not in it',
    ],
  });
}

function importedRegion(word: string, region: EvidenceRegion): ImportedRegion {
  const { name, va, bytes, pa, rights, memory, line } = region;
  if (pa === undefined || rights === undefined) {
    const missing = pa === undefined ? 'which memory it is' : 'who may use it';
    throw new VmError(
      'SOURCE_ERR_ROOT',
      `${word} tells of regions, and of \`${name}\` at ${hex0x(va)} (line ${line}) not ${missing}: ` +
        'no tables can be made of it, and only show and diff can be asked about it',
    );
  }
  if ([va, pa, bytes].some((value) => value % PAGE_BYTES !== 0)) {
    throw new VmError(
      'SOURCE_ERR_ROOT',
      `${word} tells of \`${name}\` at ${hex0x(va)} (line ${line}), ${hex0x(bytes)} bytes from ` +
        `${hex0x(pa)}: tables map whole pages of 4 KiB`,
    );
  }
  return {
    name,
    line,
    pa,
    va,
    bytes,
    privileged: rightsOfBits(rights),
    user: rightsOfBits(rights >>> 3),
    memory: memory === 'device' ? 'device' : 'normal-wbwa',
    shareable: true,
  };
}

/** A physical address that the tables have for themselves. */
function freePlace(regions: readonly ImportedRegion[]): number {
  let place = MIB;
  for (const { pa, bytes } of [...regions].sort((left, right) => left.pa - right.pa)) {
    if (place + ROOM_BYTES <= pa) break;
    place = Math.max(place, roundUp(pa + bytes, MIB));
  }
  return place;
}
