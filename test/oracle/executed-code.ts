/**
 * Where code has been executed: QEMU finds it again by its virtual address until the translations of
 * all, or of that page, are dropped (the exception `code-outlives-large-leaf`).
 */

import type { TlbMaintenance } from '../../src/machine/index.js';
import { Outcome } from './guest.js';
import type { Answer, Check } from './situation.js';

/** What may be executed although no translation leads to it any more. */
export class ExecutedCode {
  /** Answers by access and virtual address. */
  private readonly answers = new Map<string, Answer>();
  private readonly unitBytes: number;

  /** @param unitBytes what maintenance by address makes QEMU forget. */
  constructor(unitBytes: number) {
    this.unitBytes = unitBytes;
  }

  /** Notes a fetch that comes to `answer`. */
  note(check: Check, answer: Answer): void {
    if (check.operation.kind !== 'fetch' || answer.outcome !== Outcome.DONE) return;
    this.answers.set(keyOf(check), answer);
  }

  /** What a fetch may still come to. */
  remembered(check: Check): Answer | undefined {
    return check.operation.kind === 'fetch' ? this.answers.get(keyOf(check)) : undefined;
  }

  /** What maintenance makes QEMU forget. */
  maintained({ operation, argument }: TlbMaintenance): void {
    if (operation === 'TLBIALL' || operation === 'TLBIASID') {
      this.forgetAll();
      return;
    }
    const start = argument - (argument % 4096);
    for (const [key, { address }] of this.answers) {
      if (address >= start && address < start + this.unitBytes) this.answers.delete(key);
    }
  }

  forgetAll(): void {
    this.answers.clear();
  }
}

function keyOf({ operation, va }: Check): string {
  return `${operation.name} ${va}`;
}
