import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REPLAY_FORMATS } from '../../src/cli/replay-flags.js';
import { REPLAY_POLICIES } from '../../src/scenario/index.js';
import { command } from '../support/command.js';
import { blocks, missing } from '../support/markdown.js';

const PAGE = 'docs/replay.md';
const TEXT = readFileSync(PAGE, 'utf8');

describe('docs/replay.md', () => {
  const consoles = blocks(PAGE).filter(({ language }) => language === 'console');

  it('shows commands with what they print', () => {
    expect(consoles.length).toBeGreaterThanOrEqual(3);
  });

  it.each(consoles.map(({ text }) => text.split('\n').slice(0, -1)))(
    '%s',
    async (first, ...expected) => {
      const [, , ...args] = first.split(' ');
      const { exit, out } = await command(args);
      expect(exit).toBe(0);
      expect(missing(expected, out.split('\n').slice(0, -1))).toBeUndefined();
    },
  );

  it('names every policy and format', () => {
    for (const name of [...REPLAY_POLICIES, ...REPLAY_FORMATS])
      expect(TEXT).toContain(`\`${name}\``);
  });

  it('shows a program that runs', async () => {
    const [program] = blocks(PAGE).filter(({ language }) => language === 'js');
    const body = (program?.text ?? '').replace(
      "'pagewright/scenario'",
      "'../../dist/scenario/index.js'",
    );
    const url = new URL('../../dist/scenario/index.js', import.meta.url).href;
    const source = body.replace("'../../dist/scenario/index.js'", JSON.stringify(url));
    const printed: unknown[] = [];
    const log = console.log;
    console.log = (...values) => printed.push(...values);
    try {
      await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`);
    } finally {
      console.log = log;
    }
    expect(printed).toEqual([9, 10]);
  });
});
