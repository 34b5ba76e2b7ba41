/**
 * Slot allocators: who says which slots of the CSpace are free.
 *
 * - {@link SingleSlotAllocator}: the slots of one L2 CNode, one at a time;
 * - {@link RangeSlotAllocator}: the slots of one L2 CNode, in runs;
 * - {@link TwoLevelSlotAllocator}: as many as are asked for; makes L2 CNodes, and a larger root.
 *
 * A slot is answered as its reference, which is never negative; an error as its negative.
 */
import {
  anyBit,
  bitSetWords,
  type CapRef,
  Code,
  capRef,
  clearBits,
  type ErrorNumber,
  firstBitFrom,
  firstClearBitFrom,
  OK,
  pushError,
  setBits,
} from '../base/index.js';
import {
  CapType,
  CNODE_KIBIBYTES,
  CNODE_SLOTS,
  capRefOf,
  cnodeOf,
  type Invocations,
  rootSlotRef,
  slotOf,
} from '../kernel/index.js';
import type { RamAllocator } from './ram-allocator.js';

const CNODE_BYTES = CNODE_KIBIBYTES * 1024;

/** Hands out single slots. */
export interface SlotAllocator {
  /** A free slot, or the negative of an error. */
  allocate(): number;
  /** Gives a slot back. Error: `LIB_ERR_SLOT_UNALLOCATED` it is not one of ours, or is free. */
  free(slot: CapRef): ErrorNumber;
  /**
   * Makes sure that `count` slots are free. Answers how many times the allocator grew, for
   * {@link release}, or the negative of an error, in which case nothing has changed.
   */
  reserve(count: number): number;
  /** Undoes the last `growths` growths, whose slots are all free again. */
  release(growths: number): void;
  readonly freeCount: number;
}

/** A stack of free slots, and a bit for each that is out, so that none is given back twice. */
class SlotStack {
  private stack: Int32Array = new Int32Array(CNODE_SLOTS);
  private out: Uint32Array = new Uint32Array(bitSetWords(16 * CNODE_SLOTS));
  private total = 0;
  count = 0;

  /** Takes in the slots `first` up to `end` of a CNode, the lowest on top. */
  add(cnode: number, first: number, end: number): void {
    // Room for all of them: those that are out now will all be free together one day.
    this.total += end - first;
    if (this.total > this.stack.length) {
      const larger = new Int32Array(this.total * 2);
      larger.set(this.stack);
      this.stack = larger;
    }
    for (let slot = end - 1; slot >= first; slot -= 1) {
      this.stack[this.count] = capRefOf(cnode, slot);
      this.count += 1;
    }
    const words = bitSetWords((cnode + 1) * CNODE_SLOTS);
    if (words > this.out.length) {
      const larger = new Uint32Array(words * 2);
      larger.set(this.out);
      this.out = larger;
    }
  }

  /** Forgets a CNode whose slots are all free, wherever in the stack they are. */
  drop(cnode: number): void {
    let kept = 0;
    for (let index = 0; index < this.count; index += 1) {
      const ref = this.stack[index];
      if (cnodeOf(ref as CapRef) === cnode) continue;
      this.stack[kept] = ref;
      kept += 1;
    }
    this.count = kept;
    this.total -= CNODE_SLOTS;
  }

  pop(): number {
    this.count -= 1;
    const ref = this.stack[this.count];
    this.out[ref >>> 5] |= 1 << (ref & 31);
    return ref;
  }

  push(ref: CapRef): ErrorNumber {
    const { out } = this;
    const word = ref >>> 5;
    const bit = 1 << (ref & 31);
    // Behind the end there is nothing, whose bits are all 0.
    if ((out[word] & bit) === 0) return Code.LIB_ERR_SLOT_UNALLOCATED;
    out[word] ^= bit;
    this.stack[this.count] = ref;
    this.count += 1;
    return OK;
  }
}

