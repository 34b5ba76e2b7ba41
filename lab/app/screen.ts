/** What a screen of the lab is. */

import type { ComponentType } from 'preact';
import type { Subject } from '../model/subject.js';

/** What a screen is given. It reads and changes everything else by `get` and `set` of state.ts. */
export interface ScreenProps {
  readonly subject: Subject;
}

/** A screen. */
export interface Screen {
  /** How the address calls it. */
  readonly id: string;
  /** What its tab says. */
  readonly title: string;
  /** What it shows, in one sentence. */
  readonly lead: string;
  readonly View: ComponentType<ScreenProps>;
  /** The command that answers the same on a command line; it may read the place. */
  readonly cli: (subject: Subject) => string;
}
