import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KEY_BINDINGS } from '../../lab/app/keys.js';
import { LabSession } from '../../lab/engine/lab-session.js';
import { LESSONS } from '../../lab/lessons/lessons.js';
import { command } from '../support/command.js';

const TEXT = readFileSync('docs/lab.md', 'utf8');

describe('docs/lab.md', () => {
  it('names options that the command has', async () => {
    const { out } = await command(['lab', '--help']);
    const options = [...TEXT.matchAll(/`(--[a-z-]+)`/g)].map((match) => match[1] ?? '');
    expect(options.length).toBeGreaterThan(2);
    for (const option of options) expect(out).toContain(option);
  });

  it('names keys that do something', () => {
    const keys = new Set(KEY_BINDINGS.map(({ key }) => key));
    const section = TEXT.slice(TEXT.indexOf('## Keys'), TEXT.indexOf('## Links'));
    const named = [...section.matchAll(/`(.)`/g), ...section.matchAll(/\b([WSAD])\b/g)];
    expect(named.length).toBeGreaterThan(8);
    for (const [, key = ''] of named) expect(keys).toContain(key.toLowerCase());
  });

  it('types operations that a scenario has, and names every lesson', () => {
    const section = TEXT.slice(
      TEXT.indexOf('in the words of the scenario:'),
      TEXT.indexOf('The first word'),
    );
    const lines = [...section.matchAll(/^ {4}(.+)$/gm)].map((match) => match[1] ?? '');
    expect(lines.length).toBeGreaterThan(2);
    const start =
      'domains: [ { name: first }, { name: second } ]\nsteps:\n  - allocate: { frame: heap, size: 8K }\n';
    const session = new LabSession(`${start}  - share: { frame: heap, with: second }\n`);
    for (const line of lines) session.apply(line);
    expect(session.failure).toBeUndefined();
    const listed = TEXT.slice(
      TEXT.indexOf('**Lessons**'),
      TEXT.indexOf('## What the pictures say'),
    );
    expect(listed.split(/,|\band\b/).length).toBeGreaterThanOrEqual(LESSONS.length);
    expect(LESSONS).toHaveLength(12);
  });

  it('shows pictures that are there, small enough for a page', () => {
    for (const text of [TEXT, readFileSync('README.md', 'utf8')]) {
      const images = [...text.matchAll(/(?:src|srcset)="([^"]+\.png)"/g)].map(
        (match) => match[1] ?? '',
      );
      expect(images.length).toBeGreaterThan(3);
      for (const image of images) {
        const path = image.replace(/^(?:docs\/)?/, 'docs/');
        expect(existsSync(path), path).toBe(true);
        expect(readFileSync(path).length).toBeLessThan(200_000);
      }
    }
  });
});
