import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { buildLayout, readLayout } from '../../src/layout/index.js';
import { EXAMPLE_LAYOUTS } from '../support/example-layouts.js';

/** Seeds are fixed; fast-check prints seed and path of what fails. */
const SEED = 4_122_026;

const YAML = EXAMPLE_LAYOUTS.map((name) => readFileSync(`examples/layouts/${name}.yaml`, 'utf8'));
const CSV = [
  '0x01C090000, 4K, DEVICE, UART0\n0x080000000, 1G, RW_DATA, DRAM\n0x0C0000000, 2M, CODE, CODE\n',
  '0x01C090000,, 4K, DEVICE, SRW_UNA, UART0\n0x2F000000+0x100000,0x4000, 1M, CACHE_WT:SHARED:GLOBAL, SRO_URO:SX:UX:NS, GICR\n',
];
const MACROS = [
  '#define BASE UL(0x1000)\n#define M MAP_REGION_FLAT(BASE, 1 << 12, MT_DEVICE | MT_RW)\nMAP_REGION(0x4000, 0x8000, (SZ_4K * 2), MT_CODE),',
  'MMU_REGION_FLAT_ENTRY("x", 0x10000, KB(64), MT_NORMAL | MPERM_R | MPERM_W), MMU_REGION_ENTRY("y", 0, 0x20000, 4096, MT_DEVICE)',
  'struct mm_region m[] = { { .virt = 0x0UL, .phys = 0x0UL, .size = SZ_1M, .attrs = PTE_BLOCK_MEMTYPE(MT_NORMAL) }, { 0, } };',
];

/** What is put into a text: characters that mean something in one of the formats. */
const pieces = fc.oneof(
  fc.constantFrom(
    ...[
      '{',
      '}',
      '(',
      ')',
      ',',
      ':',
      '#',
      '"',
      '\\',
      '\n',
      '|',
      '<<',
      '-',
      '~',
      '/*',
      '//',
      '&a',
      '*a',
    ],
    ...[
      '0xffff_ffff',
      '0x1_0000_0000',
      '4G',
      '4K',
      '0',
      'auto',
      '99999999999999999999',
      'none',
      '!x',
      '\0',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const edit = fc.record({ at: fc.nat(100_000), remove: fc.nat(30), insert: pieces });

/** A text with some edits. */
function edited(
  text: string,
  edits: readonly { at: number; remove: number; insert: string }[],
): string {
  let result = text;
  for (const { at, remove, insert } of edits) {
    const place = at % (result.length + 1);
    result = result.slice(0, place) + insert + result.slice(place + remove);
  }
  return result;
}

const noFile = (path: string): Uint8Array => {
  if (path.endsWith('sort.elf')) return readFileSync('examples/programs/sort.elf');
  throw new VmError('SOURCE_ERR_READ', `${path}: there is no such file`);
};

describe.each([
  ['layout files', YAML, 250],
  ['CSVs', CSV, 400],
  ['macro files', MACROS, 600],
] as const)('broken %s', (_what, texts, runs) => {
  it('are built, or refused with a name', () => {
    const codes = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        (text, edits) => {
          const options = { tables: 0x100_0000, budget: 4 * 2 ** 20 };
          try {
            buildLayout(readLayout(edited(text, edits), 'broken', noFile, options));
          } catch (error) {
            if (!(error instanceof VmError)) throw error;
            expect(error.message).not.toBe('');
            expect(error.code).not.toBe('LAYOUT_ERR_VERIFY');
            codes.add(error.code);
          }
        },
      ),
      { seed: SEED, numRuns: runs },
    );
    expect(codes.size).toBeGreaterThan(1);
  });
});

describe('hostile texts', () => {
  it.each([
    ['brackets without end', `MAP_REGION_FLAT(${'('.repeat(100_000)}`],
    ['signs without end', `MAP_REGION_FLAT(${'-'.repeat(100_000)}1, 4096, MT_DEVICE)`],
    [
      'macros that double',
      `${Array.from({ length: 40 }, (_, index) => `#define A${index} A${index + 1} + A${index + 1}\n`).join('')}MAP_REGION_FLAT(A0, 4096, MT_DEVICE)`,
    ],
    ['shifts without end', 'MAP_REGION_FLAT(1 << 9999999999, 4096, MT_DEVICE)'],
    ['products without end', `MAP_REGION_FLAT(${'9999999999 * '.repeat(5000)}1, 4096, MT_DEVICE)`],
    ['commas without end', `0x0, 4K, WRONG${',a'.repeat(500_000)}`],
    ['lines without end', '0x0, 4K, WRONG, a\n'.repeat(100_000)],
    ['comments without end', `MAP_REGION_FLAT(/*${'*'.repeat(1_000_000)}`],
    ['text without end', `0x0, 4K, DEVICE, a\n${'#'.repeat(5 * 2 ** 20)}`],
    ['regions without end', 'MAP_REGION_FLAT(0, 4096, MT_DEVICE),'.repeat(20_000)],
  ])('%s end within the time of a test, with a name', (_what, text) => {
    expect(() => buildLayout(readLayout(text, 'hostile', noFile, { tables: 0x100_0000 }))).toThrow(
      VmError,
    );
  });
});
