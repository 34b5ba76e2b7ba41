/// <reference lib="dom" />
/**
 * Figures of the lab, in headless Chromium on the built site (`npm run build`, then `npm run bench:lab`):
 *
 *   first paint   from the navigation to the Atlas of a scenario, and the browser's first contentful paint
 *   step          what one step of time travel over 10,000 events takes of the page's main thread, in time
 *                 of the processor, so that whoever else is at work does not count
 *   dump          from giving a file of 256 MiB (LiME) to its Atlas, and the largest memory of any
 *                 renderer meanwhile (VmHWM)
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';

const SITE = 'dist/lab';
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const PAINTS = 7;
const STEPS = 200;
const DUMPS = 3;
const MIB = 2 ** 20;
const DUMP_BYTES = 256 * MIB;
const PAGE_BYTES = 4096;
/** A normal, cacheable section that everybody may write. */
const SECTION = 0x0000_0c0e;
const RAM_BASE = 0x6000_0000;
const ROOT_OFFSET = 0x4000;

/** Serves the built site on loopback. */
async function serveSite(): Promise<{ readonly server: Server; readonly site: string }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    try {
      const content = readFileSync(join(SITE, path === '/' ? 'index.html' : path));
      response.setHeader('content-type', TYPES[extname(path)] ?? 'text/html');
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, site: `http://127.0.0.1:${address.port}/` };
}

/** A scenario whose link makes at least 10,000 events. */
function longScenario(): string {
  const text = `title: many accesses
domains: [ { name: first, ram: 4M } ]
steps:
  - allocate: { frame: heap, size: 256K }
  - map: { frame: heap, at: 0x1000_0000 }
  - touch: { at: heap, size: 256K, pattern: random, count: 12000 }
`;
  return deflateRawSync(text).toString('base64url');
}

/** Memory of a board: a root table of sections, then pages of text, pages of noise and empty ones. */
function writeDump(path: string): void {
  const file = openSync(path, 'w');
  const header = Buffer.alloc(32);
  header.writeUInt32LE(0x4c69_4d45, 0);
  header.writeUInt32LE(1, 4);
  header.writeBigUInt64LE(BigInt(RAM_BASE), 8);
  header.writeBigUInt64LE(BigInt(RAM_BASE + DUMP_BYTES - 1), 16);
  writeSync(file, header);
  const part = Buffer.alloc(MIB);
  let noise = 1;
  for (let mib = 0; mib < DUMP_BYTES / MIB; mib += 1) {
    for (let at = 0; at < MIB; at += 4) {
      const kind = Math.floor(at / PAGE_BYTES) % 3;
      noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
      part.writeUInt32LE(kind === 0 ? 0 : kind === 1 ? noise : 0x2065_6874, at);
    }
    if (mib === 0) {
      part.fill(0, ROOT_OFFSET, ROOT_OFFSET + 16_384);
      for (let entry = 0; entry < DUMP_BYTES / MIB; entry += 1) {
        const word = ((RAM_BASE + entry * MIB) | SECTION) >>> 0;
        part.writeUInt32LE(word, ROOT_OFFSET + (0xc00 + entry) * 4);
        part.writeUInt32LE(word, ROOT_OFFSET + (0x600 + entry) * 4);
      }
    }
    writeSync(file, part);
  }
  closeSync(file);
}

function print(name: string, unit: string, values: readonly number[]): void {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): string =>
    (sorted[Math.round(share * (sorted.length - 1))] ?? 0).toFixed(1).padStart(9);
  console.log(`${name.padEnd(42)} ${at(0.5)} ${at(0)} ${at(0.99)} ${at(1)}  ${unit}`);
}

async function freshPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  return await context.newPage();
}

async function firstPaints(browser: Browser, site: string): Promise<void> {
  const atlas: number[] = [];
  const contentful: number[] = [];
  for (let round = 0; round < PAINTS; round += 1) {
    const page = await freshPage(browser);
    await page.goto(`${site}#/atlas?lesson=refill`);
    const shown = await page.waitForFunction(() => {
      const isDrawn = (document.querySelector('canvas')?.width ?? 0) > 0;
      return isDrawn && document.querySelector('.timeline') !== null && performance.now();
    });
    atlas.push(Number(await shown.jsonValue()));
    contentful.push(
      await page.evaluate(
        () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      ),
    );
    await page.context().close();
  }
  print('first contentful paint', 'ms', contentful);
  print('the Atlas of a scenario', 'ms', atlas);
}

async function steps(browser: Browser, site: string): Promise<void> {
  const page = await freshPage(browser);
  await page.goto(`${site}#/atlas?run=${longScenario()}&moment=5000`);
  await page.locator('.timeline-label').waitFor();
  const label = await page.locator('.timeline-label').innerText();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const taskMilliseconds = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
  };
  const costs: number[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const before = await taskMilliseconds();
    await page.keyboard.press(step % 4 === 3 ? '[' : ']');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    costs.push((await taskMilliseconds()) - before);
  }
  print(`a step of time, of ${label.split(' ').slice(2, 3).join(' ')} moments`, 'ms', costs);
  await page.context().close();
}

/** The largest memory that any renderer of the browser has had, in MiB. */
async function rendererMebibytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => {
      const status = readFileSync(`/proc/${id}/status`, 'utf8');
      return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    });
  return Math.max(...peaks);
}

async function dumps(site: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pagewright-bench-'));
  const path = join(folder, 'board.lime');
  writeDump(path);
  const seconds: number[] = [];
  const mebibytes: number[] = [];
  try {
    for (let round = 0; round < DUMPS; round += 1) {
      const browser = await launch();
      const page = await freshPage(browser);
      await page.goto(site);
      await page.locator('canvas').first().waitFor();
      const before = await page.evaluate(() => performance.now());
      await page.keyboard.press('o');
      await page.locator('dialog input[type=file]').setInputFiles(path);
      await page.locator('.source-name:has-text("board.lime")').waitFor({ timeout: 60_000 });
      const after = await page.evaluate(
        () =>
          new Promise<number>((resolve) =>
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))),
          ),
      );
      seconds.push((after - before) / 1000);
      mebibytes.push(await rendererMebibytes(browser));
      await browser.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  print('a dump of 256 MiB to its Atlas', 's', seconds);
  print('the largest memory of a renderer', 'MiB', mebibytes);
}

async function launch(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

const { server, site } = await serveSite();
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'} × ${cpus().length}, node ${process.version}`,
);
console.log(
  `${''.padEnd(42)} ${'median'.padStart(9)} ${'min'.padStart(9)} ${'99 %'.padStart(9)} ${'max'.padStart(9)}`,
);
const browser = await launch();
await firstPaints(browser, site);
await steps(browser, site);
await browser.close();
await dumps(site);
server.close();
