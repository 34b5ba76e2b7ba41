/** The memory of the Linux fixture written as dumps, as tools would have written it. */

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { linuxMemory, linuxTables } from './linux-fixture.js';

const { ramBase, ramSize } = linuxTables;
const frames = linuxTables.frames.map(Number);

/** Writes a sparse file of `bytes` bytes that has the given parts. */
function writeSparse(path: string, bytes: number, parts: readonly [number, Uint8Array][]): void {
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, bytes);
  for (const [at, data] of parts) writeSync(descriptor, data, 0, data.length, at);
  closeSync(descriptor);
}

function frameParts(from: number): [number, Uint8Array][] {
  const memory = linuxMemory();
  return frames.map((pa) => [from + pa - ramBase, memory.readBytes(pa, 4096) as Uint8Array]);
}

/** A raw dump of its RAM. */
export function writeRawDump(path: string): void {
  writeSparse(path, ramSize, frameParts(0));
}

/** A LiME dump of its RAM in two ranges. */
export function writeLimeDump(path: string): void {
  const half = ramSize / 2;
  const parts = frameParts(0).map(([at, data]): [number, Uint8Array] => [
    at + (at < half ? 32 : 64),
    data,
  ]);
  parts.push([0, limeHeader(ramBase, half)], [32 + half, limeHeader(ramBase + half, half)]);
  writeSparse(path, ramSize + 64, parts);
}

/** The header of one range of a LiME dump. */
export function limeHeader(base: number, bytes: number, magic = 0x4c69_4d45): Uint8Array {
  const header = new DataView(new ArrayBuffer(32));
  header.setUint32(0, magic, true);
  header.setUint32(4, 1, true);
  header.setBigUint64(8, BigInt(base), true);
  header.setBigUint64(16, BigInt(base) + BigInt(bytes) - 1n, true);
  return new Uint8Array(header.buffer);
}

/** What a core file is made of. */
export interface CoreParts {
  readonly bits: 32 | 64;
  readonly loads: readonly { pa: number; va?: number; bytes: number; data: Uint8Array }[];
  readonly notes?: readonly { name: string; type: number; content: Uint8Array }[];
  readonly machine?: number;
  readonly type?: number;
}

/** A core file as QEMU writes it: wrong `e_ehsize`, the notes first. */
export function coreFile(parts: CoreParts): Uint8Array {
  const { bits, loads, notes = [] } = parts;
  const wide = bits === 64;
  const noteBytes = concat(notes.map(noteOf));
  const headerBytes = wide ? 64 : 52;
  const entryBytes = wide ? 56 : 32;
  const table = 132;
  const count = loads.length + 1;
  const noteAt = table + count * entryBytes;
  const out = new Uint8Array(noteAt + noteBytes.length);
  const view = new DataView(out.buffer);
  const address = (at: number, value: number): void => {
    if (wide) view.setBigUint64(at, BigInt(value), true);
    else view.setUint32(at, value, true);
  };
  out.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  view.setUint16(16, parts.type ?? 4, true);
  view.setUint16(18, parts.machine ?? 40, true);
  view.setUint32(20, 1, true);
  address(wide ? 32 : 28, table);
  view.setUint16(wide ? 52 : 40, 8, true);
  view.setUint16(wide ? 54 : 42, entryBytes, true);
  view.setUint16(wide ? 56 : 44, count, true);
  const fields = wide ? [8, 16, 24, 32, 40] : [4, 8, 12, 16, 20];
  const header = (index: number, type: number, values: readonly number[]): void => {
    const at = table + index * entryBytes;
    view.setUint32(at, type, true);
    for (const [number, value] of values.entries()) address(at + (fields[number] ?? 0), value);
  };
  header(0, 4, [noteAt, 0, 0, noteBytes.length, wide ? 0 : noteBytes.length]);
  out.set(noteBytes, noteAt);
  let at = out.length;
  for (const [index, { pa, va = pa, bytes, data }] of loads.entries()) {
    header(index + 1, 1, [at, va, pa, data.length, bytes]);
    at += data.length;
  }
  if (headerBytes > table) throw new Error('the table lies in the header');
  return concat([out, ...loads.map(({ data }) => data)]);
}

/** A note as it lies in a core file. */
function noteOf({ name, type, content }: { name: string; type: number; content: Uint8Array }) {
  const nameBytes = Buffer.from(`${name}\0`);
  const padded = (data: Uint8Array): Uint8Array => {
    const out = new Uint8Array(Math.ceil(data.length / 4) * 4);
    out.set(data);
    return out;
  };
  const head = Uint32Array.of(nameBytes.length, content.length, type);
  return concat([new Uint8Array(head.buffer), padded(nameBytes), padded(content)]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
