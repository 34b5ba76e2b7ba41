/** Names of a chip's peripherals from a CMSIS-SVD file. */

import { VmError } from '../base/index.js';
import type { NamedRange } from '../inspect/index.js';
import { xmlTags } from './xml-tags.js';

/** A block of registers of a peripheral, from its base. */
interface Block {
  offset: number;
  size: number;
}

interface Peripheral {
  name: string;
  base: number | undefined;
  derivedFrom: string | undefined;
  readonly blocks: Block[];
}

/** What a peripheral without an address block is taken to have: the least that can be mapped. */
const SMALLEST_BYTES = 4096;
/** More address blocks than any chip has. */
const MOST_BLOCKS = 65_536;

/**
 * The peripherals in the SVD file `xml`, one range for each of their address blocks.
 *
 * Errors: SOURCE_ERR_FORMAT — it is cut off, or no chip has as many address blocks.
 */
export function parseSvd(xml: string, origin: string): NamedRange[] {
  const peripherals = new Map<string, Peripheral>();
  const path: string[] = [];
  let current: Peripheral | undefined;
  let blockCount = 0;
  for (const tag of xmlTags(xml)) {
    if (tag.kind === 'open') {
      path.push(tag.name);
      if (tag.name === 'peripheral' && path.at(-2) === 'peripherals') {
        const { derivedFrom } = tag.attributes;
        current = { name: '', base: undefined, derivedFrom, blocks: [] };
      } else if (tag.name === 'addressBlock') {
        current?.blocks.push({ offset: 0, size: 0 });
        blockCount += 1;
        if (blockCount > MOST_BLOCKS) {
          const text = `${origin} has more than ${MOST_BLOCKS} address blocks: no chip has`;
          throw new VmError('SOURCE_ERR_FORMAT', text);
        }
      }
      continue;
    }
    const place = path.slice(-2).join('/');
    path.pop();
    if (current === undefined) continue;
    if (tag.name === 'peripheral') {
      peripherals.set(current.name, current);
      current = undefined;
    } else take(current, place, tag.textBefore);
  }
  const inside = path.at(-1);
  if (inside !== undefined) {
    throw new VmError('SOURCE_ERR_FORMAT', `${origin} is cut off: it ends inside its <${inside}>`);
  }
  const names: NamedRange[] = [];
  for (const { name, base, blocks, derivedFrom } of peripherals.values()) {
    if (base === undefined) continue;
    const inherited = derivedFrom === undefined ? [] : (peripherals.get(derivedFrom)?.blocks ?? []);
    const own = blocks.length > 0 ? blocks : inherited;
    for (const { offset, size } of own.length > 0 ? own : [{ offset: 0, size: SMALLEST_BYTES }]) {
      const range = { base: base + offset, bytes: size };
      names.push({ name, ...range, space: 'physical', role: 'region', origin });
    }
  }
  return names.filter((range) => range.bytes > 0);
}

/** Takes the content of one element of a peripheral. */
function take(peripheral: Peripheral, place: string, text: string): void {
  const block = peripheral.blocks.at(-1);
  if (place === 'peripheral/name') peripheral.name = text;
  else if (place === 'peripheral/baseAddress') peripheral.base = scaledNumber(text);
  else if (place === 'addressBlock/offset' && block) block.offset = scaledNumber(text) ?? 0;
  else if (place === 'addressBlock/size' && block) block.size = scaledNumber(text) ?? 0;
}

const NUMBER = /^\+?(?:0x([0-9a-f]+)|(?:#|0b)([01]+)|([0-9]+))([kmg]?)$/i;

/** A number as CMSIS-SVD writes it: `0x1F`, `#101` (binary), `31`, `4k`. */
function scaledNumber(text: string): number | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, hexadecimal, binary, decimal, unit = ''] = match;
  const digits = hexadecimal ?? binary ?? (decimal as string);
  const base = hexadecimal !== undefined ? 16 : binary !== undefined ? 2 : 10;
  const value = Number.parseInt(digits, base) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
  return Number.isSafeInteger(value) ? value : undefined;
}
