/** The lessons, in the order in which they build on each other. */

import splitSpace from '../../examples/layouts/split-space.yaml?raw';
import belady from '../../examples/traces/belady.txt?raw';
import { VmError } from '../../src/base/index.js';
import { Access, KIND_NAMES } from '../../src/format/index.js';
import { CapType } from '../../src/kernel/index.js';
import breakBeforeMake from './break-before-make.yaml?raw';
import copyOnWrite from './copy-on-write.yaml?raw';
import faultGates from './fault-gates.yaml?raw';
import firstMapping from './first-mapping.yaml?raw';
import type { Lesson } from './lesson.js';
import linux from './linux.json?raw';
import {
  accessEnding,
  cost,
  ending,
  misses,
  physicalAddress,
  resultOf,
  sessionOf,
  spaceOf,
  userRights,
  withDacr,
} from './measures.js';
import refill from './refill.yaml?raw';
import revocation from './revocation.yaml?raw';
import sections from './sections.yaml?raw';
import smallTables from './small-tables.yaml?raw';
import writableOrExecutable from './w-xor-x.yaml?raw';

/** The string of pages of `examples/traces/belady.txt`. */
const BELADY = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
const UART = 0xf900_0000;
/** Domain 0 a client, domain 1 none. */
const DRIVERS_CLOSED = 0b0001;
/** Domain 0 a client, domain 1 a manager. */
const DRIVERS_MANAGED = 0b1101;
const VECTORS = 0xffff_0000;

