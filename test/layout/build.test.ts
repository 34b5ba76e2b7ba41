import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { mapLines, mapRows, plainLines } from '../../src/inspect/index.js';
import { type Build, buildLayout, type LayoutFailure } from '../../src/layout/index.js';
import {
  EXAMPLE_LAYOUTS,
  exampleBuild,
  exampleLayout,
  layoutOf,
} from '../support/example-layouts.js';

/** The map of a build as `show` draws it. */
function mapOf(build: Build): string {
  const rows = mapRows(build.map, { names: build.names });
  return plainLines(mapLines(build.space, rows, { source: build.layout.file }, build.names));
}

describe.each(EXAMPLE_LAYOUTS)('the layout %s', (name) => {
  it('has the map that it had', async () => {
    await expect(mapOf(exampleBuild(name))).toMatchFileSnapshot(`../golden/layout/${name}.map.txt`);
  });

  it('gives the same bytes each time', () => {
    expect(buildLayout(exampleLayout(name)).image).toEqual(exampleBuild(name).image);
  });
});

const TABLES = 'tables: {at: 0x0010_0000, size: 64K}\n';
const regions = (...lines: string[]): string =>
  `${TABLES}regions:\n${lines.map((line) => `  - ${line}\n`).join('')}`;

/** What is told about a layout that cannot be built. */
function refusal(text: string): { code: string; messages: string[] } {
  try {
    buildLayout(layoutOf(text));
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    const { problems } = error.evidence as LayoutFailure;
    return { code: error.code, messages: problems.map(({ message }) => message) };
  }
  throw new Error('the layout was built');
}

