/** Lessons about what is kept at hand, translations and pages, and when it has to go. */

import belady from '../../examples/traces/belady.txt?raw';
import breakBeforeMake from './break-before-make.yaml?raw';
import type { Lesson } from './lesson.js';
import { cost, misses, sessionOf } from './measures.js';

/** The string of pages of `examples/traces/belady.txt`. */
const BELADY = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];

/** They build on each other in this order. */
export const REPLACEMENT_LESSONS: readonly Lesson[] = [
  {
    id: 'break-before-make',
    title: 'Stale entries, and break before make',
    about: 'What the TLB still believes, and what software owes it.',
    screen: 'policies',
    source: { kind: 'scenario', text: breakBeforeMake },
    questions: [
      {
        after: 3,
        ask: 'A section is in the TLB as rw. Its rights become r. If nobody told the TLB, a store would…',
        choices: ['be refused', 'still succeed'],
        right: 1,
        upTo: 4,
        because:
          'The processor asks the TLB first, and it says rw. So the kernel drops the entry: one maintenance operation by address.',
        at: 0x1000_0000,
        // With the operation that the kernel does, the entry is gone, so that the tables are asked.
        measure: (world) => {
          const session = sessionOf(world);
          const before = session.at(session.momentOfStep(3)).tlb();
          const after = session.at(session.momentOfStep(4)).tlb();
          return before.length === 1 && after.length === 0 ? 'still succeed' : 'be refused';
        },
      },
      {
        after: 5,
        ask: 'The section is split: one entry becomes 256, through a table. How many words are written?',
        choices: ['256', '257', '258'],
        right: 2,
        upTo: 6,
        because:
          'First the section is broken (one word), the TLB forgets it; then 256 pages are made in a table that is not installed; then it is installed (one more).',
        at: 0x1000_0000,
        measure: cost('ENTRY_WRITES', 6),
      },
      {
        after: 6,
        ask: 'What did the strict TLB, which never forgets by itself, find wrong with all this?',
        choices: ['nothing', 'a stale entry', 'a missing break'],
        right: 0,
        upTo: 7,
        because:
          'At no time did the tables hold a new leaf while an old one could be cached. Two entries for one address at once would be unpredictable.',
        at: 0x1000_0000,
        measure: (world) => {
          const kinds = sessionOf(world).results.flatMap(({ violations }) => violations);
          return kinds.length === 0 ? 'nothing' : 'a stale entry';
        },
      },
    ],
  },
  {
    id: 'belady',
    title: "Belady's anomaly",
    about: 'More memory, and more faults: which policies that can happen to.',
    screen: 'policies',
    source: { kind: 'trace', text: belady, id: 'belady' },
    questions: [
      {
        after: 0,
        ask: 'The pages 1 2 3 4 1 2 5 1 2 3 4 5 are used, with three frames and FIFO. How many of the 12 uses miss?',
        choices: ['5', '9', '10'],
        right: 1,
        upTo: 0,
        because:
          'Who came first goes first, however much he is needed: 1 and 2 are thrown out right before they are used.',
        measure: () => misses(BELADY, 'fifo', 3),
      },
      {
        after: 0,
        ask: 'A fourth frame is bought. How many miss now?',
        choices: ['8', '9', '10'],
        right: 2,
        upTo: 0,
        because:
          "More frames, more misses: Belady's anomaly. With other numbers of frames other pages are the oldest.",
        measure: () => misses(BELADY, 'fifo', 4),
      },
      {
        after: 0,
        ask: 'And LRU, which misses 10 times with three frames: how often with four?',
        choices: ['8', '10', '11'],
        right: 0,
        upTo: 0,
        because:
          'With four frames LRU holds all that it holds with three, and one page more. A policy with this property is a stack algorithm, and is safe from the anomaly.',
        measure: () => misses(BELADY, 'lru', 4),
      },
    ],
  },
];
