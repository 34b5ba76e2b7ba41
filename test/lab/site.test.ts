import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const SITE = 'dist/lab';
/** KiB of 1000 bytes, as a network counts. */
const MOST_BYTES = 250_000;

describe('the site of the lab', () => {
  const files = readdirSync(SITE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

  it('is small', () => {
    const sizes = files.map((file) => gzipSync(readFileSync(file)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
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
