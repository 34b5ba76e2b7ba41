/** A stack that becomes larger when it is used below its end, down to a guard page. */
import { hex0x, PAGE_BYTES, roundDown, roundUp, VmError } from '../base/index.js';
import type { AbortInfo } from '../machine/index.js';
import { AnonymousObject } from './anonymous-object.js';
import type { Domain } from './domain.js';
import type { MemoryObject } from './memory-object.js';
import type { RegionOptions } from './paged-vspace.js';
import { VRegion } from './vregion.js';

/** What a stack is made of. */
interface StackParts {
  readonly name: string;
  readonly object: MemoryObject;
  readonly limit: number;
  readonly top: number;
  readonly base: number;
}

/**
 *     guard │ reserved, for growing │ stack ◄ top
 */
export class GrowingStack {
  /** The address behind the stack, where a stack pointer begins. */
  readonly top: number;
  private readonly domain: Domain;
  private readonly name: string;
  private readonly object: MemoryObject;
  /** The lowest address that the stack can reach. */
  private readonly limit: number;
  private base: number;
  private readonly uninstall: () => void;

  private constructor(domain: Domain, parts: StackParts) {
    this.domain = domain;
    this.name = parts.name;
    this.object = parts.object;
    this.limit = parts.limit;
    this.top = parts.top;
    this.base = parts.base;
    this.uninstall = domain.faults.install(`${parts.name} growth`, (abort) => this.grow(abort));
  }

  /**
   * A stack of `bytes` that can grow to `mostBytes`, with a guard page below.
   * Errors: `LIB_ERR_VSPACE_RANGE` it would be smaller at most than at first; those of `PagedVSpace.map`.
   */
  static make(domain: Domain, bytes: number, mostBytes: number, name = 'stack'): GrowingStack {
    const [first, most] = [roundUp(bytes, PAGE_BYTES), roundUp(mostBytes, PAGE_BYTES)];
    if (!(first > 0 && first <= most)) {
      throw new VmError('LIB_ERR_VSPACE_RANGE', `a stack of ${bytes} bytes, ${mostBytes} at most`);
    }
    const { vspace } = domain;
    const guard = vspace.place(most + PAGE_BYTES, { alignment: PAGE_BYTES });
    const limit = guard + PAGE_BYTES;
    const top = limit + most;
    const object = new AnonymousObject(domain.pool, most, name);
    const stack = new GrowingStack(domain, { name, object, limit, top, base: top - first });
    try {
      vspace.guard(PAGE_BYTES, { at: guard, name: `${name} guard` });
      if (first < most) stack.reserveRoom();
      vspace.map(object, stack.options(stack.base), first);
    } catch (error) {
      stack.uninstall();
      if (vspace.inRange(guard, top).length > 0) vspace.unmap(guard, top - guard);
      object.destroy();
      throw error;
    }
    return stack;
  }

  /**
   * The stack in a clone of its domain, which grows by itself from now on.
   * Errors: `LIB_ERR_VSPACE_REGION_NOT_FOUND` the clone has no stack there.
   */
  inClone(clone: Domain): GrowingStack {
    const region = clone.vspace.find(this.top - 1);
    if (!(region instanceof VRegion) || region.object === undefined) {
      throw new VmError(
        'LIB_ERR_VSPACE_REGION_NOT_FOUND',
        `${clone.name} has no stack below ${hex0x(this.top)}`,
      );
    }
    const { name, limit, top, base } = this;
    return new GrowingStack(clone, { name, object: region.object, limit, top, base });
  }

  /** Bytes that the stack has now. */
  get bytes(): number {
    return this.top - this.base;
  }

  /** Unmaps all of it. */
  destroy(): void {
    this.uninstall();
    this.domain.vspace.unmap(this.limit - PAGE_BYTES, this.top - this.limit + PAGE_BYTES);
  }

  /** Makes the stack reach down to the fault, and brings the page; where that fails it is as before. */
  private grow(abort: AbortInfo): boolean {
    if (abort.va < this.limit || abort.va >= this.base) return false;
    const base = roundDown(abort.va, PAGE_BYTES);
    const bytes = this.base - base;
    const { object, domain } = this;
    const region = domain.vspace.map(object, { ...this.options(base), replace: true }, bytes);
    try {
      object.pagefault(region, abort.va, abort.write);
    } catch (error) {
      this.reserveRoom();
      throw error;
    }
    this.base = base;
    return true;
  }

  /** Keeps the addresses below the stack for it. */
  private reserveRoom(): void {
    const { limit, base, name } = this;
    this.domain.vspace.reserve(base - limit, { at: limit, name: `${name} room`, replace: true });
  }

  private options(at: number): RegionOptions {
    return { at, name: this.name, offset: at - this.limit, ownsObject: true };
  }
}
