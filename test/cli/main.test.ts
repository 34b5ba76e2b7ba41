import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('prints the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const printed = execFileSync('dist/bin/pagewright.js', ['--version'], { encoding: 'utf8' });
  expect(printed).toBe(`${version}\n`);
});
