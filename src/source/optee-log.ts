/** The memory map that OP-TEE prints while it boots: the lines of its `dump_mmap_table`. */

import { KIB, MIB } from '../base/index.js';
import { type EvidenceRegion, rightsFrom } from './evidence-regions.js';
import type { TextLine } from './text-lines.js';

// Older versions leave out the zeros and the word in brackets.
const LINE =
  /\btype (\S+) +va 0x([0-9a-f]{1,16})\.\.0x([0-9a-f]{1,16}) pa 0x([0-9a-f]{1,16})\.\.0x([0-9a-f]{1,16}) size 0x([0-9a-f]{1,16})(?: \((smallpg|pgdir)\))?/i;

/** What OP-TEE maps areas of a type with, by the end of the type's name: write, execute, memory. */
const TYPES: readonly (readonly [RegExp, boolean, boolean, string])[] = [
  [/_RX(_|$)/, false, true, 'cached'],
  [/_RO(_|$)/, false, false, 'cached'],
  [/_RW(_|$)/, true, false, 'cached'],
  [/^TEE_COHERENT$/, true, true, 'device'],
  [/^TEE_RAM$/, true, true, 'cached'],
  [/^TEE_ASAN$|^TA_RAM$|SHM$|^RAM_N?SEC$|^SEC_RAM_OVERALL$|^TRANSFER_LIST$/, true, false, 'cached'],
  [/^IO_N?SEC$|^EXT_DT$/, true, false, 'device'],
  [/^ROM_SEC$|^MANIFEST_DT$/, false, false, 'cached'],
];

/** Areas of these types are addresses set aside, with nothing mapped. */
const RESERVED = /VASPACE$/;

/** The region in `line`; undefined if it is another line, or nothing is mapped there. */
export function parseOpteeLine(line: TextLine): EvidenceRegion | undefined {
  const match = LINE.exec(line.text);
  if (match === null) return undefined;
  const type = (match[1] as string).replace(/^MEM_AREA_/, '');
  const [va, lastVa, pa, lastPa, bytes] = match
    .slice(2, 7)
    .map((digits) => Number.parseInt(digits as string, 16)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (RESERVED.test(type) || bytes === 0) return undefined;
  const whole = lastVa - va + 1 === bytes && lastPa - pa + 1 === bytes;
  if (!whole || !Number.isSafeInteger(va + bytes + pa)) return undefined;
  const known = TYPES.find(([pattern]) => pattern.test(type));
  return {
    name: type,
    va,
    bytes,
    pa,
    rights: known && rightsFrom(known[1], known[2], false),
    memory: known?.[3],
    leafBytes: match[7] === 'pgdir' ? MIB : match[7] === 'smallpg' ? 4 * KIB : undefined,
    line: line.number,
  };
}
