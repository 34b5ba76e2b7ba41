import { describe, expect, test } from 'vitest';
import { type CapRef, capRef, MIB, OK, PAGE_BYTES } from '../../src/base/index.js';
import { Domain, Pmap, VRegionFlags } from '../../src/domain/index.js';
import { CapType, Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { errorCodes } from '../support/error-codes.js';
import { Random } from '../support/random.js';
import { difference, snapshotPmap } from '../support/snapshot.js';

const { READ, READ_WRITE, NOCACHE, LARGE, HUGE } = VRegionFlags;
const A = 0x5000_0000;
const HEADER_WORDS = 5;

/** A domain that manages a space of every kind of leaf for somebody, and that space serialised. */
function scene() {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
  });
  const domain = Domain.boot(new Kernel(machine), 192 * MIB);
  const root = capRef(domain.slots.allocate());
  const { cap, offset } = domain.ram.place(domain.ram.allocate(16 * 1024, 16 * 1024));
  const request = { type: CapType.VNODE_ARM_L1, offset, objectBytes: 16 * 1024, count: 1 };
  expect(domain.invocations.retype(cap, request, root)).toBe(OK);
  const resources = { ...domain.pmap.core.resources, root };
  const heir = (): Pmap => Pmap.init(resources, domain.metadata);
  const pmap = heir();
  const frame = domain.allocateFrame(36 * MIB);
  pmap.map(A, frame, 0, 36 * MIB, READ_WRITE | LARGE | HUGE);
  pmap.map(A + 64 * MIB, frame, MIB - 0x1_8000, 2 * MIB, READ | LARGE);
  const small = domain.allocateFrame(12 * PAGE_BYTES);
  pmap.map(A + 80 * MIB, small, 2 * PAGE_BYTES, 10 * PAGE_BYTES, READ_WRITE);
  pmap.modifyFlags(A + 80 * MIB + 3 * PAGE_BYTES, 4 * PAGE_BYTES, READ | NOCACHE);
  pmap.split(A + 80 * MIB + 5 * PAGE_BYTES);
  pmap.map(A + 81 * MIB, small, 0, PAGE_BYTES, READ);
  pmap.unmap(A + 81 * MIB, PAGE_BYTES);
  return { domain, pmap, heir, small };
}

/** The lines of a snapshot that say what is mapped. */
function records(pmap: Pmap): string[] {
  return snapshotPmap(pmap).filter((line) => / leaf | table /.test(line));
}

/** The same bytes with a check sum that agrees. */
function summed(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = 0x811c_9dc5;
  for (let at = HEADER_WORDS * 4; at < bytes.length; at += 4) {
    sum = Math.imul(sum ^ view.getUint32(at, true), 0x0100_0193);
  }
  view.setUint32(16, sum >>> 0, true);
  return bytes;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(at * 4, true));
}

function bytesOf(words: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < words.length; at += 1) view.setUint32(at * 4, (words[at] ?? 0) >>> 0, true);
  return bytes;
}

describe('a serialised pmap', () => {
  test('gives another one the same records, with which it manages the same tables', () => {
    const { pmap, heir } = scene();
    const { bytes, records: count } = pmap.serialise();
    const other = heir();
    other.deserialise(bytes);
    expect(records(other)).toEqual(records(pmap));
    expect(count).toBe(other.measure().leaves.used + other.measure().tables.used);
    expect(other.serialise().bytes).toEqual(bytes);
    expect(other.unmap(A, 36 * MIB)).toBe(36 * MIB);
    expect(other.unmap(A + 80 * MIB, 10 * PAGE_BYTES)).toBe(10 * PAGE_BYTES);
    other.unmap(A + 64 * MIB, 2 * MIB);
    expect(other.trim()).toBeGreaterThan(2);
    expect(other.measure()).toMatchObject({ mappings: 0, slots: 0 });
  });

  test('says where each slot will be', () => {
    const { pmap } = scene();
    const asked = new Set<CapRef>();
    const moved = pmap.serialise((slot) => {
      asked.add(slot);
      return slot + 1;
    });
    const [here, there] = [wordsOf(pmap.serialise().bytes), wordsOf(moved.bytes)];
    const tables = here[2] ?? 0;
    expect(there[HEADER_WORDS + 1]).toBe((here[HEADER_WORDS + 1] ?? 0) + 1);
    expect(there[HEADER_WORDS + tables * 4 + 3]).toBe(
      (here[HEADER_WORDS + tables * 4 + 3] ?? 0) + 1,
    );
    expect(asked.size).toBe(pmap.measure().slots + 2);
  });

  test('that is empty, or met twice', () => {
    const { pmap, heir } = scene();
    const empty = heir();
    const nothing = empty.serialise();
    expect(nothing.bytes.length).toBe(HEADER_WORDS * 4);
    empty.deserialise(nothing.bytes);
    const { bytes } = pmap.serialise();
    empty.deserialise(bytes);
    const before = snapshotPmap(empty);
    expect(errorCodes(() => empty.deserialise(bytes))).toEqual(['LIB_ERR_PMAP_DESERIALISE']);
    expect(difference(before, snapshotPmap(empty))).toEqual([]);
  });
});