/** The slots `first` up to `end` of one L2 CNode. */
export class SingleSlotAllocator implements SlotAllocator {
  private readonly slots = new SlotStack();

  constructor(cnode: number, first = 0, end: number = CNODE_SLOTS) {
    this.slots.add(cnode, first, end);
  }

  get freeCount(): number {
    return this.slots.count;
  }

  allocate(): number {
    if (this.slots.count > 0) return this.slots.pop();
    return -pushError(Code.LIB_ERR_SLOT_ALLOC_NO_SPACE, Code.LIB_ERR_SINGLE_SLOT_ALLOC);
  }

  free(slot: CapRef): ErrorNumber {
    return this.slots.push(slot);
  }

  reserve(count: number): number {
    if (this.slots.count >= count) return 0;
    return -pushError(Code.LIB_ERR_SLOT_ALLOC_NO_SPACE, Code.LIB_ERR_SINGLE_SLOT_ALLOC);
  }

  release(): void {}
}

/** Runs of adjacent slots of one L2 CNode, the lowest that fits. */
export class RangeSlotAllocator {
  private readonly cnode: number;
  private readonly taken = new Uint32Array(bitSetWords(CNODE_SLOTS));

  constructor(cnode: number) {
    this.cnode = cnode;
  }

  /** The first of `count` adjacent free slots, or the negative of an error. */
  allocate(count: number): number {
    for (let slot = 0; slot + count <= CNODE_SLOTS && count > 0; ) {
      const first = firstClearBitFrom(this.taken, 0, slot, CNODE_SLOTS);
      if (first < 0 || first + count > CNODE_SLOTS) break;
      const next = firstBitFrom(this.taken, 0, first, first + count);
      if (next < 0) {
        setBits(this.taken, 0, first, count);
        return capRefOf(this.cnode, first);
      }
      slot = next;
    }
    return -Code.LIB_ERR_SLOT_ALLOC_NO_SPACE;
  }

  /** Gives `count` slots from `slot` on back. Error: `LIB_ERR_SLOT_UNALLOCATED`. */
  free(slot: CapRef, count: number): ErrorNumber {
    const first = slotOf(slot);
    const ours = cnodeOf(slot) === this.cnode && count > 0 && first + count <= CNODE_SLOTS;
    if (!ours || firstClearBitFrom(this.taken, 0, first, first + count) >= 0) {
      return Code.LIB_ERR_SLOT_UNALLOCATED;
    }
    clearBits(this.taken, 0, first, count);
    return OK;
  }

  /** Whether none of its slots is taken. */
  get isEmpty(): boolean {
    return !anyBit(this.taken, 0, 0, CNODE_SLOTS);
  }
}

/** Grows by L2 CNodes of the domain's own memory, and by a larger root CNode when that is full. */
export class TwoLevelSlotAllocator implements SlotAllocator {
  private readonly invocations: Invocations;
  private readonly ram: RamAllocator;
  private rootCNode: CapRef;
  /** The slot beside {@link rootCNode}, kept empty for a larger root to be made in. */
  private spareRoot: CapRef;
  private readonly slots = new SlotStack();
  /** The slots of the root CNode that hold our CNodes, and where their memory lies. */
  private readonly cnodes: { readonly slot: number; readonly memory: number }[] = [];
  private nextRootSlot: number;
  private rootSlots: number;

  /**
   * `rootCNode` is a reference to the domain's own root CNode, with an empty slot right behind it.
   * Of its `rootSlots` slots all from `firstRootSlot` on are this allocator's.
   */
  constructor(
    invocations: Invocations,
    ram: RamAllocator,
    rootCNode: CapRef,
    firstRootSlot: number,
    rootSlots: number,
  ) {
    this.invocations = invocations;
    this.ram = ram;
    this.rootCNode = rootCNode;
    this.spareRoot = capRef(rootCNode + 1);
    this.nextRootSlot = firstRootSlot;
    this.rootSlots = rootSlots;
  }

  get freeCount(): number {
    return this.slots.count;
  }

