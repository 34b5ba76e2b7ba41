/** An ELF file that is read piece by piece: one with debug information may be larger than memory. */

import { ElfReader, zeroTerminated } from '../domain/elf-reader.js';
import type { ByteFile } from './byte-file.js';

const WINDOW_SHIFT = 16;
const WINDOW_BYTES = 2 ** WINDOW_SHIFT;
/** Symbols and their names are far apart: each has its windows, as in a direct-mapped cache. */
const WINDOWS = 64;

interface Window {
  readonly number: number;
  readonly view: DataView;
}

/** Reads numbers at offsets through windows of 64 KiB, of which 64 are kept. */
export class ElfFileReader extends ElfReader {
  private readonly file: ByteFile;
  private readonly windows = new Array<Window | undefined>(WINDOWS);

  constructor(file: ByteFile) {
    super(file.bytes);
    this.file = file;
  }

  override byte(at: number): number {
    const number = Math.floor(at / WINDOW_BYTES);
    const kept = this.windows[number % WINDOWS];
    const window = kept?.number === number ? kept : this.load(number);
    return window.view.getUint8(at % WINDOW_BYTES);
  }

  override half(at: number): number {
    return this.byte(at) | (this.byte(at + 1) << 8);
  }

  override word(at: number): number {
    const offset = at % WINDOW_BYTES;
    if (offset > WINDOW_BYTES - 4) return (this.half(at) | (this.half(at + 2) << 16)) >>> 0;
    const number = Math.floor(at / WINDOW_BYTES);
    const kept = this.windows[number % WINDOWS];
    const window = kept?.number === number ? kept : this.load(number);
    return window.view.getUint32(offset, true);
  }

  override text(at: number, limit: number): string | undefined {
    const offset = at % WINDOW_BYTES;
    const bytes = Math.min(limit, this.bytes - at);
    if (offset + bytes > WINDOW_BYTES) return zeroTerminated(this.slice(at, bytes));
    if (bytes <= 0) return undefined;
    this.byte(at);
    const { view } = this.windows[Math.floor(at / WINDOW_BYTES) % WINDOWS] as Window;
    return zeroTerminated(new Uint8Array(view.buffer, offset, bytes));
  }

  /** A copy of `bytes` bytes from `at`, which lie in the file. */
  slice(at: number, bytes: number): Uint8Array {
    const data = new Uint8Array(bytes);
    this.file.read(at, data);
    return data;
  }

  private load(number: number): Window {
    const data = new Uint8Array(WINDOW_BYTES);
    this.file.read(number * WINDOW_BYTES, data);
    const window = { number, view: new DataView(data.buffer) };
    this.windows[number % WINDOWS] = window;
    return window;
  }
}
