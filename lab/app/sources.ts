/** Opening what is to be looked at: an example, a file, or what was open the last time. */

import { batch } from '@preact/signals';
import { VmError } from '../../src/base/index.js';
import { EXAMPLES, type Example, exampleOf } from '../model/examples.js';
import { readFile } from '../model/read-file.js';
import { snapshotOf, subjectOfSnapshot } from '../model/snapshot-file.js';
import type { Subject } from '../model/subject.js';
import { AT, busy, dismiss, get, SOURCE, set, subject, tell } from './state.js';
import { keepSource, keptSource } from './storage.js';

/**
 * Shows a subject; `name` is how a link calls it.
 *
 * @public
 */
export function show(next: Subject, name: string): void {
  batch(() => {
    if (get(SOURCE) !== name) {
      set(SOURCE, name === EXAMPLES[0].id ? '' : name);
      set(AT, undefined);
    }
    subject.value = next;
    dismiss();
  });
  void keepSource({
    title: next.title,
    word: next.provenance.source,
    snapshot: snapshotOf(next),
    names: next.names.ranges,
  });
}

/** Shows an example. */
export function openExample(example: Example): void {
  tryTo(() => show(example.open(), example.id));
}

/** Reads files and shows the last that can be read; what cannot is told. */
export async function openFiles(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    busy.value = `Reading ${file.name}`;
    try {
      show(await readFile(file), file.name);
    } catch (error) {
      tell(error);
    } finally {
      busy.value = undefined;
    }
  }
}

/**
 * Opens what the address says; if it says nothing, the first example; if it says a file, the one that
 * was kept under this name.
 */
export async function openWhatWasSaid(): Promise<void> {
  const name = get(SOURCE);
  if (name === '' || EXAMPLES.some((example) => example.id === name)) {
    tryTo(() => {
      subject.value = exampleOf(name === '' ? EXAMPLES[0].id : name).open();
    });
    return;
  }
  const last = await keptSource();
  if (last?.title === name) {
    tryTo(() => {
      const { title, word, names, snapshot } = last;
      subject.value = subjectOfSnapshot(snapshot, { title, word, names });
    });
    return;
  }
  const message = `this link speaks of ${JSON.stringify(name)}, which is a file of whoever made it: drop the file here to see it`;
  tell(new VmError('SOURCE_ERR_READ', message));
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch (error) {
    tell(error);
  }
}
