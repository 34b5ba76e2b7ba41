/** Opening what is to be looked at: an example, files, or what was open the last time. */

import { batch, signal } from '@preact/signals';
import { VmError } from '../../src/base/index.js';
import type { DropAnswers, DroppedFile, DropResult, ReadSpace } from '../data/read-drop.js';
import { readDropped } from '../data/read-dropped.js';
import { EXAMPLES, type Example, exampleOf } from '../model/examples.js';
import { subjectOfLayout } from '../model/layout-file.js';
import { snapshotOf, subjectOf, subjectOfSnapshot } from '../model/snapshot-file.js';
import type { Subject } from '../model/subject.js';
import { caughtUp } from './address.js';
import { handOver, takeOver } from './handover.js';
import { layoutText, policyText } from './kept-text.js';
import { closeLesson, lesson, openSaidLesson } from './lessons.js';
import {
  closeMachine,
  machine,
  markOpened,
  openSaidScenario,
  openScenario,
  saysAnother,
} from './machine.js';
import { text } from './place.js';
import { isScenarioServed, isServed, openServed, servedScenario } from './served-source.js';
import {
  AT,
  busy,
  dismiss,
  get,
  goToScreen,
  place,
  SOURCE,
  set,
  stayAt,
  subject,
  tell,
} from './state.js';
import { type KeptPlace, type KeptSource, keepSource, keptSource } from './storage.js';
import { openTrace, SHOW } from './study.js';

/**
 * Shows a subject; `name` is how a link calls it.
 *
 * @public
 */
export function show(next: Subject, name: string): void {
  batch(() => {
    closeMachine();
    closeLesson();
    if (get(SOURCE) !== name) {
      // Without a name the address means what is served, where something is.
      const isUsual = name === EXAMPLES[0].id && !isServed && !isScenarioServed;
      set(SOURCE, isUsual ? '' : name);
      set(AT, undefined);
      policyText.leave();
    }
    layoutText.leave();
    // What a file says counts more than what was once written over another one of its name.
    if (next.layout !== undefined && !EXAMPLES.some(({ id }) => id === name)) layoutText.forget();
    subject.value = next;
    markOpened();
    dismiss();
  });
  void keepOrHandOver(recordOf(next, name), 'source');
}

/** What is shown and not kept yet, since it takes a browser a moment. */
const unkept = new Map<KeptPlace, KeptSource>();
for (const where of ['source', 'companion'] as const) {
  handOver(where, () => {
    const record = unkept.get(where);
    // The programs of a layout are bytes, which no text hands over.
    const isText = (record?.layout?.programs.size ?? 0) === 0;
    return record !== undefined && isText ? JSON.stringify(record) : undefined;
  });
}

async function keepOrHandOver(record: KeptSource, where: KeptPlace): Promise<void> {
  unkept.set(where, record);
  await keepSource(record, where);
  if (unkept.get(where) === record) unkept.delete(where);
}

/** What the page before has handed over, or kept. */
async function sourceBefore(where: KeptPlace): Promise<KeptSource | undefined> {
  const handed = takeOver(where);
  if (handed === undefined) return await keptSource(where);
  const record = JSON.parse(handed) as KeptSource;
  if (record.layout === undefined) return record;
  return { ...record, layout: { ...record.layout, programs: new Map() } };
}

/** A subject as it is kept. */
function recordOf(subject: Subject, name: string): KeptSource {
  return {
    name,
    title: subject.title,
    word: subject.provenance.source,
    about: subject.about,
    snapshot: snapshotOf(subject),
    names: subject.names.ranges,
    layout: subject.layout,
  };
}

function subjectOfRecord({ title, word, names, about, snapshot, layout }: KeptSource): Subject {
  if (layout !== undefined) {
    return subjectOfLayout(layout.text, layout.path, title, layout.programs);
  }
  return subjectOfSnapshot(snapshot, { title, word, names, about });
}

