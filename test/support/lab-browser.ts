import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';

/** Debian's. */
export const CHROMIUM = '/usr/bin/chromium';

/** Whether browser tests can run; in CI they must, and fail where there is no browser. */
export const HAS_CHROMIUM = existsSync(CHROMIUM) || process.env['CI'] === 'true';

/** How Chromium is started: as root, without a screen, and talking to nobody but the page's server. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What a page did that it must not do. */
export interface PageRecord {
  readonly page: Page;
  /** Errors and warnings of the console, and exceptions that nobody caught. */
  readonly complaints: string[];
  /** Every request that left the origin. */
  readonly strangers: string[];
}

/** How a page is looked at. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  /** Another server than that of all tests. */
  readonly site?: string;
  /** Whether pictures have no text, so that they are the same with any fonts. */
  readonly withoutText?: boolean;
}

/** How many times slower the processor of a page is made to look for races: `LAB_SLOWDOWN=6 npx vitest run …`. */
const SLOWDOWN = Number(process.env['LAB_SLOWDOWN'] ?? 1);

let browser: Promise<Browser> | undefined;
const contexts: BrowserContext[] = [];
/** What pages have thrown since {@link closeLab}. */
const exceptions: string[] = [];

/** Opens the lab at `hash` in a fresh profile and waits for its first screen. */
export async function openLab(hash = '', look: Look = {}): Promise<PageRecord> {
  browser ??= chromium.connect(inject('labBrowser'));
  const { width = 1280, height = 800, theme = 'light', site = inject('labSite') } = look;
  const context = await (await browser).newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    deviceScaleFactor: 1,
  });
  contexts.push(context);
  if (look.withoutText === true) {
    await context.addInitScript(() => {
      CanvasRenderingContext2D.prototype.fillText = () => {};
      CanvasRenderingContext2D.prototype.strokeText = () => {};
    });
  }
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const record: PageRecord = { page, complaints: [], strangers: [] };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      record.complaints.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => {
    record.complaints.push(`exception: ${error.message}`);
    exceptions.push(error.stack ?? error.message);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(site) && !/^(?:data|blob):/.test(url)) record.strangers.push(url);
  });
  if (SLOWDOWN > 1) {
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  }
  await page.goto(site + hash);
  await page.waitForSelector('main');
  return record;
}

/**
 * Closes what {@link openLab} has opened. An exception that nobody caught leaves a page that is half
 * drawn: there is none in any test, whatever it is about.
 */
export async function closeLab(): Promise<void> {
  for (const context of contexts.splice(0)) await context.close();
  const thrown = exceptions.splice(0);
  if (thrown.length > 0) throw new Error(`the page has thrown:\n${thrown.join('\n')}`);
}

/** Drops files on the page, as a reader does. */
export async function dropFiles(
  page: Page,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const parts = Object.entries(files).map(
    ([name, content]) => [name, Buffer.from(content).toString('base64')] as const,
  );
  const data = await page.evaluateHandle((encoded) => {
    const transfer = new DataTransfer();
    for (const [name, content] of encoded) {
      const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    return transfer;
  }, parts);
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
}

/** The hash of the page once it says everything that is shown: texts are packed, and the address is written. */
export async function hashOf(page: Page): Promise<string> {
  return await page.evaluate(async () => {
    const isBehind = (): boolean => document.querySelector('.share[aria-busy="true"]') !== null;
    // What the last act has begun is drawn by the next picture.
    do await new Promise((resolve) => setTimeout(resolve, 60));
    while (isBehind());
    return location.hash;
  });
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the one browser of all tests listens. */
    labBrowser: string;
    /** The address of the built lab, in a folder below the root of its server. */
    labSite: string;
  }
}
