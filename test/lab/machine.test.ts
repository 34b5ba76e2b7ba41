import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { packText } from '../../lab/engine/link.js';
import { LESSONS } from '../../lab/lessons/lessons.js';
import { closeLab, dropFiles, HAS_CHROMIUM, hashOf, openLab } from '../support/lab-browser.js';

const SCENARIO = `title: two pages
domains: [ { name: first, ram: 1M }, { name: second, ram: 1M } ]
steps:
  - allocate: { frame: page, size: 8K }
  - map: { frame: page, at: 0x1000_0000 }
  - store: { at: page, value: 7 }
`;

const runHash = async (text: string, screen = 'run', more = ''): Promise<string> =>
  `#/${screen}?run=${await packText(text)}${more}`;

/** What the timeline says. */
const time = (page: Page): Promise<string> => page.locator('.timeline-label').innerText();

/** Types an operation. */
async function type(page: Page, line: string): Promise<void> {
  await page.fill('#operation', line);
  await page.keyboard.press('Enter');
}

describe.skipIf(!HAS_CHROMIUM)('a machine in the page', () => {
  afterEach(closeLab);

  it('is written, runs, and every screen shows its tables', async () => {
    const { page, complaints, strangers } = await openLab('#/run');
    const editor = page.getByLabel('Scenario, as YAML');
    await editor.fill(SCENARIO);
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.console');
    expect(await page.locator('.steps li').count()).toBe(3);
    expect(await page.locator('.steps li[aria-current]').innerText()).toContain('← 00000007');
    expect(await page.locator('.command-line').innerText()).toContain('pagewright run --events');
    await page.locator('.tab:has-text("Atlas")').click();
    await page.getByLabel('Jump to an address').fill('page');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h2:has-text("page")');
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  it('says where a scenario is wrong, and offers what fits', async () => {
    const { page } = await openLab('#/run');
    const editor = page.getByLabel('Scenario, as YAML');
    await editor.fill('domains: [ { name: first } ]\nsteps:\n  - map: { frame: nowhere }\n');
    const problem = page.locator('.editor-problems button');
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/^3:\d+ no frame is called `nowhere`/);
    expect(await page.locator('.scenario-panel .primary').isDisabled()).toBe(true);
    expect(await page.locator('.editor-gutter .wrong').innerText()).toBe('3');
    await editor.fill('domains: [ { name: first } ]\nsteps:\n');
    await editor.press('End');
    await page.keyboard.type('  - al');
    await page.locator('.editor-offers button.active').waitFor();
    await page.keyboard.press('Tab');
    expect(await editor.inputValue()).toContain('  - allocate: ');
  });

  it('does what is typed, undoes it, and is there again after a reload', async () => {
    const { page, complaints } = await openLab(await runHash(SCENARIO));
    await page.waitForSelector('.console');
    await type(page, 'map nobody');
    expect(await page.locator('.console-wrong').innerText()).toContain(
      'no frame is called `nobody`',
    );
    await type(page, 'load 0x7000_0000');
    await page.waitForSelector('.steps li:nth-child(4)');
    expect(await page.locator('.steps li').last().innerText()).toContain('translation fault');
    await type(page, 'share page with=second rights=r');
    await page.waitForSelector('.steps li:nth-child(5)');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.waitForSelector('.steps li:nth-child(5)', { state: 'detached' });
    await page.getByRole('button', { name: 'Redo' }).click();
    await page.waitForSelector('.steps li:nth-child(5)');
    await page.reload();
    await page.waitForSelector('.steps li:nth-child(5)');
    expect(await page.getByLabel('Scenario, as YAML').inputValue()).toContain(
      'share: { frame: page, with: second, rights: r }',
    );
    expect(complaints).toEqual([]);
  });

  it('goes back in time by keys, by steps and by events, and a moment is a link', async () => {
    const { page } = await openLab(await runHash(SCENARIO));
    await page.waitForSelector('.console');
    const end = await time(page);
    await page.locator('h2').first().click();
    await page.keyboard.press('[');
    expect(await time(page)).not.toBe(end);
    await page.keyboard.press(']');
    expect(await time(page)).toBe(end);
    await page.getByRole('button', { name: 'Go to the end of step 1' }).click();
    expect(await time(page)).toContain('step 1 allocate');
    await page.getByRole('button', { name: 'One event forward' }).click();
    expect(await time(page)).toContain('step 2 map');
    const hash = await hashOf(page);
    const before = await time(page);
    const again = await openLab(hash);
    await again.page.waitForSelector('.console');
    expect(await time(again.page)).toBe(before);
  });

  it('plays by itself', async () => {
    const { page } = await openLab(await runHash(SCENARIO));
    await page.waitForSelector('.console');
    const play = page.locator('.event-panel .play');
    await play.getByRole('combobox').selectOption('64');
    await play.getByRole('button', { name: 'Play' }).click();
    await page.waitForFunction(
      () => {
        const [at, all] = (document.querySelector('.timeline-label')?.textContent ?? '').split(
          ' / ',
        );
        return Number(at) > 5 && Number(all?.split(' ')[0]) > 5;
      },
      undefined,
      { timeout: 15_000 },
    );
  });

  it.each(LESSONS.map((lesson) => [lesson.id, lesson] as const))(
    'teaches the lesson %s',
    async (_id, lesson) => {
      const { page, complaints, strangers } = await openLab('#/atlas');
      await page.keyboard.press('o');
      await page.getByRole('button', { name: `${lesson.title} ${lesson.about}` }).click();
      for (const [index, question] of lesson.questions.entries()) {
        await page
          .getByText(`${index + 1} of ${lesson.questions.length}`, { exact: true })
          .waitFor();
        expect(await page.locator('.lesson-question').innerText()).toBe(question.ask);
        const wrong = index === 0 ? (question.right + 1) % question.choices.length : question.right;
        await page.locator('.choice').nth(wrong).click();
        const answer = await page.locator('.lesson-answer').innerText();
        expect(answer).toContain(
          index === 0 ? `It is ${question.choices[question.right]}.` : 'Right.',
        );
        await page.locator('.lesson-answer .primary').click();
      }
      await page.waitForSelector('.lesson', { state: 'detached' });
      expect(complaints).toEqual([]);
      expect(strangers).toEqual([]);
    },
  );

  it('shows who holds what, what would die, and kills it', async () => {
    const shared = `${SCENARIO}  - share: { frame: page, with: second, as: got }\n`;
    const { page, complaints } = await openLab(
      await runHash(shared, 'capabilities', '&domain=first'),
    );
    const picture = page.locator('.capability-picture canvas');
    await picture.focus();
    const title = page.locator('.object-panel h2');
    for (let moves = 0; moves < 60; moves += 1) {
      await page.keyboard.press('ArrowDown');
      if ((await title.innerText()).startsWith('Frame')) break;
    }
    expect(await title.innerText()).toContain('Frame');
    await page.getByRole('button', { name: 'See what dies' }).click();
    expect(await page.locator('.object-panel .finding').innerText()).toMatch(
      /^If this capability were revoked\s+1 other copy and 2 Mappings would go: 16\.0 K of pages in first and second/,
    );
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.waitForSelector('.holders + h3', { state: 'detached' });
    expect(await time(page)).toContain('step 5 revoke');
    expect(await hashOf(page)).toContain('object=');
    expect(complaints).toEqual([]);
  });

  it('refills its slabs before they are empty, event by event', async () => {
    const { page } = await openLab('#/capabilities?lesson=refill&question=1');
    await page.getByRole('button', { name: /^Before they grow/ }).click();
    await page.locator('.slab-panel').getByRole('button', { name: 'One event forward' }).click();
    await page.waitForSelector('.refill li[aria-current]');
    expect(await page.locator('.refill').innerText()).toContain('42 records more, at 40000000');
  });

  it('invites where there is no machine', async () => {
    for (const screen of ['capabilities', 'policies']) {
      const { page, complaints } = await openLab(`#/${screen}`);
      await page.getByRole('button', { name: 'Run a scenario' }).click();
      await page.waitForSelector('.scenario-panel');
      expect(complaints).toEqual([]);
    }
  });

  it('lets policies race, and shows what a number of frames costs', async () => {
    const { page, complaints } = await openLab('#/policies?show=policies&frames=3');
    await page.waitForSelector('.curve-picture canvas');
    const anomaly = await page.locator('.anomaly').innerText();
    expect(anomaly).toContain("Belady's anomaly");
    for (const policy of ['fifo', 'clock']) {
      expect(anomaly).toContain(`${policy}: 4 frames miss more often than 3 (10 > 9)`);
    }
    const fifo = page.locator('.ranking li:has-text("fifo")');
    expect(await fifo.innerText()).toContain('9 misses');
    await page.getByLabel('Page frames').focus();
    await page.keyboard.press('ArrowRight');
    await fifo.filter({ hasText: '10 misses' }).waitFor();
    expect(await hashOf(page)).toContain('frames=4');
    expect(await page.locator('.command-line').innerText()).toBe(
      'pagewright replay examples/traces/belady.txt --frames 4',
    );
    await page.getByRole('button', { name: 'Race' }).click();
    await page.locator('.trace-choice select').selectOption('matrix');
    await page.waitForSelector('h2:has-text("A matrix by columns")');
    expect(complaints).toEqual([]);
  });

  it('takes a scenario and a trace that are dropped, and refuses damaged links', async () => {
    const { page, complaints } = await openLab();
    await dropFiles(page, { '<b>two<b>.yaml': SCENARIO });
    await page.waitForSelector('.console');
    expect(await page.locator('.scenario-panel h2').innerText()).toBe('<b>two<b>.yaml');
    await dropFiles(page, { 'own.trace': 'r 1000\nw 2000\nr 1000\n' });
    await page.waitForSelector('h2:has-text("own.trace")');
    const broken = await openLab('#/run?run=AAAA____');
    expect(await broken.page.locator('.problem').innerText()).toContain('SCENARIO_ERR_SYNTAX');
    expect(complaints).toEqual([]);
  });

  it.each([
    [1440, 900],
    [1024, 768],
    [390, 844],
  ])('fits %i × %i on every screen of it', async (width, height) => {
    for (const screen of ['run', 'capabilities', 'policies']) {
      const { page } = await openLab(`#/${screen}?lesson=refill`, { width, height });
      await page.waitForSelector('.lesson');
      await hashOf(page);
      expect([screen, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([
        screen,
        width,
      ]);
    }
  });
});
