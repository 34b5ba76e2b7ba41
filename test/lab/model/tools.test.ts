import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mibBoxes } from '../../../lab/draw/mib-boxes.js';
import { exampleOf } from '../../../lab/model/examples.js';
import { buildDraft, withHint } from '../../../lab/model/layout-draft.js';
import { answered, parseScore, scoreText, scoreWords } from '../../../lab/model/quiz-score.js';
import { ChangeBit, diffSubjects } from '../../../lab/model/space-diff.js';
import { PAGE_BYTES } from '../../../src/base/index.js';
import { diffSpaces } from '../../../src/inspect/index.js';
import { layoutHints } from '../../../src/layout/index.js';

describe('runs of pages as cells of a MiB', () => {
  it.each([
    [0, 1],
    [255, 2],
    [256 * 63, 256 * 3],
    [256 * 70, 256 * 64 * 3],
    [0, 256 * 4096],
    [256 * 4095, 256],
  ])('cover %i pages + %i, each once', (page, pages) => {
    const covered = mibBoxes({ page, pages }).flatMap(({ x, y, width, height }) =>
      Array.from(
        { length: width * height },
        (_, at) => (y + Math.floor(at / width)) * 64 + x + (at % width),
      ),
    );
    const first = Math.floor(page / 256);
    const last = Math.floor((page + pages - 1) / 256);
    expect(covered).toEqual(Array.from({ length: last - first + 1 }, (_, at) => first + at));
    expect(mibBoxes({ page, pages }).length).toBeLessThanOrEqual(3);
  });
});

describe('two spaces in one picture', () => {
  const before = exampleOf('first-look').open();
  const after = exampleOf('split-space').open();

  it.each([false, true])('has the changes of the library (leaves: %s)', (leaves) => {
    const changes = [...diffSpaces(before.regions, after.regions, leaves)];
    const found = diffSubjects(before, after, leaves);
    expect(found.changes).toEqual(changes);
    expect(found.count).toBe(changes.length);
    for (const kind of ['added', 'removed', 'changed'] as const) {
      const bytes = changes
        .filter((change) => change.kind === kind)
        .reduce((sum, change) => sum + change.bytes, 0);
      const pages = found.pages.reduce((sum, bit) => sum + (bit === ChangeBit[kind] ? 1 : 0), 0);
      expect(found.totals[kind].bytes).toBe(bytes);
      expect(pages * PAGE_BYTES).toBe(bytes);
    }
  });

  it('has none of a space with itself', () => {
    expect(diffSubjects(before, before, true).count).toBe(0);
  });
});

describe('the score of the quiz', () => {
  it('counts the first answer, and comes back from its text', () => {
    let score = parseScore('');
    expect(scoreWords(score)).toBe('nothing answered yet');
    score = answered(score, 3, false);
    score = answered(score, 3, true);
    score = answered(answered(score, 4, true), 5, true);
    expect(scoreWords(score)).toBe('2 of 3 right, 2 in a row');
    expect(parseScore(scoreText(score))).toEqual(score);
    expect(parseScore('1:1,<img>,2:7,8:0')).toEqual(
      new Map([
        [1, true],
        [8, false],
      ]),
    );
  });
});

describe('a layout while it is written', () => {
  const path = 'lab/examples/first-look.yaml';
  const text = readFileSync(path, 'utf8');
  const draft = (changed: string) => buildDraft({ text: changed, path, programs: new Map() });

  it('says where it is wrong: in its YAML, its schema, its places', () => {
    const first = (changed: string) => draft(changed).problems[0];
    expect(first(text.replace('cpu: cortex-a15', 'cpu: ['))?.line).toBeGreaterThan(5);
    expect(
      first(text.replace('rights: rw, memory: device}', 'rights: rq, memory: device}')),
    ).toMatchObject({
      line: 25,
    });
    const overlap = draft(text.replace('va: 0xc400_0000', 'va: 0xc200_0000'));
    expect(overlap.problems[0]?.message).toContain('kernel-heap');
    expect(overlap.placement?.regions.length).toBeGreaterThan(10);
    expect(draft('').problems.length).toBeGreaterThan(0);
  });

  it('has no use for a hint where the text cannot be read any more', () => {
    const build = draft(text).build;
    const [hint] = build === undefined ? [] : layoutHints(build);
    if (hint === undefined) throw new Error('the example has no hint');
    expect(withHint(`${text}  - {na`, hint)).toBeUndefined();
  });

  it('costs what a hint says, once it is followed', () => {
    const build = draft(text).build;
    if (build === undefined) throw new Error('the example does not build');
    let followed = 0;
    for (const hint of layoutHints(build)) {
      const changed = withHint(text, hint);
      if (changed === undefined) continue;
      const cost = draft(changed).build?.cost;
      expect(cost?.tables).toBe(build.cost.tables - hint.saves.tables);
      expect(cost?.tlbEntries).toBe(build.cost.tlbEntries - hint.saves.tlbEntries);
      followed += 1;
    }
    expect(followed).toBeGreaterThan(0);
  });
});
