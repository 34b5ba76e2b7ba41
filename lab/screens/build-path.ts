/** Which file the layout is that is written. */

import { fileStem } from '../app/save-file.js';
import type { Subject } from '../model/subject.js';

/** The name of the file that is written. */
export function pathOf({ layout, title }: Subject): string {
  const path = layout?.path ?? `${fileStem(title)}.yaml`;
  return path.replace(/\.(?:csv|c|h)$/, '.yaml');
}
