import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/inspect/index.js';
import { command } from '../support/command.js';

/** The words of a command line; quotes hold words together. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');

/** The commands of a page that show what they print. */
function dialogues(page: string): { line: string; printed: string }[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```console\n\$ pagewright (.*)\n([\s\S]*?)^```$/gm)]
    .map(([, line = '', printed = '']) => ({ line, printed }))
    .filter(({ printed }) => printed !== '');
}

describe.each(['docs/reading.md', 'docs/checking.md'])('%s', (page) => {
  const found = dialogues(page);

  it('shows commands with what they print', () => {
    expect(found.length).toBeGreaterThanOrEqual(2);
  });

  it.each(found)('$line', async ({ line, printed }) => {
    const { out, exit } = await command(wordsOf(line));
    expect(exit).toBeLessThanOrEqual(1);
    if (printed.endsWith('…\n')) expect(out.startsWith(printed.slice(0, -2))).toBe(true);
    else expect(out).toBe(printed);
  });
});

describe('docs/checking.md', () => {
  const text = readFileSync('docs/checking.md', 'utf8');

  it('lists every rule', () => {
    for (const id of Object.keys(RULES)) expect(text).toContain(id);
  });

  it('shows the policy as it is', () => {
    expect(text).toContain(readFileSync('examples/policies/linux.yaml', 'utf8'));
  });
});
