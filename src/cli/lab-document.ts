/** The document that the page of the lab is given. */
import { snapshotText } from '../inspect/index.js';
import { type TableSource, takeSnapshot } from '../source/index.js';

/** What the page is given: the tables as a snapshot, and what a snapshot does not hold. */
export function labDocument(source: TableSource, live: boolean): string {
  return JSON.stringify({
    schema: 'pagewright/lab-source',
    version: 1,
    word: source.word,
    title: source.word,
    about: [source.coverage, ...source.notes].join('. '),
    live,
    snapshot: snapshotText(takeSnapshot(source)),
    names: source.names(),
  });
}
