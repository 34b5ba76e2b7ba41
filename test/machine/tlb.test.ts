import { describe, expect, it } from 'vitest';
import { Access, Kind } from '../../src/format/index.js';
import { FRAMES, PagedMachine } from '../support/paged-machine.js';

describe('no TLB', () => {
  it('walks at each access, and counts the maintenance that it does not need', () => {
    const paged = new PagedMachine('none');
    paged.write(0, Kind.SECTION, 0, FRAMES);
    for (let use = 0; use < 3; use++) paged.cpu.translate(5, Access.USER_READ);
    const { tlb } = paged;
    tlb.invalidateAll();
    tlb.invalidateAddress(0, 1);
    tlb.invalidateAddressAllAsids(0);
    tlb.invalidateAsid(1);
    expect(paged.machine.counters.snapshot()).toMatchObject({
      TLB_HITS: 0,
      TLB_MISSES: 3,
      WALKS: 3,
      WALK_READS: 3,
      TLB_MAINTENANCE: 4,
    });
    expect([...tlb.entries()]).toEqual([]);
  });

  it('records no fill', () => {
    const paged = new PagedMachine('none');
    paged.write(0, Kind.SECTION, 0, FRAMES);
    paged.machine.events.on = true;
    paged.cpu.translate(5, Access.USER_READ);
    expect([...paged.machine.events].map((event) => event.kind)).toEqual(['TLB_MISS', 'WALK']);
  });
});
