/**
 * The RAM of an emulated machine as this process sees it: a file that both map or read. It has no
 * name from the moment it is made, so that nothing is left behind, however either side ends.
 *
 * Reads and writes go through the file, without a mapping: what one side writes the other reads at
 * once, since both reach the same pages of the page cache.
 */

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hex0x, MIB, VmError } from '../base/index.js';

/** Where files live in memory on Linux. */
const SHARED_MEMORY = '/dev/shm';
/** What a guest may come to use: below that the RAM goes to the folder for temporary files. */
const WANTED_FREE_BYTES = 256 * MIB;

let made = 0;

/** Physical memory of a guest, from `base` on. */
export class GuestMemory {
  /** The physical address of the first byte. */
  readonly base: number;
  readonly bytes: number;
  /** The open file, for the emulator to inherit. */
  readonly fd: number;
  private readonly word = new Uint32Array(1);
  private closed = false;

  private constructor(fd: number, base: number, bytes: number) {
    this.fd = fd;
    this.base = base;
    this.bytes = bytes;
  }

  /**
   * Memory of zeros; it takes room only where somebody writes.
   *
   * Errors: LIVE_ERR_MEMORY — no file can be made in shared memory or among the temporary files.
   */
  static create(base: number, bytes: number): GuestMemory {
    const folder = ramFolder();
    made += 1;
    const path = join(folder, `pagewright-${process.pid}-${made}.ram`);
    const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    let fd: number | undefined;
    try {
      fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      unlinkSync(path);
      ftruncateSync(fd, bytes);
      return new GuestMemory(fd, base, bytes);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      const why = error instanceof Error ? error.message : String(error);
      const text = `no file of ${hex0x(bytes)} bytes can be made in ${folder} as the guest's RAM`;
      throw new VmError('LIVE_ERR_MEMORY', `${text}: ${why}`);
    }
  }

  /** Whether the whole range is RAM. */
  holds(pa: number, bytes: number): boolean {
    return pa >= this.base && bytes >= 0 && pa + bytes <= this.base + this.bytes;
  }

  /**
   * Fills `into` with what lies from `pa` on.
   *
   * Errors: LIVE_ERR_MEMORY — the range leaves the RAM, or the file cannot be read.
   */
  read(pa: number, into: Uint8Array | Uint32Array): void {
    this.transfer('read', pa, into);
  }

  /**
   * Writes `data` from `pa` on.
   *
   * Errors: LIVE_ERR_MEMORY — the range leaves the RAM, or the file cannot be written.
   */
  write(pa: number, data: Uint8Array | Uint32Array): void {
    this.transfer('write', pa, data);
  }

  /** The word at `pa`. Errors: those of {@link read}. */
  readWord(pa: number): number {
    this.transfer('read', pa, this.word);
    return this.word[0] ?? 0;
  }

  /** Writes the word at `pa`. Errors: those of {@link write}. */
  writeWord(pa: number, word: number): void {
    this.word[0] = word;
    this.transfer('write', pa, this.word);
  }

  /** Bytes that the file really takes. Errors: LIVE_ERR_MEMORY — the memory is closed. */
  residentBytes(): number {
    if (this.closed) throw new VmError('LIVE_ERR_MEMORY', 'the RAM of the guest is closed');
    return fstatSync(this.fd).blocks * 512;
  }

  /** Lets go of the file. A guest that still runs keeps its memory. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
  }

  /** Each word of a table is a call of this: what is not needed for it stands apart. */
  private transfer(what: 'read' | 'write', pa: number, data: Uint8Array | Uint32Array): void {
    const bytes = data.byteLength;
    if (this.closed || !this.holds(pa, bytes)) throw this.refusal(what, pa, bytes);
    const at = pa - this.base;
    let done = 0;
    while (done < bytes) {
      let moved: number;
      try {
        moved =
          what === 'read'
            ? readSync(this.fd, data, done, bytes - done, at + done)
            : writeSync(this.fd, data, done, bytes - done, at + done);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new VmError('LIVE_ERR_MEMORY', `the guest's RAM at ${hex0x(pa)}: ${why}`);
      }
      if (moved === 0) {
        throw new VmError('LIVE_ERR_MEMORY', `the guest's RAM ends at ${hex0x(pa + done)}`);
      }
      done += moved;
    }
  }

  private refusal(what: 'read' | 'write', pa: number, bytes: number): VmError {
    const why = this.closed
      ? 'it is closed'
      : `it lies from ${hex0x(this.base)} to ${hex0x(this.base + this.bytes - 1)}`;
    const range = `${hex0x(bytes)} bytes at ${hex0x(pa)}`;
    return new VmError('LIVE_ERR_MEMORY', `cannot ${what} ${range} of the guest's RAM: ${why}`);
  }
}

/** A folder in memory if there is one with room, else the one for temporary files. */
function ramFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    if (bavail * bsize >= WANTED_FREE_BYTES) return SHARED_MEMORY;
  } catch {
    // Not Linux, or no shared memory here.
  }
  return tmpdir();
}
