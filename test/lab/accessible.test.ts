import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type AxeCore from 'axe-core';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { closeLab, HAS_CHROMIUM, openLab } from '../support/lab-browser.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with the page as it is, one line each. */
async function faults(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const found = await page.evaluate(() => {
    const { axe } = window as unknown as { axe: typeof AxeCore };
    return axe.run(document, { resultTypes: ['violations'] });
  });
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}

describe.skipIf(!HAS_CHROMIUM)('the lab is for everybody', () => {
  afterEach(closeLab);

  it.each(['light', 'dark'] as const)('on every screen, in the %s theme', async (theme) => {
    const { page } = await openLab('#/?at=f8000000', { theme });
    await page.waitForSelector('canvas');
    const tabs = await page.locator('.tab').allInnerTexts();
    expect(tabs.length).toBeGreaterThan(2);
    for (const tab of tabs) {
      await page.locator('.tab', { hasText: tab }).first().click();
      await page.locator('.tab[aria-current]', { hasText: tab }).waitFor();
      await page.locator('main .busy').waitFor({ state: 'detached' });
      expect(await faults(page), tab).toEqual([]);
    }
  });

  it.each(
    (['light', 'dark'] as const).flatMap((theme) =>
      [
        '#/run?lesson=refill',
        '#/capabilities?lesson=revocation&question=1&object=13',
        '#/policies?lesson=sections&question=2',
        '#/policies?show=policies',
      ].map((hash) => [hash, theme] as const),
    ),
  )('where a machine runs: %s, in the %s theme', async (hash, theme) => {
    const { page } = await openLab(hash, { theme });
    await page.locator('main .panel').first().waitFor();
    await page.locator('main .busy').waitFor({ state: 'detached' });
    expect(await faults(page)).toEqual([]);
    if (!hash.includes('lesson=')) return;
    await page.locator('.choice').first().click();
    await page.locator('.lesson-answer').waitFor();
    expect(await faults(page)).toEqual([]);
  });

  it('in its dialogs, and where something is wrong', async () => {
    const { page } = await openLab('#/?source=gone.json');
    await page.locator('.problem').waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press('o');
    await page.locator('dialog').waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.locator('.key-list').waitFor();
    expect(await faults(page)).toEqual([]);
  });

  it('has a table behind every picture', async () => {
    const { page } = await openLab('#/?at=f8000000');
    await page.waitForSelector('canvas');
    for (const screen of ['', 'walk', 'memory']) {
      await page.goto(`${page.url().replace(/#.*/, '')}#/${screen}?at=f8000000`);
      await page.locator('.picture').first().waitFor();
      const pictures = page.locator('.picture');
      for (let index = 0; index < (await pictures.count()); index++) {
        const picture = pictures.nth(index);
        expect(await picture.locator('canvas').getAttribute('aria-label')).not.toBe('');
        expect(await picture.locator('table caption').count()).toBe(1);
        expect(await picture.locator('tbody tr').count()).toBeGreaterThan(0);
      }
    }
  });
});
