/** Memory without a name of its own: zero until it is written. */

import type { CapRef } from '../base/index.js';
import { hex0x, PAGE_BYTES, roundUp, VmError } from '../base/index.js';
import type { ObjectRegion } from './memory-object.js';
import type { PagePool } from './page-pool.js';
import { PooledObject } from './pooled-object.js';

/** Pages of zeros on demand. */
export class AnonymousObject extends PooledObject {
  readonly kind: string = 'anonymous';

  /** Error: `LIB_ERR_MEMOBJ_RANGE` the size is 0 or beyond 4 GiB. */
  constructor(pool: PagePool, bytes: number, name = 'anonymous') {
    super(pool, name, roundUp(bytes, PAGE_BYTES));
  }

  /** Pages that nobody has are zero, with or without this object. */
  protected override get canLeave(): boolean {
    return true;
  }
}

/**
 * As an anonymous object, but it grows at its end: a region may be as large as the object can become,
 * and what was not yet appended is not there.
 */
export class AppendObject extends AnonymousObject {
  override readonly kind = 'append';
  private filled = 0;

  /** `bytes` is the size that the object can grow to. */
  constructor(pool: PagePool, bytes: number, name = 'append') {
    super(pool, bytes, name);
  }

  /** Bytes that were appended. */
  get length(): number {
    return this.filled;
  }

  /** Adds `bytes`, rounded up to pages; answers where they begin. Error: `LIB_ERR_MEMOBJ_RANGE`. */
  append(bytes: number): number {
    const offset = this.filled;
    const more = roundUp(bytes, PAGE_BYTES);
    this.range(offset, more);
    this.filled = offset + more;
    return offset;
  }

  /**
   * Gives up what was appended behind the first `bytes`, whole pages of it.
   * Errors: those of {@link unfill}; `LIB_ERR_MEMOBJ_RANGE`.
   */
  truncate(bytes: number): void {
    const end = this.filled;
    if (bytes > end) this.requireFilled(bytes, 0);
    this.unfill(bytes, end - bytes);
    this.filled = bytes;
  }

  /** Brings appended pages into memory, or appends the pages of `frame` at the end. */
  override fill(offset: number, bytes: number, frame?: CapRef, frameOffset = 0): void {
    if (frame === undefined) {
      this.requireFilled(offset, bytes);
      super.fill(offset, bytes);
      return;
    }
    if (offset !== this.filled) {
      throw new VmError(
        offset < this.filled ? 'LIB_ERR_MEMOBJ_FILLED' : 'LIB_ERR_MEMOBJ_RANGE',
        `\`${this.name}\` can be appended to at ${hex0x(this.filled)}, not at ${hex0x(offset)}`,
      );
    }
    this.append(bytes);
    try {
      super.fill(offset, bytes, frame, frameOffset);
    } catch (error) {
      super.unfill(offset, bytes);
      this.filled = offset;
      throw error;
    }
  }

  override pin(offset: number, bytes: number): void {
    this.requireFilled(offset, bytes);
    super.pin(offset, bytes);
  }

  override pagefault(region: ObjectRegion, address: number, write: boolean): void {
    this.requireUse(region);
    this.requireFilled(region.offset + address - region.base, 1);
    super.pagefault(region, address, write);
  }

  private requireFilled(offset: number, bytes: number): void {
    if (offset + bytes <= this.filled) return;
    throw new VmError(
      'LIB_ERR_MEMOBJ_UNFILLED',
      `offset ${hex0x(offset)} of \`${this.name}\` lies behind its end at ${hex0x(this.filled)}`,
    );
  }
}
