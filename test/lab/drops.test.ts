import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Kind, leafPattern } from '../../src/format/index.js';
import { closeLab, dropFiles, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';
import { DATA } from '../support/tables.js';

const FIXTURE = 'test/fixtures/linux-armv7-short';
const bytes = (path: string): Uint8Array => readFileSync(path);

/** Memory of 64 KiB that begins with a root table of four rows of sections. */
function dump(): Uint8Array {
  const words = new Uint32Array(16 * 1024);
  for (let mib = 0; mib < 256; mib++) {
    words[0x800 + mib] = ((0x800 + mib) << 20) | leafPattern(Kind.SECTION, DATA);
  }
  return new Uint8Array(words.buffer);
}

describe.skipIf(!HAS_CHROMIUM)('what is dropped on the lab', () => {
  afterEach(closeLab);

  it('is a folder of tables: Linux, page by page', async () => {
    const { page, complaints, strangers } = await openLab();
    await dropFiles(page, {
      'tables.json': bytes(`${FIXTURE}/tables.json`),
      'tables.bin.gz': bytes(`${FIXTURE}/tables.bin.gz`),
      'registers.json': bytes(`${FIXTURE}/registers.json`),
    });
    await page.waitForSelector('.source-name:has-text(".")');
    await page.getByLabel('Jump to an address').fill('c0008000');
    await page.keyboard.press('Enter');
    await page.keyboard.press('2');
    expect(await page.locator('.walk-main .styled').innerText()).toMatch(
      /^c0008000 {2}L1\[0xc00\]/,
    );
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  it('is memory without a header: the lab asks where it begins, and finds its tables', async () => {
    const { page, complaints } = await openLab();
    await dropFiles(page, { 'ram.bin': dump() });
    await page.getByLabel('Physical address').fill('60000000');
    await page.getByRole('button', { name: 'Look for its tables' }).click();
    await page.waitForSelector('.source-name:has-text("ram.bin")');
    expect(await page.locator('.command-line').innerText()).toContain('ram:ram.bin@0x60000000');
    expect(await page.locator('.figures').innerText()).toContain('256 M');
    expect(complaints).toEqual([]);
  });

  it.each([
    ['a trace that is none', { 'run.trace': '# nothing\n' }, 'TRACE_ERR_EMPTY'],
    ['a layout that is none', { 'l.yaml': 'regions:\n  - {name: a, va: 1}\n' }, 'LAYOUT_ERR_'],
    [
      'half a snapshot',
      { 's.json': '{"schema": "pagewright/snapshot", "version"' },
      'SOURCE_ERR_FORMAT',
    ],
    ['an empty file', { 'nothing.bin': '' }, 'SOURCE_ERR_FORMAT'],
    ['an ELF that ends in its header', { 'x.elf': '\u007fELF\u0001\u0001\u0001' }, 'ELF'],
  ])('is %s: it says what to do', async (_what, files, words) => {
    const { page, complaints } = await openLab();
    const before = await hashOf(page);
    await dropFiles(page, files);
    expect(await page.locator('.problem').innerText()).toContain(words);
    expect(await page.locator('.source-name').innerText()).toBe('A small computer');
    expect(await hashOf(page)).toBe(before);
    expect(complaints).toEqual([]);
  });
});
