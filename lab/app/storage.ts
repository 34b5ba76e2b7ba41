/**
 * What a reload must not lose: small wishes in localStorage, the last source in IndexedDB. All of it is
 * a convenience: where the browser keeps nothing, the lab works and forgets.
 */

import type { NamedRange } from '../../src/inspect/index.js';
import type { LayoutText } from '../model/subject.js';

const PREFIX = 'pagewright-lab.';

/** Keeps a short text; an empty one is forgotten. */
export function keep(name: string, value: string): void {
  try {
    if (value === '') localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage may be off or full.
  }
}

/** A text that was kept; empty if none was. */
export function kept(name: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? '';
  } catch {
    return '';
  }
}

/** A source as it is kept: its tables as a snapshot, and what is known beside it. */
export interface KeptSource {
  /** How a link calls it. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly word: string;
  readonly snapshot: string;
  readonly names: readonly NamedRange[];
  /** The layout that it was built from, if it was. */
  readonly layout?: LayoutText | undefined;
}

const DATABASE = 'pagewright-lab';
const STORE = 'last';
/** What is shown, and what it is compared with. */
export type KeptPlace = 'source' | 'companion';
/** Larger ones are not kept. */
const MOST_CHARACTERS = 24 * 2 ** 20;
const MOST_NAMES = 20_000;

/** Keeps a source in place of the one before. */
export async function keepSource(source: KeptSource, place: KeptPlace): Promise<void> {
  if (source.snapshot.length > MOST_CHARACTERS) return;
  const names = source.names.slice(0, MOST_NAMES);
  await withStore('readwrite', (store) => store.put({ ...source, names }, place));
}

/** The source that was kept last. */
export async function keptSource(place: KeptPlace): Promise<KeptSource | undefined> {
  return await withStore(
    'readonly',
    (store) => store.get(place) as IDBRequest<KeptSource | undefined>,
  );
}

async function withStore<T>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const database = await opened();
    try {
      return await answerOf(ask(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answerOf(request);
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
