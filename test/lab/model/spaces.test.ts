import { describe, expect, it } from 'vitest';
import { layerOf, pageMarks } from '../../../lab/model/layers.js';
import { ribbonMap, share } from '../../../lab/model/ribbons.js';
import { snapshotOf, subjectOfSnapshot } from '../../../lab/model/snapshot-file.js';
import { Subject } from '../../../lab/model/subject.js';
import { nextRegion } from '../../../lab/screens/map-table.js';
import { CELLS, gridCells, isLeaf, mapRows, USER_CELL } from '../../../src/inspect/index.js';
import { exampleBuild } from '../../support/example-layouts.js';
import { linuxInput } from '../../support/linux-fixture.js';

function exampleSubject(name: string): Subject {
  const build = exampleBuild(name);
  return new Subject({
    title: name,
    input: build.space.input,
    names: build.names.ranges,
    provenance: { source: `layout:${name}.yaml` },
  });
}

const linux = new Subject({
  title: 'linux',
  input: linuxInput(),
  provenance: { source: 'tables:linux' },
});

describe.each([
  ['zynq-board', exampleSubject('zynq-board')],
  ['split-space', exampleSubject('split-space')],
  ['linux', linux],
])('the space of %s', (_name, subject) => {
  const rows = [...mapRows(subject.regions, { names: subject.names })].filter(
    ({ type }) => type !== undefined,
  );

  it('is coloured as the grid of show', () => {
    const { pages, classes } = layerOf(subject, 'rights');
    const cells = gridCells(subject.regions);
    expect(classes.map(({ text }) => text)).toEqual(CELLS.map(({ text }) => text));
    const marks = pageMarks(subject);
    for (let mib = 0; mib < cells.length; mib++) {
      const part = pages.subarray(mib * 256, (mib + 1) * 256);
      expect(Math.max(...part)).toBe((cells[mib] as number) & ~USER_CELL);
      const user = marks.subarray(mib * 256, (mib + 1) * 256).some((mark) => (mark & 4) !== 0);
      expect(user).toBe(((cells[mib] as number) & USER_CELL) !== 0);
    }
  });

  it('is told row by row, forwards and backwards', () => {
    const starts: number[] = [];
    for (
      let at = nextRegion(subject, undefined, 1);
      at !== starts.at(-1);
      at = nextRegion(subject, at, 1)
    ) {
      starts.push(at as number);
    }
    expect(starts).toEqual(rows.map(({ va }) => va));
    for (let index = starts.length - 1; index > 0; index--) {
      expect(nextRegion(subject, starts[index], -1)).toBe(starts[index - 1]);
    }
    const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
    if (rows.every(({ scattered }) => !scattered)) expect(subject.extent.mappedBytes).toBe(bytes);
  });

  it('has a ribbon for every run, and meetings where frames are shared', () => {
    const whole = { from: 0, to: 2 ** 32 };
    const { ribbons, virtual, physical, left } = ribbonMap(subject, whole, false);
    if (left === 0) {
      let pages = 0;
      const { regions } = subject;
      for (let region = 0; region < regions.count; region++) {
        if (isLeaf(regions.meaningOf[region] as number)) pages += regions.lengths[region] as number;
      }
      expect(ribbons.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(pages * 4096);
    }
    for (const parts of [virtual, physical]) {
      let end = 0;
      for (const part of parts) {
        expect(part.start).toBeCloseTo(end, 9);
        end = part.end;
      }
      expect(end).toBeCloseTo(1, 9);
    }
    for (const { from, to, uses } of physical) {
      const users = ribbons.filter((each) => each.pa < to && from < each.pa + each.bytes);
      expect(users.length).toBe(uses);
    }
    const shared = ribbons.some((one) =>
      ribbons.some((other) => one !== other && share(one, other)),
    );
    expect(physical.some(({ uses }) => uses > 1)).toBe(shared);
  });

  it('is the same after it was a file', () => {
    const again = subjectOfSnapshot(snapshotOf(subject), {
      title: subject.title,
      word: subject.provenance.source,
      names: subject.names.ranges,
    });
    expect([...mapRows(again.regions, { names: again.names })]).toEqual([
      ...mapRows(subject.regions, { names: subject.names }),
    ]);
    expect(again.check.findings).toEqual(subject.check.findings);
  });
});
