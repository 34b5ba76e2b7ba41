/**
 * Names of memories and devices from a flattened devicetree (`.dtb`), with the addresses that the
 * CPU uses for them (Devicetree Specification, chapters 2.3 and 5).
 */

import { hex0x, VmError } from '../base/index.js';
import type { NamedRange } from '../inspect/index.js';

/** The first four bytes of a devicetree blob, as a big-endian number. */
export const DEVICETREE_MAGIC = 0xd00d_feed;

const HEADER_BYTES = 40;
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROP = 3;
const NOP = 4;
const END = 9;
/** Deeper than any devicetree; each level is an object while it is read. */
const DEEPEST = 64;
/** More ranges than any board has. */
const MOST_RANGES = 65_536;

/** A node while it is read. */
interface Node {
  readonly name: string;
  addressCells: number;
  sizeCells: number;
  reg: readonly number[];
  /** Where the addresses of its children lie in its own; undefined where they cannot be reached. */
  ranges: readonly number[] | undefined;
}

/**
 * The nodes of the devicetree `blob` that have an address of the CPU's.
 *
 * Errors: SOURCE_ERR_FORMAT — it is no devicetree blob, or is cut off.
 */
export function parseDevicetree(blob: Uint8Array, origin: string): NamedRange[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const refuse = (what: string): never => {
    throw new VmError('SOURCE_ERR_FORMAT', `${origin}: ${what}`);
  };
  if (blob.length < HEADER_BYTES) refuse('it ends inside its header');
  if (view.getUint32(0) !== DEVICETREE_MAGIC) {
    refuse(`it is no devicetree blob: it does not begin with ${hex0x(DEVICETREE_MAGIC)}`);
  }
  const strings = view.getUint32(12);
  const names: NamedRange[] = [];
  const stack: Node[] = [];
  const word = (at: number): number => {
    if (at + 4 > blob.length) return refuse(`it ends inside its structure at ${hex0x(at)}`);
    return view.getUint32(at);
  };
  for (let at = view.getUint32(8); ; ) {
    const token = word(at);
    at += 4;
    if (token === BEGIN_NODE) {
      const name = textAt(blob, at);
      at += roundUp4(name.length + 1);
      if (stack.length >= DEEPEST) refuse(`its nodes are nested more than ${DEEPEST} deep`);
      stack.push({
        name,
        addressCells: 2,
        sizeCells: 1,
        reg: [],
        ranges: undefined,
      });
    } else if (token === PROP) {
      const bytes = word(at);
      const name = textAt(blob, strings + word(at + 4));
      at += 8;
      if (at + bytes > blob.length) refuse(`property ${name.slice(0, 40)} leaves the file`);
      const node = stack.at(-1);
      if (node !== undefined) takeProperty(node, name, cellsOf(view, at, bytes));
      at += roundUp4(bytes);
    } else if (token === END_NODE) {
      const node = stack.pop();
      if (node !== undefined) names.push(...namesOf(node, stack, origin));
      if (names.length > MOST_RANGES) refuse(`it has more than ${MOST_RANGES} address ranges`);
    } else if (token === END) return names;
    else if (token !== NOP)
      refuse(`${hex0x(token)} at ${hex0x(at - 4)} is no token of a devicetree`);
  }
}

function takeProperty(node: Node, name: string, cells: readonly number[]): void {
  if (name === '#address-cells') node.addressCells = Math.min(cells[0] ?? 2, 4);
  else if (name === '#size-cells') node.sizeCells = Math.min(cells[0] ?? 1, 4);
  else if (name === 'reg') node.reg = cells;
  else if (name === 'ranges') node.ranges = cells;
}

/** The ranges of `node`, whose ancestors are on `stack`. */
function namesOf(node: Node, stack: readonly Node[], origin: string): NamedRange[] {
  const parent = stack.at(-1);
  if (parent === undefined || parent.sizeCells === 0) return [];
  const names: NamedRange[] = [];
  const step = parent.addressCells + parent.sizeCells;
  const count = Math.min(Math.floor(node.reg.length / step), MOST_RANGES);
  for (let index = 0; index < count; index += 1) {
    const at = index * step;
    const address = numberOf(node.reg, at, parent.addressCells);
    const bytes = numberOf(node.reg, at + parent.addressCells, parent.sizeCells);
    const base = address === undefined ? undefined : toCpu(address, stack);
    if (base === undefined || bytes === undefined || bytes === 0) continue;
    const name = index === 0 ? node.name : `${node.name}[${index}]`;
    names.push({ name, base, bytes, space: 'physical', role: 'region', origin });
  }
  return names;
}

/** `address`, which counts in the last node of `stack`, as the CPU sees it. */
function toCpu(address: number, stack: readonly Node[]): number | undefined {
  let found: number | undefined = address;
  for (let level = stack.length - 1; level > 0 && found !== undefined; level -= 1) {
    found = throughRanges(found, stack[level] as Node, stack[level - 1] as Node);
  }
  return found;
}

function throughRanges(address: number, node: Node, parent: Node): number | undefined {
  const cells = node.ranges;
  if (cells === undefined) return undefined;
  if (cells.length === 0) return address;
  const step = node.addressCells + parent.addressCells + node.sizeCells;
  for (let at = 0; at + step <= cells.length; at += step) {
    const from = numberOf(cells, at, node.addressCells);
    const to = numberOf(cells, at + node.addressCells, parent.addressCells);
    const bytes = numberOf(cells, at + node.addressCells + parent.addressCells, node.sizeCells);
    if (from === undefined || to === undefined || bytes === undefined) continue;
    if (address >= from && address < from + bytes) return to + (address - from);
  }
  return undefined;
}

/** The number in `count` cells; undefined where it is more than an address (three cells of PCI). */
function numberOf(cells: readonly number[], at: number, count: number): number | undefined {
  if (count > 2) return undefined;
  let value = 0;
  for (let index = 0; index < count; index += 1) value = value * 2 ** 32 + (cells[at + index] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

function cellsOf(view: DataView, at: number, bytes: number): number[] {
  return Array.from({ length: Math.floor(bytes / 4) }, (_, index) =>
    view.getUint32(at + 4 * index),
  );
}

/** The string at `at`, at most 256 characters of it. */
function textAt(blob: Uint8Array, at: number): string {
  const bytes = blob.subarray(at, at + 256);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}

function roundUp4(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
