/** The way back of an operation that is made of several steps. */
import { type ErrorNumber, OK } from '../base/index.js';

/** Undoes one step. */
type UndoStep = () => ErrorNumber;

/** The inverses of the steps that were done, the last one first to go. */
export class UndoLog {
  private readonly steps: UndoStep[] = [];

  /** Notes how a step that has just succeeded is undone. */
  push(step: UndoStep): void {
    this.steps.push(step);
  }

  /** Undoes everything. Answers the first error that doing so met. */
  rollBack(): ErrorNumber {
    let failed: ErrorNumber = OK;
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      failed = failed === OK ? step() : failed;
    }
    return failed;
  }
}
