import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const SITE = 'dist/lab';
/** Bytes of gzip, of what is loaded at once and of everything, the editor among it. */
const MOST_BYTES = 250_000;
const MOST_BYTES_IN_ALL = 400_000;

function packedBytes(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
}

/** The files that a page or a module loads without being asked: its links, and its static imports. */
function loadedFrom(name: string, known: string[] = []): string[] {
  const path = join(SITE, name);
  if (known.includes(path)) return known;
  known.push(path);
  const text = readFileSync(path, 'utf8');
  const links = name.endsWith('.html')
    ? [...text.matchAll(/(?:src|href)="\.\/([^"]+)"/g)]
    : name.endsWith('.js')
      ? [...text.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)]
      : [];
  for (const [, link] of links)
    loadedFrom(name.endsWith('.js') ? `assets/${link}` : `${link}`, known);
  return known;
}

describe('the site of the lab', () => {
  const files = readdirSync(SITE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

  it('is small: what every page loads, and what the rest loads when it is asked for', () => {
    const loaded = loadedFrom('index.html');
    expect(loaded.length).toBeGreaterThan(2);
    expect(packedBytes(loaded)).toBeLessThan(MOST_BYTES);
    expect(packedBytes(files)).toBeLessThan(MOST_BYTES_IN_ALL);
  });

  it('has only relative addresses, and forbids its page to speak to anybody else', () => {
    const page = readFileSync(join(SITE, 'index.html'), 'utf8');
    const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]);
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) expect(link).toMatch(/^\.\//);
    expect(page).toContain("default-src 'self'");
    expect(page).toContain("connect-src 'self'");
  });
});
