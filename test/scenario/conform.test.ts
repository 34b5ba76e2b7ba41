import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { replayLine } from '../../src/scenario/conform.js';

const FOLDERS = ['test/fixtures/vectors', 'test/fixtures/further-vectors'];

function linesOf(path: string): string[] {
  return gunzipSync(readFileSync(path)).toString().trim().split('\n');
}

describe.each(FOLDERS)('recorded vectors of the original, %s', (folder) => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'))) {
    test(file, () => {
      const lines = linesOf(`${folder}/${file}`);
      const failures = lines.flatMap((line, index) => replayLine(line, `${file}:${index + 1}`));
      expect(lines.length).toBeGreaterThan(0);
      expect(failures.slice(0, 6)).toEqual([]);
    });
  }
});

interface Recorded {
  readonly id: string;
  readonly mode: string;
  readonly ops: readonly string[];
  readonly results: readonly { readonly errors: readonly string[] }[];
  readonly defects: readonly number[];
  readonly expected: unknown;
}

/** What is to be said about one operation: the line of a vector that expects just that. */
function expecting(vector: Recorded, last: number, errors: readonly string[]): string {
  const ops = vector.ops.slice(0, last + 1);
  const expected = ops.map((_, index) => (index === last ? { ok: false, errors } : null));
  const { id, mode } = vector;
  return JSON.stringify({ id, mode, ops, expected, expectedTables: null });
}

describe('what the environment failed in', () => {
  const vectors = linesOf('test/fixtures/vectors/defects-directed.jsonl.gz').map(
    (line) => JSON.parse(line) as Recorded,
  );
  const injected = vectors.filter(({ ops }) => ops.some((op) => op.startsWith('inject')));
  /** The original made these calls apart, or from a heap that we do not have. */
  const otherwise = /cap-delete|malloc|refill/;

  test.each(injected.filter(({ id }) => !otherwise.test(id)))(
    '$id is told as the original did',
    (vector) => {
      const last = vector.ops.findLastIndex((op) => op.startsWith('inject')) + 1;
      const errors = vector.results[last]?.errors ?? [];
      expect(errors.length).toBeGreaterThan(1);
      expect(replayLine(expecting(vector, last, errors), vector.id)).toEqual([]);
    },
  );

  test('failures of two functions wait for their own calls', () => {
    const map = 'map 0x50000000 0x1000 0x1000000 0x0 0x1000 0x3';
    const ops = ['inject frame_identify 2', 'inject slot_alloc 1', map, map, map];
    const expected = [
      null,
      null,
      { ok: false, errors: ['SYS_ERR_CAP_NOT_FOUND', 'LIB_ERR_PMAP_DO_MAP'] },
      {
        ok: false,
        errors: [
          'LIB_ERR_SLOT_ALLOC_NO_SPACE',
          'LIB_ERR_SINGLE_SLOT_ALLOC',
          'LIB_ERR_SLOT_ALLOC',
          'LIB_ERR_PMAP_GET_PTABLE',
          'LIB_ERR_PMAP_DO_MAP',
        ],
      },
      { ok: true, errors: [], retsize: 4096, slots: 3 },
    ];
    const line = JSON.stringify({
      id: 'two',
      mode: 'foreign',
      ops,
      expected,
      expectedTables: null,
    });
    expect(replayLine(line, 'two')).toEqual([]);
  });

  test('the copy of a root from elsewhere is a slot in what was recorded, and none in what is right', () => {
    const ops = ['map 0x50000000 0x1000 0x1000000 0x0 0x1000 0x3'];
    const result = (slots: number) => [{ ok: true, errors: [], slots, pt: 1, leaves: 1, l2: 1 }];
    const vector = { id: 'root', mode: 'foreignroot', ops };
    const recorded = { ...vector, results: result(4), finalTables: null };
    const right = { ...vector, expected: result(3), expectedTables: null };
    expect(replayLine(JSON.stringify(recorded), 'root')).toEqual([]);
    expect(replayLine(JSON.stringify(right), 'root')).toEqual([]);
  });

  test('a serialised pmap has as many nodes as the original had, whatever the flags', () => {
    const ops = [
      'map 0x50000000 0x8000 0x1000000 0x0 0x8000 0x3',
      'modify 0x50002000 0x1000 0x1',
      'serialise',
    ];
    const expected = [null, null, { ok: true, errors: [], retsize: 2, pt: 1, leaves: 1 }];
    const line = { id: 'nodes', mode: 'foreign', ops, expected, expectedTables: null };
    expect(replayLine(JSON.stringify(line), 'nodes')).toEqual([]);
  });

  test('an unknown code is refused by name', () => {
    const ops = ['inject vnode_map 1 SYS_ERR_NO_SUCH'];
    const line = JSON.stringify({
      id: 'x',
      mode: 'foreign',
      ops,
      results: [{ ok: true, errors: [] }],
    });
    expect(() => replayLine(line, 'x')).toThrow(/cannot inject vnode_map 1 SYS_ERR_NO_SUCH/);
  });
});

/** Defects of which nothing can be recorded, and where they are held. */
const HELD_ELSEWHERE: Readonly<Record<number, string>> = {
  10: 'no memory is used after it is freed: records are numbers in pools',
  17: 'test/domain/pmap.test.ts: look-ups tell offset and flags, after changes too',
  25: 'test/domain/failure-injection.test.ts: a slab without blocks is an error',
  40: 'test/domain/pmap.test.ts: LARGE and HUGE are no paging flags',
  52: 'test/domain/pmap.test.ts: chains of a table that cannot be made',
  53: 'nothing is printed: test/layers.test.ts holds the core without a console',
  54: 'JavaScript runs one operation at a time',
};

test('each catalogued defect has vectors, or is held elsewhere', () => {
  const recorded = new Set(
    ['defects-directed', 'defects-random'].flatMap((name) =>
      linesOf(`test/fixtures/vectors/${name}.jsonl.gz`).flatMap(
        (line) => (JSON.parse(line) as Recorded).defects,
      ),
    ),
  );
  const missing = Array.from({ length: 54 }, (_, index) => index + 1).filter(
    (defect) => !recorded.has(defect) && !(defect in HELD_ELSEWHERE),
  );
  expect(missing).toEqual([]);
});
