import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { CHROMIUM, CHROMIUM_FLAGS, HAS_CHROMIUM } from './lab-browser.js';

const SITE = 'dist/lab';
/** Any folder of any host will do: nothing in the lab may know where it lies. */
const FOLDER = '/some/where/lab/';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** One browser and one server for all tests of the lab. */
export default async function setUp(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  if (!HAS_CHROMIUM) {
    console.warn(`the lab is not tested in a browser: there is no ${CHROMIUM} (Debian: chromium)`);
    return undefined;
  }
  if (!existsSync(join(SITE, 'index.html'))) {
    throw new Error(`${SITE} is not there: npm run build first`);
  }
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://lab').pathname.replace(/\/$/, '/index.html');
    void answer(path).then((found) => {
      response.writeHead(found === undefined ? 404 : 200, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      });
      response.end(found);
    });
  });
  const site = `http://127.0.0.1:${await listening(server)}${FOLDER}`;
  const browser = await chromium.launchServer({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  project.provide('labBrowser', browser.wsEndpoint());
  project.provide('labSite', site);
  return async () => {
    await browser.close();
    server.close();
    server.closeAllConnections();
  };
}

async function answer(path: string): Promise<Uint8Array | undefined> {
  if (!path.startsWith(FOLDER)) return undefined;
  try {
    return await readFile(join(SITE, path.slice(FOLDER.length)));
  } catch {
    return undefined;
  }
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
