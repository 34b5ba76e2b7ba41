import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { command } from '../support/command.js';
import { naiveReplay } from '../support/naive-replay.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BELADY = 'examples/traces/belady.txt';
const MATRIX = 'examples/traces/matrix.txt';

/** A file with these contents. */
function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

describe('replay', () => {
  it('prints ratios, costs, and where more frames are worse', async () => {
    const all = await command(['replay', MATRIX, '--policy', 'all']);
    expect([all.exit, all.err]).toEqual([0, '']);
    await expect(all.out).toMatchFileSnapshot('../golden/cli/replay-matrix.txt');
    const belady = await command(['replay', BELADY, '--policy', 'opt,lru,fifo', '--frames', '3,4']);
    await expect(belady.out).toMatchFileSnapshot('../golden/cli/replay-belady.txt');
  });

  it.each(['json', 'ndjson', 'csv', 'md', 'svg'])('prints %s', async (format) => {
    const { exit, out } = await command(['replay', MATRIX, '--format', format]);
    expect(exit).toBe(0);
    await expect(out).toMatchFileSnapshot(`../golden/cli/replay-matrix.${format}`);
    const path = join(folder, `out.${format}`);
    const written = await command(['replay', MATRIX, '-o', path]);
    expect([written.exit, written.out]).toEqual([0, '']);
    expect(readFileSync(path, 'utf8')).toBe(out);
  });

  it('draws a curve besides', async () => {
    const path = join(folder, 'curve.svg');
    const { out } = await command(['replay', MATRIX, '--json', '--svg', path]);
    expect(JSON.parse(out).rows).toHaveLength(16);
    const { out: svg } = await command(['replay', MATRIX, '--format', 'svg']);
    expect(readFileSync(path, 'utf8')).toBe(svg);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('reads gzip whatever its name, and standard input', async () => {
    const plain = await command(['replay', MATRIX, '--format', 'csv']);
    const packed = gzipSync(readFileSync(MATRIX));
    for (const name of ['m.gz', 'm.trace']) {
      const { out } = await command(['replay', file(name, packed), '--format', 'csv']);
      expect(out).toBe(plain.out);
    }
    const bin = resolve('dist/bin/pagewright.js');
    for (const input of [packed, readFileSync(MATRIX)]) {
      const { stdout } = spawnSync(process.execPath, [bin, 'replay', '-', '--format', 'csv'], {
        input,
      });
      expect(stdout.toString()).toBe(plain.out);
    }
  });

  it('takes a seed, times, a page size and a part of the references', async () => {
    const rows = async (
      ...flags: readonly string[]
    ): Promise<readonly Record<string, number>[]> => {
      const { out } = await command(['replay', MATRIX, '--frames', '2', '--json', ...flags]);
      return JSON.parse(out).rows;
    };
    expect(await rows('--policy', 'lru', '--page-size', '64K')).toMatchObject([{ misses: 1 }]);
    expect(await rows('--policy', 'lru', '--times', '1ns,1us,1ms')).toMatchObject([
      { totalNs: 72 + 42e3 + 6e6 },
    ]);
    const seeds = await Promise.all(
      ['1', '2', '3', '4'].map((seed) => rows('--policy', 'random', '--seed', seed)),
    );
    expect(new Set(seeds.map(([row]) => row?.['misses'])).size).toBeGreaterThan(1);
    expect(await rows('--policy', 'lru', '--accesses', 'data')).toMatchObject([{ references: 72 }]);
  });

  it.each([
    [['--policy', 'mru'], '--policy: mru is no policy; there are opt, lru, clock'],
    [['--policy', 'lru,'], "--policy: a name is missing in 'lru,'"],
    [['--frames', '0'], '--frames: 0 is no number of frames'],
    [['--frames', '99999999'], '99999999 is no number of frames: 1 to 16,777,216 may be'],
    [['--frames', 'few'], '--frames: few is no number of frames'],
    [['--page-size', '5000'], '--page-size: 5000 is no page'],
    [['--seed', 'x'], '--seed: x is no seed'],
    [['--times', '1,2,3'], "--times: '1,2,3' are no three times"],
    [['--format', 'pdf'], "option '--format <which>' argument 'pdf' is invalid"],
  ])('refuses %j', async (flags, message) => {
    const { exit, out, err } = await command(['replay', BELADY, ...flags]);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  it.each([
    ['a line that is none', '1000\nfoo bar\n', ':2:1: not a reference', 'TRACE_ERR_SYNTAX'],
    ['binary', Uint8Array.of(127, 69, 76, 70, 2, 1, 1, 0), ':1:', 'TRACE_ERR_SYNTAX'],
    [
      'a line without end',
      'a'.repeat(1e6),
      ':1:1: a line is longer than 65536',
      'TRACE_ERR_SYNTAX',
    ],
    ['nothing', '# nothing\n', 'there is no reference in it', 'TRACE_ERR_EMPTY'],
    [
      'gzip cut off',
      gzipSync(readFileSync(MATRIX)).subarray(0, 60),
      'cut off',
      'SOURCE_ERR_FORMAT',
    ],
  ])('says what is wrong with %s', async (_, contents, message, code) => {
    const { exit, out, err } = await command(['replay', file('bad.trace', contents)]);
    expect([exit, out]).toEqual([3, '']);
    expect(err).toContain(message);
    expect(err).toContain(`[${code}]`);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('says which file is not there, or cannot be written', async () => {
    const missing = await command(['replay', join(folder, 'none')]);
    expect([missing.exit, missing.err]).toEqual([3, expect.stringContaining('no such file')]);
    const unwritable = await command(['replay', MATRIX, '-o', join(folder, 'none/x.csv')]);
    expect([unwritable.exit, unwritable.err]).toEqual([
      3,
      expect.stringContaining('SOURCE_ERR_WRITE'),
    ]);
  });

  it('passes over bad lines where it is told to, and says how many', async () => {
    const path = file('noise.trace', 'hello\n 1000\nr 2000\n');
    const { exit, err, out } = await command(['replay', path, '--skip-bad-lines', '--json']);
    expect([exit, JSON.parse(out).trace.pages]).toEqual([0, 2]);
    expect(err).toBe('pagewright: 1 of 3 lines are no references and were passed over\n');
  });

  it('keeps a trace that is larger than memory in a file, and leaves none behind', async () => {
    // 17 million changes of page are more than 64 MiB.
    const lines = Array.from(
      { length: 5000 },
      (_, index) => `${(index % 50) * 4096 + 2 ** 20}`,
    ).map((each) => Number(each).toString(16));
    const block = `${lines.join('\n')}\n`;
    const path = file('large.trace.gz', gzipSync(block.repeat(3500), { level: 1 }));
    const scratch = mkdtempSync(join(folder, 'scratch-'));
    vi.stubEnv('TMPDIR', scratch);
    const { exit, out } = await command([
      'replay',
      path,
      '--policy',
      'opt',
      '--frames',
      '50',
      '--json',
    ]);
    expect([exit, JSON.parse(out)]).toMatchObject([
      0,
      { trace: { runs: 17_500_000, pages: 50 }, rows: [{ misses: 50 }] },
    ]);
    expect(readdirSync(scratch)).toEqual([]);
    vi.unstubAllEnvs();
  }, 240_000);
});

const hasValgrind = spawnSync('valgrind', ['--version']).status === 0;
const skips = !hasValgrind && process.env['CI'] !== 'true';

describe.skipIf(skips)(
  skips ? 'a real trace (skipped: valgrind is not installed)' : 'a real trace',
  () => {
    const path = join(folder, 'sort.trace');
    let text = '';
    beforeAll(() => {
      const input = Array.from({ length: 300 }, (_, index) => `${(index * 7919) % 1009}\n`).join(
        '',
      );
      const lackey = ['--tool=lackey', '--trace-mem=yes', `--log-file=${path}`];
      execFileSync('valgrind', [...lackey, 'sort', '-n'], { input });
      text = readFileSync(path, 'utf8');
    });

    it('has as many fetches as Valgrind counted instructions', async () => {
      const { exit, out, err } = await command(['replay', path, '--policy', 'all', '--json']);
      expect([exit, err]).toEqual([0, '']);
      const { trace, rows } = JSON.parse(out);
      const lines = (letter: string): number =>
        text.match(new RegExp(`^[ I]${letter} +[0-9a-f]+,`, 'gm'))?.length ?? 0;
      const crossing = text.match(/^(?:I | [LSM]) +[0-9a-f]+,\d+$/gm)?.filter((line) => {
        const [, address = '', size = ''] = /([0-9a-f]+),(\d+)/.exec(line) ?? [];
        return Number.parseInt(address.slice(-3), 16) + Number(size) > 4096;
      });
      const guest = /guest instrs:\s+([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '');
      const fetches = text.match(/^I /gm)?.length ?? 0;
      expect(fetches).toBe(Number(guest));
      const all = fetches + lines('L') + lines('S') + lines('M');
      expect(trace.references).toBe(all + (crossing?.length ?? 0));
      for (const row of rows) {
        const best = rows.find(
          (each: { policy: string; frames: number }) =>
            each.policy === 'opt' && each.frames === row.frames,
        );
        expect(row.misses).toBeGreaterThanOrEqual(best.misses);
        if (row.frames === trace.pages) expect(row.misses).toBe(trace.pages);
      }
    });

    it('misses as a naive simulation does', async () => {
      const uses = [...text.matchAll(/^(?:I | ([LSM])) +([0-9a-f]+),(\d+)$/gm)].flatMap(
        ([, letter, address = '', size = '']) => {
          const first = Math.floor(Number.parseInt(address, 16) / 4096);
          const last = Math.floor((Number.parseInt(address, 16) + Number(size) - 1) / 4096);
          const write = letter === 'S' || letter === 'M';
          return last === first
            ? [{ page: first, write }]
            : [
                { page: first, write },
                { page: last, write },
              ];
        },
      );
      const part = uses.slice(0, 40_000);
      const lines = part.map(
        ({ page, write }) => `${write ? 'w' : 'r'} ${(page * 4096).toString(16)}`,
      );
      const cut = file('part.trace', lines.join('\n'));
      for (const policy of ['fifo', 'clock', 'second-chance', 'lru', 'lfu'] as const) {
        const { out } = await command([
          'replay',
          cut,
          '--policy',
          policy,
          '--frames',
          '16',
          '--json',
        ]);
        const { missed, evictions, writeBacks } = naiveReplay(part, 16, policy);
        expect(JSON.parse(out).rows).toMatchObject([{ misses: missed, evictions, writeBacks }]);
      }
    });
  },
);
