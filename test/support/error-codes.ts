import { VmError } from '../../src/base/index.js';

/** The codes of the error that `run` throws, the outermost first; none where it throws nothing. */
export function errorCodes(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof VmError) return error.chain();
    throw error;
  }
  return [];
}