describe('bytes that are no pmap', () => {
  test('of any length, and with any bit flipped, are refused', () => {
    const { pmap, heir } = scene();
    const { bytes } = pmap.serialise();
    const other = heir();
    const before = snapshotPmap(other);
    for (let length = 0; length < bytes.length; length += length < 64 ? 1 : 7) {
      expect(errorCodes(() => other.deserialise(bytes.slice(0, length)))).toEqual([
        'LIB_ERR_PMAP_DESERIALISE',
      ]);
    }
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(errorCodes(() => other.deserialise(flipped))).toEqual(['LIB_ERR_PMAP_DESERIALISE']);
    }
    expect(difference(before, snapshotPmap(other))).toEqual([]);
  });

  test('with counts that lie cost no memory', () => {
    const { heir } = scene();
    const other = heir();
    for (const counts of [
      [0xffff_ffff, 0xffff_ffff],
      [0, 0xffff_ffff],
      [1, 0],
      [0, 1],
    ]) {
      const words = [0x4d50_5750, 1, ...counts, 0];
      expect(errorCodes(() => other.deserialise(summed(bytesOf(words))))).toEqual([
        'LIB_ERR_PMAP_DESERIALISE',
      ]);
    }
  });

  test('but have the right check sum: only flags can be other ones than they were', () => {
    const random = new Random(20261126);
    let here = scene();
    let accepted = 0;
    for (let round = 0; round < 400; round += 1) {
      const words = wordsOf(here.pmap.serialise().bytes);
      const leaves = HEADER_WORDS + (words[2] ?? 0) * 4;
      const at = HEADER_WORDS + random.below(words.length - HEADER_WORDS);
      const from = HEADER_WORDS + random.below(words.length - HEADER_WORDS);
      const old = words[at] ?? 0;
      const next = random.pick([
        old + 1,
        old - 1,
        old ^ (1 << random.below(32)),
        words[from] ?? 0,
        random.below(2 ** 32),
        here.small,
        0,
      ]);
      words[at] = next;
      const other = here.heir();
      const before = snapshotPmap(other);
      const chain = errorCodes(() => other.deserialise(summed(bytesOf(words))));
      if (chain.length > 0) {
        expect(chain).toEqual(['LIB_ERR_PMAP_DESERIALISE']);
        expect(difference(before, snapshotPmap(other))).toEqual([]);
        continue;
      }
      accepted += 1;
      const isFlags = at >= leaves && (at - leaves) % 7 === 1 && (old ^ next) >>> 16 !== 0;
      if (!isFlags) {
        expect(records(other), `word ${at}: ${old} became ${next}`).toEqual(records(here.pmap));
      }
      for (const { address, bytes } of [...other.mappings()]) other.unmap(address, bytes);
      other.trim();
      expect(other.measure()).toMatchObject({ mappings: 0, slots: 0 });
      here = scene();
    }
    expect(accepted).toBeGreaterThan(5);
  });

  test('a record left out, or one put in twice', () => {
    const { pmap, heir } = scene();
    const words = [...wordsOf(pmap.serialise().bytes)];
    const leaves = HEADER_WORDS + (words[2] ?? 0) * 4;
    for (let leaf = 0; leaf < (words[3] ?? 0); leaf += 1) {
      const at = leaves + leaf * 7;
      const isWhole = (words[at + 1] ?? 0) % 0x2000 === words[at + 6];
      const without = words.toSpliced(at, 7);
      without[3] = (without[3] ?? 0) - 1;
      const chain = errorCodes(() => heir().deserialise(summed(bytesOf(without))));
      if (!isWhole) expect(chain).toEqual(['LIB_ERR_PMAP_DESERIALISE']);
      const twice = words.toSpliced(at, 0, ...words.slice(at, at + 7));
      twice[3] = (twice[3] ?? 0) + 1;
      expect(errorCodes(() => heir().deserialise(summed(bytesOf(twice))))).toEqual([
        'LIB_ERR_PMAP_DESERIALISE',
      ]);
    }
  });
});
