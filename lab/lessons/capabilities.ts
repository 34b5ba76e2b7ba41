/** Lessons about who owns memory, who else may use it, and the records of it. */

import copyOnWrite from './copy-on-write.yaml?raw';
import type { Lesson } from './lesson.js';
import { cost, ending, resultOf } from './measures.js';
import refill from './refill.yaml?raw';
import revocation from './revocation.yaml?raw';

/** They build on each other in this order. */
export const CAPABILITY_LESSONS: readonly Lesson[] = [
  {
    id: 'refill',
    title: 'The refill recursion',
    about: 'Records of mappings live in memory that is mapped, which needs records.',
    screen: 'capabilities',
    source: { kind: 'scenario', text: refill },
    questions: [
      {
        after: 2,
        ask: 'A page in an empty MiB: an L1 entry, and an entry in a new table. How many words does a usual map here write?',
        choices: ['2', '4'],
        right: 0,
        upTo: 3,
        because:
          'One to install the table, one for the page. Each map takes one record of each kind.',
        measure: cost('ENTRY_WRITES', 3),
      },
      {
        after: 7,
        ask: 'Two free records of tables are left. How many words does the next map write?',
        choices: ['2', '3', '4'],
        right: 2,
        upTo: 8,
        because:
          'First the slab grows: a frame for records is mapped at 40000000, which needs a table itself (two words). Then comes what was asked for (two more). The last record was kept for exactly this.',
        at: 0x4000_0000,
        measure: cost('ENTRY_WRITES', 8),
      },
      {
        after: 14,
        ask: 'Now the records of mappings are short. How many words this time?',
        choices: ['2', '3', '4'],
        right: 1,
        upTo: 15,
        because:
          'The slab grows again, and its frame goes beside the first: the table is there, so that one word is enough. The recursion is never deeper than one.',
        at: 0x4000_1000,
        measure: cost('ENTRY_WRITES', 15),
      },
    ],
  },
  {
    id: 'copy-on-write',
    title: 'Copy on write',
    about: 'What a clone costs when it is made, and who pays later.',
    screen: 'memory',
    source: { kind: 'scenario', text: copyOnWrite },
    questions: [
      {
        after: 4,
        ask: 'The parent has written to two of its 16 pages. It is cloned. How many page frames are taken for the pages of the clone?',
        choices: ['0', '2', '16'],
        right: 0,
        upTo: 5,
        because:
          'None. Two words are written in the tables of the parent instead: both of its pages can only be read now, so that the next write to one of them is told.',
        at: 0x5000_0000,
        measure: (world) => `${resultOf(world, 5).paging.taken}`,
      },
      {
        after: 6,
        ask: 'The child has read the first page: it is the very frame of its parent. Now it writes. Which fault does it take?',
        choices: ['none', 'a translation fault', 'a permission fault'],
        right: 2,
        upTo: 7,
        because:
          'The page is there and may not be written. The handler of the domain copies it into a frame of its own, maps that to be written, and the store is made again.',
        at: 0x5000_0000,
        measure: (world) => {
          const [fault] = resultOf(world, 7).faults;
          return fault === undefined ? 'none' : `a ${fault.fault} fault`;
        },
      },
      {
        after: 8,
        ask: 'The child writes to this page once more. How many faults does it take?',
        choices: ['0', '1'],
        right: 0,
        upTo: 9,
        because: 'The page is its own by now. The other 15 are still nobody’s alone.',
        at: 0x5000_0000,
        measure: cost('FAULTS', 9),
      },
    ],
  },
  {
    id: 'revocation',
    title: 'What was given can be taken back',
    about: 'A frame goes through three domains, and one operation takes it back from all.',
    screen: 'capabilities',
    source: { kind: 'scenario', text: revocation },
    questions: [
      {
        after: 4,
        ask: 'The stranger has a capability to read. He maps it to write:',
        choices: ['it succeeds', 'SYS_ERR_VM_MAP_RIGHTS', 'SYS_ERR_CAP_NOT_FOUND'],
        right: 1,
        upTo: 5,
        because:
          'The rights of a mapping are at most those of the capability that it is made from.',
        measure: ending(5),
      },
      {
        after: 5,
        ask: 'The owner revokes the frame. How many mappings go?',
        choices: ['1', '2', '3'],
        right: 2,
        upTo: 6,
        because:
          "Those of the friend and of the stranger, whom the owner has never met, and the owner's own. His capability stays.",
        measure: (world) => {
          const { outcome } = resultOf(world, 6);
          const facts = outcome.kind === 'done' ? outcome.facts : undefined;
          return facts?.verb === 'revoke' ? `${facts.count}` : 'none';
        },
      },
      {
        after: 6,
        ask: 'The stranger reads once more what he could read a moment ago:',
        choices: [
          'it succeeds',
          'a translation fault at level 1',
          'a translation fault at level 2',
        ],
        right: 2,
        upTo: 7,
        because:
          'The entry was removed from his table and dropped from the TLB; the table is still his.',
        measure: ending(7),
      },
    ],
  },
];