/** Puts a space beside the one that is shown, which is called `name`. */
function setCompanion(next: Subject | undefined, name: string): void {
  companion.value = next;
  if (next !== undefined) void keepOrHandOver(recordOf(next, name), 'companion');
}

/** Shows an example. */
export function openExample(example: Example): void {
  tryTo(() => show(example.open(), example.id));
}

/** What only the reader knows about files that were dropped. */
export interface Question {
  readonly files: readonly DroppedFile[];
  readonly about: Extract<DropResult, { kind: 'ask-address' | 'ask-symbol' }>;
}

/** What the reader is asked, while he is. */
export const question = signal<Question | undefined>(undefined);

/** The space that was dropped together with the one that is shown, or before it: what compares two takes it. */
export const companion = signal<Subject | undefined>(undefined);

let reading: AbortController | undefined;

/** Reads files in a worker, and shows what they are; what cannot be read is told. */
export async function openFiles(
  files: readonly DroppedFile[],
  answers: DropAnswers = {},
): Promise<void> {
  if (files.length === 0) return;
  reading?.abort();
  const own = new AbortController();
  reading = own;
  question.value = undefined;
  busy.value = `Reading ${files.length === 1 ? files[0]?.path : `${files.length} files`}`;
  const onProgress = (text: string): void => {
    if (reading === own) busy.value = text;
  };
  try {
    const result = await readDropped(files, answers, { onProgress, signal: own.signal });
    if (reading === own) take(result, files);
  } catch (error) {
    if (reading === own) tell(error);
  } finally {
    if (reading === own) busy.value = undefined;
  }
}

/** The files of a list, as they are read. */
export function filesOf(list: Iterable<File>): DroppedFile[] {
  return [...list].map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
}

/** Shows what files turned out to be. */
function take(result: DropResult, files: readonly DroppedFile[]): void {
  switch (result.kind) {
    case 'space': {
      const { title } = result.space;
      // Who compares means what he drops to be compared with what was there.
      const before = place.peek().screen === 'diff' ? subject.peek() : undefined;
      show(subjectOfSpace(result.space), title);
      setCompanion(before, title);
      break;
    }
    case 'diff': {
      const before = subjectOfSpace(result.before);
      show(subjectOfSpace(result.after), result.after.title);
      setCompanion(before, result.after.title);
      goToScreen('diff');
      break;
    }
    case 'ask-address':
    case 'ask-symbol':
      question.value = { files, about: result };
      break;
    case 'text':
      takeText(result);
      break;
    case 'regions':
      throw new VmError(
        'SOURCE_ERR_FORMAT',
        `${result.word} tells of ${result.regions.length} regions and holds no tables: pagewright show ${result.word} prints them`,
      );
  }
}

function takeText(result: Extract<DropResult, { kind: 'text' }>): void {
  const { what, name, text, files } = result;
  if (what === 'layout') {
    show(subjectOfLayout(text, name, name, files), name);
    return;
  }
  if (what === 'scenario') {
    closeLesson();
    void openScenario(text, { name: name.split('/').at(-1) ?? name, files }).then((isOpen) => {
      if (isOpen) goToScreen('run');
    });
    return;
  }
  const title = name.split('/').at(-1) ?? name;
  void openTrace(title, text).then((isOpen) => {
    if (isOpen) goToPolicies();
  });
}

/** Shows the screen of page replacement. */
function goToPolicies(): void {
  set(SHOW, 'policies');
  goToScreen('policies');
}

function subjectOfSpace({ word, title, snapshot, names, coverage, notes }: ReadSpace): Subject {
  const about = [coverage, ...notes].join('. ');
  return subjectOf(snapshot, { title, word, names, about });
}

/**
 * Opens what the address says; if it says nothing, what is served with the page or the first example; if it says a file, the one that
 * was kept under this name.
 */
export async function openWhatWasSaid(): Promise<void> {
  addEventListener('hashchange', () => void openWhatIsSaidNow());
  await openSaid();
  markOpened();
}

