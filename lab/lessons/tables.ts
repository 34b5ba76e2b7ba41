/** Lessons about mappings and the tables that hold them. */

import { CapType } from '../../src/kernel/index.js';
import firstMapping from './first-mapping.yaml?raw';
import type { Lesson } from './lesson.js';
import { cost, physicalAddress, sessionOf } from './measures.js';
import sections from './sections.yaml?raw';
import smallTables from './small-tables.yaml?raw';

/** They build on each other in this order. */
export const TABLE_LESSONS: readonly Lesson[] = [
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
];
