/**
 * Physical memory: the banks of a machine, of up to 40 address bits, little-endian, stored only
 * where somebody has written. An access outside every bank is an external abort.
 */

import { hex0x, PAGE_BYTES, VmError } from '../base/index.js';

/** What answers reads and writes of a device bank. Offsets are bytes from the base of the bank. */
export interface DeviceRegisters {
  /** The value at `offset`, of 1, 2 or 4 bytes. */
  read(offset: number, bytes: number): number;
  /** Takes `value`, of 1, 2 or 4 bytes. */
  write(offset: number, bytes: number, value: number): void;
}

/** A range of physical addresses where something answers. */
export interface MemoryBank {
  readonly name: string;
  /** The first physical address, a multiple of 4 KiB. */
  readonly base: number;
  /** The size, a multiple of 4 KiB. */
  readonly bytes: number;
  readonly kind: 'ram' | 'device';
  /** What answers in a device bank; without it the bank is plain storage. */
  readonly registers?: DeviceRegisters;
}

/** The answer of a read outside of every bank. */
export const EXTERNAL_ABORT = -1;

/** Bytes that are stored together, aligned to their size. */
export const CHUNK_BYTES = 256 * 1024;

const CHUNK_SHIFT = 18;
const NEAR_LIMIT = 2 ** 32;
const CHUNK_WORDS = CHUNK_BYTES / 4;
const OFFSET_MASK = CHUNK_BYTES - 1;
const PAGE_WORDS = PAGE_BYTES / 4;
const ADDRESS_LIMIT = 2 ** 40;

/** The words of one bank: its chunks by number, from the one that holds the base. */
interface Store {
  readonly base: number;
  readonly end: number;
  readonly firstChunk: number;
  readonly chunks: (Uint32Array | undefined)[];
  readonly registers: DeviceRegisters | undefined;
}

/** A part of a range that lies in one chunk of one bank. */
interface Piece {
  readonly store: Store;
  readonly at: number;
  readonly count: number;
}

/** The physical memory of one machine. */
export class PhysicalMemory {
  /** The banks, by ascending address. */
  readonly banks: readonly MemoryBank[];
  private readonly stores: readonly Store[];
  /**
   * The chunks below 4 GiB that exist and lie in one bank of storage, by number: words in them are
   * reached without looking for their bank.
   */
  private readonly near = new Array<Uint32Array | undefined>(NEAR_LIMIT / CHUNK_BYTES);
  /** The bank that answered last: accesses keep to one bank for long. */
  private recent: Store;

  /**
   * Memory with these banks, all zero.
   *
   * Errors: MACHINE_ERR_BANK — no bank; a bank that is empty, not made of whole 4 KiB pages, beyond
   * 40 address bits, or overlapping another.
   */
  constructor(banks: readonly MemoryBank[]) {
    this.banks = banks.toSorted((left, right) => left.base - right.base);
    checkBanks(this.banks);
    this.stores = this.banks.map((bank) => {
      const firstChunk = chunkNumber(bank.base);
      const chunks = chunkNumber(bank.base + bank.bytes - 1) - firstChunk + 1;
      return {
        base: bank.base,
        end: bank.base + bank.bytes,
        firstChunk,
        chunks: new Array<Uint32Array | undefined>(chunks).fill(undefined),
        registers: bank.registers,
      };
    });
    this.recent = this.stores[0] as Store;
  }

  /** The word at `pa`, unsigned, or EXTERNAL_ABORT. The low two bits of `pa` are ignored. */
  readWord(pa: number): number {
    if (pa >>> 0 === pa) {
      const chunk = this.near[pa >>> CHUNK_SHIFT];
      if (chunk !== undefined) return chunk[(pa & OFFSET_MASK) >>> 2];
    }
    // The plus tells the compiler that both ways give a number, so that no word is boxed.
    return +this.readAnyWord(pa);
  }

