/**
 * The source that `pagewright lab` serves with the page. The page says whether there is one, so that on
 * any other host nothing is asked for.
 */

import { signal } from '@preact/signals';
import { VmError } from '../../src/base/index.js';
import type { NamedRange } from '../../src/inspect/index.js';
import { subjectOfSnapshot } from '../model/snapshot-file.js';
import type { Subject } from '../model/subject.js';
import { fileStem } from './save-file.js';
import { get, SOURCE, subject, tell } from './state.js';

/** Whether the source is a live target, and whether it is followed. */
export const following = signal<'still' | 'followed' | 'frozen'>('still');

const MARK = document.querySelector('meta[name="pagewright-source"]')?.getAttribute('content');

/** Whether a source is served with the page. */
export const isServed = MARK === 'still' || MARK === 'live';
/** Whether a scenario is. */
export const isScenarioServed = MARK === 'scenario';

/** A scenario that is served, with the programs that it names; see src/cli/lab-scenario.ts. */
interface ServedScenario {
  readonly schema: 'pagewright/lab-scenario';
  readonly version: 1;
  readonly name: string;
  readonly text: string;
  /** Path and content in Base64. */
  readonly files: readonly (readonly [path: string, content: string])[];
}

/**
 * Reads the scenario that is served.
 *
 * Errors: as of {@link openServed}.
 */
export async function servedScenario(): Promise<ServedScenario> {
  return requireVersion(
    JSON.parse(await servedText()) as ServedScenario,
    'pagewright/lab-scenario',
  );
}

/** The programs of the scenario that is served; none where none is. */
export async function servedPrograms(): Promise<readonly (readonly [string, Uint8Array])[]> {
  if (!isScenarioServed) return [];
  const { files } = await servedScenario();
  return files.map(([path, content]) => [
    path,
    Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)),
  ]);
}

async function servedText(): Promise<string> {
  try {
    return await (await fetch('./source.json')).text();
  } catch {
    throw new VmError('SOURCE_ERR_READ', 'pagewright lab does not answer: was it ended?');
  }
}

function requireVersion<Served extends { schema: string; version: number }>(
  served: Served,
  schema: Served['schema'],
): Served {
  if (served.schema === schema && served.version === 1) return served;
  throw new VmError('SOURCE_ERR_FORMAT', 'this page and pagewright lab are of different versions');
}

/** What the server sends; see src/cli/lab-document.ts. */
interface ServedSource {
  readonly schema: 'pagewright/lab-source';
  readonly version: 1;
  readonly word: string;
  readonly title: string;
  readonly about: string;
  readonly live: boolean;
  readonly snapshot: string;
  readonly names: readonly NamedRange[];
}

/**
 * Reads the source that is served.
 *
 * Errors: SOURCE_ERR_READ — the server does not answer. SOURCE_ERR_FORMAT — it answers something else.
 */
export async function openServed(): Promise<Subject> {
  const text = await servedText();
  const found = subjectOfServed(text);
  shown = text;
  if (MARK === 'live') follow();
  return found;
}

/** The document that is shown: who begins to follow is told of it again. */
let shown = '';

function subjectOfServed(text: string): Subject {
  const served = requireVersion(JSON.parse(text) as ServedSource, 'pagewright/lab-source');
  const { title, about, names, snapshot } = served;
  // A program that runs is no source of other commands: what was saved of it is.
  const word = served.word.startsWith('boot:') ? `snap:${fileStem(title)}.json` : served.word;
  return subjectOfSnapshot(snapshot, { title, word, names, about });
}

let events: EventSource | undefined;

/** Shows the target as it changes. */
export function follow(): void {
  freeze();
  events = new EventSource('./events');
  events.addEventListener('source', ({ data }: MessageEvent<string>) => {
    if (get(SOURCE) !== '' || data === shown) return;
    try {
      subject.value = subjectOfServed(data);
      shown = data;
    } catch (error) {
      tell(error);
    }
  });
  events.addEventListener('problem', ({ data }: MessageEvent<string>) => {
    const { code, message } = JSON.parse(data) as { code: string; message: string };
    tell(Object.assign(new Error(message), { code }));
  });
  following.value = 'followed';
}

/** Leaves the target alone, and the picture as it is. */
export function freeze(): void {
  events?.close();
  events = undefined;
  if (following.peek() === 'followed') following.value = 'frozen';
}
