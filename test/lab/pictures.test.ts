import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { closeLab, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';

/** Where the pictures lie, and where one goes that is not as it was. To renew one, delete it. */
const GOLDEN = 'test/golden/lab';
const DIFFERENT = '.cache/lab-pictures';
/** Pixels that may differ, in parts of all, and how much one may before it does, of 255. */
const TOLERATED_SHARE = 0.004;
const TOLERATED_STEP = 32;
/** How often a picture is looked at that is not as it was: on a busy machine it may not be drawn yet. */
const LOOKS = 12;

/** The frame that three domains share, with the copies and pages of it. */
const CAPABILITIES = '#/capabilities?lesson=revocation&moment=30&domain=friend&object=27';

const VIEWS = [
  ['atlas', '#/atlas?at=40000000', '.atlas-picture'],
  ['atlas-near', '#/atlas?view=60,0.012,0.972', '.atlas-picture'],
  ['atlas-hilbert', '#/atlas?order=hilbert&source=linux&colour=type', '.atlas-picture'],
  ['table', '#/atlas?at=f8002000', '.table-picture'],
  ['walk', '#/walk?at=f9001234&access=pl0-fetch', '.walk-picture'],
  ['ribbons', '#/memory?at=d8000000', '.ribbon-picture'],
  ['capabilities', CAPABILITIES, '.capability-picture'],
  ['tlb', '#/policies?lesson=sections&question=2', '.tlb-picture'],
  ['race', '#/policies?show=policies&frames=3', '.race-picture'],
] as const;

describe.skipIf(!HAS_CHROMIUM)('the pictures', () => {
  afterEach(closeLab);

  it.each(
    (['light', 'dark'] as const).flatMap((theme) =>
      VIEWS.map(([name, hash, picture]) => [`${name}-${theme}`, hash, picture, theme] as const),
    ),
  )('%s', async (name, hash, picture, theme) => {
    const { page } = await openLab(hash, { width: 1100, height: 760, theme, withoutText: true });
    const canvas = page.locator(`${picture} canvas`);
    await canvas.waitFor();
    await hashOf(page);
    const draw = (): Promise<string> =>
      canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
    const file = join(GOLDEN, `${name}.png`);
    if (!existsSync(file)) {
      if (process.env['CI'] === 'true') throw new Error(`${file} is not there`);
      writeFileSync(file, bytesOf(await draw()));
    }
    const golden = `data:image/png;base64,${readFileSync(file, 'base64')}`;
    let drawn = '';
    let share = 1;
    for (let look = 0; look < LOOKS && share > TOLERATED_SHARE; look++) {
      if (look > 0) await page.waitForTimeout(250);
      drawn = await draw();
      share = await differing(page, drawn, golden);
    }
    if (share > TOLERATED_SHARE) {
      mkdirSync(DIFFERENT, { recursive: true });
      writeFileSync(join(DIFFERENT, `${name}.png`), bytesOf(drawn));
    }
    expect(share, `${DIFFERENT}/${name}.png is not ${file}`).toBeLessThanOrEqual(TOLERATED_SHARE);
  });
});

function bytesOf(url: string): Buffer {
  return Buffer.from(url.replace(/^[^,]*,/, ''), 'base64');
}

/** The share of pixels that differ; 1 where the pictures are not of one size. */
function differing(page: Page, left: string, right: string): Promise<number> {
  return page.evaluate(
    async ([first = '', second = '', step = 0]) => {
      const pixels = async (url: string): Promise<ImageData | undefined> => {
        const image = new Image();
        image.src = url;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.width = image.width;
        canvas.height = image.height;
        const context = canvas.getContext('2d');
        context?.drawImage(image, 0, 0);
        return context?.getImageData(0, 0, image.width, image.height);
      };
      const [one, other] = [await pixels(String(first)), await pixels(String(second))];
      if (one === undefined || other === undefined) return 1;
      if (one.width !== other.width || one.height !== other.height) return 1;
      let count = 0;
      for (let at = 0; at < one.data.length; at += 4) {
        let most = 0;
        for (let channel = 0; channel < 3; channel++) {
          const by = Math.abs((one.data[at + channel] ?? 0) - (other.data[at + channel] ?? 0));
          most = Math.max(most, by);
        }
        if (most > Number(step)) count += 1;
      }
      return count / (one.data.length / 4);
    },
    [left, right, TOLERATED_STEP] as const,
  );
}
