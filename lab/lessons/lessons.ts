/** The lessons, in the order in which they build on each other. */

import { VmError } from '../../src/base/index.js';
import { CAPABILITY_LESSONS } from './capabilities.js';
import { DUMP_LESSONS } from './dumps.js';
import { FAULT_LESSONS } from './faults.js';
import type { Lesson } from './lesson.js';
import { REPLACEMENT_LESSONS } from './replacement.js';
import { TABLE_LESSONS } from './tables.js';

/** Every lesson. */
export const LESSONS: readonly Lesson[] = [
  ...TABLE_LESSONS,
  ...FAULT_LESSONS,
  ...CAPABILITY_LESSONS,
  ...REPLACEMENT_LESSONS,
  ...DUMP_LESSONS,
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
