import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabSession } from '../../../lab/engine/lab-session.js';
import type { MomentState } from '../../../lab/engine/moment-state.js';
import { runJson } from '../../../src/cli/run-json.js';
import { proveRun } from '../../../src/cli/run-proof.js';
import {
  AddressSpace,
  mapRows,
  parseSnapshot,
  Regions,
  type SpaceInput,
  snapshotReader,
  snapshotText,
} from '../../../src/inspect/index.js';
import { objectImages, slotImages } from '../../../src/kernel/index.js';
import { type FileReader, parseScenario, ScenarioRun } from '../../../src/scenario/index.js';
import { errorOf } from '../../support/errors.js';
import { beginning, randomOperations } from './random-scenario.js';

const LIBRARY = 'examples/scenarios';
const TEXTS = readdirSync(LIBRARY).map((name) => [
  name,
  readFileSync(`${LIBRARY}/${name}`, 'utf8'),
]);

const files: FileReader = (path) => new Uint8Array(readFileSync(join(LIBRARY, path)));

/** What `pagewright run --json` prints for the scenario, without its events. */
function libraryJson(text: string): object {
  const run = new ScenarioRun(parseScenario(text, 'scenario.yaml'), files);
  const start = run.world.machine.counters.snapshot();
  for (const _ of run.steps());
  return runJson(run, proveRun(run), start) as object;
}

function finished(text: string): LabSession {
  const session = new LabSession(text, { files });
  session.finish();
  return session;
}

/** Everything that screens ask of a moment, as plain values. */
function everything(state: MomentState): unknown {
  return {
    costs: state.costs,
    registers: state.registers,
    tlb: state.tlb(),
    objects: state.objects(),
    domains: state.domains.map((domain) => ({
      ...domain,
      frames: [...domain.frames],
      slots: state.slots(domain),
      rows: [...mapRows(new Regions(state.space(domain)))],
    })),
  };
}

/** The space of a domain; `pmapSpace` would ask the kernel, which counts that. */
function inputOf(session: LabSession, domain: number): SpaceInput {
  const { machine, kernel } = session.run.world;
  const { ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr } = machine.cpu.registers;
  const ttbr0 = kernel.rootTable(domain) as number;
  const registers = { ttbr0, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr };
  return { reader: machine.memory, registers, profile: machine.profile };
}

/** The same of the machine itself, as it is now. */
function machineNow(session: LabSession): unknown {
  const { machine, kernel, actors } = session.run.world;
  const { capabilities } = kernel.state;
  return {
    costs: machine.counters.snapshot(),
    tlb: [...machine.tlb.entries()],
    objects: objectImages(capabilities),
    domains: actors.map(({ name, domain }) => ({
      name,
      slots: slotImages(capabilities, kernel.cspaceOf(domain.number)),
      rows: [...mapRows(new Regions(new AddressSpace(inputOf(session, domain.number))))],
      regions: domain.vspace.all().map(({ name: region, base, bytes }) => [region, base, bytes]),
      root: kernel.rootTable(domain.number),
      leaves: domain.pmap.measure().leaves,
    })),
  };
}

function sameShape(state: MomentState): unknown {
  const key = (entry: { va: number; asid: number | undefined; bytes: number }): string =>
    `${entry.va}.${entry.asid}.${entry.bytes}`;
  return {
    costs: state.costs,
    tlb: state.tlb().sort((left, right) => key(left).localeCompare(key(right))),
    objects: state.objects(),
    domains: state.domains.map((domain) => ({
      name: domain.name,
      slots: state.slots(domain),
      rows: [...mapRows(new Regions(state.space(domain)))],
      regions: domain.regions.map(({ name, base, bytes }) => [name, base, bytes]),
      root: domain.root,
      leaves: { used: domain.numbers.usedLeaves, free: domain.numbers.freeLeaves },
    })),
  };
}

