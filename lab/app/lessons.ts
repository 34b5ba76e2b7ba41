/** Lessons that are open: where in them the reader is, and what was chosen. */

import { batch, signal } from '@preact/signals';
import type { Lesson } from '../lessons/lesson.js';
import {
  closeMachine,
  goToMoment,
  LESSON,
  MOMENT,
  machine,
  markOpened,
  openScenario,
} from './machine.js';
import type { Param } from './place.js';
import { AT, dismiss, get, goToScreen, SOURCE, set, subject, tell } from './state.js';
import { SHOW, TRACE } from './study.js';

/** The lesson that is open. */
export const lesson = signal<Lesson | undefined>(undefined);
/** Which of its questions is asked, from 0. */
export const QUESTION: Param<number> = {
  name: 'question',
  usual: 0,
  parse: (value) => (/^\d$/.test(value) ? Number(value) : undefined),
  write: String,
};
/** What the reader has chosen for it; undefined before that. */
export const chosen = signal<number | undefined>(undefined);

/** Opens a lesson at its first question, on the screen that shows it best. */
export async function openLesson(next: Lesson): Promise<void> {
  if (!(await openWorld(next, false))) return;
  batch(() => {
    lesson.value = next;
    set(QUESTION, 0);
    set(AT, undefined);
    goToScreen(next.screen);
  });
  ask(0);
}

/** Opens the lesson that the address says; whether it says one. */
export async function openSaidLesson(): Promise<boolean> {
  const id = get(LESSON);
  if (id === '') return false;
  try {
    const { lessonOf } = await import('../lessons/lessons.js');
    const said = lessonOf(id);
    // A machine that was taken further than its lesson is in the address itself.
    if (machine.peek() === undefined && !(await openWorld(said, true))) return false;
    lesson.value = said;
    // What comes after the question is not shown before it is asked.
    if (get(MOMENT) === undefined) ask(get(QUESTION));
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

/** Shows what a question is about, and nothing of its answer. */
export function ask(question: number): void {
  const open = lesson.peek();
  const next = open?.questions[question];
  if (next === undefined) return;
  batch(() => {
    set(QUESTION, question);
    chosen.value = undefined;
    const session = machine.peek()?.session;
    if (session !== undefined) goToMoment(session.momentOfStep(next.after));
  });
}

/** Takes the reader's choice, and shows what really happens. */
export function choose(choice: number): void {
  const question = lesson.peek()?.questions[get(QUESTION)];
  if (question === undefined) return;
  batch(() => {
    chosen.value = choice;
    const session = machine.peek()?.session;
    if (session !== undefined) goToMoment(session.momentOfStep(question.upTo));
    if (question.at !== undefined) set(AT, question.at);
  });
}

/** Leaves the lesson; what it has shown stays. */
export function closeLesson(): void {
  lesson.value = undefined;
  chosen.value = undefined;
  set(LESSON, '');
  set(QUESTION, 0);
  markOpened();
}

/** Shows what a lesson looks at. */
async function openWorld({ id, title, source }: Lesson, isSaid: boolean): Promise<boolean> {
  if (source.kind === 'scenario') {
    return openScenario(source.text, { name: `${id}.yaml`, lesson: id, isSaid });
  }
  if (source.kind === 'trace') {
    if (!isSaid) closeMachine();
    set(LESSON, id);
    set(TRACE, source.id);
    set(SHOW, 'policies');
    markOpened();
    // Any space will do: the screens are about one.
    return true;
  }
  try {
    const opened =
      source.kind === 'layout'
        ? (await import('../model/layout-file.js')).subjectOfLayout(source.text, source.path, title)
        : (await import('../model/snapshot-file.js')).subjectOfSnapshot(source.text, {
            title,
            word: `snap:${id}.json`,
          });
    if (!isSaid) closeMachine();
    set(LESSON, id);
    set(SOURCE, '');
    subject.value = opened;
    markOpened();
    dismiss();
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}
