import { afterEach, describe, expect, it } from 'vitest';
import { labDocument } from '../../src/cli/lab-document.js';
import { LabServer } from '../../src/cli/lab-server.js';
import { labSite } from '../../src/cli/lab-site.js';
import { openSource, type TableSource } from '../../src/source/index.js';
import { closeLab, HAS_CHROMIUM, openLab } from '../support/lab-browser.js';

async function documentOf(layout: string): Promise<string> {
  const source = (await openSource(`layout:examples/layouts/${layout}.yaml`)) as TableSource;
  return labDocument(source, true);
}

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
