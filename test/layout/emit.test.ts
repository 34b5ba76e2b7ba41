import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emitRegionCsv } from '../../src/layout/emit-layout.js';
import {
  type Build,
  buildLayout,
  EMITTERS,
  type EmitterName,
  readLayout,
} from '../../src/layout/index.js';
import { EXAMPLE_LAYOUTS, exampleBuild, layoutOf } from '../support/example-layouts.js';

/** What stands in the files of these forms is small enough to be read by a person. */
const GOLDEN: readonly EmitterName[] = ['c', 'asm', 'stub', 'yaml', 'ptdump', 'csv'];

const emitted = (name: string, form: EmitterName): string | Uint8Array =>
  EMITTERS[form].emit({
    build: exampleBuild(name),
    command: `pagewright build ${name}.yaml --emit ${form}`,
  });

/** Whether a tool is there; on CI one that is missing is a failure. */
const has = (tool: string): boolean =>
  process.env['CI'] === 'true' || spawnSync(tool, ['--version']).error === undefined;

describe.each(EXAMPLE_LAYOUTS)('%s', (name) => {
  it.each(GOLDEN)('as %s is what it was', async (form) => {
    const file = `../golden/layout/${name}${EMITTERS[form].suffix}`;
    await expect(emitted(name, form)).toMatchFileSnapshot(file);
  });

  it('as YAML builds the same tables', () => {
    const again = buildLayout(layoutOf(String(emitted(name, 'yaml'))));
    expect(again.image).toEqual(exampleBuild(name).image);
    expect(again.registers).toEqual(exampleBuild(name).registers);
  });

  it('as JSON has every word', () => {
    const { tables } = JSON.parse(String(emitted(name, 'json'))) as {
      tables: { base: string; words: Record<string, string> };
    };
    const { image } = exampleBuild(name);
    const words = new Uint32Array(image.words.length);
    for (const [address, word] of Object.entries(tables.words)) {
      words[(Number(address) - Number(tables.base)) / 4] = Number(word);
    }
    expect(words).toEqual(image.words);
  });
});

describe('tables for a compiler', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pagewright-emit-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.skipIf(!has('arm-none-eabi-gcc'))('are the same bytes when gcc has compiled them', () => {
    for (const name of EXAMPLE_LAYOUTS) {
      writeFileSync(path('tables.c'), emitted(name, 'c'));
      const flags = ['-std=c11', '-ffreestanding', '-Wall', '-Wextra', '-Werror', '-pedantic'];
      execFileSync('arm-none-eabi-gcc', [...flags, '-c', '-o', path('c.o'), path('tables.c')]);
      const section = ['-O', 'binary', '--only-section=.pagewright_tables'];
      execFileSync('arm-none-eabi-objcopy', [...section, path('c.o'), path('c.bin')]);
      expect(new Uint8Array(readFileSync(path('c.bin')))).toEqual(emitted(name, 'bin'));
    }
  });

  // On CI it is installed, and nothing is skipped there.
  const hasRust = process.env['CI'] === 'true' || spawnSync('rustc', ['--version']).status === 0;
  it.skipIf(!hasRust)('are the same bytes when rustc has compiled them', () => {
    for (const name of EXAMPLE_LAYOUTS) {
      const main = `
fn main() {
    use std::io::Write;
    assert_eq!(core::mem::align_of::<Tables>(), 16384);
    for word in TABLES.0 { std::io::stdout().write_all(&word.to_le_bytes()).unwrap(); }
}
`;
      writeFileSync(
        path('tables.rs'),
        `#![allow(dead_code)]\n${String(emitted(name, 'rust'))}${main}`,
      );
      execFileSync('rustc', ['-D', 'warnings', '-o', path('rust'), path('tables.rs')], {
        stdio: 'pipe',
      });
      const bytes = execFileSync(path('rust'), { maxBuffer: 2 ** 26 });
      expect(new Uint8Array(bytes)).toEqual(emitted(name, 'bin'));
    }
  });

  it('in Rust are a static of so many words', () => {
    const text = String(emitted('zynq-board', 'rust'));
    const { words } = exampleBuild('zynq-board').image;
    expect(text).toContain(`pub struct Tables(pub [u32; ${words.length}]);`);
    const list = text.slice(text.indexOf('Tables(['));
    const found = [...list.matchAll(/0x([0-9a-f]{8})/g)].map(([, word]) => Number(`0x${word}`));
    expect(Uint32Array.from(found)).toEqual(words);
  });
});

describe('regions as CSV', () => {
  const csv = (text: string): string => emitRegionCsv(buildLayout(layoutOf(text)));
  const TABLES = 'tables: {at: 0x0}\n';

  it('build the same tables again', () => {
    const text = `cpu: cortex-a15\n${TABLES}regions:
  - {name: uart, va: 0x1c09_0000, size: 4K, memory: device, global: false}
  - {name: ram, va: 0x4000_0000, pa: 0x8000_0000, size: 64M, shareable: true, rights: {pl1: rw, pl0: rw}}
  - {name: code, va: 0x5000_0000, size: 1M, rights: {pl1: rx, pl0: rx}, nonSecure: true}
  - {name: rom, va: 0x5010_0000, size: 12K, rights: r, memory: normal-wt}
`;
    const first: Build = buildLayout(layoutOf(text));
    const written = emitRegionCsv(first);
    expect(written).toMatchInlineSnapshot(`
      "# phys, [virt], size, type[:SHARED][:GLOBAL], rights[:SX][:UX][:NS], comment
      0x1c090000, , 4K, DEVICE:SHARED, SRW_UNA, uart
      0x80000000, 0x40000000, 64M, CACHE_WB:SHARED:GLOBAL, SRW_URW, ram
      0x50000000, , 1M, CACHE_WB:GLOBAL, SRO_URO:SX:UX:NS, code
      0x50100000, , 12K, CACHE_WT:GLOBAL, SRO_UNA, rom
      "
    `);
    const files = (): Uint8Array => new Uint8Array(0);
    const again = buildLayout(readLayout(written, 'again.csv', files, { tables: 0 }));
    expect(again.image).toEqual(first.image);
  });

  it.each([
    ['{name: a, va: 0x0, size: 4K, memory: normal-wb-nwa}', 'memory of type normal-wb-nwa'],
    ['{name: a, va: 0x0, size: 4K, rights: {pl1: rw, pl0: r}}', 'PL1 rw with PL0 r'],
    ['{name: a, va: 0x0, size: 4K, rights: rwx}', 'what PL1 both writes and executes'],
  ])('refuse what the format has no words for: %s', (region, what) => {
    expect(() => csv(`${TABLES}regions: [${region}]`)).toThrow(
      `\`a\` (board.yaml:2): this CSV has no words for ${what}; YAML has`,
    );
  });
});
