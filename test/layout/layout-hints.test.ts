import { describe, expect, it } from 'vitest';
import { buildLayout, layoutHints, parseLayout } from '../../src/layout/index.js';

function hintsFor(...regions: string[]) {
  const text = [
    'cpu: cortex-a15',
    'tables: {at: 0x8000_0000}',
    'regions:',
    ...regions.map((region) => `  - {${region}}`),
    '',
  ].join('\n');
  const build = buildLayout(
    parseLayout(text, 'board.yaml', () => {
      throw new Error('no programs here');
    }),
  );
  return [...layoutHints(build)];
}

describe('what a layout could do for less', () => {
  it('promotes to sections what is moved in memory', () => {
    const hints = hintsFor('name: heap, va: 0x1000_0000, pa: 0x9000_1000, size: 4M, rights: rw');
    expect(hints).toEqual([
      {
        region: 'heap',
        text: 'promote to sections: move pa to 0x9010_0000',
        key: 'pa',
        value: '0x9010_0000',
        saves: { tables: 4, bytes: 4096, tlbEntries: 1020 },
      },
    ]);
  });

  it('moves a device in virtual addresses only', () => {
    const hints = hintsFor(
      'name: bus, va: 0x1000_1000, pa: 0xe000_0000, size: 2M, rights: rw, memory: device',
    );
    expect(hints.map(({ key, value }) => [key, value])).toEqual([['va', '0x1010_0000']]);
  });

  it('lets the largest leaves be used, rounds up, and shares a table', () => {
    const texts = hintsFor(
      'name: small, va: 0x2000_0000, pa: 0x9000_0000, size: 1M, rights: rw, leaves: small',
      'name: short, va: 0x3000_0000, pa: 0x9800_0000, size: 1020K, rights: rw',
      'name: uart, va: 0x4000_0000, pa: 0xe000_0000, size: 4K, rights: rw, memory: device',
    ).map(({ region, text }) => `${region}: ${text}`);
    expect(texts).toContain(
      'small: let the largest leaves that fit be used: write leaves: largest',
    );
    expect(texts).toContain('short: end with a section: give it 1M');
    expect(texts.some((text) => text.startsWith('uart: share the table of'))).toBe(true);
  });

  it('leaves vectors where the processor looks for them, and programs apart from kernels', () => {
    const hints = hintsFor(
      'name: vectors, va: 0xffff_0000, pa: 0x9000_0000, size: 4K, rights: r-x',
      'name: page, va: 0x1000_0000, pa: 0x9010_0000, size: 4K, rights: {pl1: rw, pl0: rw}',
    );
    expect(hints).toEqual([]);
  });

  it('has nothing to say where nothing costs less', () => {
    expect(hintsFor('name: all, va: 0x1000_0000, pa: 0x9000_0000, size: 16M, rights: rw')).toEqual(
      [],
    );
  });
});
