/** The scenario that is being written and has not run yet: kept over screens and reloads. */

import { keep, kept } from './storage.js';

const NAME = 'scenario-draft';

interface Draft {
  /** The scenario that it was made of. */
  readonly of: string;
  readonly text: string;
}

/** What was written over the scenario `of`; the scenario itself where nothing was. */
export function draftOf(of: string): string {
  try {
    const draft = JSON.parse(kept(NAME)) as Draft;
    return draft.of === of ? draft.text : of;
  } catch {
    // Nothing was kept.
    return of;
  }
}

/** Keeps what is written over the scenario `of`. */
export function keepDraft(of: string, text: string): void {
  const draft: Draft = { of, text };
  keep(NAME, text === of ? '' : JSON.stringify(draft));
}
