import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { command } from '../support/command.js';
import { closeLab, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';

/** Presses a picture at a part of its width and height. */
async function press(page: Page, picture: string, x: number, y: number): Promise<void> {
  const box = await page.locator(`${picture} canvas`).boundingBox();
  if (box === null) throw new Error(`${picture} is not on the page`);
  await page.mouse.click(box.x + x * box.width, box.y + y * box.height);
}

/** The command line below the screen is run, and answers. */
async function runsAsWritten(page: Page): Promise<string> {
  const [program, ...args] = (await page.locator('.command-line').innerText()).split(' ');
  expect(program).toBe('pagewright');
  const { out, err, exit } = await command(args);
  expect(err).not.toContain('USAGE_ERR');
  expect([0, 1]).toContain(exit);
  return out;
}

describe.skipIf(!HAS_CHROMIUM)('the screens', () => {
  afterEach(closeLab);

  it('Atlas: a cell, its table, a page, and up again; by mouse', async () => {
    const { page, complaints } = await openLab('#/atlas?view=8,0.06,0.94');
    await page.waitForSelector('.atlas-picture canvas');
    await press(page, '.atlas-picture', 0.5, 0.5);
    expect(await hashOf(page)).toMatch(/at=[0-9a-f]{8}/);
    await page.goto(`${page.url().replace(/#.*/, '')}#/atlas?at=f8000000`);
    await page.getByRole('heading', { name: /uart0/ }).waitFor();
    await press(page, '.table-picture', 0.45, 0.03);
    expect(await hashOf(page)).toContain('at=f80');
    expect(await page.locator('.descriptor').count()).toBe(2);
    expect(await runsAsWritten(page)).toContain('f800');
    await page.getByRole('button', { name: 'Up' }).click();
    expect(await hashOf(page)).toBe('#/atlas');
    expect(complaints).toEqual([]);
  });

  it('Atlas: all of it by keyboard', async () => {
    const { page } = await openLab();
    await page.locator('.atlas-picture canvas').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    expect(await hashOf(page)).toBe('#/?at=04100000');
    await page.keyboard.press('Enter');
    expect(await hashOf(page)).toMatch(/view=21\.33/);
    await page.keyboard.press('s');
    await page.keyboard.press('w');
    await page.keyboard.press('d');
    await page.keyboard.press('Escape');
    expect(await hashOf(page)).toBe('#/?at=04100000');
    await page.keyboard.press(']');
    expect(await hashOf(page)).toBe('#/?at=40000000');
    await page.keyboard.press('[');
    expect(await hashOf(page)).toBe('#/?at=04000000');
    await page.keyboard.press('Escape');
    expect(await hashOf(page)).toBe('#/');
    await page.getByLabel('Colour by').selectOption('domain');
    await page.getByLabel('Hilbert order').check();
    expect(await hashOf(page)).toBe('#/?colour=domain&order=hilbert');
    // The box has the focus, and letters are still keys.
    await page.keyboard.press('w');
    expect(await hashOf(page)).toContain('view=1.5');
  });

  it('Walk: the first closed gate, what would be if, and what the CPU said', async () => {
    const { page, complaints } = await openLab('#/walk?at=c1000000&access=pl0-write');
    expect(await page.locator('.verdict').innerText()).toContain('AP is 001: no user write');
    const gates = page.locator('.walk-picture tbody tr');
    expect(await gates.last().textContent()).toMatch(/^APclosed/);
    expect(await runsAsWritten(page)).toContain('permission fault, section');
    await page.getByRole('button', { name: 'Try it' }).click();
    expect(await hashOf(page)).toContain('if-word=');
    expect(await page.locator('.verdict').innerText()).toMatch(
      /Then a user write reaches 81000000/,
    );
    await page.getByLabel('AP', { exact: true }).selectOption('5');
    expect(await page.locator('.verdict').innerText()).toContain('AP is 101');
    await page.getByRole('button', { name: 'As it is' }).click();
    await page.getByLabel('Domain 0 is').selectOption('0');
    expect(await page.locator('.verdict').innerText()).toContain('the DACR gives domain 0 none');
    await page.getByRole('button', { name: 'As it is' }).click();
    expect(await hashOf(page)).toBe('#/walk?access=pl0-write&at=c1000000');
    await page.getByLabel('your DFSR says').fill('805');
    await page.keyboard.press('Enter');
    expect(await page.getByLabel('What the CPU reported').innerText()).toContain('do not agree');
    expect(await runsAsWritten(page)).toContain('do not agree');
    expect(complaints).toEqual([]);
  });

  it('Walk: by keyboard, from region to region and page to page', async () => {
    const { page } = await openLab();
    await page.keyboard.press('2');
    expect(await hashOf(page)).toBe('#/walk');
    await page.keyboard.press(']');
    const first = await hashOf(page);
    await page.keyboard.press('d');
    const second = await hashOf(page);
    expect(second).not.toBe(first);
    await page.keyboard.press('a');
    expect(await hashOf(page)).toBe(first);
    await page.keyboard.press('Escape');
    expect(await hashOf(page)).toBe('#/walk');
  });

  it('VA ↔ PA: aliases meet, by mouse and by keyboard', async () => {
    const { page, complaints } = await openLab('#/memory');
    await page.getByRole('button', { name: /mailbox and kernel-mailbox/ }).click();
    expect(await hashOf(page)).toBe('#/memory?at=70000000');
    expect(await page.getByLabel('The selection').innerText()).toContain('2 runs of addresses');
    expect(await runsAsWritten(page)).toContain('d8000000');
    await page.keyboard.press('Escape');
    await page.locator('.ribbon-picture canvas').focus();
    await page.keyboard.press('ArrowDown');
    expect(await hashOf(page)).toContain('at=00010000');
    await page.keyboard.press('w');
    expect(await hashOf(page)).toContain('to=');
    await page.keyboard.press('f');
    await page.getByLabel('To scale').check();
    expect(await hashOf(page)).toBe('#/memory?at=00010000&scale=1');
    await page.getByLabel('To scale').uncheck();
    await page.keyboard.press('Escape');
    await press(page, '.ribbon-picture', 0.5, 0.5);
    expect(await hashOf(page)).toMatch(/at=/);
    expect(complaints).toEqual([]);
  });

  it.each([
    '#/atlas?at=00010000&colour=leaf&order=hilbert&theme=dark&view=4,0.3,0.3',
    '#/walk?access=pl1-fetch&at=40001234&fsr=80d&if-dacr=00000003&if-word=98041c1e',
    '#/memory?at=c4000000&from=40000000&scale=1&to=dfffffff',
  ])('a link is a state: %s', async (hash) => {
    const { page, complaints } = await openLab(hash);
    await page.waitForSelector('canvas');
    expect(await hashOf(page)).toBe(hash);
    await page.reload();
    await page.waitForSelector('canvas');
    expect(await hashOf(page)).toBe(hash);
    expect(complaints).toEqual([]);
  });

  it.each([
    '#/nowhere?at=zz&colour=<b>&view=1,2',
    '#/atlas?view=NaN,0,0&at=ffffffffffff&order=',
    '#/walk?access=all&if-word=123456789a&fsr=-1',
    '#/memory?from=ffffffff&to=00000000',
    `#/atlas?${'x=1&'.repeat(2000)}`,
    '#/%00?%ff',
  ])('a link that says nonsense shows what can be shown: %s', async (hash) => {
    const { page, complaints } = await openLab(hash);
    await page.waitForSelector('canvas');
    expect(complaints).toEqual([]);
  });

  it('saves the picture as SVG, and the space as a snapshot that every command reads', async () => {
    const { page } = await openLab('#/memory?at=70000000');
    const [svg] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'As SVG' }).click(),
    ]);
    expect(svg.suggestedFilename()).toBe('a-small-computer-memory.svg');
    const text = await textOf(svg);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(text).toContain('kernel-mailbox');
    expect(text).not.toMatch(/<script|href="http|@import/);
    const [snapshot] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Snapshot' }).click(),
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-lab-'));
    const file = join(folder, snapshot.suggestedFilename());
    await snapshot.saveAs(file);
    const shown = await command(['show', `snap:${file}`]);
    rmSync(folder, { recursive: true });
    expect(shown.exit).toBe(0);
    expect(shown.out).toContain('e0000000-efffffff  -0xd0000000   256 M');
  });
});

async function textOf(download: {
  createReadStream(): Promise<AsyncIterable<Buffer>>;
}): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part);
  return Buffer.concat(parts).toString();
}
