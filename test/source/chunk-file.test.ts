import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { CHUNK_RUNS } from '../../src/scenario/index.js';
import { ChunkFile } from '../../src/source/index.js';
import { errorOf } from '../support/errors.js';

const CHUNK_BYTES = 4 * CHUNK_RUNS;
const chunk = (seed: number, length = CHUNK_RUNS): Uint32Array =>
  Uint32Array.from({ length }, (_, index) => Math.imul(index + seed, 0x9e37_79b1));

afterEach(() => vi.unstubAllEnvs());

test('chunks come back, from memory and from the file, in any order', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'pagewright-'));
  vi.stubEnv('TMPDIR', scratch);
  const store = new ChunkFile(2 * CHUNK_BYTES);
  for (const index of [4, 0, 3, 2, 1]) store.write(index, chunk(index));
  store.write(5, chunk(5, 10));
  for (const index of [0, 1, 2, 3, 4]) expect(store.read(index)).toEqual(chunk(index));
  expect(store.read(5)).toEqual(chunk(5, 10));
  store.write(3, chunk(9, 5));
  expect(store.read(3)).toEqual(chunk(9, 5));
  store.close();
  store.close();
  expect(readdirSync(scratch)).toEqual([]);
  rmSync(scratch, { recursive: true });
});

test('where no file can be made, the error says where', () => {
  vi.stubEnv('TMPDIR', '/nowhere');
  const store = new ChunkFile(0);
  const error = errorOf(() => store.write(0, chunk(1)));
  expect(error.code).toBe('SOURCE_ERR_SCRATCH');
  expect(error.message).toContain('/nowhere: the references do not fit there');
});