  private readAnyWord(pa: number): number {
    const store = this.storeOf(pa);
    if (store === undefined) return EXTERNAL_ABORT;
    if (store.registers !== undefined) return readDevice(store, pa - (pa % 4), 4);
    const chunk = store.chunks[chunkNumber(pa) - store.firstChunk];
    return chunk === undefined ? 0 : chunk[(pa & OFFSET_MASK) >>> 2];
  }

  /** Writes the word at `pa`; false outside of every bank. The low two bits are ignored. */
  writeWord(pa: number, word: number): boolean {
    if (pa >>> 0 === pa) {
      const chunk = this.near[pa >>> CHUNK_SHIFT];
      if (chunk !== undefined) {
        chunk[(pa & OFFSET_MASK) >>> 2] = word;
        return true;
      }
    }
    const store = this.storeOf(pa);
    if (store === undefined) return false;
    if (store.registers !== undefined) writeDevice(store, pa - (pa % 4), 4, word);
    else this.chunkFor(store, pa)[(pa & OFFSET_MASK) >>> 2] = word;
    return true;
  }

  /** The halfword at `pa`, or EXTERNAL_ABORT. The lowest bit of `pa` is ignored. */
  readHalfword(pa: number): number {
    return this.readPart(pa - (pa % 2), 2);
  }

  /** Writes the halfword at `pa`; false outside of every bank. The lowest bit is ignored. */
  writeHalfword(pa: number, halfword: number): boolean {
    return this.writePart(pa - (pa % 2), 2, halfword);
  }

  /** The byte at `pa`, or EXTERNAL_ABORT. */
  readByte(pa: number): number {
    return this.readPart(pa, 1);
  }

  /** Writes the byte at `pa`; false outside of every bank. */
  writeByte(pa: number, byte: number): boolean {
    return this.writePart(pa, 1, byte);
  }

  /** The bank that holds `pa`, if any. */
  bankAt(pa: number): MemoryBank | undefined {
    const store = this.storeOf(pa);
    return store === undefined ? undefined : this.banks[this.stores.indexOf(store)];
  }

  /** Whether every byte of the range lies in banks. */
  holds(pa: number, bytes: number): boolean {
    const end = pa + bytes;
    let at = pa;
    while (at < end) {
      const store = this.storeOf(at);
      if (store === undefined) return false;
      at = store.end;
    }
    return true;
  }

  /** Sets every byte of the range to `byte`; false, and nothing written, if it leaves the banks. */
  fill(pa: number, bytes: number, byte: number): boolean {
    if (!this.holds(pa, bytes)) return false;
    for (const { store, at, count } of this.pieces(pa, bytes)) {
      if (store.registers !== undefined) {
        for (let index = 0; index < count; index++) writeDevice(store, at + index, 1, byte);
      } else if (byte !== 0 || store.chunks[chunkNumber(at) - store.firstChunk] !== undefined) {
        byteView(this.chunkFor(store, at), at, count).fill(byte);
      }
    }
    return true;
  }

  /**
   * Copies a range; false, and nothing written, if either range leaves the banks. The ranges must
   * not overlap.
   */
  copy(to: number, from: number, bytes: number): boolean {
    if (!this.holds(to, bytes)) return false;
    const data = this.readBytes(from, bytes);
    return data !== undefined && this.writeBytes(to, data);
  }

  /** Makes the page at `pa`, which is 4 KiB aligned, zero; false where it is no storage. */
  clearPage(pa: number): boolean {
    const words = this.chunkAt(pa);
    if (words === undefined) return false;
    const at = (pa & OFFSET_MASK) >>> 2;
    words.fill(0, at, at + PAGE_WORDS);
    return true;
  }

  /** Copies a page between two addresses, 4 KiB aligned; false where one of them is no storage. */
  copyPage(to: number, from: number): boolean {
    const source = this.chunkAt(from);
    const target = this.chunkAt(to);
    if (source === undefined || target === undefined) return false;
    const first = (from & OFFSET_MASK) >>> 2;
    const at = (to & OFFSET_MASK) >>> 2;
    if (source === target) target.copyWithin(at, first, first + PAGE_WORDS);
    else target.set(source.subarray(first, first + PAGE_WORDS), at);
    return true;
  }

