/**
 * A heap over the domain's own address space: `morecore` appends pages to an object as they are asked
 * for, and an allocator with boundary tags lives in them. All that it knows is in the domain's memory,
 * read and written by the domain's own loads and stores.
 *
 *     block   size │ used 1 │ previous used 2      in use and free
 *             check: the block's address ^ MAGIC   in use and free
 *             next free, previous free             free
 *             …  size                              free: the last word
 *     end     size 0, used
 */
import { hex0x, PAGE_BYTES, roundUp, VmError } from '../base/index.js';
import { AppendObject } from './anonymous-object.js';
import type { Domain } from './domain.js';
import type { VRegion } from './vregion.js';

const HEADER = 8;
const SMALLEST = 24;
const ALIGNMENT = 8;
const USED = 1;
const PREVIOUS_USED = 2;
const SIZE_MASK = ~(ALIGNMENT - 1);
const MAGIC = 0x48_45_41_50;
/** What `morecore` asks for at least. */
const GROWTH_BYTES = 4 * PAGE_BYTES;

/** `malloc`, `free` and `realloc` of one domain. */
export class Heap {
  readonly region: VRegion;
  private readonly domain: Domain;
  private readonly object: AppendObject;
  /** The first free block, or 0. */
  private freeList = 0;
  /** The block of size 0 behind the last one, or 0 before there is any. */
  private end = 0;
  /** The words that the running operation has overwritten: address and old word. */
  private readonly undo: number[] = [];

  /** A heap of at most `bytes`. Errors: those of `PagedVSpace.map`. */
  constructor(domain: Domain, bytes: number, name = 'heap') {
    this.domain = domain;
    this.object = new AppendObject(domain.pool, bytes, name);
    try {
      this.region = domain.vspace.map(this.object, { name, ownsObject: true });
    } catch (error) {
      this.object.destroy();
      throw error;
    }
  }

  /** Bytes that `morecore` has given so far. */
  get coreBytes(): number {
    return this.object.length;
  }

  /**
   * The address of `bytes` bytes, a multiple of 8.
   * Errors: `LIB_ERR_MALLOC_FAIL` the heap cannot grow enough; those of the fault that its memory takes.
   */
  malloc(bytes: number): number {
    return this.whole(() => this.take(bytes));
  }

  private take(bytes: number): number {
    const size = this.blockSize(bytes);
    let block = this.findFree(size);
    if (block === 0) {
      this.moreCore(size);
      block = this.findFree(size);
    }
    this.unlink(block);
    const whole = this.size(block);
    if (whole - size >= SMALLEST) {
      this.putHeader(block, size, USED | (this.flags(block) & PREVIOUS_USED));
      this.putFree(block + size, whole - size);
    } else {
      this.putHeader(block, whole, USED | (this.flags(block) & PREVIOUS_USED));
      this.setFlag(block + whole, PREVIOUS_USED, true);
    }
    return block + HEADER;
  }

  /** Gives back what {@link malloc} answered. Error: `LIB_ERR_HEAP_POINTER`. */
  free(pointer: number): void {
    this.whole(() => this.giveBack(pointer));
  }

  private giveBack(pointer: number): void {
    let block = this.blockOf(pointer);
    let size = this.size(block);
    // The header may end up inside a larger free block: it shall not pass for one in use again.
    this.store(block + 4, 0);
    const next = block + size;
    if ((this.flags(next) & USED) === 0) {
      this.unlink(next);
      size += this.size(next);
    }
    if ((this.flags(block) & PREVIOUS_USED) === 0) {
      const before = this.load(block - 4);
      block -= before;
      size += before;
      this.unlink(block);
    }
    this.putFree(block, size);
  }

  /**
   * Memory of `bytes` bytes that begins as what `pointer` had, which is given back; 0 begins as nothing.
   * Errors: those of {@link malloc} and {@link free}; `pointer` is as it was then.
   */
  realloc(pointer: number, bytes: number): number {
    if (pointer === 0) return this.malloc(bytes);
    return this.whole(() => {
      const old = this.size(this.blockOf(pointer)) - HEADER;
      if (bytes <= old && bytes >= 0) return pointer;
      const fresh = this.take(bytes);
      for (let offset = 0; offset < old; offset += 4) {
        this.store(fresh + offset, this.load(pointer + offset));
      }
      this.giveBack(pointer);
      return fresh;
    });
  }

  /**
   * Does an operation as a whole: any access to the heap may fault, and where that fails the heap is put
   * back as it was. Error: `LIB_ERR_HEAP_BROKEN` that failed as well.
   */
  private whole<Answer>(operation: () => Answer): Answer {
    const { freeList, end, object, undo } = this;
    const { length } = object;
    this.domain.kernel.run(this.domain.number);
    undo.length = 0;
    try {
      return operation();
    } catch (error) {
      this.freeList = freeList;
      this.end = end;
      if (error instanceof VmError) this.putBack(length, error);
      throw error;
    }
  }

