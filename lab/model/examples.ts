/** What the lab can show before anything is dropped on it. */

import splitSpace from '../../examples/layouts/split-space.yaml?raw';
import zynqBoard from '../../examples/layouts/zynq-board.yaml?raw';
import { VmError } from '../../src/base/index.js';
import firstLook from '../examples/first-look.yaml?raw';
import linux from '../lessons/linux.json?raw';
import { subjectOfLayout } from './layout-file.js';
import { subjectOfSnapshot } from './snapshot-file.js';
import type { Subject } from './subject.js';

/** A built-in source. */
export interface Example {
  /** What the address of the page calls it. */
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly open: () => Subject;
}

function layoutExample(
  id: string,
  title: string,
  about: string,
  path: string,
  text: string,
): Example {
  return { id, title, about, open: () => subjectOfLayout(text, path, title) };
}

/** The built-in sources; the first is shown when there is nothing else. */
export const EXAMPLES: readonly [Example, ...Example[]] = [
  layoutExample(
    'first-look',
    'A small computer',
    'A kernel, a program and devices; one thing is wrong with it.',
    'lab/examples/first-look.yaml',
    firstLook,
  ),
  layoutExample(
    'zynq-board',
    'A Zynq-like board',
    'Bare metal: flat addresses, peripherals no larger than they are.',
    'examples/layouts/zynq-board.yaml',
    zynqBoard,
  ),
  layoutExample(
    'split-space',
    'A split space',
    'TTBR0 for the program, TTBR1 for the kernel; drivers in a DACR domain of their own.',
    'examples/layouts/split-space.yaml',
    splitSpace,
  ),
  {
    id: 'linux',
    title: 'A Linux process',
    about: 'Linux on a Cortex-A7: what one process and the kernel have mapped, page by page.',
    open: () =>
      subjectOfSnapshot(linux, {
        title: 'A Linux process',
        word: 'tables:test/fixtures/linux-armv7-short',
      }),
  },
];

/**
 * The example that is called `id`.
 *
 * Errors: SOURCE_ERR_READ — there is none.
 */
export function exampleOf(id: string): Example {
  const found = EXAMPLES.find((example) => example.id === id);
  if (found !== undefined) return found;
  const known = EXAMPLES.map((example) => example.id).join(', ');
  throw new VmError(
    'SOURCE_ERR_READ',
    `no example is called ${JSON.stringify(id)}; there are ${known}`,
  );
}