  /** A copy of the bytes of a range, or undefined if it leaves the banks. */
  readBytes(pa: number, bytes: number): Uint8Array | undefined {
    if (!this.holds(pa, bytes)) return undefined;
    const data = new Uint8Array(bytes);
    for (const { store, at, count } of this.pieces(pa, bytes)) {
      const chunk = store.chunks[chunkNumber(at) - store.firstChunk];
      if (store.registers !== undefined) {
        for (let index = 0; index < count; index++) {
          data[at - pa + index] = readDevice(store, at + index, 1);
        }
      } else if (chunk !== undefined) data.set(byteView(chunk, at, count), at - pa);
    }
    return data;
  }

  /** Writes `data` from `pa` on; false, and nothing written, if it leaves the banks. */
  writeBytes(pa: number, data: Uint8Array): boolean {
    if (!this.holds(pa, data.length)) return false;
    for (const { store, at, count } of this.pieces(pa, data.length)) {
      const from = at - pa;
      if (store.registers !== undefined) {
        for (let index = 0; index < count; index++) {
          writeDevice(store, at + index, 1, data[from + index]);
        }
      } else byteView(this.chunkFor(store, at), at, count).set(data.subarray(from, from + count));
    }
    return true;
  }

  /**
   * The stored chunk that holds `pa`, made if need be; the word of `pa` is at index
   * `(pa % CHUNK_BYTES) >>> 2`. Undefined outside of every bank and where a device answers. A bank
   * may begin or end inside a chunk: the words outside of it must be left alone.
   */
  chunkAt(pa: number): Uint32Array | undefined {
    const store = this.storeOf(pa);
    return store === undefined || store.registers !== undefined
      ? undefined
      : this.chunkFor(store, pa);
  }

  /**
   * Makes `words` the storage of the chunk that begins at `pa`: the shared memory of a live machine.
   * What was stored there is forgotten.
   *
   * Errors: MACHINE_ERR_BANK — `pa` is not the start of a chunk that lies in one bank and is plain
   * storage, or `words` is not CHUNK_BYTES long.
   */
  adoptChunk(pa: number, words: Uint32Array): void {
    const store = this.storeOf(pa);
    if (
      store === undefined ||
      store.registers !== undefined ||
      pa % CHUNK_BYTES !== 0 ||
      pa + CHUNK_BYTES > store.end ||
      words.length !== CHUNK_WORDS
    ) {
      throw new VmError(
        'MACHINE_ERR_BANK',
        `cannot take ${hex0x(words.byteLength)} bytes as the memory at ${hex0x(pa)}: a chunk is ` +
          `${hex0x(CHUNK_BYTES)} bytes, aligned to its size, inside one bank of storage`,
      );
    }
    this.setChunk(store, chunkNumber(pa), words);
  }

  /** Bytes of chunks that exist. */
  residentBytes(): number {
    let chunks = 0;
    for (const store of this.stores) {
      for (const chunk of store.chunks) if (chunk !== undefined) chunks += 1;
    }
    return chunks * CHUNK_BYTES;
  }

  private readPart(pa: number, bytes: 1 | 2): number {
    const store = this.storeOf(pa);
    if (store === undefined) return EXTERNAL_ABORT;
    if (store.registers !== undefined) return readDevice(store, pa, bytes);
    const chunk = store.chunks[chunkNumber(pa) - store.firstChunk];
    if (chunk === undefined) return 0;
    const word = chunk[(pa & OFFSET_MASK) >>> 2];
    return (word >>> ((pa & 3) * 8)) & partMask(bytes);
  }

