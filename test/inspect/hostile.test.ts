import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cortexA9, cortexA15 } from '../../src/format/index.js';
import {
  AddressSpace,
  checkSpace,
  diffSpaces,
  explainFault,
  frameLines,
  gridLines,
  mapLines,
  mapRows,
  mapSvg,
  Names,
  pageLines,
  plainText,
  ptdumpText,
  Regions,
  rawLines,
  registerReport,
  type SpaceInput,
  scanForRoots,
  tableMemory,
  treeLines,
  vmprintText,
  walkAddress,
  walkRecord,
  whereIs,
} from '../../src/inspect/index.js';
import { EXTERNAL_ABORT } from '../../src/machine/index.js';

/** Memory of 1 MiB at 0 that holds noise of the given kind; everything else is not there. */
function hostile(seed: number, mask: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({ length: 2 ** 18 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Pointers that stay in the memory make tables of tables of everything.
    return (state & mask) >>> 0;
  });
}

const registers = fc.record({
  ttbr0: fc.integer({ min: 0, max: 0xf_ffff }),
  ttbr1: fc.integer({ min: 0, max: 0xffff_ffff }),
  ttbcr: fc.integer({ min: 0, max: 0x3f }),
  dacr: fc.integer({ min: 0, max: 0xffff_ffff }),
  sctlr: fc.constantFrom(0, 1, 0x1000_0001, 0x2000_0001, 0x3000_0001, 0x0018_0001),
  prrr: fc.integer({ min: 0, max: 0xffff_ffff }),
  nmrr: fc.integer({ min: 0, max: 0xffff_ffff }),
  contextidr: fc.constant(0),
});

/** Counts lines without keeping them. */
function count(lines: Iterable<unknown>): number {
  let lineCount = 0;
  for (const _ of lines) lineCount += 1;
  return lineCount;
}

describe('tables that hold anything', () => {
  it('are shown, checked, explained and compared in bounded time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 0x7fff_ffff }),
        fc.constantFrom(0xffff_ffff, 0x000f_ffff, 0x000f_fc01, 0x0000_0c03),
        registers,
        fc.constantFrom(cortexA9, cortexA15),
        (seed, mask, values, profile) => {
          const words = hostile(seed, mask);
          const input: SpaceInput = {
            reader: { readWord: (pa) => words[pa / 4] ?? EXTERNAL_ABORT },
            registers: values,
            profile,
          };
          const started = performance.now();
          const regions = new Regions(new AddressSpace(input));
          const { space } = regions;
          const provenance = { source: 'noise' };
          count(mapLines(space, mapRows(regions), provenance));
          for (const view of [treeLines, gridLines, frameLines, pageLines]) {
            count(view(regions, provenance));
          }
          count(rawLines(space, provenance));
          count(ptdumpText(regions));
          count(vmprintText(regions));
          expect(mapSvg(regions, provenance)).toContain('</svg>');
          const context = { space, regions, names: new Names(), kernel: [] };
          const { findings } = checkSpace(context, { today: '2026-11-22' });
          expect(findings.length).toBeLessThan(25 * 500);
          expect(count(diffSpaces(regions, regions))).toBe(0);
          for (const va of [0, seed, 0xffff_ffff]) {
            JSON.stringify(walkRecord(input, walkAddress(input, va)));
            explainFault(input, registerReport('data', seed & 0x3fff, va));
          }
          count(whereIs(regions, { base: 0, bytes: 2 ** 20, single: false }));
          tableMemory(input);
          expect(performance.now() - started).toBeLessThan(60_000);
        },
      ),
      { seed: 13, numRuns: 3 },
    );
  }, 240_000);

  it('are looked through for roots', () => {
    const words = hostile(5, 0x000f_fc01);
    const bytes = new Uint8Array(words.buffer);
    const found = scanForRoots({
      ranges: [{ pa: 0, bytes: bytes.length }],
      readWord: (pa) => words[pa / 4] ?? EXTERNAL_ABORT,
      readBytes: (pa, length) => bytes.subarray(pa, pa + length),
    });
    expect(found.length).toBeLessThanOrEqual(64);
  });
});

it('has no line with an escape sequence of its own', () => {
  const words = hostile(3, 0xffff_ffff);
  const input: SpaceInput = {
    reader: { readWord: (pa) => words[pa / 4] ?? EXTERNAL_ABORT },
    registers: { ttbr0: 0, ttbr1: 0, ttbcr: 0, dacr: 1, sctlr: 1, prrr: 0, nmrr: 0, contextidr: 0 },
    profile: cortexA15,
  };
  const regions = new Regions(new AddressSpace(input));
  const lines = [...mapLines(regions.space, mapRows(regions), { source: 'noise' })].slice(0, 5000);
  expect(lines.some((each) => plainText(each).includes('\u001b'))).toBe(false);
});
