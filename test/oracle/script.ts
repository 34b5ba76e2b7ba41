/** A long list for the guest, with the answers that may come. */

import { type OracleGuest, Outcome } from './guest.js';
import { type Answer, type Check, sameAnswer } from './situation.js';

/** One request. */
export interface ScriptLine {
  readonly routine: string;
  readonly address: number;
  readonly value: number;
  /** The check that it is, where it is one. */
  readonly check: Check | undefined;
  /** The answers that are right; any at all where none is named. */
  readonly right: readonly Answer[];
}

/** An answer that is not right. */
export interface WrongAnswer {
  readonly line: ScriptLine;
  readonly got: Answer;
}

/** Requests in order, of any number; the MMU stays as a list leaves it. */
export class Script {
  private lines: ScriptLine[] = [];

  /** Appends a request whose answer only says that it was done. */
  push(routine: string, address = 0, value = 0): void {
    this.lines.push({ routine, address, value, check: undefined, right: [] });
  }

  /** Appends a check. */
  ask(check: Check, right: readonly Answer[]): void {
    const { operation, va, value } = check;
    this.lines.push({ routine: operation.name, address: va, value, check, right });
  }

  /** Has the guest run everything; the first answer that is not right, and how many were asked for. */
  async run(guest: OracleGuest): Promise<{ asked: number; wrong: WrongAnswer | undefined }> {
    const { lines } = this;
    this.lines = [];
    let asked = 0;
    for (let from = 0; from < lines.length; from += guest.symbols.bankRequests) {
      const part = lines.slice(from, from + guest.symbols.bankRequests);
      const list = guest.list(0);
      for (const { routine, address, value } of part) list.push(routine, address, value);
      const words = await guest.run(list, 0);
      for (const [index, line] of part.entries()) {
        const at = index * 4;
        const got = {
          outcome: words[at] ?? 0,
          result: words[at + 1] ?? 0,
          address: words[at + 2] ?? 0,
        };
        const plain = line.check === undefined && got.outcome === Outcome.DONE;
        if (plain || (line.check !== undefined && line.right.length === 0)) continue;
        asked += line.right.length > 0 ? 1 : 0;
        if (!line.right.some((answer) => sameAnswer(answer, got)))
          return { asked, wrong: { line, got } };
      }
    }
    return { asked, wrong: undefined };
  }
}
