import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLayout, EMITTERS } from '../../src/layout/index.js';
import { command } from '../support/command.js';
import { layoutOf } from '../support/example-layouts.js';

const TEXT = readFileSync('docs/building.md', 'utf8');

/** The blocks of the page in a language, or without one. */
const blocks = (language: string): string[] =>
  [...TEXT.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , block]) => block ?? '');

/** The files that the examples of the page speak of. */
const FILES = {
  'user-code.yaml': `cpu: cortex-a9
tables: {at: 0x0}
regions:
  - {name: code, va: 0x1000, size: 4K, rights: {pl1: r, pl0: rx}}
`,
  'overlap.yaml': `tables: {at: 0x0}
regions:
  - {name: flash, va: 0x1000_8000, size: 32K}
  - {name: uart, va: 0x1000_0000, size: 64K, memory: device}
`,
  'mmap.csv': '0x1c090000, 4K, DEVICE, UART0\n0x80000000, 64M, RW_DATA, DRAM\n',
  'mmap.c': `static const mmap_region_t map[] = {
  MAP_REGION_FLAT(UART_BASE, 0x1000, MT_DEVICE | MT_RW),
};
`,
} as const;

/** The commands of the page that show what they print: each line after `$`, and what follows it. */
const dialogues = blocks('')
  .filter((block) => block.startsWith('$ '))
  .flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [line = '', ...printed] = part.split('\n');
        return { line, printed: printed.join('\n') };
      }),
  );

describe('docs/building.md', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pagewright-docs-'));
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows at least four commands with what they print', () => {
    expect(dialogues.length).toBeGreaterThanOrEqual(4);
  });

  it.each(dialogues)('$line', async ({ line, printed }) => {
    const [verb = '', ...words] = line.split(' ');
    const here = words.map((word) => (word in FILES ? join(folder, word) : word));
    if (verb === 'cat') {
      expect(readFileSync(here[0] ?? '', 'utf8')).toBe(printed);
      return;
    }
    const { out, err } = await command(here);
    // The page shows what is of the files themselves, not the folder that they lie in.
    const said = `${out}${err}`.replaceAll(`${folder}/`, '');
    if (printed.includes('[')) expect(said).toBe(printed);
    else expect(said.startsWith(printed), said).toBe(true);
  });

  it('shows a layout that can be built', () => {
    const [layout = ''] = blocks('yaml');
    expect(buildLayout(layoutOf(layout)).cost.tables).toBe(2);
  });

  it('names every form', () => {
    const table = TEXT.slice(TEXT.indexOf('## Forms'), TEXT.indexOf('## Lists'));
    for (const form of Object.keys(EMITTERS)) expect(table).toContain(`\`${form}\``);
  });
});