const REFUSALS: readonly [what: string, text: string, code: string, ...messages: string[]][] = [
  [
    'an overlap',
    regions(
      '{name: flash, va: 0x1000_8000, size: 32K}',
      '{name: uart, va: 0x1000_0000, size: 64K}',
    ),
    'LAYOUT_ERR_OVERLAP',
    '`uart` (board.yaml:4, 0x10000000+64K) overlaps `flash` (board.yaml:3) by 32 KiB at 0x10008000. Closest free 64K hole: 0x10010000.',
  ],
  [
    'two overlaps',
    regions(
      '{name: a, va: 0x1000, size: 4K}',
      '{name: b, va: 0x2000, size: 4K}',
      '{name: c, va: 0x1000, size: 8K}',
    ),
    'LAYOUT_ERR_OVERLAP',
    '`c` (board.yaml:5, 0x1000+8K) overlaps `a` (board.yaml:3) by 4 KiB at 0x1000. Closest free 8K hole: 0x3000.',
    '`c` (board.yaml:5, 0x1000+8K) overlaps `b` (board.yaml:4) by 4 KiB at 0x2000. Closest free 8K hole: 0x3000.',
  ],
  [
    'a full space',
    regions('{name: all, va: 0x0, size: 4G}', '{name: more, va: 0x1000, size: 4K}'),
    'LAYOUT_ERR_OVERLAP',
    '`more` (board.yaml:4, 0x1000+4K) overlaps `all` (board.yaml:3) by 4 KiB at 0x1000. No hole of 4K is free.',
  ],
  [
    'a size that is not whole pages',
    regions('{name: a, va: 0x1000, size: 100}'),
    'LAYOUT_ERR_ALIGNMENT',
    '`a` (board.yaml:3, 0x64): its size 0x64 is not made of whole pages of 4K; 4K is',
  ],
  [
    'an address that is not aligned',
    regions('{name: a, va: 0x1000, size: 64K, align: 64K}'),
    'LAYOUT_ERR_ALIGNMENT',
    '`a` (board.yaml:3, 64K): its virtual address 0x1000 is not a multiple of 64K; 0x0 and 0x10000 are',
  ],
  [
    'tables that are not aligned',
    'tables: {at: 0x1000}\nregions: [{name: a, va: 0x1000, size: 4K}]',
    'LAYOUT_ERR_ALIGNMENT',
    'board.yaml:1: the tables at 0x1000 are not at a multiple of 16K; 0x0 and 0x4000 are',
  ],
  [
    'a region beyond the end',
    regions('{name: a, va: 0xffff_f000, size: 8K}'),
    'LAYOUT_ERR_RANGE',
    '`a` (board.yaml:3, 8K): its virtual addresses end at 0x100001000, the space ends at 0x100000000',
  ],
  [
    'no room in a memory',
    `${TABLES}memories: [{name: ram, base: 0x8000_0000, size: 64K}]
regions:
  - {name: a, va: 0x0, pa: ram, size: 32K}
  - {name: b, va: auto, pa: ram, size: 64K}
`,
    'LAYOUT_ERR_NO_ROOM',
    '`b` (board.yaml:5, 64K): no room in `ram`: the largest free range is 32K at 0x80008000',
  ],
  [
    'no room in the space',
    `${TABLES}automatic: {from: 0x1_0000, to: 0x2_0000}
regions: [{name: a, va: auto, pa: 0x0, size: 128K}]
`,
    'LAYOUT_ERR_NO_ROOM',
    '`a` (board.yaml:3, 128K): no room in the addresses 0x10000..0x20000: the largest free range is 64K at 0x10000',
  ],
  [
    'rights that need PXN',
    regions('{name: a, va: 0x1000, size: 4K, rights: {pl1: r, pl0: r-x}}'),
    'LAYOUT_ERR_RIGHTS',
    '`a` (board.yaml:3, 4K): no descriptor gives PL1 r-- PL0 r-x on cortex-a9, which has no PXN; the nearest is PL1 r-- PL0 r--, or PL1 r-x PL0 r-x',
  ],
  [
    'a user who may write what the kernel may not',
    regions('{name: a, va: 0x1000, size: 4K, rights: {pl1: r, pl0: rw}}'),
    'LAYOUT_ERR_RIGHTS',
    '`a` (board.yaml:3, 4K): no descriptor gives PL1 r-- PL0 rw- on cortex-a9, which has no PXN; the nearest is PL1 rw- PL0 rw-, or PL1 r-- PL0 r--',
  ],
  [
    'a memory type that PRRR does not have',
    `mmu: {texRemap: true, prrr: 0x0, nmrr: 0x0}
${regions('{name: a, va: 0x1000, size: 4K}')}`,
    'LAYOUT_ERR_RIGHTS',
    '`a` (board.yaml:4, 4K): no TEX, C, B and S name `normal-wbwa`, not shareable, under this PRRR and NMRR',
  ],
  [
    'sections that do not fit',
    regions('{name: a, va: 0x10_0000, pa: 0x1000, size: 1M, leaves: section}'),
    'LAYOUT_ERR_LEAF',
    '`a` (board.yaml:3, 1M): no section leaves: its physical address 0x1000 is not a multiple of 0x100000, the size of a section leaf',
  ],
  [
    'a supersection in a domain',
    `mmu: {clients: [3]}\n${regions('{name: a, va: 0x0, size: 16M, leaves: supersection, domain: 3}')}`,
    'LAYOUT_ERR_LEAF',
    '`a` (board.yaml:4, 16M): no supersection leaves: a supersection is always in domain 0, not in domain 3',
  ],
  [
    'pages beyond 4 GiB',
    regions('{name: a, va: 0x0, pa: 0x1_0000_0000, size: 1M}'),
    'LAYOUT_ERR_LEAF',
    '`a` (board.yaml:3, 1M): no largest leaves: only supersections reach physical addresses beyond 4 GiB: addresses and size must be multiples of 16M, in domain 0',
  ],
  [
    'two domains in a MiB',
    `mmu: {clients: [0, 1]}\n${regions('{name: a, va: 0x0, size: 4K}', '{name: b, va: 0x1000, size: 4K, domain: 1}')}`,
    'LAYOUT_ERR_CONFLICT',
    '`b` (board.yaml:5) and `a` (board.yaml:4) have pages in the MiB at 0x0, whose one table entry cannot have both domain 1 and domain 0; move one to another MiB',
  ],
  [
    'PXN and no PXN in a MiB',
    `cpu: cortex-a7\n${regions('{name: a, va: 0x0, size: 4K, rights: rx}', '{name: b, va: 0x1000, size: 4K, rights: {pl1: r, pl0: rx}}')}`,
    'LAYOUT_ERR_CONFLICT',
    '`b` (board.yaml:5) and `a` (board.yaml:4) have pages in the MiB at 0x0, whose one table entry cannot have both PXN set and clear; move one to another MiB',
  ],
  [
    'tables beyond their budget',
    'tables: {at: 0x0, size: 17K}\nregions:\n  - {name: a, va: 0xff000, size: 8K}\n  - {name: b, va: 0x50_0000, size: 4K}\n',
    'LAYOUT_ERR_BUDGET',
    'board.yaml:1: the tables take 19K, they may take 17K; of the level-2 tables `a` (board.yaml:3) needs 2, `b` (board.yaml:4) needs 1. Larger leaves need fewer tables: align regions to 1M',
  ],
];

describe('a layout that cannot be built', () => {
  it.each(REFUSALS)('%s', (_what, text, code, ...messages) => {
    expect(refusal(text)).toEqual({ code, messages });
  });
});
