import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as domain from '../../src/domain/index.js';
import { FileStore } from '../../src/source/index.js';
import { blocks } from '../support/markdown.js';

describe('docs/self-paging.md', () => {
  const all = blocks('docs/self-paging.md');

  it('shows the program that is in the examples', () => {
    const shown = all.filter(({ language }) => language === 'js');
    expect(shown.length).toBeGreaterThan(0);
    for (const { name, text } of shown) expect(readFileSync(name, 'utf8')).toBe(text);
  });

  const consoles = all.filter(({ language }) => language === 'console');
  it.each(consoles.map(({ text }) => text))('%s', (text) => {
    const [first = '', ...expected] = text.split('\n');
    const [, , ...args] = first.split(' ');
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8' });
    expect(printed).toBe(expected.join('\n'));
  });

  it('names what is there', () => {
    const text = readFileSync('docs/self-paging.md', 'utf8');
    const names = [
      ...text.matchAll(/`([A-Z][A-Za-z]+(?:Object|Store|VSpace|Stack|Heap|Primitives))`/g),
    ];
    const known: Record<string, unknown> = { ...domain, FileStore };
    const types = ['MemoryObject'];
    expect(names.length).toBeGreaterThan(10);
    for (const [, name = ''] of names) {
      expect(types.includes(name) || known[name] !== undefined, name).toBe(true);
    }
  });
});
