import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sourceDocument } from '../../src/cli/lab-document.js';
import { LabGuest } from '../../src/cli/lab-guest.js';
import { scenarioDocument } from '../../src/cli/lab-scenario.js';
import { LabServer } from '../../src/cli/lab-server.js';
import { labSite } from '../../src/cli/lab-site.js';
import { Output } from '../../src/cli/output.js';
import { openSource, type TableSource } from '../../src/source/index.js';
import { SKIPS, title } from '../oracle/tools.js';
import { closeLab, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';
import { FLAGS } from '../support/lab-server.js';

async function documentOf(layout: string): Promise<string> {
  const source = (await openSource(`layout:examples/layouts/${layout}.yaml`)) as TableSource;
  return sourceDocument(source, true);
}

describe.skipIf(!HAS_CHROMIUM || SKIPS)(title('the lab that follows a program'), () => {
  afterEach(closeLab);

  it('shows its pages as they come, holds it where it is frozen, and its end', async () => {
    const quiet = new Output({ write: () => {} }, 'never', {});
    const session = { out: quiet, talk: quiet, quiet: true };
    const guest = await LabGuest.boot(session, 'examples/live/carousel.elf', {
      ...FLAGS,
      every: 300,
      frames: 12,
    });
    const server = new LabServer(labSite('live'), guest.document);
    try {
      const site = await server.listen(0);
      guest.follow(server);
      const { page, complaints, strangers } = await openLab('', { site });
      const about = page.getByLabel('The space').locator('p').first();
      await page.locator('p', { hasText: /^\d+ carousel {2}(?:fetch|read|write) / }).waitFor();
      await page.getByRole('button', { name: 'Freeze' }).click();
      await page.getByRole('button', { name: 'Follow' }).waitFor();
      const held = await about.innerText();
      await page.waitForTimeout(800);
      expect(await about.innerText()).toBe(held);
      expect(await page.locator('.command-line').innerText()).toContain(
        'pagewright show snap:boot-examples-live-carousel.json',
      );
      await page.getByRole('button', { name: 'Follow' }).click();
      await page.locator('p', { hasText: /^carousel ends after \d+ faults\.$/ }).waitFor();
      expect(complaints).toEqual([]);
      expect(strangers).toEqual([]);
    } finally {
      await closeLab();
      await guest.end();
      await server.close();
    }
  });
});

describe.skipIf(!HAS_CHROMIUM)('the lab that is given a scenario', () => {
  afterEach(closeLab);

  it('runs it with its own programs, and again after a reload', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-lab-'));
    const file = join(folder, 'mine.yaml');
    // A name that the lab has no program of.
    copyFileSync('examples/programs/hello.elf', join(folder, 'greeting.elf'));
    const steps = 'steps:\n  - fetch: { at: _start }\n';
    writeFileSync(file, `domains: [ { name: one, elf: greeting.elf, ram: 4M } ]\n${steps}`);
    const server = new LabServer(labSite('scenario'), scenarioDocument(file));
    try {
      const { page, complaints, strangers } = await openLab('', { site: await server.listen(0) });
      await page.waitForSelector('.steps li');
      expect(await page.locator('.scenario-panel h2').innerText()).toBe('mine.yaml');
      expect(await page.locator('.steps li').innerText()).toContain('_start');
      await hashOf(page);
      await page.reload();
      await page.waitForSelector('.steps li');
      expect(await page.locator('.problem').count()).toBe(0);
      await page.keyboard.press('o');
      await page.getByRole('button', { name: 'A small computer' }).click();
      await page.waitForSelector('.source-name:has-text("A small computer")');
      await page.reload();
      await page.waitForSelector('.source-name:has-text("A small computer")');
      expect(complaints).toEqual([]);
      expect(strangers).toEqual([]);
    } finally {
      await closeLab();
      await server.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(!HAS_CHROMIUM)('the lab that follows a target', () => {
  afterEach(closeLab);

  it('shows what is served, follows it, and freezes', async () => {
    const server = new LabServer(labSite('live'), await documentOf('small-rtos'));
    let followed = false;
    server.onFollowed = (now) => {
      followed = now;
    };
    try {
      const { page, complaints, strangers } = await openLab('', { site: await server.listen(0) });
      const title = page.locator('.source-name');
      await page.waitForSelector('canvas');
      expect(await title.innerText()).toContain('small-rtos');
      await expect.poll(() => followed).toBe(true);
      server.show(await documentOf('zynq-board'));
      await expect.poll(() => title.innerText()).toContain('zynq-board');
      await page.getByRole('button', { name: 'Freeze' }).click();
      await expect.poll(() => followed).toBe(false);
      server.show(await documentOf('split-space'));
      await page.waitForTimeout(200);
      expect(await title.innerText()).toContain('zynq-board');
      await page.getByRole('button', { name: 'Follow' }).click();
      await expect.poll(() => title.innerText()).toContain('split-space');
      server.complain('SOURCE_ERR_TARGET_LOST', 'the target <b>went</b> away');
      await expect
        .poll(() => page.locator('.problem').innerText())
        .toContain('the target <b>went</b> away');
      expect(complaints).toEqual([]);
      expect(strangers).toEqual([]);
    } finally {
      await closeLab();
      await server.close();
    }
  });
});
