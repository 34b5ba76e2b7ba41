/** Reads drops in a worker, where a part of a file can be read at once and the page stays free. */

import { VmError } from '../../src/base/index.js';
import { readSlice } from './blob-file.js';
import { readDrop } from './read-drop.js';
import type { WorkerAnswer, WorkerOrder } from './read-dropped.js';

/** What a worker has; the types of pages know it as a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerOrder>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data: { files, answers } }) => {
  const onProgress = (text: string): void => scope.postMessage({ kind: 'progress', text });
  readDrop(files, answers, { slice: readSlice, onProgress }).then(
    (result) => scope.postMessage({ kind: 'result', result }),
    (error: unknown) => scope.postMessage(refusal(error)),
  );
};

function refusal(error: unknown): WorkerAnswer {
  if (error instanceof VmError) return { kind: 'error', code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'error', code: 'SOURCE_ERR_READ', message: `the drop cannot be read: ${message}` };
}
