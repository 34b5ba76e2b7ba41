/** Random scenarios of two domains that share frames, as texts; most of their steps succeed. */

import fc from 'fast-check';

const FRAMES = ['a', 'b', 'c', 'd'] as const;
const PLACES = [0x1000_0000, 0x1010_0000, 0x2000_0000, 0x2001_0000, 0x3000_0000] as const;
const SIZES = ['4K', '8K', '64K', '1M', '1028K'] as const;

const place = fc.constantFrom(...PLACES).map((pa) => `0x${pa.toString(16)}`);
const frame = fc.constantFrom(...FRAMES);
const rights = fc.constantFrom('r', 'rw', 'rx', 'none');
const leaves = fc.constantFrom('small', 'large', 'huge');

const STEP = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(frame, place, rights, leaves)
      .map(
        ([name, at, may, kind]) =>
          `map: { frame: ${name}, at: ${at}, rights: ${may}, leaves: ${kind} }`,
      ),
  },
  { weight: 2, arbitrary: place.map((at) => `unmap: { at: ${at} }`) },
  {
    weight: 2,
    arbitrary: fc.tuple(place, rights).map(([at, may]) => `protect: { at: ${at}, rights: ${may} }`),
  },
  { weight: 1, arbitrary: place.map((at) => `split: { at: ${at}+4K }`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(place, fc.constantFrom('64K', '1M'))
      .map(([at, size]) => `promote: { at: ${at}, size: ${size} }`),
  },
  { weight: 1, arbitrary: fc.constant('trim: {}') },
  {
    weight: 2,
    arbitrary: frame.map(
      (name) => `share: { frame: ${name}, with: second, as: got-${name}, map: false }`,
    ),
  },
  { weight: 1, arbitrary: frame.map((name) => `revoke: { frame: ${name} }`) },
  { weight: 3, arbitrary: place.map((at) => `load: { at: ${at} }`) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(place, fc.nat(0xffff))
      .map(([at, value]) => `store: { at: ${at}+8, value: ${value} }`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(place, fc.nat(1000))
      .map(
        ([at, seed]) =>
          `touch: { at: ${at}, size: 64K, pattern: random, count: 20, seed: ${seed} }`,
      ),
  },
);

/** The beginning of a scenario: a machine with that TLB, two domains, four frames. */
export function beginning(tlb: string): string {
  const sizes = SIZES.slice(0, FRAMES.length);
  return `title: random
machine: { tlb: ${tlb} }
domains: [ { name: first, ram: 16M }, { name: second, ram: 4M } ]
steps:
${FRAMES.map((name, index) => `  - allocate: { frame: ${name}, size: ${sizes[index]} }`).join('\n')}
`;
}

/** A machine and operations on it, each the YAML of a step that is known to parse. */
export const randomOperations = fc.record({
  tlb: fc.constantFrom('profile', 'none', 'strict', '{ sets: 4, ways: 2 }'),
  steps: fc.array(STEP, { minLength: 1, maxLength: 40 }),
});