function sorted(value: unknown): unknown {
  const now = value as { tlb: { va: number; asid: number | undefined; bytes: number }[] };
  const key = (entry: { va: number; asid: number | undefined; bytes: number }): string =>
    `${entry.va}.${entry.asid}.${entry.bytes}`;
  return { ...now, tlb: now.tlb.sort((left, right) => key(left).localeCompare(key(right))) };
}

describe('a session', () => {
  it('keeps a moment as a file that reads as the moment was', () => {
    const session = finished(TEXTS.find(([name]) => name === 'revocation.yaml')?.[1] as string);
    for (const moment of [0, Math.floor(session.lastMoment / 2), session.lastMoment]) {
      const state = session.at(moment);
      for (const domain of state.domains) {
        const read = parseSnapshot(snapshotText(state.snapshot(domain)));
        const { registers, profile } = state.input(domain);
        const reader = snapshotReader(read.memory);
        const space = new AddressSpace({ reader, registers, profile });
        expect([...mapRows(new Regions(space))]).toEqual([
          ...mapRows(new Regions(state.space(domain))),
        ]);
        expect(read.registers.find(({ name }) => name === 'ttbr0')?.value).toBe(domain.root);
      }
    }
  });

  it.each(TEXTS)('runs %s as the library does, count for count', (_name, text) => {
    const session = finished(text as string);
    const json = runJson(session.run, proveRun(session.run), session.at(0).costs) as object;
    expect(json).toEqual(libraryJson(text as string));
    expect(session.failure).toBeUndefined();
  });

  it('agrees with the library and with the machine at every step of random scenarios', () => {
    fc.assert(
      fc.property(randomOperations, ({ tlb, steps }) => {
        const session = new LabSession(beginning(tlb));
        const states: unknown[] = [];
        session.finish();
        for (const step of steps) {
          try {
            session.apply(step);
          } catch (error) {
            // A strict TLB, or a name that is not there yet or any more.
            expect(error).toMatchObject({ code: expect.stringMatching(/^SCENARIO_ERR_/) });
            continue;
          }
          expect(sameShape(session.at(session.lastMoment))).toEqual(sorted(machineNow(session)));
          states.push(everything(session.at(session.lastMoment)));
        }
        const typed = session.results.length - states.length;
        for (const [index, state] of [...states.entries()].reverse()) {
          const moment = session.momentOfStep(typed + index + 1);
          expect(everything(session.at(moment))).toEqual(state);
        }
        const json = runJson(session.run, proveRun(session.run), session.at(0).costs) as object;
        const { title, steps: all } = session.scenario;
        const scenario = { file: 'scenario.yaml', title, steps: all.length };
        expect({ ...json, scenario }).toEqual(libraryJson(session.text));
      }),
      { numRuns: 20 },
    );
  });

  it('is the same at every moment, whichever way one comes to it', () => {
    const session = finished(readFileSync(`${LIBRARY}/split-and-promote.yaml`, 'utf8'));
    const forwards = Array.from({ length: session.lastMoment + 1 }, (_, moment) =>
      everything(session.at(moment)),
    );
    expect(forwards.length).toBeGreaterThan(20);
    for (let moment = session.lastMoment; moment >= 0; moment -= 1) {
      expect(everything(session.at(moment))).toEqual(forwards[moment]);
    }
  });

  it('knows of which moments the tables are the same', () => {
    const session = finished(readFileSync(`${LIBRARY}/split-and-promote.yaml`, 'utf8'));
    const rowsOf = (state: MomentState): unknown =>
      state.domains.map((domain) => [...mapRows(new Regions(state.space(domain)))]);
    let same = 0;
    for (let moment = 1; moment <= session.lastMoment; moment += 1) {
      const [before, after] = [session.at(moment - 1), session.at(moment)];
      const isSame = JSON.stringify(rowsOf(before)) === JSON.stringify(rowsOf(after));
      if (after.hasTablesOf(before)) {
        expect(isSame, `moment ${moment}`).toBe(true);
        same += 1;
      }
    }
    expect(same).toBeGreaterThan(session.lastMoment / 4);
    expect(same).toBeLessThan(session.lastMoment);
    expect(session.at(session.lastMoment).hasTablesOf(session.at(0))).toBe(false);
  });

  it('says where a scenario is wrong, in line and column', () => {
    const text = 'domains: [ { name: first } ]\nsteps:\n  - map: { frame: nowhere }\n';
    const error = errorOf(() => new LabSession(text));
    expect(error.code).toBe('SCENARIO_ERR_REFERENCE');
    expect(error.evidence).toMatchObject([{ line: 3, column: 19 }]);
  });
});

