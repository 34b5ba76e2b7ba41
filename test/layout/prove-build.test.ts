import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { AddressSpace, Regions } from '../../src/inspect/index.js';
import { buildLayout } from '../../src/layout/index.js';
import { proveBuild, walkEveryPage } from '../../src/layout/prove-build.js';
import { layoutOf } from '../support/example-layouts.js';

const LAYOUT = `cpu: cortex-a15
mmu: {clients: [0, 1]}
tables: {at: 0x10_0000}
regions:
  - {name: small, va: 0x1000, size: 8K, rights: r}
  - {name: large, va: 0x1_0000, size: 64K, rights: {pl1: rw, pl0: r}}
  - {name: section, va: 0x10_0000, size: 1M, rights: rx, domain: 1}
  - {name: super, va: 0x100_0000, size: 16M, memory: device}
`;

/** The word of the image that maps `va` at a level, as its index. */
const L1 = (va: number): number => va >>> 20;
const L2 = (va: number): number => 4096 + (va >>> 12);

/** The first complaint about the tables of the layout when one word of them is another. */
function complaint(index: number, change: (word: number) => number): string {
  const { image, regions, space } = buildLayout(layoutOf(LAYOUT));
  image.words[index] = change(image.words[index] as number);
  try {
    const map = new Regions(new AddressSpace(space.input));
    proveBuild(regions, map);
    walkEveryPage(map);
  } catch (error) {
    if (error instanceof VmError && error.code === 'LAYOUT_ERR_VERIFY') return error.message;
    throw error;
  }
  return 'nothing';
}

describe('a wrong word in the tables', () => {
  it.each([
    ['none', 0, (word: number) => word, 'nothing'],
    [
      'a page that is missing',
      L2(0x1000),
      () => 0,
      'the page at 0x00001000 of `small` (board.yaml:5) is not mapped',
    ],
    [
      'a page too many',
      L2(0x5000),
      () => 0x5032,
      'the page at 0x00005000 is mapped, but no region of the layout is there',
    ],
    [
      'another frame',
      L2(0x2000),
      (word: number) => word + 0x1000,
      'the page at 0x00002000 of `small` (board.yaml:5) leads to 0x3000, the layout wants 0x2000',
    ],
    [
      'a page that executes',
      L2(0x1000),
      (word: number) => word & ~1,
      'the page at 0x00001000 of `small` (board.yaml:5) gives PL1 r-x PL0 ---, the layout wants PL1 r-- PL0 ---',
    ],
    [
      'one of sixteen',
      L2(0x1_3000),
      (word: number) => word | 0x30,
      'the page at 0x00013000 of `large` (board.yaml:6) gives PL1 rw- PL0 rw-, the layout wants PL1 rw- PL0 r--',
    ],
    [
      'another domain',
      L1(0x10_0000),
      (word: number) => word & ~0x1e0,
      'the page at 0x00100000 of `section` (board.yaml:7) is in domain 0, the layout wants 1',
    ],
    [
      'another memory type',
      L1(0x100_0000) + 5,
      (word: number) => word & ~4,
      'the page at 0x01500000 of `super` (board.yaml:8) is strongly, outer shareable, the layout wants device, outer shareable',
    ],
    [
      'nG',
      L2(0x1000),
      (word: number) => word | 0x800,
      'the page at 0x00001000 of `small` (board.yaml:5) has nG true, the layout wants false',
    ],
  ] as const)('is told: %s', (_what, index, change, message) => {
    expect(complaint(index, change)).toBe(message);
  });
});
