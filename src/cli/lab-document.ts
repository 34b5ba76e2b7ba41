/** The document that the page of the lab is given. */
import { type NamedRange, type Snapshot, snapshotText } from '../inspect/index.js';
import { type TableSource, takeSnapshot } from '../source/index.js';

/** What the page shows. */
export interface LabShown {
  /** How the command line names it. */
  readonly word: string;
  readonly title: string;
  readonly about: string;
  /** Whether it changes. */
  readonly live: boolean;
  readonly snapshot: Snapshot;
  readonly names: readonly NamedRange[];
}

/** What the page is given: the tables as a snapshot, and what a snapshot does not hold. */
export function labDocument({ snapshot, ...shown }: LabShown): string {
  return JSON.stringify({
    schema: 'pagewright/lab-source',
    version: 1,
    ...shown,
    snapshot: snapshotText(snapshot),
  });
}

/** The document of a source. */
export function sourceDocument(source: TableSource, live: boolean): string {
  return labDocument({
    word: source.word,
    title: source.word,
    about: [source.coverage, ...source.notes].join('. '),
    live,
    snapshot: takeSnapshot(source),
    names: source.names(),
  });
}
