import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { LabSession } from '../../lab/engine/lab-session.js';
import { packText } from '../../lab/engine/link.js';
import { formatBytes } from '../../src/base/index.js';
import { command } from '../support/command.js';
import { closeLab, HAS_CHROMIUM, openLab } from '../support/lab-browser.js';
import { beginning, randomOperations } from './engine/random-scenario.js';

/** The scenarios are those of the seed; another one: `LAB_SEED=7 npx vitest run test/lab/agreement.test.ts`. */
const SEED = Number(process.env['LAB_SEED'] ?? 20_261_126);
const SCENARIOS = 8;

/** What `pagewright run --json --events` says of a run, as far as the page shows it too. */
interface RunJson {
  readonly steps: readonly {
    readonly number: number;
    readonly domain: string;
    readonly verb: string;
    readonly outcome: string;
    readonly events?: readonly { readonly sequence: number; readonly kind: string }[];
  }[];
  readonly faultCount: number;
  readonly costs: { readonly steps: Readonly<Record<string, number>> };
  readonly domains: readonly {
    readonly name: string;
    readonly root: string;
    readonly ranges: readonly {
      readonly va: string;
      readonly last: string;
      readonly pa: string;
      readonly bytes: number;
      readonly kind: string;
      readonly scattered: boolean;
      readonly pl1: string;
      readonly pl0: string;
      readonly type: string;
    }[];
    readonly measure: {
      readonly leaves: { readonly used: number; readonly free: number };
      readonly tables: { readonly used: number; readonly free: number };
      readonly tableBytes: number;
    };
  }[];
}

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The scenario that random operations leave, those that are refused left out. */
function scenarioText(sample: { readonly tlb: string; readonly steps: readonly string[] }): string {
  const session = new LabSession(beginning(sample.tlb));
  for (const step of sample.steps) {
    try {
      session.apply(step);
    } catch {
      // Names that are not there yet, and a strict TLB.
    }
  }
  return session.text;
}

async function runOf(text: string, index: number): Promise<RunJson> {
  const file = join(folder, `random-${index}.yaml`);
  writeFileSync(file, text);
  const { out } = await command(['run', '--json', '--events', file]);
  return JSON.parse(out) as RunJson;
}

const hexOf = (text: string): string => text.replace('0x', '').padStart(8, '0');

