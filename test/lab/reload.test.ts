import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { packText } from '../../lab/engine/link.js';
import { exampleOf } from '../../lab/model/examples.js';
import { snapshotOf } from '../../lab/model/snapshot-file.js';
import { closeLab, dropFiles, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';

const firstLook = readFileSync('lab/examples/first-look.yaml', 'utf8');
const SCENARIO = `domains: [ { name: only, ram: 1M } ]
steps:
  - allocate: { frame: page, size: 8K }
`;

/** From now on nothing is ever packed, and the address is never written: as where a reload comes at once. */
async function neverCatchUp(page: Page): Promise<void> {
  await page.evaluate(() => {
    const stuck = { transform: () => new Promise<void>(() => {}) };
    Object.assign(globalThis, {
      CompressionStream: class extends TransformStream {
        constructor() {
          super(stuck);
        }
      },
    });
    history.replaceState = () => {};
  });
}

const value = (page: Page, label: string): Promise<string> => page.getByLabel(label).inputValue();

describe.skipIf(!HAS_CHROMIUM)('a reload that comes before the address says what is shown', () => {
  afterEach(closeLab);

  it.each(['first', 'later'])('keeps a layout, at its %s change', async (which) => {
    const { page } = await openLab('#/build');
    const area = page.getByLabel('Layout, as YAML');
    if (which === 'later') {
      await area.fill(`${firstLook}# the first\n`);
      expect(await hashOf(page)).toContain('layout=');
    }
    await area.fill(`${firstLook}# the last\n`);
    await neverCatchUp(page);
    await area.fill(`${firstLook}# the very last\n`);
    await page.reload();
    expect(await value(page, 'Layout, as YAML')).toContain('# the very last\n');
    const again = await openLab(await hashOf(page));
    await again.page.waitForFunction(() =>
      document.querySelector('textarea')?.value.includes('# the very last'),
    );
  });

  it('keeps a policy', async () => {
    const { page } = await openLab('#/check');
    const policy = 'version: 1\nwaivers:\n  - {rule: VM001, reason: known}\n';
    await page.getByLabel('Policy, as YAML').fill(policy);
    expect(await hashOf(page)).toContain('policy=');
    await neverCatchUp(page);
    await page.getByLabel('Policy, as YAML').fill(policy.replace('known', 'well known'));
    await page.reload();
    await page.locator('.excused', { hasText: 'well known' }).waitFor();
  });

  it('keeps where the reader is', async () => {
    const { page } = await openLab('#/atlas');
    await page.locator('.atlas-picture canvas').focus();
    await neverCatchUp(page);
    await page.keyboard.press('ArrowDown');
    await page.getByLabel('Colour by').selectOption('domain');
    await page.reload();
    await page.getByLabel('Colour by').waitFor();
    expect(await value(page, 'Colour by')).toBe('domain');
    expect(await hashOf(page)).toMatch(/at=[0-9a-f]{8}&colour=domain/);
  });

  it.each(['#/run?lesson=first-mapping&moment=3', '#/run'])(
    'keeps what was typed to the machine of %s',
    async (hash) => {
      const { page } = await openLab(hash);
      if (hash === '#/run') {
        await page.getByLabel('Scenario, as YAML').fill(SCENARIO);
        await page.keyboard.press('Control+Enter');
      }
      await page.locator('.console').waitFor();
      await hashOf(page);
      await neverCatchUp(page);
      await page.fill('#operation', 'allocate more size=4K');
      await page.keyboard.press('Enter');
      await page.locator('.steps li', { hasText: 'more' }).waitFor();
      await page.reload();
      await page.locator('.steps li', { hasText: 'more' }).waitFor();
      expect(await hashOf(page)).toContain('run=');
    },
  );

  it('keeps what was dropped', async () => {
    const { page } = await openLab();
    await page.evaluate(() => {
      // As slow as can be: the database is never open.
      IDBFactory.prototype.open = () => ({}) as IDBOpenDBRequest;
    });
    await dropFiles(page, { 'board.yaml': firstLook });
    await page.locator('.source-name', { hasText: 'board.yaml' }).waitFor();
    await page.reload();
    await page.locator('.source-name', { hasText: 'board.yaml' }).waitFor();
    expect(await hashOf(page)).toBe('#/?source=board.yaml');
  });
});

describe.skipIf(!HAS_CHROMIUM)('what is being written', () => {
  afterEach(closeLab);

  it('is there again after another screen and a reload, though it never ran', async () => {
    const { page } = await openLab('#/run');
    const label = 'Scenario, as YAML';
    await page.getByLabel(label).fill(SCENARIO);
    await page.locator('.tab', { hasText: 'Atlas' }).click();
    await page.locator('.atlas-picture canvas').waitFor();
    await page.locator('.tab', { hasText: 'Run' }).click();
    expect(await value(page, label)).toBe(SCENARIO);
    await page.reload();
    expect(await value(page, label)).toBe(SCENARIO);
    await page.getByRole('button', { name: 'Run', exact: true }).last().click();
    await page.locator('.console').waitFor();
    await page.getByLabel(label).fill(`${SCENARIO}# a draft\n`);
    await page.fill('#operation', 'allocate more size=4K');
    await page.keyboard.press('Enter');
    await page.locator('.steps li', { hasText: 'more' }).waitFor();
    expect(await value(page, label)).toBe(`${SCENARIO}# a draft\n`);
  });

  it('is in the link that is shared at once', async () => {
    const { page } = await openLab('#/build');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByLabel('Layout, as YAML').fill(`${firstLook}# shared\n`);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByText('The link is copied').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const again = await openLab(new URL(link).hash);
    await again.page.waitForFunction(() =>
      document.querySelector('textarea')?.value.includes('# shared'),
    );
  });
});

describe.skipIf(!HAS_CHROMIUM)('a link to a file that was dropped', () => {
  afterEach(closeLab);

  /** What Share copies. */
  async function shared(page: Page, words: string): Promise<string> {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.locator('.notice', { hasText: words }).waitFor();
    return new URL(await page.evaluate(() => navigator.clipboard.readText())).hash;
  }

  it.each([
    ['board.yaml', () => firstLook],
    ['state.json', () => snapshotOf(exampleOf('zynq-board').open())],
  ])('holds %s, and whoever opens it needs nothing else', async (name, content) => {
    const { page } = await openLab('#/atlas');
    await dropFiles(page, { [name]: content() });
    await page.locator('.source-name', { hasText: name }).waitFor();
    const hash = await shared(page, 'The link is copied');
    expect(hash).toContain('&file=');
    const figures = await page.getByLabel('The space').locator('.figures').innerText();
    const again = await openLab(hash);
    await again.page.locator('.source-name', { hasText: name }).waitFor();
    expect(await again.page.getByLabel('The space').locator('.figures').innerText()).toBe(figures);
    expect(await hashOf(again.page)).toBe(`#/atlas?source=${name}`);
    await again.page.reload();
    await again.page.locator('.source-name', { hasText: name }).waitFor();
    expect(again.complaints).toEqual([]);
  });

  it('says where it is too large, and where it is damaged', async () => {
    const { page } = await openLab('#/atlas');
    const noise = Array.from({ length: 11_000 }, (_, at) => Math.imul(at, 0x9e37_79b1) >>> 0);
    await dropFiles(page, { 'long.yaml': `${firstLook}# ${noise.join('')}\n` });
    await page.locator('.source-name', { hasText: 'long.yaml' }).waitFor();
    expect(await shared(page, 'long.yaml is too large for it')).toBe('#/atlas?source=long.yaml');
    for (const text of ['{"title": 7}', '[]', '{"title":"a","layout":{"text":"x","path":"p"}}']) {
      const broken = await openLab(`#/atlas?file=${await packText(text)}&source=x.json`);
      await broken.page.locator('.problem').first().waitFor();
    }
  });
});

describe.skipIf(!HAS_CHROMIUM)('the way back', () => {
  afterEach(closeLab);

  it('leads through the screens as they were left', async () => {
    const { page } = await openLab('#/atlas');
    await page.locator('.atlas-picture canvas').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('2');
    const walk = await hashOf(page);
    expect(walk).toMatch(/^#\/walk\?at=/);
    await page.keyboard.press('3');
    await page.goBack();
    expect(await hashOf(page)).toBe(walk);
    await page.goBack();
    expect(await hashOf(page)).toBe(walk.replace('walk', 'atlas'));
    await page.locator('.atlas-picture canvas').waitFor();
  });
});
