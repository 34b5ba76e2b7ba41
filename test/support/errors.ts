import { VmError } from '../../src/base/index.js';

/** The VmError that `run` throws; anything else fails the test. */
export function errorOf(run: () => unknown): VmError {
  try {
    run();
  } catch (error) {
    if (error instanceof VmError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