  private writePart(pa: number, bytes: 1 | 2, value: number): boolean {
    const store = this.storeOf(pa);
    if (store === undefined) return false;
    if (store.registers !== undefined) {
      writeDevice(store, pa, bytes, value);
      return true;
    }
    const chunk = this.chunkFor(store, pa);
    const index = (pa & OFFSET_MASK) >>> 2;
    const shift = (pa & 3) * 8;
    const mask = partMask(bytes);
    chunk[index] = (chunk[index] & ~(mask << shift)) | ((value & mask) << shift);
    return true;
  }

  /** Cuts a range that lies in banks where a chunk or a bank ends. */
  private *pieces(pa: number, bytes: number): Generator<Piece> {
    const end = pa + bytes;
    let at = pa;
    while (at < end) {
      const store = this.storeOf(at) as Store;
      const next = Math.min(end, store.end, (chunkNumber(at) + 1) * CHUNK_BYTES);
      yield { store, at, count: next - at };
      at = next;
    }
  }

  private chunkFor(store: Store, pa: number): Uint32Array {
    const number = chunkNumber(pa);
    const chunk = store.chunks[number - store.firstChunk];
    return chunk ?? this.setChunk(store, number, new Uint32Array(CHUNK_WORDS));
  }

  private setChunk(store: Store, number: number, chunk: Uint32Array): Uint32Array {
    store.chunks[number - store.firstChunk] = chunk;
    const start = number * CHUNK_BYTES;
    const whole = start >= store.base && start + CHUNK_BYTES <= store.end;
    if (whole && start < NEAR_LIMIT) this.near[number] = chunk;
    return chunk;
  }

  private storeOf(pa: number): Store | undefined {
    const recent = this.recent;
    if (pa >= recent.base && pa < recent.end) return recent;
    return this.findStore(pa);
  }

  private findStore(pa: number): Store | undefined {
    for (const store of this.stores) {
      if (pa >= store.base && pa < store.end) {
        this.recent = store;
        return store;
      }
    }
    return undefined;
  }
}

/** The number of the chunk that holds `pa`; below 2^22, so that the truncation is exact. */
const chunkNumber = (pa: number): number => (pa / CHUNK_BYTES) | 0;

/** The bytes of a chunk from `pa`; every JavaScript engine there is runs little-endian. */
function byteView(chunk: Uint32Array, pa: number, bytes: number): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset + (pa & OFFSET_MASK), bytes);
}

function readDevice(store: Store, pa: number, bytes: 1 | 2 | 4): number {
  const value = store.registers?.read(pa - store.base, bytes) ?? 0;
  return bytes === 4 ? value >>> 0 : value & partMask(bytes);
}

function writeDevice(store: Store, pa: number, bytes: 1 | 2 | 4, value: number): void {
  const kept = bytes === 4 ? value >>> 0 : value & partMask(bytes);
  store.registers?.write(pa - store.base, bytes, kept);
}

const partMask = (bytes: 1 | 2): number => (bytes === 1 ? 0xff : 0xffff);

function checkBanks(banks: readonly MemoryBank[]): void {
  if (banks.length === 0) throw new VmError('MACHINE_ERR_BANK', 'a machine needs a bank of memory');
  let previous: MemoryBank | undefined;
  for (const bank of banks) {
    const where = `bank ${bank.name} (${hex0x(bank.base)}, ${hex0x(bank.bytes)} bytes)`;
    if (!(bank.bytes > 0) || bank.base % PAGE_BYTES !== 0 || bank.bytes % PAGE_BYTES !== 0) {
      throw new VmError('MACHINE_ERR_BANK', `${where} is not made of whole 4 KiB pages`);
    }
    if (!(bank.base >= 0) || bank.base + bank.bytes > ADDRESS_LIMIT) {
      throw new VmError('MACHINE_ERR_BANK', `${where} lies beyond 40 address bits`);
    }
    if (previous !== undefined && previous.base + previous.bytes > bank.base) {
      throw new VmError('MACHINE_ERR_BANK', `${where} overlaps bank ${previous.name}`);
    }
    previous = bank;
  }
}