  private putBack(length: number, cause: VmError): void {
    const { cpu } = this.domain.kernel.machine;
    const { object, undo, region } = this;
    try {
      for (let at = undo.length - 2; at >= 0; at -= 2) cpu.store(undo[at], 4, undo[at + 1]);
      object.truncate(length);
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      const text = `\`${region.name}\` could not be put back as it was: ${error.message}`;
      throw new VmError('LIB_ERR_HEAP_BROKEN', text, { cause });
    }
  }

  /** Unmaps the heap and gives its pages back. */
  destroy(): void {
    this.domain.vspace.unmap(this.region.base, this.region.bytes);
  }

  /** Appends pages, of which all but the end block become free. */
  private moreCore(size: number): void {
    const { object, region } = this;
    const left = object.bytes - object.length;
    // The first growth also makes the end block; a later one goes on from a free block before it.
    const missing = this.end === 0 ? size + HEADER : size - this.freeAtEnd();
    const least = roundUp(Math.max(missing, 1), PAGE_BYTES);
    if (least > left) throw this.exhausted(size);
    const offset = object.append(Math.min(left, Math.max(least, GROWTH_BYTES)));
    const end = region.base + object.length - HEADER;
    if (this.end === 0) {
      this.putHeader(end, 0, USED);
      this.end = end;
      // Nothing is before the first block: nobody shall look there.
      this.store(region.base, PREVIOUS_USED);
      this.putFree(region.base, end - region.base);
      return;
    }
    const old = this.end;
    this.putHeader(end, 0, USED);
    this.end = end;
    this.putHeader(old, end - old, USED | (this.flags(old) & PREVIOUS_USED));
    this.giveBack(region.base + offset);
  }

  /** Bytes of the free block right before the end, if there is one. */
  private freeAtEnd(): number {
    return (this.flags(this.end) & PREVIOUS_USED) === 0 ? this.load(this.end - 4) : 0;
  }

  private findFree(size: number): number {
    let block = this.freeList;
    while (block !== 0 && this.size(block) < size) block = this.load(block + HEADER);
    return block;
  }

  /** Makes a free block, and says so to the one behind it. */
  private putFree(block: number, size: number): void {
    this.putHeader(block, size, PREVIOUS_USED);
    this.store(block + HEADER, this.freeList);
    this.store(block + HEADER + 4, 0);
    if (this.freeList !== 0) this.store(this.freeList + HEADER + 4, block);
    this.freeList = block;
    this.store(block + size - 4, size);
    this.setFlag(block + size, PREVIOUS_USED, false);
  }

  private unlink(block: number): void {
    const next = this.load(block + HEADER);
    const previous = this.load(block + HEADER + 4);
    if (previous === 0) this.freeList = next;
    else this.store(previous + HEADER, next);
    if (next !== 0) this.store(next + HEADER + 4, previous);
  }

  private putHeader(block: number, size: number, flags: number): void {
    this.store(block, size | flags);
    this.store(block + 4, (block ^ MAGIC) >>> 0);
  }

  private setFlag(block: number, flag: number, on: boolean): void {
    const word = this.load(block);
    this.store(block, on ? word | flag : word & ~flag);
  }

  private size(block: number): number {
    return (this.load(block) & SIZE_MASK) >>> 0;
  }

  private flags(block: number): number {
    return this.load(block) & ~SIZE_MASK;
  }

  private load(address: number): number {
    return this.domain.kernel.machine.cpu.load(address, 4);
  }

  private store(address: number, word: number): void {
    this.undo.push(address, this.load(address));
    this.domain.kernel.machine.cpu.store(address, 4, word >>> 0);
  }

  private blockSize(bytes: number): number {
    if (!(Number.isInteger(bytes) && bytes >= 0 && bytes <= this.object.bytes)) {
      throw this.exhausted(bytes);
    }
    return Math.max(SMALLEST, roundUp(bytes + HEADER, ALIGNMENT));
  }

  /** The block of a pointer that {@link malloc} answered and nobody gave back. */
  private blockOf(pointer: number): number {
    const block = pointer - HEADER;
    const { base } = this.region;
    const inside = block >= base && block < this.end && block % ALIGNMENT === 0;
    const known = inside && this.load(block + 4) === (block ^ MAGIC) >>> 0;
    if (known && (this.flags(block) & USED) !== 0 && this.size(block) > 0) return block;
    throw new VmError(
      'LIB_ERR_HEAP_POINTER',
      `${hex0x(Math.max(0, pointer))} is not a block in use of \`${this.region.name}\` at ${hex0x(base)}`,
    );
  }

  private exhausted(bytes: number): VmError {
    const { object } = this;
    return new VmError(
      'LIB_ERR_MALLOC_FAIL',
      `no ${bytes} bytes are left in \`${object.name}\`: ${object.length} of ${object.bytes} are used`,
    );
  }
}
