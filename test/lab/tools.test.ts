import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { exampleOf } from '../../lab/model/examples.js';
import { buildText } from '../../lab/model/layout-file.js';
import { checkJson, diffSpaces, quizQuestion } from '../../src/inspect/index.js';
import { costText } from '../../src/layout/index.js';
import { closeLab, dropFiles, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';

const FIRST_LOOK = 'lab/examples/first-look.yaml';
const firstLook = readFileSync(FIRST_LOOK, 'utf8');

/** What the page saves when a button is pressed. */
async function saved(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ]);
  return await text(await download.createReadStream());
}

const svgOf = (page: Page): Promise<string> => saved(page, 'As SVG');

/** Opens a place again in another page. */
async function again(page: Page): Promise<Page> {
  return (await openLab(await hashOf(page))).page;
}

describe.skipIf(!HAS_CHROMIUM)('Check', () => {
  afterEach(closeLab);

  it('tells what the library finds, waives with a reason, and takes it back', async () => {
    const { page, complaints, strangers } = await openLab('#/check');
    const { check, provenance, locate } = exampleOf('first-look').open();
    await page.locator('.card').first().waitFor();
    expect(await page.locator('.card').count()).toBe(check.findings.length);
    for (const [index, { message, fix }] of check.findings.entries()) {
      const card = await page.locator('.card').nth(index).innerText();
      expect(card).toContain(message);
      expect(card).toContain(fix);
    }
    expect(await page.locator('.pulse rect').count()).toBeGreaterThan(0);
    const version = JSON.parse(readFileSync('package.json', 'utf8')).version as string;
    const origin = {
      version,
      source: provenance.source,
      locate: ({ entry, va }: (typeof check.findings)[number]) =>
        entry === undefined ? undefined : locate(va),
    };
    expect(await saved(page, 'JSON')).toBe(checkJson(check, origin));
    expect(JSON.parse(await saved(page, 'SARIF')).runs[0].results).toHaveLength(
      check.findings.length,
    );
    expect(await svgOf(page)).toContain('<svg');

    await page.keyboard.press(']');
    expect(await page.locator('.card.selected').count()).toBe(1);
    await page.locator('.card.selected').getByRole('button', { name: 'Waive…' }).click();
    await page.waitForFunction(() => document.activeElement?.matches('input, textarea'));
    await page.keyboard.type('<img src=x onerror=alert(1)> plug-ins are trusted');
    await page.keyboard.press('Enter');
    await page.locator('.excused').waitFor();
    expect(await page.locator('.excused').innerText()).toContain('<img src=x');
    expect(await page.locator('.card').count()).toBe(check.findings.length - 1);
    expect(await page.locator('.command-line').innerText()).toContain('--policy policy.yaml');
    expect(await saved(page, 'Policy')).toContain('rule: VM001');

    await page.reload();
    await page.locator('.excused').waitFor();
    const other = await again(page);
    await other.locator('.excused').waitFor();
    await page.getByRole('button', { name: 'Take back' }).click();
    await page.locator('.excused').waitFor({ state: 'detached' });
    expect(await page.locator('.card').count()).toBe(check.findings.length);
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  it('filters, says what is wrong with a policy, and keeps both in the link', async () => {
    const { page } = await openLab('#/check?source=linux');
    await page.locator('.card').first().waitFor();
    await page.getByLabel('Severity').selectOption('warning');
    const { findings } = exampleOf('linux').open().check;
    const warnings = findings.filter(({ severity }) => severity === 'warning').length;
    const other = await again(page);
    await other.locator('.check-sum').waitFor();
    expect(await other.locator('.card').count()).toBe(Math.min(50, warnings));
    await page
      .getByLabel('Policy, as YAML')
      .fill('version: 1\nwaivers:\n  - {rule: VM777, reason: a}\n');
    expect(await page.locator('.editor-problems').innerText()).toContain('no rule is called that');
    expect(await page.locator('.editor-problems .at').innerText()).toBe('3:12');
  });
});

describe.skipIf(!HAS_CHROMIUM)('Build', () => {
  afterEach(closeLab);

  it('shows what the text costs, where it is wrong, and goes back', async () => {
    const { page, complaints, strangers } = await openLab('#/build');
    const build = buildText({ text: firstLook, path: FIRST_LOOK, programs: new Map() });
    await page.locator('.figures').waitFor();
    expect(await page.locator('.build-right').innerText()).toContain(costText(build));
    const area = page.getByLabel('Layout, as YAML');
    await area.fill(firstLook.replace('va: 0xc400_0000', 'va: 0xc200_0000'));
    await page.locator('.editor-problems li').first().waitFor();
    expect(await page.locator('.editor-problems').innerText()).toContain('kernel-heap');
    expect(await page.locator('.build-right .styled').innerText()).toContain('!overlap');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.editor-problems li').waitFor({ state: 'detached' });
    expect(await area.inputValue()).toBe(firstLook);
    await page.locator('.hints li').first().waitFor();
    expect(await svgOf(page)).toContain('<svg');
    expect(await saved(page, 'c')).toContain(`pagewright build ${FIRST_LOOK} --emit c`);
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  it('completes keys, keeps the text over a reload and in the link, and opens it everywhere', async () => {
    const { page } = await openLab('#/build');
    const area = page.getByLabel('Layout, as YAML');
    await area.waitFor();
    await area.fill(`${firstLook}  - {na`);
    await page.locator('.editor-offers button').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await area.inputValue()).toBe(`${firstLook}  - {name: `);
    const longer = `${firstLook}  - {name: more, va: 0x2400_0000, pa: 0xd000_0000, size: 1M, rights: rw}\n`;
    await area.fill(longer);
    await page.reload();
    await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('more'));
    const other = await again(page);
    await other.waitForFunction(() => document.querySelector('textarea')?.value.includes('more'));
    await area.press('Control+Enter');
    await page.getByLabel('Jump to an address').fill('more');
    await page.keyboard.press('Enter');
    await page.locator('h2:has-text("more")').waitFor();
    await page.reload();
    await page.locator('h2:has-text("more")').waitFor();
    await page.keyboard.press('8');
    await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('more'));
  });

  it('writes down what is dropped: regions of another tool, and tables that exist', async () => {
    const { page, complaints } = await openLab('#/build');
    await page.locator('.figures').waitFor();
    await page.getByLabel('Layout, as YAML').fill(`${firstLook}# a draft\n`);
    await dropFiles(page, {
      'map.csv': '0x1c090000, 0x1000, DEVICE, uart0\n0x80000000, 0x200000, CODE, text\n',
    });
    await page.locator('h2:has-text("map.yaml")').waitFor();
    expect(await page.getByLabel('Layout, as YAML').inputValue()).toContain('name: uart0');
    expect(await page.locator('.command-line').innerText()).toContain('map.yaml');
    await page.goto(page.url().replace(/#.*/, '#/build?source=linux'));
    await page.getByRole('button', { name: 'The tables of A Linux process' }).click();
    await page.locator('.figures').waitFor();
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(!HAS_CHROMIUM)('Diff', () => {
  afterEach(closeLab);

  it('compares two examples as the library does, and steps through the changes', async () => {
    const { page, complaints, strangers } = await openLab('#/diff');
    await page.locator('.diff-invitation').waitFor();
    await page.getByRole('button', { name: 'A split space' }).click();
    await page.locator('.diff-changes li').first().waitFor();
    const [before, after] = [exampleOf('split-space').open(), exampleOf('first-look').open()];
    const count = [...diffSpaces(before.regions, after.regions)].length;
    expect(await page.locator('.diff-list h2').first().innerText()).toBe(`${count} ranges`);
    await page.keyboard.press(']');
    expect(await page.locator('.diff-changes [aria-current]').count()).toBe(1);
    expect(await page.locator('.diff-pages canvas').count()).toBe(1);
    const other = await again(page);
    await other.locator('.diff-changes [aria-current]').waitFor();
    expect(await page.locator('.command-line').innerText()).toBe(
      `pagewright diff ${before.word} ${after.word}`,
    );
    await page.getByRole('button', { name: 'Swap' }).click();
    expect(await hashOf(page)).toContain('after=split-space');
    expect(await svgOf(page)).toContain('<svg');
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  it('opens by two drops at once, and by one after the other', async () => {
    const { page } = await openLab('#/atlas?source=split-space');
    await page.waitForSelector('canvas');
    const now = await saved(page, 'Snapshot');
    await page.goto(page.url().replace('split-space', 'zynq-board'));
    await page.waitForSelector('.source-name:has-text("Zynq")');
    const then = await saved(page, 'Snapshot');
    await dropFiles(page, { 'before.json': then, 'after.json': now });
    await page.locator('.diff-changes li').first().waitFor();
    await page.reload();
    await page.locator('.diff-changes li').first().waitFor();
    const [before, after] = [exampleOf('zynq-board').open(), exampleOf('split-space').open()];
    const count = [...diffSpaces(before.regions, after.regions)].length;
    const heading = page.locator('.diff-list h2').first();
    expect(await heading.innerText()).toBe(`${count} ranges`);
    await page.reload();
    await page.locator('.diff-changes li').first().waitFor();
    expect(await heading.innerText()).toBe(`${count} ranges`);
    await dropFiles(page, { 'later.json': now });
    await page.locator('.source-name:has-text("later.json")').waitFor();
    expect(await heading.innerText()).toBe('No difference');
  });

  it('compares two moments of a machine', async () => {
    const { page } = await openLab('#/diff?lesson=first-mapping&after=moment-9999');
    await page.locator('.diff-list h2').waitFor();
    expect(await page.getByLabel('Before: moment').inputValue()).toBe('0');
    expect(await page.locator('.diff-list h2').innerText()).toBe('1 range');
  });
});

describe.skipIf(!HAS_CHROMIUM)('Quiz', () => {
  afterEach(closeLab);

  it('asks by keyboard alone, shows how it is worked out, and counts', async () => {
    const seeds = Array.from({ length: 40 }, (_, seed) => quizQuestion(seed));
    const typed = seeds.find(({ choices }) => choices.length === 0);
    const chosen = seeds.find(({ choices }) => choices.length > 0);
    if (typed === undefined || chosen === undefined)
      throw new Error('a kind of question is missing');
    const { page, complaints, strangers } = await openLab(`#/quiz?seed=${typed.seed}`);
    await page.locator('.quiz-form input').focus();
    expect(await page.locator('main').innerText()).not.toContain(typed.answer);
    const hidden = await svgOf(page);
    await page.locator('.quiz-form input').focus();
    await page.keyboard.type(`0x${typed.answer}`);
    await page.keyboard.press('Enter');
    await page.locator('.verdict.good').waitFor();
    expect(await page.getByLabel('How it is worked out').innerText()).toContain(typed.answer);
    expect(await page.locator('[role=status]').first().innerText()).toBe('1 of 1 right');
    expect(await svgOf(page)).not.toBe(hidden);
    await page.getByRole('button', { name: 'Next question' }).focus();
    await page.keyboard.press('Enter');
    await page.locator(`h2:has-text("Question ${typed.seed + 1}")`).waitFor();
    await page.reload();
    await page.locator('.quiz-form').waitFor();
    expect(await page.locator('.quiz-screen [role=status]').first().innerText()).toBe(
      '1 of 1 right',
    );
    await page.goto(page.url().replace(/#.*/, `#/quiz?seed=${chosen.seed}`));
    await page.locator(`h2:has-text("Question ${chosen.seed}")`).waitFor();
    const wrong = chosen.choices.find((choice) => choice !== chosen.answer) ?? '';
    await page.locator(`.quiz-form input[value="${wrong}"]`).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.locator('.verdict.bad').waitFor();
    expect(await page.locator('.quiz-screen [role=status]').first().innerText()).toBe(
      '1 of 2 right',
    );
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });
});

describe.skipIf(!HAS_CHROMIUM)('what is hostile', () => {
  afterEach(closeLab);

  it('stays text, whatever markup it has, on every screen', async () => {
    const { page, complaints, strangers } = await openLab('#/build');
    const markup = '<img src=https://example.org/x onerror=alert(1)>';
    const name = `${markup.replace('/x', '')}.yaml`.replaceAll('/', '');
    await dropFiles(page, {
      [name]: `${firstLook.replace('A small computer', JSON.stringify(markup))}`,
    });
    await page.locator(`.source-name:has-text("<img")`).waitFor();
    for (const tab of await page.locator('.tab').all()) {
      await tab.click();
      await page.locator('main .busy').waitFor({ state: 'detached' });
      expect(await page.locator('main img, header img, footer img').count()).toBe(0);
    }
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  it('is 2 GiB that are nothing: the page asks, is told no, and shows what it showed', async () => {
    const { page, complaints } = await openLab('#/check');
    await page.locator('.card').first().waitFor();
    const data = await page.evaluateHandle(() => {
      const part = new Blob([new Uint8Array(16 * 2 ** 20).fill(0xa5)]);
      const transfer = new DataTransfer();
      transfer.items.add(new File(new Array<Blob>(128).fill(part), 'noise.bin'));
      return transfer;
    });
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    await page.getByLabel('Physical address').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Physical address').waitFor({ state: 'detached' });
    expect(await page.locator('.source-name').innerText()).toBe('A small computer');
    expect(await page.locator('.card').count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });
});
