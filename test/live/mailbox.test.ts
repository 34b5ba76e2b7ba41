import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { Mailbox, type SharedWords } from '../../src/live/mailbox.js';
import {
  CONTEXT_WORDS,
  CPSR,
  MOST_OPERATIONS,
  Operation,
  Trap,
  USER_CPSR,
  Word,
} from '../../src/live/mailbox-layout.js';
import { errorOf } from '../support/errors.js';

/** A mailbox in an array, and the guest's side of it. */
class Shared implements SharedWords {
  readonly words = new Uint32Array(1024);

  load(offset: number): number {
    return this.words[offset / 4] ?? 0;
  }

  store(offset: number, word: number): void {
    this.words[offset / 4] = word;
  }

  read(offset: number, into: Uint32Array): void {
    into.set(this.words.subarray(offset / 4, offset / 4 + into.length));
  }

  write(offset: number, from: Uint32Array): void {
    this.words.set(from, offset / 4);
  }

  /** Asks as the runtime does. */
  ask(sequence: number, kind: number, more: { done?: number; cpsr?: number } = {}): void {
    this.words.set([sequence, kind, 0x807, 0x1234_5678, more.done ?? 0], Word.REQUEST / 4);
    this.words[Word.CONTEXT / 4 + CPSR] = more.cpsr ?? USER_CPSR;
  }
}

/** A mailbox that has said hello, whose program runs. */
function greeted(): { shared: Shared; mailbox: Mailbox } {
  const shared = new Shared();
  const mailbox = new Mailbox(shared);
  shared.ask(1, Trap.HELLO);
  expect(mailbox.poll()).toBe(true);
  mailbox.answer({ ttbr0: 0x4030_0000, contextidr: 1 }, 0, CONTEXT_WORDS);
  return { shared, mailbox };
}

describe('the mailbox', () => {
  it('brings in what a program was stopped by, once', () => {
    const { shared, mailbox } = greeted();
    expect(mailbox.poll()).toBe(false);
    shared.ask(2, Trap.DATA_ABORT);
    expect([mailbox.poll(), mailbox.poll()]).toEqual([true, false]);
    expect([mailbox.kind, mailbox.fsr, mailbox.far]).toEqual([3, 0x807, 0x1234_5678]);
    expect(mailbox.context[CPSR]).toBe(USER_CPSR);
  });

  it('tells the runtime what to do, and the sequence number last', () => {
    const { shared, mailbox } = greeted();
    shared.ask(2, Trap.DATA_ABORT);
    mailbox.poll();
    mailbox.ask(Operation.TLBIMVA, 0x5000_0001);
    mailbox.ask(Operation.REWRITE, 0x8040_0000);
    const order: number[] = [];
    const { write, store } = shared;
    shared.write = (offset, from) => {
      order.push(offset);
      write.call(shared, offset, from);
    };
    shared.store = (offset, word) => {
      order.push(offset);
      store.call(shared, offset, word);
    };
    mailbox.answer(undefined, 0, 1);
    expect(order).toEqual([Word.CONTEXT, Word.OPERATIONS, Word.OPERATION_COUNT, Word.ANSWER]);
    expect([...shared.words.subarray(Word.OPERATIONS / 4, Word.OPERATIONS / 4 + 4)]).toEqual([
      Operation.TLBIMVA,
      0x5000_0001,
      Operation.REWRITE,
      0x8040_0000,
    ]);
    expect(shared.load(Word.OPERATION_COUNT)).toBe(2);
  });

  it('asks for all of the TLB where there is no room for every address, and keeps rewrites', () => {
    const { shared, mailbox } = greeted();
    shared.ask(2, Trap.DATA_ABORT);
    mailbox.poll();
    mailbox.ask(Operation.REWRITE, 0x8040_0000);
    for (let page = 0; page < 2 * MOST_OPERATIONS; page += 1) {
      mailbox.ask(Operation.TLBIMVA, page * 4096);
    }
    mailbox.ask(Operation.REWRITE, 0x8050_0000);
    mailbox.answer(undefined, 0, 0);
    const asked = [...shared.words.subarray(Word.OPERATIONS / 4, Word.OPERATIONS / 4 + 6)];
    expect(shared.load(Word.OPERATION_COUNT)).toBe(3);
    expect(asked).toEqual([4, 0x8040_0000, Operation.TLBIALL, 0, 4, 0x8050_0000]);
  });

  it.each([
    ['another kind first', 1, Trap.DATA_ABORT, {}],
    ['a number that is not due', 7, Trap.HELLO, {}],
  ])('does not believe a guest that begins with %s', (_what, sequence, kind, more) => {
    const shared = new Shared();
    const mailbox = new Mailbox(shared);
    shared.ask(sequence, kind, more);
    expect(errorOf(() => mailbox.poll()).code).toBe('LIVE_ERR_PROTOCOL');
  });

  it.each([
    ['skips a number', 3, Trap.DATA_ABORT, {}, /request 3 came where 2 was due/],
    ['goes back', 0, Trap.DATA_ABORT, {}, /request 0/],
    ['says hello again', 2, Trap.HELLO, {}, /kind 1 as number 2/],
    ['asks what there is not', 2, 99, {}, /kind 0x63/],
    ['asks nothing', 2, 0, {}, /kind 0x0/],
    ['was privileged', 2, Trap.DATA_ABORT, { cpsr: 0x1d3 }, /not user mode/],
    ['did not do the maintenance', 2, Trap.DATA_ABORT, { done: 5 }, /5 operations done of 0/],
    ['took an exception of its own', 2, Trap.PANIC, {}, /exception that no program made/],
  ] as const)('does not believe a guest that %s', (_what, sequence, kind, more, message) => {
    const { shared, mailbox } = greeted();
    shared.ask(sequence, kind, more);
    const error = errorOf(() => mailbox.poll());
    expect([error.code, error.message]).toEqual([
      'LIVE_ERR_PROTOCOL',
      expect.stringMatching(message),
    ]);
  });

  it('takes whatever words a guest writes for a request or a named error', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff_ffff), { minLength: 70, maxLength: 70 }), (words) => {
        const { shared, mailbox } = greeted();
        shared.words.set(words, Word.REQUEST / 4);
        try {
          mailbox.poll();
        } catch (error) {
          expect(error).toBeInstanceOf(VmError);
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
