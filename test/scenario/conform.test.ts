import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { replayLine } from '../../src/scenario/conform.js';

const FIXTURES = 'test/fixtures/vectors';

describe('recorded vectors of the original', () => {
  for (const file of readdirSync(FIXTURES).filter((name) => name.endsWith('.jsonl.gz'))) {
    test(file, () => {
      const lines = gunzipSync(readFileSync(`${FIXTURES}/${file}`))
        .toString()
        .trim()
        .split('\n');
      const failures = lines.flatMap((line, index) => replayLine(line, `${file}:${index + 1}`));
      expect(lines.length).toBeGreaterThan(0);
      expect(failures.slice(0, 6)).toEqual([]);
    });
  }
});
