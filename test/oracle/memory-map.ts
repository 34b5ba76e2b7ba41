/**
 * Where everything lies in the physical memory that the guest and our model share.
 *
 *     6000_0000  1 MiB   the guest: code, requests, answers
 *     6010_0000  64 KiB  tables under test of bank 0, then of bank 1
 *     6100_0000  48 MiB  data: what leaves map
 *     6400_0000  64 MiB  what a kernel of ours owns
 *     7000_0000          nothing, up to 4 GiB and beyond
 */

import { RAM_END } from './machines.js';

export const GUEST_BASE = 0x6000_0000;
export const SECTION_BYTES = 0x10_0000;
/** Tables of each bank. */
export const TABLES_BASE = 0x6010_0000;
export const TABLES_BYTES = 0x1_0000;
export const DATA_BASE = 0x6100_0000;
const DATA_END = 0x6400_0000;
export const KERNEL_BASE = 0x6400_0000;
export const KERNEL_BYTES = 0x400_0000;
/** From here on nothing answers. Above 4 GiB devices begin at 256 GiB. */
export const NOTHING_BASE = RAM_END;
const NOTHING_END = 2 ** 38;

/**
 * Pages of each MiB of data that hold code: the first, those where a large page ends and begins, one
 * in the middle, the last.
 */
export const CODE_PAGES: readonly number[] = [0x00, 0x0f, 0x10, 0x80, 0xff];

/**
 * Code pages are made of slots of 32 bytes: code that tells where it lies, then words to be read and
 * written.
 *
 *     0   movw r0, #low     8   svc 0
 *     4   movt r0, #high   12   b .
 *     16  four words of data
 */
export const SLOT_BYTES = 32;
export const SLOT_DATA = 16;

/** The code at the physical address `slot`, and the data behind it. */
export function slotWords(slot: number): number[] {
  const mix = Math.imul(slot, 0x9e37_79b1);
  return [
    movImmediate(0xe300_0000, slot & 0xffff),
    movImmediate(0xe340_0000, slot >>> 16),
    0xef00_0000,
    0xeaff_fffe,
    ...[1, 2, 3, 4].map((place) => (mix ^ (place * 0x0101_0101)) >>> 0),
  ];
}

function movImmediate(opcode: number, half: number): number {
  return (opcode | ((half >>> 12) << 16) | (half & 0xfff)) >>> 0;
}

/** The words of the code page at `pa`. */
export function codePage(pa: number): Uint32Array {
  const words = new Uint32Array(1024);
  for (let at = 0; at < 4096; at += SLOT_BYTES) words.set(slotWords(pa + at), at / 4);
  return words;
}

/** Physical addresses of all code pages. */
export function* codePages(): Generator<number> {
  for (let section = DATA_BASE; section < DATA_END; section += SECTION_BYTES) {
    for (const page of CODE_PAGES) yield section + page * 4096;
  }
}

/** What lies at a physical address, as far as an access may touch it. */
type Place = 'data' | 'nothing' | 'other';

/** Which physical memory checks may touch, and where in it there is code. */
export interface Ground {
  place(pa: number): Place;
  /** Whether the page that holds `pa` is made of slots. */
  holdsCode(pa: number): boolean;
}

/** The data of random situations. */
export const DATA_GROUND: Ground = {
  place(pa) {
    if (pa >= DATA_BASE && pa < DATA_END) return 'data';
    return pa >= NOTHING_BASE && pa < NOTHING_END ? 'nothing' : 'other';
  },
  holdsCode(pa) {
    return pa >= DATA_BASE && pa < DATA_END && CODE_PAGES.includes((pa >>> 12) & 0xff);
  },
};

/** Whether our model knows what lies at `pa`: RAM behind the guest's own, or nothing. */
export function isKnownMemory(pa: number): boolean {
  return pa >= TABLES_BASE;
}
