import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { command } from '../support/command.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-paths-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'file');
writeFileSync(file, 'text');
const TABLES = 'test/fixtures/linux-armv7-short';
const LAYOUT = 'examples/layouts/zynq-board.yaml';

/** Names that nothing can lie under. */
const PLACES = { 'below a file': join(file, 'x'), 'too long': join(folder, 'x'.repeat(300)) };

describe.each(Object.entries(PLACES))('a path %s', (_, path) => {
  it.each([
    ['show', path],
    ['show', `ram:${path}@0`, '--ttbr0', '0'],
    ['show', `tables:${path}`],
    ['where', path, '0'],
    ['check', TABLES, '--policy', path],
    ['check', TABLES, '--baseline', path],
    ['explain', TABLES, '--log', path],
    ['convert', path, '--to', 'yaml'],
    ['build', path],
    ['run', path],
    ['replay', path],
    ['conform', path],
    ['boot', path],
    ['show', TABLES, '--save', path],
    ['check', TABLES, '--write-baseline', path],
    ['check', TABLES, '--output', path],
    ['convert', LAYOUT, '--to', 'csv', '--output', path],
    ['build', LAYOUT, '--emit', 'bin', '--output', path],
  ])('%j is told, and is no mistake of ours', async (...args) => {
    const { exit, err } = await command(args);
    expect([exit, err]).toEqual([3, expect.stringMatching(/\[SOURCE_ERR_(READ|WRITE)\]/)]);
  });
});

describe('a folder to write into', () => {
  it('that is a file is told', async () => {
    const { exit, err } = await command(['build', LAYOUT, '--emit', 'bin', '--output', file]);
    expect([exit, err]).toEqual([3, expect.stringContaining('a part of the path is no folder')]);
  });
});
