import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GuestMemory } from '../../src/live/guest-memory.js';
import { FileMemory, MappedMemory } from '../../src/live/live-memory.js';
import { mapShared } from '../../src/live/shared-mapping.js';
import { PhysicalMemory } from '../../src/machine/index.js';

const BASE = 0x4000_0000;
const BYTES = 0x8_0000;
const BANKS = [{ name: 'ram', kind: 'ram' as const, base: BASE, bytes: BYTES }];

/** One operation on a memory, and what it answers. */
type Operation = (memory: PhysicalMemory) => unknown;

const place = fc.integer({ min: BASE - 64, max: BASE + BYTES + 64 });
const page = fc.nat(BYTES / 4096).map((number) => BASE + number * 4096);
const word = fc.nat(0xffff_ffff);
const bytes = fc.uint8Array({ maxLength: 5000 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  place.map(
    (pa): Operation =>
      (memory) =>
        memory.readWord(pa),
  ),
  place.map(
    (pa): Operation =>
      (memory) =>
        memory.readHalfword(pa),
  ),
  place.map(
    (pa): Operation =>
      (memory) =>
        memory.readByte(pa),
  ),
  fc.tuple(place, word).map(
    ([pa, value]): Operation =>
      (memory) =>
        memory.writeWord(pa, value),
  ),
  fc.tuple(place, word).map(
    ([pa, value]): Operation =>
      (memory) =>
        memory.writeHalfword(pa, value),
  ),
  fc.tuple(place, word).map(
    ([pa, value]): Operation =>
      (memory) =>
        memory.writeByte(pa, value),
  ),
  fc.tuple(place, bytes).map(
    ([pa, data]): Operation =>
      (memory) =>
        memory.writeBytes(pa, data),
  ),
  fc.tuple(place, fc.nat(9000)).map(
    ([pa, count]): Operation =>
      (memory) =>
        memory.readBytes(pa, count),
  ),
  fc.tuple(place, fc.nat(9000), fc.nat(255)).map(
    ([pa, count, byte]): Operation =>
      (memory) =>
        memory.fill(pa, count, byte),
  ),
  page.map(
    (pa): Operation =>
      (memory) =>
        memory.clearPage(pa),
  ),
  fc.tuple(page, page).map(
    ([to, from]): Operation =>
      (memory) =>
        memory.copyPage(to, from),
  ),
  fc.tuple(fc.nat(BYTES / 8), fc.nat(BYTES / 8), fc.nat(5000)).map(
    ([to, from, count]): Operation =>
      (memory) =>
        memory.copy(BASE + to, BASE + BYTES / 2 + from, count),
  ),
);

describe("a guest's RAM as physical memory", () => {
  it.each(['mapped', 'file'])('is what our own physical memory is (%s)', async (access) => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
        const ram = GuestMemory.create(BASE, BYTES);
        const mapping = access === 'mapped' ? await mapShared(ram.fd, BYTES) : undefined;
        if (access === 'mapped') expect(mapping).toBeDefined();
        const model = new PhysicalMemory(BANKS);
        const memory =
          mapping === undefined
            ? new FileMemory(BANKS, ram)
            : new MappedMemory(BANKS, BASE, mapping.buffer);
        for (const each of operations) expect(each(memory)).toEqual(each(model));
        // The file is what the guest sees.
        const seen = new Uint8Array(BYTES);
        ram.read(BASE, seen);
        expect(Buffer.compare(seen, model.readBytes(BASE, BYTES) as Uint8Array)).toBe(0);
        mapping?.close();
        ram.close();
      }),
      { seed: 11, numRuns: 40 },
    );
  });

  it('that was mapped is nobody’s after it was closed, and can be read all the same', async () => {
    const ram = GuestMemory.create(BASE, BYTES);
    const mapping = await mapShared(ram.fd, BYTES);
    if (mapping === undefined) throw new Error('koffi is a development dependency');
    const words = new Uint32Array(mapping.buffer);
    words[0] = 0x1234;
    expect(ram.readWord(BASE)).toBe(0x1234);
    mapping.close();
    expect(words[0]).toBe(0);
    words[0] = 0x5678;
    expect(ram.readWord(BASE)).toBe(0x1234);
    ram.close();
  });
});
