import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test.each([
  ['checkpoint', 11],
  ['read-barrier', 13],
  ['shared-memory', 50],
])('examples/self-paging/%s checks itself and draws what it did', (name, rows) => {
  const svg = execFileSync(process.execPath, [`examples/self-paging/${name}.mjs`], {
    encoding: 'utf8',
  });
  expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(svg.match(/<text x="10" y="\d+">/g)).toHaveLength(rows);
});
