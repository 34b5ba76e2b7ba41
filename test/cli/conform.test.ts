import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { command } from '../support/command.js';

const FIXTURE = 'test/fixtures/vectors/directed_env.jsonl.gz';
const TEXT = gunzipSync(readFileSync(FIXTURE)).toString();
const folder = mkdtempSync(join(tmpdir(), 'pagewright-conform-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with these contents. */
function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

const DIRECTED = gunzipSync(readFileSync('test/fixtures/vectors/directed.jsonl.gz')).toString();
const WRONG = DIRECTED.split('\n', 1).join('').replace('"retsize":4096', '"retsize":8192');

describe('conform', () => {
  it('counts what passes, by file and in all', async () => {
    const plain = file('plain.jsonl', TEXT);
    const { exit, out, err } = await command(['conform', FIXTURE, plain]);
    expect([exit, err]).toEqual([0, '']);
    expect(out.split('\n').map((line) => line.replaceAll(/\s+/g, ' '))).toEqual([
      `✓ ${FIXTURE} 5 passed 0 failed`,
      `✓ ${plain} 5 passed 0 failed`,
      '✓ total 10 passed 0 failed',
      '',
    ]);
  });

  it('tells where a sequence parts', async () => {
    const wrong = file('wrong.jsonl', `${WRONG}\n${TEXT}`);
    const { exit, out } = await command(['conform', wrong]);
    expect(exit).toBe(1);
    expect((await command(['conform', wrong, '--exit-zero'])).exit).toBe(0);
    expect(out).toContain(`✗ ${wrong}  directed-map-flags-0  operation 0: map 0x50000000`);
    expect(out).toMatch(/expected .*retsize=8192.*\n {2}got .*retsize=4096/);
  });

  it('takes a folder of vector files', async () => {
    const full = mkdtempSync(join(folder, 'full-'));
    writeFileSync(join(full, 'b.jsonl'), TEXT);
    writeFileSync(join(full, 'a.jsonl.gz'), gzipSync(TEXT));
    writeFileSync(join(full, 'README.md'), 'not a vector');
    const { exit, out } = await command(['conform', full, '--json']);
    expect(exit).toBe(0);
    expect(JSON.parse(out).files.map((each: { file: string }) => each.file)).toEqual([
      join(full, 'a.jsonl.gz'),
      join(full, 'b.jsonl'),
    ]);
    const empty = mkdtempSync(join(folder, 'empty-'));
    const nothing = await command(['conform', empty]);
    expect(nothing.exit).toBe(3);
    expect(nothing.err).toContain('there is no .jsonl or .jsonl.gz in the folder');
  });

  it('ends a sequence that would take for ever', async () => {
    const ops = Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0 ? 'map 0x0 0x70000000 0x0 0x0 0x70000000 0x3' : 'unmap 0x0 0x70000000',
    );
    const endless = { id: 'endless', mode: 'foreign', ops, results: null };
    const { exit, err } = await command([
      'conform',
      file('endless.jsonl', JSON.stringify(endless)),
    ]);
    expect(exit).toBe(3);
    expect(err).toContain('endless.jsonl:1: the sequence takes more than');
  });

  it('answers in JSON', async () => {
    const wrong = file('wrong.jsonl', `${WRONG}\n${TEXT}`);
    const { exit, out } = await command(['conform', wrong, FIXTURE, '--json']);
    const report = JSON.parse(out);
    expect(exit).toBe(1);
    expect(report).toMatchObject({
      schema: 'pagewright/conform',
      version: 1,
      total: { passed: 10, failed: 1 },
      files: [
        { file: wrong, passed: 5, failed: 1 },
        { file: FIXTURE, passed: 5, failed: 0 },
      ],
    });
    expect(Object.keys(report.failures[0])).toEqual([
      'file',
      'sequence',
      'operation',
      'text',
      'expected',
      'got',
    ]);
  });

  it.each([
    ['nothing there', 'no-such.jsonl', undefined, /no-such.jsonl: there is no such file/],
    ['no vectors', 'empty.jsonl', '\n\n', /empty.jsonl: there is no vector in it/],
    ['no JSON', 'text.jsonl', `${TEXT}{`, /text.jsonl:6: not a line of JSON/],
    ['half a vector', 'half.jsonl', '{"id":"x"}', /half.jsonl:1: `mode` is not one of/],
    [
      'an operation that there is not',
      'verb.jsonl',
      '{"id":"x","mode":"foreign","ops":["frob"],"results":[{"ok":true,"errors":[]}]}',
      /verb.jsonl:1: no operation frob/,
    ],
    ['no gzip', 'text.jsonl.gz', TEXT, /not compressed by gzip, or cut off/],
    ['half a gzip', 'cut.jsonl.gz', gzipSync(TEXT).subarray(0, 300), /gzip, or cut off/],
  ])('ends with exit code 3 for %s', async (_, name, contents, message) => {
    const path = contents === undefined ? join(folder, name) : file(name, contents);
    const { exit, out, err } = await command(['conform', path]);
    expect([exit, out]).toEqual([3, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});
