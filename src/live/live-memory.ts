/**
 * The RAM of a running guest as the physical memory of a machine of ours: what kernel and domains
 * write there, the guest's processor walks and reads.
 *
 * Mapped, the words are the guest's own. Through the file, every read and write is a system call;
 * only the tables, which the kernel writes word by word and nobody else writes, are kept here as well
 * and written through.
 */
import { PAGE_BYTES } from '../base/index.js';
import { Kind, kindOf, leafXn, OFFSET_MASKS, pageFrameOf } from '../format/index.js';
import type { Kernel } from '../kernel/index.js';
import { CHUNK_BYTES, EXTERNAL_ABORT, type MemoryBank, PhysicalMemory } from '../machine/index.js';
import { ExecutedFrames } from './executed-frames.js';
import type { GuestMemory } from './guest-memory.js';

/** Physical memory that a guest runs in. */
export interface LiveMemory extends PhysicalMemory {
  readonly executed: ExecutedFrames;
  /** Repeats in the guest what `kernel` writes into tables, and notes what becomes executable. */
  follow(kernel: Kernel): void;
}

/** Notes each leaf of `words` that can be executed. */
function noteExecutable(
  executed: ExecutedFrames,
  level: number,
  words: Uint32Array,
  entry: number,
  count: number,
): void {
  for (let index = entry; index < entry + count; index += 1) {
    const word = words[index] as number;
    const kind = kindOf(level, word, true);
    const isLeaf = kind !== Kind.FAULT && kind !== Kind.TABLE && kind !== Kind.RESERVED;
    if (!isLeaf || leafXn(kind, word)) continue;
    const pages = ((OFFSET_MASKS[kind] as number) + 1) / PAGE_BYTES;
    executed.noteMapped(pageFrameOf(kind, word), pages);
  }
}

/** The guest's RAM, mapped into this process. */
export class MappedMemory extends PhysicalMemory implements LiveMemory {
  readonly executed = new ExecutedFrames();

  /** `buffer` is the RAM from the physical address `ramBase` on; the banks lie in it, chunk by chunk. */
  constructor(banks: readonly MemoryBank[], ramBase: number, buffer: ArrayBuffer) {
    super(banks);
    for (const { base, bytes } of banks) {
      for (let pa = base; pa < base + bytes; pa += CHUNK_BYTES) {
        this.adoptChunk(pa, new Uint32Array(buffer, pa - ramBase, CHUNK_BYTES / 4));
      }
    }
  }

  follow(kernel: Kernel): void {
    kernel.onTableWrite((_pa, level, words, entry, count) => {
      noteExecutable(this.executed, level, words, entry, count);
    });
  }

  override writeWord(pa: number, word: number): boolean {
    this.executed.noteWritten(pa, 4);
    return super.writeWord(pa, word);
  }

  override writeHalfword(pa: number, halfword: number): boolean {
    this.executed.noteWritten(pa, 2);
    return super.writeHalfword(pa, halfword);
  }

  override writeByte(pa: number, byte: number): boolean {
    this.executed.noteWritten(pa, 1);
    return super.writeByte(pa, byte);
  }

  override fill(pa: number, bytes: number, byte: number): boolean {
    this.executed.noteWritten(pa, bytes);
    return super.fill(pa, bytes, byte);
  }

  override writeBytes(pa: number, data: Uint8Array): boolean {
    this.executed.noteWritten(pa, data.length);
    return super.writeBytes(pa, data);
  }

  override clearPage(pa: number): boolean {
    this.executed.noteWritten(pa, PAGE_BYTES);
    return super.clearPage(pa);
  }

  override copyPage(to: number, from: number): boolean {
    this.executed.noteWritten(to, PAGE_BYTES);
    return super.copyPage(to, from);
  }
}

const ZEROS = new Uint8Array(CHUNK_BYTES);

/** The guest's RAM, through its file. The banks are RAM throughout. */
export class FileMemory extends PhysicalMemory implements LiveMemory {
  readonly executed = new ExecutedFrames();
  private readonly ram: GuestMemory;
  private readonly page = new Uint8Array(PAGE_BYTES);
  private readonly part = new Uint8Array(4);

  constructor(banks: readonly MemoryBank[], ram: GuestMemory) {
    super(banks);
    this.ram = ram;
  }

  follow(kernel: Kernel): void {
    kernel.onTableWrite((pa, level, words, entry, count) => {
      noteExecutable(this.executed, level, words, entry, count);
      if (count === 1) this.ram.writeWord(pa, words[entry] as number);
      else this.ram.write(pa, words.subarray(entry, entry + count));
    });
  }

  override readWord(pa: number): number {
    return this.holds(pa, 4) ? this.ram.readWord(pa - (pa % 4)) : EXTERNAL_ABORT;
  }

  override readHalfword(pa: number): number {
    return this.readSmall(pa - (pa % 2), 2);
  }

  override readByte(pa: number): number {
    return this.readSmall(pa, 1);
  }

  override writeWord(pa: number, word: number): boolean {
    this.part[0] = word;
    this.part[1] = word >>> 8;
    this.part[2] = word >>> 16;
    this.part[3] = word >>> 24;
    return this.writeBytes(pa - (pa % 4), this.part);
  }

  override writeHalfword(pa: number, halfword: number): boolean {
    return this.writeBytes(pa - (pa % 2), Uint8Array.of(halfword, halfword >>> 8));
  }

  override writeByte(pa: number, byte: number): boolean {
    return this.writeBytes(pa, Uint8Array.of(byte));
  }

  override fill(pa: number, bytes: number, byte: number): boolean {
    if (!this.holds(pa, bytes)) return false;
    this.executed.noteWritten(pa, bytes);
    const data = byte === 0 ? ZEROS : new Uint8Array(CHUNK_BYTES).fill(byte);
    for (let done = 0; done < bytes; done += CHUNK_BYTES) {
      this.ram.write(pa + done, data.subarray(0, Math.min(CHUNK_BYTES, bytes - done)));
    }
    return true;
  }

  override readBytes(pa: number, bytes: number): Uint8Array | undefined {
    if (!this.holds(pa, bytes)) return undefined;
    const data = new Uint8Array(bytes);
    this.ram.read(pa, data);
    return data;
  }

  override writeBytes(pa: number, data: Uint8Array): boolean {
    if (!this.holds(pa, data.length)) return false;
    this.executed.noteWritten(pa, data.length);
    this.ram.write(pa, data);
    return true;
  }

  override clearPage(pa: number): boolean {
    return this.fill(pa, PAGE_BYTES, 0);
  }

  override copyPage(to: number, from: number): boolean {
    if (!this.holds(from, PAGE_BYTES)) return false;
    this.ram.read(from, this.page);
    return this.writeBytes(to, this.page);
  }

  private readSmall(pa: number, bytes: 1 | 2): number {
    const data = this.readBytes(pa, bytes);
    if (data === undefined) return EXTERNAL_ABORT;
    return (data[0] as number) | (bytes === 2 ? (data[1] as number) << 8 : 0);
  }
}