describe('operations', () => {
  const start = (): LabSession => finished(beginning('profile'));

  it('are steps: the text that they leave runs to the same machine', () => {
    const session = start();
    session.apply('map a at=0x1000_0000 rights=rx');
    session.apply('- load: { at: a+16 }');
    session.apply('share b with=second as=theirs');
    session.apply('load theirs domain=second');
    expect(session.results.map(({ step }) => step.verb).slice(4)).toEqual([
      'map',
      'load',
      'share',
      'load',
    ]);
    expect(session.results.at(-1)?.step.domain).toBe('second');
    const again = finished(session.text);
    expect(everything(again.at(again.lastMoment))).toEqual(
      everything(session.at(session.lastMoment)),
    );
  });

  it('that are refused or fault are kept as expected to, and the session goes on', () => {
    const session = start();
    expect(session.apply('load 0x7000_0000').outcome).toMatchObject({ kind: 'fault' });
    expect(session.apply('unmap 0x1000_0000').outcome).toMatchObject({ kind: 'error' });
    expect(session.failure).toBeUndefined();
    expect(session.text).toContain('expect: { fault: translation }');
    expect(session.apply('map a').outcome.kind).toBe('done');
    const again = finished(session.text);
    expect(again.failure).toBeUndefined();
    expect(again.results.length).toBe(session.results.length);
  });

  it('are undone and done again', () => {
    const session = start();
    const before = everything(session.at(session.lastMoment));
    session.apply('map a at=0x1000_0000');
    const after = everything(session.at(session.lastMoment));
    expect(session.canUndo && !session.canRedo).toBe(true);
    session.undo();
    expect(everything(session.at(session.lastMoment))).toEqual(before);
    session.redo();
    expect(everything(session.at(session.lastMoment))).toEqual(after);
    expect(session.canRedo).toBe(false);
  });

  it.each([
    ['', 'SCENARIO_ERR_SYNTAX', 'nothing is written'],
    ['frobnicate a', 'SCENARIO_ERR_SYNTAX', 'is no operation'],
    ['map a b', 'SCENARIO_ERR_SYNTAX', 'b has no key'],
    ['map a colour=red', 'SCENARIO_ERR_SYNTAX', 'colour is no key of map'],
    ['map nobody', 'SCENARIO_ERR_REFERENCE', 'no frame is called `nobody`'],
    ['map a rights=everything', 'SCENARIO_ERR_SCHEMA', 'a set of rights'],
    ['switch', 'SCENARIO_ERR_SYNTAX', 'switch takes one name'],
    ['trim a', 'SCENARIO_ERR_SYNTAX', 'trim takes nothing'],
    ['trim: {}\n- trim: {}', 'SCENARIO_ERR_SYNTAX', ''],
    ['load "0x1000', 'SCENARIO_ERR_SCHEMA', 'a place'],
  ])('refuses %j, and nothing has changed', (line, code, words) => {
    const session = start();
    const before = everything(session.at(session.lastMoment));
    const { text } = session;
    const error = errorOf(() => session.apply(line));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(session.text).toBe(text);
    expect(everything(session.at(session.lastMoment))).toEqual(before);
    expect(session.canUndo).toBe(false);
  });

  it('do not follow a step that did not end as expected', () => {
    const session = finished(`${beginning('profile')}  - load: { at: 0x5000_0000 }\n`);
    expect(session.failure?.step.verb).toBe('load');
    expect(errorOf(() => session.apply('map a')).code).toBe('SCENARIO_ERR_EXPECTATION');
  });
});
