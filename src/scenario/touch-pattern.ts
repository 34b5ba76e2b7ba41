/** The addresses that a `touch` accesses, in their order. */

import { PAGE_BYTES } from '../base/index.js';

/** How a range is touched. */
export interface TouchPattern {
  readonly pattern: 'sequential' | 'strided' | 'random';
  /** Bytes of the range. */
  readonly size: number;
  /** Bytes of each access. */
  readonly bytes: number;
  /** Bytes between strided accesses. */
  readonly stride: number;
  readonly seed: number;
  /** How many accesses; undefined for as many as the range holds. */
  readonly count?: number;
  /** The pages of the range that are accessed, in their order, instead of a pattern. */
  readonly pages?: readonly number[];
}

/**
 * Offsets in the range, each a multiple of the size of an access, which lies in the range whole.
 * Sequential and strided patterns begin anew at the end of the range.
 */
export function* touchOffsets(touch: TouchPattern): Generator<number> {
  const { pattern, size, bytes, stride, seed } = touch;
  const places = Math.floor(size / bytes);
  const count = touchCount(touch);
  if (touch.pages !== undefined) {
    for (const page of touch.pages) yield page * PAGE_BYTES;
    return;
  }
  if (pattern === 'random') {
    let state = seed;
    for (let made = 0; made < count; made += 1) {
      state = (state + 0x9e37_79b9) >>> 0;
      yield Math.floor((mixed(state) / 2 ** 32) * places) * bytes;
    }
    return;
  }
  const step = pattern === 'strided' ? Math.max(1, Math.floor(stride / bytes)) : 1;
  for (let made = 0, place = 0; made < count; made += 1) {
    yield place * bytes;
    place += step;
    if (place >= places) place = 0;
  }
}

/** How many accesses there are: one for each place of the pattern in the range, if it does not say. */
export function touchCount({ pattern, size, bytes, stride, count, pages }: TouchPattern): number {
  if (pages !== undefined) return pages.length;
  const places = Math.floor(size / bytes);
  if (places === 0 || count !== undefined) return places === 0 ? 0 : (count ?? 0);
  return pattern === 'strided'
    ? Math.ceil(places / Math.max(1, Math.floor(stride / bytes)))
    : places;
}

/** 32 bits that depend on each of the 32 bits of `state` (the finaliser of MurmurHash3). */
function mixed(state: number): number {
  let bits = state;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