/** Every lesson. */
export const LESSONS: readonly [Lesson, ...Lesson[]] = [
  {
    id: 'first-mapping',
    title: 'A first mapping',
    about: 'What happens between owning memory and using it at an address.',
    screen: 'atlas',
    source: { kind: 'scenario', text: firstMapping },
    questions: [
      {
        after: 1,
        ask: 'The domain maps its frame of two pages where nothing is near. How many words does the kernel write into tables?',
        choices: ['1', '2', '3'],
        right: 2,
        upTo: 2,
        because:
          'Two entries for the two pages, in an L2 table that has to be made first; and one entry in the L1 table, which points to it.',
        at: 0x1000_0000,
        measure: cost('ENTRY_WRITES', 2),
      },
      {
        after: 2,
        ask: 'A store to 10001000, the second page. The frame begins at 80100000. Where does the word arrive?',
        choices: ['10001000', '80100000', '80101000'],
        right: 2,
        upTo: 3,
        because:
          'The upper 20 bits of the address choose the entries and are replaced by those of the frame; the lower 12 stay.',
        at: 0x1000_1000,
        measure: physicalAddress(3),
      },
      {
        after: 3,
        ask: 'A load from the same page follows. How many words of tables does the processor read for it?',
        choices: ['0', '1', '2'],
        right: 0,
        upTo: 4,
        because: 'The walk of the store is still in the TLB, which answers without the tables.',
        at: 0x1000_1000,
        measure: cost('WALK_READS', 4),
      },
    ],
  },
  {
    id: 'small-tables',
    title: 'Why an L2 table is 1 KiB',
    about: 'How many entries a MiB needs, and when a table is shared.',
    screen: 'atlas',
    source: { kind: 'scenario', text: smallTables },
    questions: [
      {
        after: 1,
        ask: 'A MiB is to be divided into pages of 4 KiB, with 4 bytes for each. How large is the table?',
        choices: ['256 bytes', '1,024 bytes', '4,096 bytes'],
        right: 1,
        upTo: 2,
        because:
          '1 MiB / 4 KiB = 256 entries of 4 bytes: 1 KiB. Four L2 tables fit in one page, so that somebody has to hand out parts of pages.',
        at: 0x2000_0000,
        measure: (world) => {
          const objects = sessionOf(world).at(sessionOf(world).momentOfStep(2)).objects();
          const table = objects.find(({ type }) => type === CapType.VNODE_ARM_L2);
          return `${(table?.bytes ?? 0).toLocaleString('en')} bytes`;
        },
      },
      {
        after: 3,
        ask: 'A second page, at the other end of the same MiB. How many tables are made for it?',
        choices: ['0', '1'],
        right: 0,
        upTo: 4,
        because: 'The table of this MiB has 255 free entries; only one of them is written.',
        at: 0x200f_f000,
        measure: cost('TABLE_ALLOCATIONS', 4),
      },
      {
        after: 5,
        ask: 'A third page, right behind the second. How many tables are made now?',
        choices: ['0', '1'],
        right: 1,
        upTo: 6,
        because: 'It lies in the next MiB, which has an L1 entry of its own and no table yet.',
        at: 0x2010_0000,
        measure: cost('TABLE_ALLOCATIONS', 6),
      },
    ],
  },
  {
    id: 'sections',
    title: 'Sections against pages',
    about: 'The same memory mapped twice, and what each costs.',
    screen: 'atlas',
    source: { kind: 'scenario', text: sections },
    questions: [
      {
        after: 2,
        ask: '4 MiB by small pages took 1,028 words in tables. How many do sections of 1 MiB take?',
        choices: ['4', '64', '1,024'],
        right: 0,
        upTo: 3,
        because: 'A section is an entry of the L1 table itself: one for each MiB, and no L2 table.',
        at: 0x2000_0000,
        measure: cost('ENTRY_WRITES', 3),
      },
      {
        after: 3,
        ask: 'The TLB has 128 entries. A program reads a word in each of the 1,024 pages. How often does it miss?',
        choices: ['128', '896', '1,024'],
        right: 2,
        upTo: 4,
        because: 'Every page needs an entry of its own, and none is used twice.',
        at: 0x1000_0000,
        measure: cost('TLB_MISSES', 4),
      },
      {
        after: 4,
        ask: 'The same walk through the sections. How often does it miss?',
        choices: ['4', '128', '1,024'],
        right: 0,
        upTo: 5,
        because:
          'One TLB entry translates a whole MiB. This is why kernels map memory by sections.',
        at: 0x2000_0000,
        measure: cost('TLB_MISSES', 5),
      },
    ],
  },
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
  {
    id: 'linux',
    title: 'Reading a Linux dump',
    about: 'The page tables of a running Debian, as they were found in its memory.',
    screen: 'atlas',
    source: { kind: 'snapshot', text: linux },
    questions: [
      {
        after: 0,
        ask: 'The kernel of Linux begins at c0000000. By which leaves is the memory there mapped?',
        choices: ['small', 'large', 'section'],
        right: 2,
        upTo: 0,
        because:
          'All memory in a row, by sections of 1 MiB: no tables, few TLB entries. Only its beginning is finer, where code may not be written.',
        at: 0xc200_0000,
        measure: (world) => KIND_NAMES[spaceOf(world).entryAt(0xc_2000).kind] ?? '',
      },
      {
        after: 0,
        ask: 'At ffff0000 lie the vectors, a page of the kernel. What may a program do there?',
        choices: ['nothing', 'r', 'rx'],
        right: 2,
        upTo: 0,
        because:
          'Programs call helpers there (kuser helpers): reading and executing are allowed, in a DACR domain of its own.',
        at: VECTORS,
        measure: (world) => userRights(spaceOf(world), VECTORS),
      },
      {
        after: 0,
        ask: 'How many bytes of L2 tables does this process have, beside the 16 KiB of its root?',
        choices: ['1,024 bytes', '49,152 bytes', '4,194,304 bytes'],
        right: 1,
        upTo: 0,
        because:
          '48 tables of 1 KiB. Linux takes them in pairs and keeps its own notes beside them, so that each pair fills a page.',
        measure: (world) =>
          `${(spaceOf(world).tableKibibytes.length * 1024).toLocaleString('en')} bytes`,
      },
    ],
  },
];

/**
 * The lesson that is called `id`.
 *
 * Errors: SOURCE_ERR_READ — there is none.
 */
export function lessonOf(id: string): Lesson {
  const found = LESSONS.find((lesson) => lesson.id === id);
  if (found !== undefined) return found;
  const known = LESSONS.map((lesson) => lesson.id).join(', ');
  throw new VmError(
    'SOURCE_ERR_READ',
    `no lesson is called ${JSON.stringify(id)}; there are ${known}`,
  );
}
