/** Lessons about tables that were found in memory. */

import { KIND_NAMES } from '../../src/format/index.js';
import type { Lesson } from './lesson.js';
import linux from './linux.json?raw';
import { spaceOf, userRights } from './measures.js';

const VECTORS = 0xffff_0000;

/** They build on each other in this order. */
export const DUMP_LESSONS: readonly Lesson[] = [
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
