import { describe, expect, it } from 'vitest';
import { curve, mibPlace, pageAt, SIDE_MIB, SIDE_PAGES } from '../../../lab/draw/curve.js';

describe.each(['rows', 'hilbert'] as const)('the order %s', (name) => {
  const places = curve(name);

  it('gives every page a place of its own, and finds it there', () => {
    const seen = new Uint8Array(places.length);
    for (const place of places) seen[place] = 1;
    expect(seen.indexOf(0)).toBe(-1);
    for (let page = 0; page < places.length; page += 997) {
      const place = places[page] as number;
      expect(pageAt(name, place % SIDE_PAGES, Math.floor(place / SIDE_PAGES))).toBe(page);
    }
  });

  it('keeps a MiB together: a square of 16 × 16 pages', () => {
    for (let mib = 0; mib < SIDE_MIB * SIDE_MIB; mib += 61) {
      const { x, y } = mibPlace(name, mib);
      for (let page = mib * 256; page < (mib + 1) * 256; page++) {
        const place = places[page] as number;
        expect(Math.floor((place % SIDE_PAGES) / 16)).toBe(x);
        expect(Math.floor(place / SIDE_PAGES / 16)).toBe(y);
      }
    }
  });
});

describe('the order of Hilbert', () => {
  it('goes from neighbour to neighbour', () => {
    const places = curve('hilbert');
    for (let page = 1; page < places.length; page++) {
      const [before, now] = [places[page - 1] as number, places[page] as number];
      const across = Math.abs((before % SIDE_PAGES) - (now % SIDE_PAGES));
      const down = Math.abs(Math.floor(before / SIDE_PAGES) - Math.floor(now / SIDE_PAGES));
      if (across + down !== 1) expect.fail(`page ${page} is no neighbour of the one before`);
    }
  });
});
