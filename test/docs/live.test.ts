import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as domain from '../../src/domain/index.js';
import * as live from '../../src/live/index.js';
import { SKIPS, title } from '../oracle/tools.js';
import { command } from '../support/command.js';

const TEXT = readFileSync('docs/live.md', 'utf8');

const dialogues = [...TEXT.matchAll(/^```console\n\$ pagewright (.*)\n([\s\S]*?)^```$/gm)].map(
  ([, line = '', printed = '']) => ({ line, printed: printed.trimEnd().split('\n') }),
);

/** A line without what may differ from run to run: times, addresses, versions. */
function lasting(line: string): string {
  return line
    .replace(/\d+(\.\d+)? (ms|µs|s)\b/g, '# $2')
    .replace(/\b[0-9a-f]{8}\b/g, '########')
    .replace(/QEMU [\d.]+/, 'QEMU #')
    .replace(/[\d,]+ (faults|evicted)/g, '# $1');
}

describe.skipIf(SKIPS)(title('docs/live.md'), () => {
  it.each(dialogues)('pagewright $line', async ({ line, printed }) => {
    const { out, err } = await command(line.split(' '));
    const lines = `${out}${err}`.split('\n').map(lasting);
    for (const expected of printed.map(lasting)) {
      if (expected !== '…') expect(lines).toContain(expected);
    }
    if (!printed.includes('…')) expect(lines.slice(0, -1)).toEqual(printed.map(lasting));
  });

  it('shows a program that runs', async () => {
    const program = /^```js\n([\s\S]*?)^```$/m.exec(TEXT)?.[1] ?? '';
    const printed: unknown[] = [];
    const names = { clock: domain.clock, ...live, readFileSync };
    const console = { log: (...words: unknown[]) => printed.push(...words) };
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    const body = program.replace(/^import .*$/gm, '');
    await new AsyncFunction('console', ...Object.keys(names), body)(
      console,
      ...Object.values(names),
    );
    expect(printed).toEqual([{ kind: 'exit', status: 0 }]);
  });
});

describe('what docs/live.md says', () => {
  it('has dialogues', () => {
    expect(dialogues.length).toBeGreaterThanOrEqual(4);
  });

  it('is every option of the command, and every call of the header', async () => {
    const { out } = await command(['boot', '--help']);
    const own = out.slice(0, out.indexOf('Global Options'));
    const options = [...own.matchAll(/^ +(--[a-z-]+)/gm)].map(([, option = '']) => option);
    expect(options.length).toBeGreaterThan(8);
    for (const option of options) if (option !== '--help') expect(TEXT).toContain(option);
    const header = readFileSync('guest/pagewright.h', 'utf8');
    const calls = [...header.matchAll(/(\w+)\([^)]*\)\s*\{[^}]*?pagewright_call\((\d+)/g)];
    expect(calls.length).toBeGreaterThanOrEqual(8);
    for (const [, name, number] of calls) expect(TEXT).toContain(`| \`${name}\` | ${number} |`);
  });

  it('names files that are there', () => {
    for (const [, path = ''] of TEXT.matchAll(/((?:guest|examples|docs)\/[\w/.-]+\.\w+)/g)) {
      expect(() => readFileSync(path)).not.toThrow();
    }
  });
});
