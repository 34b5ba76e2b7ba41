/**
 * The translations used last, with their rights worked out, so that a repeated access costs one
 * comparison. It is a shortcut through a TLB of sets and ways and never holds anything that the TLB
 * does not: whatever changes the TLB, or a register that the use of an entry depends on, flushes it.
 */

import { PAGE_BYTES, PAGE_SHIFT } from '../base/index.js';

const SLOTS = 256;
const NOTHING = -1;

/** A direct-mapped table from page and access to what is added to the address. */
export class MicroTlb {
  /** For each slot the page and the access that it is for, or -1 for none. The MMU reads it in place. */
  readonly tags = new Int32Array(SLOTS).fill(NOTHING);
  /** For each slot the physical minus the virtual address. */
  readonly distances = new Float64Array(SLOTS);
  private used = false;

  /** Remembers that the page of `va` is in `frame` and that this access to it is allowed. */
  remember(va: number, access: number, frame: number): void {
    const slot = microSlot(va, access);
    this.tags[slot] = microTag(va, access);
    this.distances[slot] = (frame - (va >>> PAGE_SHIFT)) * PAGE_BYTES;
    this.used = true;
  }

  /** Forgets everything; free when there is nothing. */
  flush(): void {
    if (!this.used) return;
    this.tags.fill(NOTHING);
    this.used = false;
  }
}

/** Where `va` is kept for `access`; the accesses to one page have slots of their own. */
export const microSlot = (va: number, access: number): number =>
  ((va >>> PAGE_SHIFT) ^ (access << 5)) & (SLOTS - 1);

/** What tells `va`, an address of 32 bits, and `access` apart from all others. */
export const microTag = (va: number, access: number): number => ((va >>> PAGE_SHIFT) << 4) | access;
