/** The bytes of an ELF32 little-endian file, and the refusal of what they say. */

import { hex0x } from '../base/addresses.js';
import { type ErrorName, VmError } from '../base/errors.js';

/** The codes that a bad ELF file is refused with. */
export type ElfErrorName = Extract<ErrorName, `ELF_ERR_${string}`>;

/** Reads numbers at offsets that the caller knows to lie in the file. */
export abstract class ElfReader {
  /** The size of the file. */
  readonly bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** The byte at `at`. */
  abstract byte(at: number): number;

  /** The 16-bit number at `at`. */
  abstract half(at: number): number;

  /** The 32-bit number at `at`. */
  abstract word(at: number): number;

  /** The string of at most `limit` bytes, a few hundred, that a byte 0 ends; undefined without it. */
  abstract text(at: number, limit: number): string | undefined;

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

/** An ELF file that is in memory as a whole. */
export class ElfArrayReader extends ElfReader {
  readonly #file: Uint8Array;
  readonly #view: DataView;

  constructor(file: Uint8Array) {
    super(file.byteLength);
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  override byte(at: number): number {
    return this.#view.getUint8(at);
  }

  override half(at: number): number {
    return this.#view.getUint16(at, true);
  }

  override word(at: number): number {
    return this.#view.getUint32(at, true);
  }

  override text(at: number, limit: number): string | undefined {
    return zeroTerminated(this.#file.subarray(at, at + limit));
  }
}

/** The characters of `bytes`, a few hundred, before its first byte 0; undefined without one. */
export function zeroTerminated(bytes: Uint8Array): string | undefined {
  const length = bytes.indexOf(0);
  if (length < 0) return undefined;
  // Not spread: a typed array is spread by its iterator, ten times as slow.
  return Reflect.apply(String.fromCharCode, null, bytes.subarray(0, length));
}
