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

/** The VmError that `promise` is rejected with; anything else fails the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<VmError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof VmError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
