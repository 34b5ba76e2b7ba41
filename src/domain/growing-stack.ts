/** A stack that becomes larger when it is used below its end, down to a guard page. */
import { PAGE_BYTES, roundDown, roundUp, VmError } from '../base/index.js';
import type { AbortInfo } from '../machine/index.js';
import { AnonymousObject } from './anonymous-object.js';
import type { Domain } from './domain.js';
import type { RegionOptions } from './paged-vspace.js';

/**
 *     guard │ reserved, for growing │ stack ◄ top
 */
export class GrowingStack {
  /** The address behind the stack, where a stack pointer begins. */
  readonly top: number;
  private readonly domain: Domain;
  private readonly name: string;
  private readonly object: AnonymousObject;
  /** The lowest address that the stack can reach. */
  private readonly limit: number;
  private base: number;
  private readonly uninstall: () => void;

  /**
   * A stack of `bytes` that can grow to `mostBytes`, with a guard page below.
   * Errors: `LIB_ERR_VSPACE_RANGE` it would be smaller at most than at first; those of `PagedVSpace.map`.
   */
  constructor(domain: Domain, bytes: number, mostBytes: number, name = 'stack') {
    const [first, most] = [roundUp(bytes, PAGE_BYTES), roundUp(mostBytes, PAGE_BYTES)];
    if (!(first > 0 && first <= most)) {
      throw new VmError('LIB_ERR_VSPACE_RANGE', `a stack of ${bytes} bytes, ${mostBytes} at most`);
    }
    this.domain = domain;
    this.name = name;
    const { vspace } = domain;
    const guard = vspace.place(most + PAGE_BYTES, { alignment: PAGE_BYTES });
    this.limit = guard + PAGE_BYTES;
    this.top = this.limit + most;
    this.base = this.top - first;
    this.object = new AnonymousObject(domain.pool, most, name);
    vspace.guard(PAGE_BYTES, { at: guard, name: `${name} guard` });
    if (first < most) vspace.reserve(most - first, { at: this.limit, name: `${name} room` });
    vspace.map(this.object, this.options(this.base), first);
    this.uninstall = domain.faults.install(`${name} growth`, (abort) => this.grow(abort));
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

  /** Makes the stack reach down to the fault, and leaves the page itself to the address space. */
  private grow(abort: AbortInfo): boolean {
    if (abort.va < this.limit || abort.va >= this.base) return false;
    const base = roundDown(abort.va, PAGE_BYTES);
    const bytes = this.base - base;
    this.domain.vspace.map(this.object, { ...this.options(base), replace: true }, bytes);
    this.base = base;
    return false;
  }

  private options(at: number): RegionOptions {
    return { at, name: this.name, offset: at - this.limit, ownsObject: true };
  }
}
