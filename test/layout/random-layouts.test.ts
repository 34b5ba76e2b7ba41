import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_BYTES, VmError } from '../../src/base/index.js';
import { CPU_PROFILES, type CpuProfile } from '../../src/format/index.js';
import { Names } from '../../src/inspect/index.js';
import {
  type Build,
  buildLayout,
  EMITTERS,
  type Layout,
  type LayoutRegion,
  LEAF_CHOICES,
  layoutOfSpace,
  rightsOfLetters,
} from '../../src/layout/index.js';
import { PLAIN_REMAP } from '../../src/layout/region-bits.js';
import { walk } from '../../src/machine/index.js';
import { layoutOf } from '../support/example-layouts.js';

/** Seeds are fixed; fast-check prints seed and path of what fails. */
const SEED = 20_261_122;
const RUNS = 60;

/** How a region follows the one before it, and what it is. Sizes are in pages. */
const regionStep = fc.record({
  gap: fc.oneof(fc.nat(40), fc.nat(70_000)),
  snap: fc.constantFrom(1, 1, 16, 256, 4096),
  size: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })),
  pa: fc.oneof(fc.constant(0), fc.constant(0x1000), fc.nat(0x2_0000)),
  rights: fc.constantFrom(
    ['r', ''],
    ['rw', ''],
    ['rx', ''],
    ['rw', 'rw'],
    ['r', 'r'],
    ['rx', 'rx'],
  ),
  memory: fc.constantFrom('normal-wbwa', 'normal-nc', 'device', 'strongly'),
  shareable: fc.boolean(),
  nonGlobal: fc.boolean(),
  domain: fc.constantFrom(0, 0, 0, 3),
  leaves: fc.constantFrom('largest', 'largest', 'largest', ...LEAF_CHOICES),
});
type RegionStep = typeof regionStep extends fc.Arbitrary<infer S> ? S : never;

const layoutStep = fc.record({
  steps: fc.array(regionStep, { minLength: 1, maxLength: 12 }),
  cpu: fc.constantFrom(...Object.keys(CPU_PROFILES)),
  accessFlag: fc.boolean(),
  texRemap: fc.boolean(),
  split: fc.constantFrom(0, 0, 1, 2, 7),
});

function regionsOf(steps: readonly RegionStep[]): LayoutRegion[] {
  const regions: LayoutRegion[] = [];
  let page = 0;
  for (const [index, step] of steps.entries()) {
    page = Math.ceil((page + step.gap) / step.snap) * step.snap;
    const pages = Math.ceil(step.size / step.snap) * step.snap;
    if (page + pages > 2 ** 20) break;
    // Physical memory that is as aligned as the addresses are, and now and then less.
    const frame = (page + Math.ceil(step.pa / step.snap) * step.snap) % (2 ** 20 - pages);
    regions.push({
      name: `region${index}`,
      from: { file: 'random', line: index + 1 },
      virtual: page * PAGE_BYTES,
      physical: frame * PAGE_BYTES,
      bytes: pages * PAGE_BYTES,
      alignment: PAGE_BYTES,
      privileged: rightsOfLetters(step.rights[0] ?? ''),
      user: rightsOfLetters(step.rights[1] ?? ''),
      memory: step.memory,
      shareable: step.shareable || !step.memory.startsWith('normal'),
      global: !step.nonGlobal,
      nonSecure: false,
      domain: step.domain,
      leaves: step.leaves,
    });
    page += pages;
  }
  return regions;
}

function layoutFrom(made: typeof layoutStep extends fc.Arbitrary<infer L> ? L : never): Layout {
  return {
    file: 'random',
    title: '',
    profile: CPU_PROFILES[made.cpu] as CpuProfile,
    mmu: {
      accessFlag: made.accessFlag,
      texRemap: made.texRemap,
      ...PLAIN_REMAP,
      dacr: 1 | (1 << 6),
      split: made.split,
    },
    tables: { from: { file: 'random', line: 1 }, at: 0x40_0000, budget: undefined },
    memories: [],
    automatic: { from: 0, to: 2 ** 32 },
    regions: regionsOf(made.steps),
  };
}

/** What a layout may be refused for: random regions may well ask for what cannot be. */
const ALLOWED = new Set([
  'LAYOUT_ERR_LEAF',
  'LAYOUT_ERR_CONFLICT',
  'LAYOUT_ERR_LIMIT',
  'LAYOUT_ERR_RIGHTS',
]);

function buildOf(layout: Layout): Build | undefined {
  try {
    return buildLayout(layout);
  } catch (error) {
    if (error instanceof VmError && ALLOWED.has(error.code)) return undefined;
    throw error;
  }
}

describe('random layouts', () => {
  it('are read back as they were built, and build the same tables again', () => {
    let count = 0;
    fc.assert(
      fc.property(layoutStep, (made) => {
        const layout = layoutFrom(made);
        const build = buildOf(layout);
        if (build === undefined) return;
        count += 1;
        for (const { virtual, physical, bytes, leaves } of layout.regions) {
          for (const offset of [0, bytes - 1, Math.floor(bytes / 2)]) {
            const { reader, registers, profile } = build.space.input;
            const { leaf } = walk(reader, registers, profile, Number(virtual) + offset, 0);
            expect(leaf?.pa).toBe(Number(physical) + offset);
            if (leaves !== 'largest') expect(leaf?.kind).toBe(leaves);
          }
        }
        const again = layoutOfSpace(build.map, new Names(), 'tables').layout;
        expect(buildLayout(again).image).toEqual(build.image);
        const text = String(EMITTERS.yaml.emit({ build, command: '' }));
        expect(buildLayout(layoutOf(text)).image).toEqual(build.image);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(count).toBeGreaterThan(RUNS / 5);
  });
});
