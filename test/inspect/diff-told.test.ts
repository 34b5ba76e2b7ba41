import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kind, Right } from '../../src/format/index.js';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { diffTold, type ToldRange, toldByTables } from '../../src/inspect/diff-told.js';
import { Regions } from '../../src/inspect/regions.js';
import { CODE, DATA, HandTables } from '../support/tables.js';

const told = (va: number, bytes: number, more: Partial<ToldRange> = {}): ToldRange => ({
  va,
  bytes,
  pa: undefined,
  rights: undefined,
  memory: undefined,
  ...more,
});
const short = (before: readonly ToldRange[], after: readonly ToldRange[]): string[] =>
  [...diffTold(before, after)].map(
    ({ va, bytes, kind, differences }) =>
      `${kind} ${va.toString(16)}+${bytes.toString(16)} ${differences.join()}`,
  );

describe('what two tellers know', () => {
  it('is compared where both know it', () => {
    const rights = Right.PRIVILEGED_READ;
    expect(short([told(0x1000, 0x1000)], [told(0x1000, 0x1000, { pa: 5, rights })])).toEqual([]);
    expect(short([told(0x1000, 0x2000)], [told(0x2000, 0x2000)])).toEqual([
      'removed 1000+1000 ',
      'added 3000+1000 ',
    ]);
    const [here, there] = [0x8000, 0x9000].map((pa) => told(0, 0x3000, { pa }));
    expect(short([here as ToldRange], [there as ToldRange])).toEqual(['changed 0+3000 pa']);
    const code = rights | Right.PRIVILEGED_FETCH;
    expect(short([told(0, 4096, { rights })], [told(0, 4096, { rights: code })])).toEqual([
      'changed 0+1000 rights',
    ]);
  });

  it('is the same for tables and their own regions, however they are cut', () => {
    const tables = new HandTables()
      .map(Kind.SECTION, 0x10_0000, 0x6000_0000, 3, DATA)
      .map(Kind.SMALL, 0x80_0000, 0x6100_0000, 9, CODE);
    const whole = toldByTables(new Regions(new AddressSpace(tables.input)));
    expect(whole).toHaveLength(2);
    const pages = whole.flatMap(({ va, bytes, pa, ...rest }) =>
      Array.from({ length: bytes / 4096 }, (_, page) => ({
        ...rest,
        va: va + page * 4096,
        bytes: 4096,
        pa: (pa ?? 0) + page * 4096,
      })),
    );
    expect(short(whole, pages)).toEqual([]);
    expect(short([], pages)).toEqual(['added 100000+300000 ', 'added 800000+9000 ']);
  });

  it('covers each page once, whatever they tell', () => {
    const page = fc.nat({ max: 40 });
    const range = fc
      .tuple(page, fc.integer({ min: 1, max: 9 }), fc.option(page, { nil: undefined }))
      .map(([at, count, pa]) =>
        told(at * 4096, count * 4096, { pa: pa === undefined ? undefined : pa * 4096 }),
      );
    const list = fc.array(range, { maxLength: 8 });
    const placesOf = (ranges: readonly ToldRange[]): (number | undefined | null)[] =>
      Array.from({ length: 64 }, (_, at) => {
        let end = 0;
        let place: number | undefined | null = null;
        for (const { va, bytes, pa } of ranges.toSorted((one, other) => one.va - other.va)) {
          const from = Math.max(va, end);
          if (from <= at * 4096 && at * 4096 < va + bytes && place === null) {
            place = pa === undefined ? undefined : pa + at * 4096 - va;
          }
          end = Math.max(end, va + bytes);
        }
        return place;
      });
    fc.assert(
      fc.property(list, list, (before, after) => {
        const [was, is] = [placesOf(before), placesOf(after)];
        const kinds = new Array<string>(64).fill('');
        for (const { va, bytes, kind } of diffTold(before, after)) {
          for (let at = va / 4096; at < (va + bytes) / 4096; at++) {
            expect(kinds[at]).toBe('');
            kinds[at] = kind;
          }
        }
        const expected = was.map((place, at) => {
          const other = is[at];
          if (place === null) return other === null ? '' : 'added';
          if (other === null) return 'removed';
          return place === undefined || other === undefined || place === other ? '' : 'changed';
        });
        expect(kinds).toEqual(expected);
      }),
      { seed: 20261126, numRuns: 300 },
    );
  });
});