/** Goes to another screen of the same run, or another domain on it. */
async function goTo(page: Page, screen: string, domain: string, run: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${screen}?domain=${domain}&run=${run}`);
  await page.locator(`main.${screen}`).waitFor();
  await page.locator('.source-name', { hasText: ` ${domain} ` }).waitFor();
}

/** The figures of a panel, by the words below them. */
async function figures(page: Page, panel: string): Promise<Record<string, string>> {
  return await page
    .getByRole(panel === 'The space' ? 'complementary' : 'region', { name: panel, exact: true })
    .locator('.figures > div')
    .evaluateAll((found) =>
      Object.fromEntries(
        found.map((each) => [
          each.querySelector('dt')?.textContent ?? '',
          each.querySelector('dd')?.textContent ?? '',
        ]),
      ),
    );
}

/** The rows of the table behind a picture. */
async function rowsBehind(page: Page, caption: RegExp): Promise<string[][]> {
  const table = page.locator('table', { has: page.locator('caption', { hasText: caption }) });
  await table.first().waitFor({ state: 'attached' });
  return await table
    .first()
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')),
    );
}

const COSTS: Readonly<Record<string, string>> = {
  entryWrites: 'entries written',
  tableAllocations: 'tables made',
  capabilityOperations: 'capability operations',
  walks: 'walks',
  walkReads: 'words read by walks',
  tlbHits: 'TLB hits',
  tlbMisses: 'TLB misses',
  tlbMaintenance: 'TLB maintenance',
  barriers: 'barriers',
  faults: 'faults',
};

const number = (value: number): string => value.toLocaleString('en');

async function compareRun(page: Page, { steps, costs }: RunJson): Promise<void> {
  const listed = await page.locator('.steps li').allInnerTexts();
  expect(listed.length).toBe(steps.length);
  for (const [index, step] of steps.entries()) {
    expect(listed[index]?.replaceAll(/\s+/g, ' ')).toContain(
      `${step.number} ${step.domain} ${step.verb}`,
    );
    expect(/fault, as expected/.test(listed[index] ?? '')).toBe(step.outcome === 'fault');
  }
  const events = steps.flatMap((step) =>
    (step.events ?? []).map(
      ({ kind }) => `${step.number} ${kind.toLowerCase().replaceAll('_', '-')}`,
    ),
  );
  const shown = await page
    .locator('.events li')
    .evaluateAll((found) =>
      found.map((each) =>
        ['.event-step', '.event-kind']
          .map((part) => each.querySelector(part)?.textContent ?? '')
          .join(' '),
      ),
    );
  // The list shows the last of them, counted from 0.
  expect(shown).toEqual(events.slice(-shown.length));
  const sequence = await page.locator('.events li button').last().innerText();
  expect(Number(sequence)).toBe(events.length - 1);
  expect(await figures(page, 'Costs')).toEqual(
    Object.fromEntries(
      Object.entries(COSTS).map(([key, words]) => [words, number(costs.steps[key] ?? 0)]),
    ),
  );
}

async function compareTlb(page: Page, { costs, faultCount }: RunJson): Promise<void> {
  const { tlbHits = 0, tlbMisses = 0, tlbMaintenance = 0 } = costs.steps;
  const shown = await figures(page, 'The TLB');
  expect(shown).toMatchObject({
    hits: number(tlbHits),
    misses: number(tlbMisses),
    maintenance: number(tlbMaintenance),
  });
  const entries = await rowsBehind(page, /^Entries of the TLB$/);
  expect(shown['entries']).toBe(number(entries.length));
  if (tlbHits + tlbMisses === 0) return;
  const uses = await rowsBehind(page, /^Uses of pages$/);
  const sum = (column: number): number => uses.reduce((all, row) => all + Number(row[column]), 0);
  expect([sum(2), sum(3), sum(4)]).toEqual([tlbHits, tlbMisses, faultCount]);
}

type DomainJson = RunJson['domains'][number];

/** Where a row of the map leads: it says the address, or how far it is from the virtual one. */
function memoryOf(addresses: string, memory: string): string {
  const match = /^([+-])0x([0-9a-f]+)$/.exec(memory);
  if (match === null) return memory;
  const by = Number.parseInt(match[2] as string, 16) * (match[1] === '+' ? 1 : -1);
  return (Number.parseInt(addresses, 16) + by).toString(16).padStart(8, '0');
}

async function compareSpace(page: Page, { ranges, measure, root }: DomainJson): Promise<void> {
  const mapped = ranges.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(await figures(page, 'The space')).toMatchObject({
    mapped: formatBytes(mapped),
    'L2 tables': number(measure.tableBytes / 1024),
  });
  expect(await page.getByLabel('The space').innerText()).toContain(`TTBR0@0x${hexOf(root)}`);
  const rows = await rowsBehind(page, /^The map of /);
  const shown = rows.map(([addresses = '', memory = '', ...rest]) => [
    addresses,
    memoryOf(addresses, memory),
    ...rest.slice(0, 5),
  ]);
  expect(shown).toEqual(
    ranges.map(({ va, last, pa, bytes, kind, scattered, pl1, pl0, type }) => [
      `${hexOf(va)}-${hexOf(last)}`,
      scattered ? expect.anything() : hexOf(pa),
      formatBytes(bytes),
      expect.stringMatching(new RegExp(`^${kind}`)),
      pl1,
      pl0,
      type,
    ]),
  );
}

async function compareSlabs(page: Page, { name, measure }: DomainJson): Promise<void> {
  const rows = await rowsBehind(page, new RegExp(`^Records of ${name}$`));
  const { leaves, tables } = measure;
  expect(rows).toEqual([
    ['mappings', `${leaves.used}`, `${leaves.free}`],
    ['tables', `${tables.used}`, `${tables.free}`],
  ]);
}

describe.skipIf(!HAS_CHROMIUM)('the page and `pagewright run --json`', () => {
  afterEach(closeLab);

  const samples = fc.sample(randomOperations, { numRuns: SCENARIOS, seed: SEED });

  it.each(samples.map((sample, index) => [index, sample] as const))(
    `show the same of random scenario %i (LAB_SEED=${SEED})`,
    async (index, sample) => {
      const text = scenarioText(sample);
      const json = await runOf(text, index);
      const run = await packText(text);
      const { page, complaints } = await openLab(`#/run?run=${run}`);
      await page.locator('.console').waitFor();
      await compareRun(page, json);
      await goTo(page, 'policies', 'first', run);
      await compareTlb(page, json);
      for (const domain of json.domains) {
        await goTo(page, 'atlas', domain.name, run);
        await compareSpace(page, domain);
        await goTo(page, 'capabilities', domain.name, run);
        await compareSlabs(page, domain);
      }
      expect(complaints).toEqual([]);
    },
  );
});
