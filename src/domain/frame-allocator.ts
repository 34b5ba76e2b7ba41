/** Frames from the domain's own RAM. */
import {
  type CapRef,
  Code,
  type ErrorNumber,
  MIB,
  OK,
  PAGE_BYTES,
  pushError,
  roundUp,
} from '../base/index.js';
import { CapType, type Invocations } from '../kernel/index.js';
import type { RamAllocator } from './ram-allocator.js';
import type { SlotAllocator } from './slot-allocator.js';

const LARGE_PAGE_BYTES = 16 * PAGE_BYTES;

/** The alignment that lets a frame of `bytes` be mapped by the largest leaves that it can fill. */
function usefulAlignment(bytes: number): number {
  if (bytes >= 16 * MIB) return 16 * MIB;
  if (bytes >= MIB) return MIB;
  return bytes >= LARGE_PAGE_BYTES ? LARGE_PAGE_BYTES : PAGE_BYTES;
}

/** Allocates frames, each with a capability slot of its own. */
export class FrameAllocator {
  private readonly invocations: Invocations;
  private readonly ram: RamAllocator;
  private readonly slots: SlotAllocator;

  constructor(invocations: Invocations, ram: RamAllocator, slots: SlotAllocator) {
    this.invocations = invocations;
    this.ram = ram;
    this.slots = slots;
  }

  /**
   * A frame of `bytes`, rounded up to pages, of zeros. It is aligned so that the largest leaves can
   * map it, or to a multiple of `alignment`.
   * Answers its reference, or the negative of an error: `LIB_ERR_FRAME_ALLOC` over
   * `LIB_ERR_RAM_ALLOC`, `LIB_ERR_SLOT_ALLOC`, `LIB_ERR_CAP_RETYPE`.
   */
  allocate(bytes: number, alignment?: number): number {
    if (!(bytes > 0)) {
      const size = pushError(Code.LIB_ERR_RAM_ALLOC_WRONG_SIZE, Code.LIB_ERR_RAM_ALLOC);
      return -pushError(size, Code.LIB_ERR_FRAME_ALLOC);
    }
    const size = roundUp(bytes, PAGE_BYTES);
    const wanted = alignment ?? usefulAlignment(size);
    let address = this.ram.allocate(size, wanted);
    if (address < 0 && alignment === undefined) address = this.ram.allocate(size);
    if (address < 0) return -pushError(-address, Code.LIB_ERR_FRAME_ALLOC);
    const growths = this.slots.freeCount > 0 ? 0 : this.slots.reserve(1);
    const slot = growths < 0 ? growths : this.slots.allocate();
    if (slot < 0) {
      if (growths > 0) this.slots.release(growths);
      this.ram.free(address, size);
      return -pushError(pushError(-slot, Code.LIB_ERR_SLOT_ALLOC), Code.LIB_ERR_FRAME_ALLOC);
    }
    const { cap, offset } = this.ram.place(address);
    const request = { type: CapType.FRAME, offset, objectBytes: size, count: 1 };
    const error = this.invocations.retype(cap, request, slot as CapRef);
    if (error !== OK) {
      this.slots.free(slot as CapRef);
      this.slots.release(growths);
      this.ram.free(address, size);
      return -pushError(pushError(error, Code.LIB_ERR_CAP_RETYPE), Code.LIB_ERR_FRAME_ALLOC);
    }
    return slot;
  }

  /**
   * Takes a frame back from everybody who has a copy or a mapping of it. Its memory is free again where
   * it was given out for this frame; that of a part of a frame is the whole's, that of others theirs.
   * Errors: `LIB_ERR_CAP_DESTROY` over those of identify and destroy, or over `LIB_ERR_SLOT_FREE` the
   * slot is not of this allocator; nothing is freed then.
   */
  free(frame: CapRef): ErrorNumber {
    const identified = this.invocations.identifyFrame(frame);
    if (identified !== OK) return pushError(identified, Code.LIB_ERR_CAP_DESTROY);
    const { base, bytes } = this.invocations.identity;
    // First what can be taken back: nobody takes a slot between here and there.
    const freed = this.slots.free(frame);
    if (freed !== OK) {
      return pushError(pushError(freed, Code.LIB_ERR_SLOT_FREE), Code.LIB_ERR_CAP_DESTROY);
    }
    const destroyed = this.invocations.destroy(frame);
    if (destroyed !== OK) {
      this.slots.allocate();
      return pushError(destroyed, Code.LIB_ERR_CAP_DESTROY);
    }
    this.ram.free(base, bytes);
    return OK;
  }
}
