/** Lessons about what refuses an access. */

import splitSpace from '../../examples/layouts/split-space.yaml?raw';
import { Access } from '../../src/format/index.js';
import faultGates from './fault-gates.yaml?raw';
import type { Lesson } from './lesson.js';
import { accessEnding, cost, ending, resultOf, spaceOf, withDacr } from './measures.js';
import writableOrExecutable from './w-xor-x.yaml?raw';

const UART = 0xf900_0000;
/** Domain 0 a client, domain 1 none. */
const DRIVERS_CLOSED = 0b0001;
/** Domain 0 a client, domain 1 a manager. */
const DRIVERS_MANAGED = 0b1101;

/** They build on each other in this order. */
export const FAULT_LESSONS: readonly Lesson[] = [
  {
    id: 'fault-gates',
    title: 'A fault, gate by gate',
    about: 'Which gate an access fails at, and what the fault says of it.',
    screen: 'walk',
    source: { kind: 'scenario', text: faultGates },
    questions: [
      {
        after: 2,
        ask: 'One page is mapped at 30000000. A load from 70000000 ends in…',
        choices: [
          'a translation fault at level 1',
          'a translation fault at level 2',
          'a permission fault at level 2',
        ],
        right: 0,
        upTo: 3,
        because: 'The L1 entry of that MiB is 0, so that the walk ends at level 1.',
        at: 0x7000_0000,
        measure: ending(3),
      },
      {
        after: 3,
        ask: 'And a load from 30001000, one page behind the page?',
        choices: [
          'a translation fault at level 1',
          'a translation fault at level 2',
          'it succeeds',
        ],
        right: 1,
        upTo: 4,
        because: 'The MiB has a table, and the entry in it is 0: the walk comes one level further.',
        at: 0x3000_1000,
        measure: ending(4),
      },
      {
        after: 4,
        ask: 'A store to the page itself, which is mapped to be read?',
        choices: [
          'a translation fault at level 2',
          'a domain fault at level 2',
          'a permission fault at level 2',
        ],
        right: 2,
        upTo: 5,
        because:
          'There is a leaf and the DACR domain is a client; only then AP is asked, and says no.',
        at: 0x3000_0000,
        measure: ending(5),
      },
      {
        after: 5,
        ask: 'The store has failed, but it walked. Does the load that follows have to walk again?',
        choices: ['no', 'yes'],
        right: 0,
        upTo: 6,
        because:
          'A leaf that refuses is a leaf: the TLB keeps it with its permissions. What has no leaf is never kept.',
        at: 0x3000_0000,
        measure: (world) => (resultOf(world, 6).costs.WALKS === 0 ? 'no' : 'yes'),
      },
    ],
  },
  {
    id: 'domains',
    title: 'Domains and the DACR',
    about: 'Sixteen keys that close whole parts of a space with one write.',
    screen: 'walk',
    source: { kind: 'layout', text: splitSpace, path: 'examples/layouts/split-space.yaml' },
    questions: [
      {
        after: 0,
        ask: 'The UART at f9000000 is in DACR domain 1, which is a client. The kernel reads it:',
        choices: ['it succeeds', 'a domain fault at level 2', 'a permission fault at level 2'],
        right: 0,
        upTo: 0,
        because: 'A client asks the permissions of the entry, which allow PL1 to read.',
        at: UART,
        measure: (world) => accessEnding(spaceOf(world), UART, Access.PRIVILEGED_READ),
      },
      {
        after: 0,
        ask: 'The kernel writes the DACR so that domain 1 is "no access". The same read:',
        choices: ['it succeeds', 'a domain fault at level 2', 'a permission fault at level 2'],
        right: 1,
        upTo: 0,
        because:
          'The domain is asked before the permissions. No table was changed and nothing in the TLB was dropped: one register closes all drivers.',
        at: UART,
        measure: (world) =>
          accessEnding(
            spaceOf(world),
            UART,
            Access.PRIVILEGED_READ,
            withDacr(spaceOf(world), DRIVERS_CLOSED),
          ),
      },
      {
        after: 0,
        ask: 'Domain 1 as a manager (11). A program at PL0 reads the UART, which AP does not allow:',
        choices: ['it succeeds', 'a domain fault at level 2', 'a permission fault at level 2'],
        right: 0,
        upTo: 0,
        because: 'A manager asks no permissions at all. This is why nobody should be one.',
        at: UART,
        measure: (world) =>
          accessEnding(
            spaceOf(world),
            UART,
            Access.USER_READ,
            withDacr(spaceOf(world), DRIVERS_MANAGED),
          ),
      },
    ],
  },
  {
    id: 'w-xor-x',
    title: 'Writable or executable',
    about: 'How code gets into memory without ever being both.',
    screen: 'walk',
    source: { kind: 'scenario', text: writableOrExecutable },
    questions: [
      {
        after: 3,
        ask: 'The loader has written code into a page that is rw. It jumps there:',
        choices: ['it succeeds', 'a permission fault at level 2', 'a translation fault at level 2'],
        right: 1,
        upTo: 4,
        because: 'The entry has XN, execute never: reading is not enough to be fetched.',
        at: 0x1000_0000,
        measure: ending(4),
      },
      {
        after: 4,
        ask: 'It changes the rights to rx. How many TLB maintenance operations does the kernel do?',
        choices: ['0', '1', '256'],
        right: 1,
        upTo: 5,
        because:
          'The TLB still holds the page as rw. Rights may change without a break, but the old entry has to go.',
        at: 0x1000_0000,
        measure: cost('TLB_MAINTENANCE', 5),
      },
      {
        after: 6,
        ask: 'The code runs. Somebody stores another instruction into it:',
        choices: ['it succeeds', 'a permission fault at level 2'],
        right: 1,
        upTo: 7,
        because: 'What can be executed can no longer be written. Either, never both.',
        at: 0x1000_0000,
        measure: ending(7),
      },
    ],
  },
];
