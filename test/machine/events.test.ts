import { describe, expect, it } from 'vitest';
import { EVENT_FIELDS, EVENT_NAMES, EventKind, EventRing } from '../../src/machine/index.js';

describe('the event ring', () => {
  it('keeps nothing while it is off', () => {
    const ring = new EventRing(4);
    ring.record(EventKind.WALK, 1, 2, 3, 4);
    expect([...ring]).toEqual([]);
    expect(ring.recorded).toBe(0);
  });

  it('gives events as objects, oldest first, with the names of their numbers', () => {
    const ring = new EventRing(4);
    ring.on = true;
    ring.record(EventKind.MAP, 1, 0x8000_0000, 4096, 7);
    ring.record(EventKind.FAULT, 0x805, 0xffff_fffc, 1);
    ring.record(EventKind.CAP_DELETE, 9);
    expect([...ring]).toEqual([
      { sequence: 0, kind: 'MAP', fields: { domain: 1, va: 0x8000_0000, bytes: 4096, flags: 7 } },
      { sequence: 1, kind: 'FAULT', fields: { fsr: 0x805, far: 0xffff_fffc, access: 1 } },
      { sequence: 2, kind: 'CAP_DELETE', fields: { cap: 9 } },
    ]);
  });

  it('drops the oldest and says how many', () => {
    const ring = new EventRing(3);
    ring.on = true;
    expect(ring.capacity).toBe(4);
    for (let index = 0; index < 10; index++) ring.record(EventKind.SLAB_FREE, index);
    expect([ring.recorded, ring.dropped]).toEqual([10, 6]);
    const events = [...ring];
    expect(events.map((event) => event.sequence)).toEqual([6, 7, 8, 9]);
    expect(events.map((event) => event.fields['domain'])).toEqual([6, 7, 8, 9]);
    ring.clear();
    expect([...ring, ring.recorded, ring.dropped]).toEqual([0, 0]);
  });

  it('keeps 40-bit addresses and fault numbers', () => {
    const ring = new EventRing();
    ring.on = true;
    ring.record(EventKind.WALK, 0xffff_ffff, 0xff_ffff_ffff, 3, 0);
    ring.record(EventKind.WALK, 0, -5, 0, 0);
    expect([...ring].map((event) => event.fields['pa'])).toEqual([0xff_ffff_ffff, -5]);
  });

  it('every kind has a number, a name and one to four fields', () => {
    expect(EVENT_NAMES.map((name) => EventKind[name])).toEqual(EVENT_NAMES.map((_, kind) => kind));
    for (const name of EVENT_NAMES) {
      const fields = EVENT_FIELDS[name];
      expect(fields.length).toBeGreaterThan(0);
      expect(fields.length).toBeLessThanOrEqual(4);
      expect(new Set(fields).size).toBe(fields.length);
    }
  });
});
