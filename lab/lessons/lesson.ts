/**
 * What a lesson is: something that runs or lies there to be looked at, with questions first and answers
 * after. The machine itself gives each answer, and a test holds the words against it.
 */

import type { AddressSpace } from '../../src/inspect/index.js';
import type { LabSession } from '../engine/lab-session.js';

/** Where the answers of a lesson come from. */
export interface LessonWorld {
  /** The scenario of the lesson, run to its end; undefined for a lesson about a space. */
  readonly session: LabSession | undefined;
  /**
   * The space of the lesson: that of its first domain at the end, or the one that was read; undefined
   * for a lesson about a trace.
   */
  readonly space: AddressSpace | undefined;
}

/** One question. */
export interface Question {
  /** Steps that are performed, and shown, before it is asked; 0 in lessons about a space. */
  readonly after: number;
  readonly ask: string;
  /** What may be chosen; short, so that the right one is what the machine says, word for word. */
  readonly choices: readonly [string, string, ...string[]];
  /** Which of them is right. */
  readonly right: number;
  /** Steps that are performed for the answer. */
  readonly upTo: number;
  /** Why it is so: one to three sentences. */
  readonly because: string;
  /** A virtual address that the screens show with the answer. */
  readonly at?: number;
  /** What the machine answers. */
  readonly measure: (world: LessonWorld) => string;
}

/** What a lesson looks at. */
type LessonSource =
  | { readonly kind: 'scenario'; readonly text: string }
  | { readonly kind: 'layout'; readonly text: string; readonly path: string }
  | { readonly kind: 'snapshot'; readonly text: string }
  | { readonly kind: 'trace'; readonly text: string; readonly id: string };

/** A lesson. */
export interface Lesson {
  /** What the address of the page calls it. */
  readonly id: string;
  readonly title: string;
  /** What it is about, in a sentence. */
  readonly about: string;
  /** The screen that shows it best. */
  readonly screen: 'atlas' | 'walk' | 'memory' | 'capabilities' | 'policies';
  readonly source: LessonSource;
  readonly questions: readonly [Question, ...Question[]];
}
