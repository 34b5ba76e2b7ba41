/**
 * Going back in time in the lab, over a scenario of about 10,000 events: four TLB events for each
 * access, and what mapping and protecting pages invokes.
 *
 *   momentStep      one moment back or forth: its changes, and a copy of the state
 *   momentAny       from any moment to any other
 *   momentDrawn     a step, and everything that screens ask of it: tables, TLB, objects, slots
 */
import { LabSession } from '../lab/engine/lab-session.js';
import type { MomentState } from '../lab/engine/moment-state.js';
import { type Case, nanosecondsPer, shuffled } from './measure.js';

const PIECES = 8;
const ROUNDS = 300;
const MOVES = 64;

/** Frames of 1 MiB, mapped by pages; then accesses at random, and pages that change their rights. */
function scenario(): string {
  const steps: string[] = [];
  for (let piece = 0; piece < PIECES; piece += 1) {
    steps.push(`allocate: { frame: f${piece}, size: 1M }`);
    steps.push(`map: { frame: f${piece}, at: 0x1${piece}00_0000, as: r${piece} }`);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const piece = round % PIECES;
    steps.push(`touch: { at: r${piece}, size: 1M, pattern: random, count: 8, seed: ${round} }`);
    const place = `r${piece}+${4 * (round % 200)}K`;
    steps.push(`protect: { at: ${place}, size: 4K, rights: ${round % 2 === 0 ? 'rw' : 'r'} }`);
  }
  return `domains: [ { name: d, ram: 32M } ]\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
}

let opened: LabSession | undefined;

/** The session, run once for all cases. */
function session(): LabSession {
  if (opened !== undefined) return opened;
  opened = new LabSession(scenario());
  opened.finish();
  if (opened.failure !== undefined || opened.missedEvents > 0)
    throw new Error('the scenario fails');
  return opened;
}

function drawn(state: MomentState): number {
  const [domain] = state.domains;
  if (domain === undefined) return 0;
  return (
    state.space(domain).tableKibibytes.length +
    state.tlb().length +
    state.objects().length +
    state.slots(domain).length
  );
}

/** Moves of `from` to a moment, one after the other. */
function moves(name: string, next: (move: number, last: number) => number, look = false): Case {
  return {
    name,
    unit: 'ns',
    samples: 30,
    prepare: () => {
      const open = session();
      let seen = 0;
      return () =>
        nanosecondsPer(MOVES, () => {
          for (let move = 0; move < MOVES; move += 1) {
            const state = open.at(next(move, open.lastMoment));
            if (look) seen += drawn(state);
          }
          if (look && seen === 0) throw new Error('nothing was drawn');
        });
    },
  };
}

const places = shuffled(4096);
const anywhere = (move: number, last: number): number =>
  Math.floor(((places[move] as number) / places.length) * last);

/** The cases. */
export const cases: readonly Case[] = [
  moves('momentStep', (move, last) => Math.floor(last / 2) + (move % 32)),
  moves('momentAny', anywhere),
  moves('momentDrawn', (move, last) => Math.floor(last / 2) + (move % 32), true),
];
