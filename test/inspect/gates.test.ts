import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Access } from '../../src/format/index.js';
import { walkGates } from '../../src/inspect/gates.js';
import { walkAddress } from '../../src/inspect/walk-view.js';
import { boardSpace, HandTables } from '../support/tables.js';

const { input } = boardSpace();
const states = (va: number, access: number): string =>
  walkGates(walkAddress(input, va, access))
    .map(({ id, state }) => `${id}${{ open: '+', closed: '!', 'not asked': '-' }[state]}`)
    .join(' ');

describe('the gates of a walk', () => {
  it('are all open where the access is allowed', () => {
    expect(states(0x5000_0104, Access.USER_READ)).toBe(
      'walk+ l1-answer+ l1+ l2-answer+ l2+ flag+ domain+ ap+',
    );
  });

  it('end at the first that is closed', () => {
    expect(states(0xdead_0000, Access.USER_READ)).toMatch(/^walk\+ l1-answer\+ l1! flag- /);
    expect(states(0x6000_0000, Access.USER_READ)).toMatch(/ flag\+ domain! ap-$/);
    expect(states(0x4020_0010, Access.USER_WRITE)).toMatch(/ domain\+ ap!$/);
    expect(states(0x5002_1234, Access.PRIVILEGED_FETCH)).toMatch(/ ap\+ xn!$/);
  });

  it('are none where the MMU is off', () => {
    const off = new HandTables({ sctlr: 0 }).input;
    expect(walkGates(walkAddress(off, 0x1234))).toEqual([]);
  });

  it('say what the walk says, for any address, access and domain register', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(...MAPPED)),
        fc.constantFrom(...Object.values(Access)),
        fc.constantFrom(0, 0x5555_5555, 0xffff_ffff, 0xaaaa_aaaa),
        (va, access, dacr) => {
          const registers = { ...input.registers, dacr };
          const walk = walkAddress({ ...input, registers }, va, access);
          const gates = walkGates(walk);
          const closed = gates.filter(({ state }) => state === 'closed');
          expect(closed.map(({ says }) => says)).toEqual(
            walk.fault === undefined ? [] : [walk.fault.reason],
          );
          const order = gates.map(({ state }) => ['open', 'closed', 'not asked'].indexOf(state));
          expect(order).toEqual(order.toSorted((left, right) => left - right));
          for (const { state, says } of gates) expect(says !== '').toBe(state !== 'not asked');
        },
      ),
      { numRuns: 500 },
    );
  });
});

const MAPPED = [0x24, 0x4020_0010, 0x5000_0104, 0x5002_1234, 0x5003_1000, 0x7000_0000, 0x9000_0000];
