/** Reads a drop in a worker of its own, which is ended afterwards, or when nobody wants it any more. */

import { type ErrorName, VmError } from '../../src/base/index.js';
import type { DropAnswers, DroppedFile, DropResult } from './read-drop.js';

/** What the worker is told. */
export interface WorkerOrder {
  readonly files: readonly DroppedFile[];
  readonly answers: DropAnswers;
}

/** What the worker tells. */
export type WorkerAnswer =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'result'; readonly result: DropResult }
  | { readonly kind: 'error'; readonly code: ErrorName; readonly message: string };

/** How a drop is watched. */
export interface DropWatch {
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * What was dropped, read.
 *
 * Errors: those of `readDrop`; SOURCE_ERR_READ — the worker could not start, ran out of memory, or
 * the signal ended it.
 */
export function readDropped(
  files: readonly DroppedFile[],
  answers: DropAnswers = {},
  { onProgress, signal }: DropWatch = {},
): Promise<DropResult> {
  const worker = new Worker(new URL('./drop-worker.ts', import.meta.url), { type: 'module' });
  const done = new Promise<DropResult>((resolve, reject) => {
    const fail = (code: ErrorName, message: string): void => reject(new VmError(code, message));
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      if (data.kind === 'progress') onProgress?.(data.text);
      else if (data.kind === 'result') resolve(data.result);
      else fail(data.code, data.message);
    };
    worker.onerror = ({ message }) =>
      fail('SOURCE_ERR_READ', `the files cannot be read: ${message || 'the reader ended'}`);
    signal?.addEventListener('abort', () => fail('SOURCE_ERR_READ', 'reading was ended'));
    worker.postMessage({ files, answers } satisfies WorkerOrder);
  });
  return done.finally(() => worker.terminate());
}