/** The reader went back to a place, or typed one, where something else is open. */
async function openWhatIsSaidNow(): Promise<void> {
  if (!saysAnother()) return;
  const said = place.peek();
  closeMachine();
  lesson.value = undefined;
  stayAt(said);
  markOpened();
  await openSaid();
  markOpened();
}

/** A file in the link itself, packed; see {@link sharedLink}. */
const FILE = text('file');
/** Letters of a file that a link may hold: what is longer is cut off by those who carry links. */
const MOST_LETTERS = 32 * 1024;

/**
 * The link to what is shown, with the file in it where that is one of the reader's and small enough;
 * `lacks` is the name of a file that is not in it.
 */
export async function sharedLink(): Promise<{ readonly link: string; readonly lacks?: string }> {
  await caughtUp();
  const { href } = location;
  const [name, shown] = [get(SOURCE), subject.peek()];
  const isFile =
    name !== '' && machine.peek() === undefined && !EXAMPLES.some(({ id }) => id === name);
  if (!isFile || shown === undefined) return { link: href };
  try {
    const { packText } = await import('../engine/link.js');
    const { linkTextOf } = await import('../model/linked-source.js');
    const packed = await packText(linkTextOf(shown));
    if (packed.length > MOST_LETTERS) return { link: href, lacks: name };
    return { link: `${href}${href.includes('?') ? '&' : '?'}${FILE.name}=${packed}` };
  } catch {
    return { link: href, lacks: name };
  }
}

/** Opens the file that the link holds; whether it holds one. From then on it is a file of the reader's. */
async function openLinkedFile(): Promise<boolean> {
  const packed = get(FILE);
  if (packed === '') return false;
  set(FILE, '');
  try {
    const { unpackText } = await import('../engine/link.js');
    const { subjectOfLinkText } = await import('../model/linked-source.js');
    const linked = subjectOfLinkText(await unpackText(packed));
    const name = get(SOURCE) === '' ? linked.title : get(SOURCE);
    set(SOURCE, name);
    subject.value = linked;
    void keepOrHandOver(recordOf(linked, name), 'source');
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

async function openSaid(): Promise<void> {
  if (await openLinkedFile()) return;
  await openSaidScenario();
  // A lesson about a trace has no space of its own: the usual one is behind it.
  const isLesson = await openSaidLesson();
  if (machine.peek() !== undefined || (isLesson && subject.peek() !== undefined)) return;
  const name = get(SOURCE);
  if (name === '' && isScenarioServed && !isLesson) {
    await openServedScenario();
    return;
  }
  if (name === '' && isServed) {
    try {
      subject.value = await openServed();
    } catch (error) {
      tell(error);
    }
    return;
  }
  if (name === '' || EXAMPLES.some((example) => example.id === name)) {
    tryTo(() => {
      subject.value = exampleOf(name === '' ? EXAMPLES[0].id : name).open();
    });
    return;
  }
  const shown = subject.peek();
  const words = `Opening ${name}`;
  busy.value = words;
  const [last, beside] = [await sourceBefore('source'), await sourceBefore('companion')];
  if (busy.peek() === words) busy.value = undefined;
  // Meanwhile the reader may have opened something else.
  if (get(SOURCE) !== name || subject.peek() !== shown) return;
  if (last?.name === name) {
    tryTo(() => {
      subject.value = subjectOfRecord(last);
    });
    if (beside?.name === name) tryTo(() => setCompanion(subjectOfRecord(beside), name));
    return;
  }
  const message = `this link speaks of ${JSON.stringify(name)}, which is a file of whoever made it, and too large for a link: drop the file here to see it`;
  tell(new VmError('SOURCE_ERR_READ', message));
}

/** Runs the scenario that is served, and shows it where the reader has not gone elsewhere. */
async function openServedScenario(): Promise<void> {
  try {
    const { name, text: scenario } = await servedScenario();
    const isOpen = await openScenario(scenario, { name });
    if (isOpen && place.peek().screen === '') goToScreen('run');
  } catch (error) {
    tell(error);
  }
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch (error) {
    tell(error);
  }
}
