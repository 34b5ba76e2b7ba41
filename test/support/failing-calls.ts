import { Code } from '../../src/base/index.js';
import type { Domain } from '../../src/domain/index.js';
import type { Invocations } from '../../src/kernel/index.js';

/** What a method that fails answers: an error number, or its negative. */
type Answer = 'error' | 'negative';

/** The invocations that can fail. */
export const INVOCATIONS = [
  'identify',
  'identifyFrame',
  'identifyMapping',
  'retype',
  'copy',
  'mint',
  'move',
  'delete',
  'destroy',
  'revoke',
  'vnodeMap',
  'vnodeUnmap',
  'mappingModify',
  'mappingsModify',
  'mappingSplit',
  'mappingJoin',
  'observe',
  'resizeRoot',
  'dispatcherSetup',
  'send',
  'receiveInto',
] as const satisfies readonly (keyof Invocations)[];

type Method = (...args: unknown[]) => unknown;

/**
 * Counts the calls by which a domain's library takes something or asks the kernel for something, and
 * lets one of them fail: slots, memory and invocations. What a failing call would have done is not done.
 */
export class FailingCalls {
  /** Calls so far, and which of them failed. */
  calls = 0;
  struck: string | undefined;
  private nth = 0;
  /** A step of the kernel is one call, whatever it calls inside. */
  private inside = false;

  constructor(domain: Domain) {
    const { kernel } = domain;
    this.watchDomain(domain);
    this.watch(kernel, 'introduce', 'introduce', 'error', Code.SYS_ERR_OUT_OF_CAPABILITIES);
    // What a child asks for while its parent brings it up fails as well.
    const attach = kernel.attach.bind(kernel);
    kernel.attach = (number) => {
      const invocations = attach(number);
      if (invocations !== undefined) this.watchInvocations(invocations);
      return invocations;
    };
  }

  /** Counts the calls of another domain, too. */
  watchDomain(domain: Domain): void {
    this.watchInvocations(domain.invocations);
    this.watch(
      domain.slots,
      'slots.allocate',
      'allocate',
      'negative',
      Code.LIB_ERR_SLOT_ALLOC_NO_SPACE,
    );
    this.watch(
      domain.slots,
      'slots.reserve',
      'reserve',
      'negative',
      Code.LIB_ERR_SLOT_ALLOC_NO_SPACE,
    );
    this.watch(domain.slots, 'slots.free', 'free', 'error', Code.LIB_ERR_SLOT_UNALLOCATED);
    this.watch(domain.ram, 'ram.allocate', 'allocate', 'negative', Code.MM_ERR_NOT_FOUND);
    this.watch(domain.ram, 'ram.take', 'take', 'negative', Code.MM_ERR_NOT_FOUND);
  }

  /** From now on the `nth` call fails; 0 lets all of them through. */
  arm(nth: number): void {
    this.calls = 0;
    this.struck = undefined;
    this.nth = nth;
  }

  private watchInvocations(invocations: Invocations): void {
    for (const verb of INVOCATIONS) {
      this.watch(invocations, verb, verb, 'error', Code.SYS_ERR_OUT_OF_CAPABILITIES);
    }
  }

  private watch(object: object, name: string, method: string, answer: Answer, code: number): void {
    const real = Reflect.get(object, method) as Method;
    const isKernel = name === method;
    const failing = (...args: unknown[]): unknown => {
      if (this.inside) return real.apply(object, args);
      this.calls += 1;
      if (this.calls === this.nth) {
        this.struck = name;
        return answer === 'error' ? code : -code;
      }
      this.inside = isKernel;
      try {
        return real.apply(object, args);
      } finally {
        if (isKernel) this.inside = false;
      }
    };
    Object.defineProperty(object, method, { value: failing, configurable: true, writable: true });
  }
}