  /** CNodes that were made. */
  get cnodeCount(): number {
    return this.cnodes.length;
  }

  allocate(): number {
    if (this.slots.count === 0) {
      const error = this.grow();
      if (error !== OK) return -error;
    }
    return this.slots.pop();
  }

  free(slot: CapRef): ErrorNumber {
    return this.slots.push(slot);
  }

  reserve(count: number): number {
    let growths = 0;
    while (this.slots.count < count) {
      const error = this.grow();
      if (error !== OK) {
        this.release(growths);
        return -error;
      }
      growths += 1;
    }
    return growths;
  }

  release(growths: number): void {
    for (let count = 0; count < growths; count += 1) {
      const last = this.cnodes.pop();
      if (last === undefined) return;
      this.slots.drop(last.slot);
      this.invocations.destroy(rootSlotRef(last.slot));
      this.ram.free(last.memory, CNODE_BYTES);
      this.nextRootSlot = last.slot;
    }
  }

  /** Adds one CNode. All or nothing. */
  private grow(): ErrorNumber {
    if (this.nextRootSlot >= this.rootSlots) {
      const error = this.growRoot();
      if (error !== OK) return error;
    }
    const memory = this.ram.allocate(CNODE_BYTES);
    if (memory < 0) return noSpace(-memory);
    const slot = this.nextRootSlot;
    const { cap, offset } = this.ram.place(memory);
    const request = { type: CapType.L2_CNODE, offset, objectBytes: CNODE_BYTES, count: 1 };
    const error = this.invocations.retype(cap, request, rootSlotRef(slot));
    if (error !== OK) {
      this.ram.free(memory, CNODE_BYTES);
      return noSpace(error);
    }
    this.cnodes.push({ slot, memory });
    this.nextRootSlot = slot + 1;
    this.slots.add(slot, 0, CNODE_SLOTS);
    return OK;
  }

  /**
   * Doubles the root CNode: a new one is made in the slot beside the reference to the present one,
   * takes over its contents, and the two slots change roles. A larger root stays even where what it
   * was made for fails: it is the domain's own memory, and empty slots cost nobody else.
   */
  private growRoot(): ErrorNumber {
    const bytes = (this.rootSlots / CNODE_SLOTS) * CNODE_BYTES * 2;
    const memory = this.ram.allocate(bytes, CNODE_BYTES);
    if (memory < 0) return noSpace(-memory);
    const { cap, offset } = this.ram.place(memory);
    const request = { type: CapType.L1_CNODE, offset, objectBytes: bytes, count: 1 };
    const [present, spare] = [this.rootCNode, this.spareRoot];
    // Empty, unless the last one could not be dropped.
    let error = this.invocations.typeName(spare) === 'Null' ? OK : this.dropRoot(spare);
    if (error === OK) error = this.invocations.retype(cap, request, spare);
    if (error === OK) {
      error = this.invocations.resizeRoot(spare);
      if (error !== OK) this.invocations.delete(spare);
    }
    if (error !== OK) {
      this.ram.free(memory, bytes);
      return noSpace(error);
    }
    this.rootCNode = spare;
    this.spareRoot = present;
    this.rootSlots *= 2;
    // Where this fails, the next growth does it.
    this.dropRoot(present);
    return OK;
  }

  /** Gives back a root CNode that serves no more, and its memory. */
  private dropRoot(root: CapRef): ErrorNumber {
    const identified = this.invocations.identify(root);
    if (identified !== OK) return identified;
    const { base, bytes } = this.invocations.identity;
    const error = this.invocations.destroy(root);
    // The first root of a domain that nobody spawned is not of its own memory: that is no error here.
    if (error === OK) this.ram.free(base, bytes);
    return error;
  }
}

function noSpace(cause: ErrorNumber): ErrorNumber {
  return pushError(pushError(cause, Code.LIB_ERR_CNODE_CREATE), Code.LIB_ERR_SLOT_ALLOC_NO_SPACE);
}
