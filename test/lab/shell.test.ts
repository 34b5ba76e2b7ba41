import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { closeLab, dropFiles, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';

describe.skipIf(!HAS_CHROMIUM)('the frame of the lab', () => {
  afterEach(closeLab);

  it('shows an example at once, and asks nobody outside for anything', async () => {
    const { page, complaints, strangers } = await openLab();
    await page.waitForSelector('canvas');
    expect(await page.title()).toBe('A small computer · Atlas · Pagewright lab');
    const painted = await page
      .locator('canvas')
      .first()
      .evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const pixels = canvas
          .getContext('2d')
          ?.getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(pixels?.buffer ?? new ArrayBuffer(0))).size;
      });
    expect(painted).toBeGreaterThan(20);
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  it('goes to an address, and the link to it comes back to it', async () => {
    const { page } = await openLab();
    await page.keyboard.press('/');
    await page.keyboard.type('kernel-code');
    await page.keyboard.press('Enter');
    const hash = await hashOf(page);
    expect(hash).toBe('#/?at=c0000000');
    const again = await openLab(hash);
    await again.page.waitForSelector('h2:has-text("kernel-code")');
    expect(await hashOf(again.page)).toBe(hash);
    expect(await again.page.locator('.command-line').innerText()).toBe(
      'pagewright show layout:lab/examples/first-look.yaml --has c0000000',
    );
  });

  it('says what is wrong with an address', async () => {
    const { page } = await openLab();
    await page.getByLabel('Jump to an address').fill('nowhere');
    await page.keyboard.press('Enter');
    expect(await page.locator('.jump-wrong').innerText()).toContain('"nowhere"');
  });

  it('keeps the theme that was chosen', async () => {
    const { page } = await openLab('', { theme: 'dark' });
    const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
    expect(await theme()).toBe('dark');
    await page.keyboard.press('t');
    expect(await theme()).toBe('light');
    expect(await hashOf(page)).toContain('theme=light');
    await page.goto(page.url().replace(/#.*/, ''));
    await page.waitForSelector('canvas');
    expect(await theme()).toBe('light');
  });

  it('has a sheet of its keys, a tour of four steps, and a way out of both', async () => {
    const { page } = await openLab();
    await page.keyboard.press('?');
    expect(await page.locator('dialog .key-list dt').count()).toBeGreaterThan(10);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.getByRole('button', { name: 'Tour' }).click();
    for (let step = 1; step <= 4; step++) {
      await page.getByText(`${step} of 4`).waitFor();
      await page.locator('dialog .primary').click();
    }
    await page.waitForSelector('dialog', { state: 'detached' });
  });

  it('reads a dropped layout, remembers it over a reload, and refuses what it does not know', async () => {
    const { page, complaints } = await openLab();
    await dropFiles(page, { 'board.yaml': BOARD });
    await page.waitForSelector('.source-name:has-text("board.yaml")');
    expect(await hashOf(page)).toBe('#/?source=board.yaml');
    await page.reload();
    await page.waitForSelector('.source-name:has-text("board.yaml")');
    await dropFiles(page, { '<img src=x onerror=alert(1)>.lime': 'EMiL garbage' });
    const problem = page.locator('.problem');
    await problem.waitFor();
    expect(await problem.innerText()).toContain('SOURCE_ERR_FORMAT');
    expect(await problem.innerText()).toContain('<img src=x onerror=alert(1)>.lime');
    expect(await page.locator('.problem img').count()).toBe(0);
    await page.keyboard.press('Escape');
    await problem.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  it('says what a link needs that speaks of somebody else’s file', async () => {
    const { page } = await openLab('#/atlas?source=mine.json');
    expect(await page.locator('.problem').innerText()).toContain('"mine.json"');
    await page.getByRole('button', { name: 'A Zynq-like board' }).click();
    await page.waitForSelector('canvas');
    expect(await hashOf(page)).toBe('#/atlas?source=zynq-board');
  });

  it('stands where one screen fails, and says so', async () => {
    const { page } = await openLab('#/walk?at=c1000000');
    await page.locator('.walk-picture canvas').waitFor();
    await page.evaluate(() => {
      const { fillRect } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillRect = () => {
        CanvasRenderingContext2D.prototype.fillRect = fillRect;
        throw new Error('no more canvas');
      };
    });
    await page.keyboard.press('1');
    await page.getByRole('heading', { name: 'This screen has failed' }).waitFor();
    expect(await page.locator('.problem').innerText()).toContain('no more canvas');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.atlas-picture canvas').waitFor();
    await page.keyboard.press('3');
    await page.locator('.ribbon-picture canvas').waitFor();
    expect(await page.locator('main canvas').count()).toBe(1);
  });

  it.each([
    [1440, 900],
    [1024, 768],
    [390, 844],
  ])(
    'fits %i × %i, on every screen, with a machine that runs and without',
    async (width, height) => {
      const { page } = await openLab('#/atlas?at=f8000000', { width, height });
      for (const hash of ['#/atlas?at=f8000000', '#/atlas?lesson=revocation&moment=30']) {
        await page.goto(page.url().replace(/#.*/, hash));
        await page.waitForSelector(hash.includes('lesson') ? '.lesson' : '.space-panel, h2');
        for (const tab of await page.locator('.tab').all()) {
          await tab.click();
          await page.locator('main .busy').waitFor({ state: 'detached' });
          expect(await outside(page), await tab.innerText()).toEqual([]);
        }
      }
    },
  );

  it('leaves nothing of the page below the bar of time on a telephone', async () => {
    const { page } = await openLab('#/atlas?lesson=refill', { width: 390, height: 844 });
    const bar = await page.locator('.timeline').boundingBox();
    expect((bar?.y ?? 0) + (bar?.height ?? 0)).toBe(844);
  });
});

/** What is wider than the page, and what stands beside it where nothing can be scrolled to it. */
function outside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > width ? ['the page'] : [];
    const scrolls = (element: Element): boolean => {
      for (let at = element.parentElement; at !== null; at = at.parentElement) {
        if (getComputedStyle(at).overflowX !== 'visible') return true;
      }
      return false;
    };
    const beside = [...document.querySelectorAll('body *:not(.skip)')].filter((element) => {
      const { left, right, width: own } = element.getBoundingClientRect();
      return own > 0 && (right > width + 1 || left < -1) && !scrolls(element);
    });
    return [...wide, ...beside.map(({ outerHTML }) => outerHTML.slice(0, 120))];
  });
}

const BOARD = `cpu: cortex-a9
tables: {at: 0x0010_0000, size: 64K}
regions:
  - {name: only, va: 0x2000_0000, size: 1M, rights: rw}
`;
