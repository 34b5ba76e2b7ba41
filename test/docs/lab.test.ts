import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KEY_BINDINGS } from '../../lab/app/keys.js';
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
