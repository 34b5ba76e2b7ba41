import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  address,
  choice,
  flag,
  numbers,
  parsePlace,
  placeHash,
  text,
  valueIn,
  withValue,
} from '../../../lab/app/place.js';

const COLOUR = choice('colour', ['rights', 'type']);
const AT = address('at');
const VIEW = numbers('view', [1, 0.5]);
const PAGE = flag('page');
const WORDS = text('words');

describe('a place', () => {
  it('is what its hash says, whatever is chosen', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('rights' as const, 'type' as const),
        fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
        fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 0, max: 9999 })),
        fc.boolean(),
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        (colour, at, [zoom, x], page, words) => {
          let params = withValue({}, COLOUR, colour);
          params = withValue(params, AT, at);
          params = withValue(params, VIEW, [zoom, x / 1e4]);
          params = withValue(params, PAGE, page);
          params = withValue(params, WORDS, words);
          const place = { screen: 'atlas', params };
          const again = parsePlace(placeHash(place));
          expect(again).toEqual(place);
          expect(valueIn(again, COLOUR)).toBe(colour);
          expect(valueIn(again, AT)).toBe(at);
          expect(valueIn(again, VIEW)).toEqual([zoom, x / 1e4]);
          expect(valueIn(again, PAGE)).toBe(page);
          expect(valueIn(again, WORDS)).toBe(words);
        },
      ),
    );
  });

  it('leaves out what is as usual', () => {
    expect(withValue({ colour: 'type' }, COLOUR, 'rights')).toEqual({});
    expect(withValue({ view: '2,0.5' }, VIEW, [1, 0.5])).toEqual({});
    expect(placeHash({ screen: '', params: {} })).toBe('#/');
  });

  it('is usable whatever a hash says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (hash) => {
        const place = parsePlace(`#/${hash}`);
        expect(['rights', 'type']).toContain(valueIn(place, COLOUR));
        expect(valueIn(place, AT) ?? 0).toBeLessThan(2 ** 32);
        expect(valueIn(place, VIEW).every(Number.isFinite)).toBe(true);
        expect(parsePlace(placeHash(place))).toEqual(place);
      }),
    );
  });
});
