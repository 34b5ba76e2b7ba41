/** The bytes of an ELF32 little-endian file, and the refusal of what they say. */

import { hex0x } from '../base/addresses.js';
import { type ErrorName, VmError } from '../base/errors.js';

/** The codes that a bad ELF file is refused with. */
export type ElfErrorName = Extract<ErrorName, `ELF_ERR_${string}`>;

/** Reads numbers at offsets that the caller knows to lie in the file. */
export class ElfReader {
  readonly bytes: number;
  readonly #file: Uint8Array;
  readonly #view: DataView;

  constructor(file: Uint8Array) {
    this.bytes = file.byteLength;
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  /** The byte at `at`. */
  byte(at: number): number {
    return this.#view.getUint8(at);
  }

  /** The 16-bit number at `at`. */
  half(at: number): number {
    return this.#view.getUint16(at, true);
  }

  /** The 32-bit number at `at`. */
  word(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** The string of at most `limit` bytes, a few hundred, that a byte 0 ends; undefined without it. */
  text(at: number, limit: number): string | undefined {
    const bytes = this.#file.subarray(at, at + limit);
    const length = bytes.indexOf(0);
    if (length < 0) return undefined;
    // Not spread: a typed array is spread by its iterator, ten times as slow.
    return Reflect.apply(String.fromCharCode, null, bytes.subarray(0, length));
  }

  /** Refuses the file unless `bytes` bytes from `start`, which the field `at` asks for, lie in it. */
  checkRange(code: ElfErrorName, at: number, what: string, start: number, bytes: number): void {
    if (start + bytes <= this.bytes) return;
    const range = `${hex0x(bytes)} bytes from ${hex0x(start)}`;
    this.refuse(code, at, `${what}: ${range} leave the file, which has ${hex0x(this.bytes)}`);
  }

  /** Refuses the file for what its byte `at` says. */
  refuse(code: ElfErrorName, at: number, message: string): never {
    throw new VmError(code, `byte ${hex0x(at)} of the ELF file: ${message}`, { evidence: { at } });
  }
}
