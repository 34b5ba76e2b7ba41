/** A backing store in a file. */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { PAGE_BYTES, VmError } from '../base/index.js';
import type { BackingStore } from '../domain/index.js';

/** Keeps pages in a file, which is made anew, each at its slot. */
export class FileStore implements BackingStore {
  private readonly path: string;
  private readonly file: number;
  private end = 0;

  /** Error: `LIB_ERR_PAGER_STORE` the file cannot be made. */
  constructor(path: string) {
    this.path = path;
    this.file = this.attempt('made', () => openSync(path, 'w+'));
  }

  reserve(pages: number): number {
    const first = this.end;
    this.end += pages;
    return first;
  }

  /** Gives the end of the file back where the slots are its last ones. */
  release(first: number, pages: number): void {
    if (first + pages !== this.end) return;
    this.end = first;
    this.attempt('made shorter', () => ftruncateSync(this.file, first * PAGE_BYTES));
  }

  write(slot: number, page: Uint8Array): void {
    const written = this.attempt('written', () =>
      writeSync(this.file, page, 0, PAGE_BYTES, slot * PAGE_BYTES),
    );
    if (written !== PAGE_BYTES) throw this.failure('written', 'the disk is full');
  }

  read(slot: number, into: Uint8Array): void {
    const read = this.attempt('read', () =>
      readSync(this.file, into, 0, PAGE_BYTES, slot * PAGE_BYTES),
    );
    if (read !== PAGE_BYTES) throw this.failure('read', `it ends before slot ${slot}`);
  }

  /** A file keeps its pages until they are written again. */
  drop(): void {}

  /** Closes the file. */
  close(): void {
    closeSync(this.file);
  }

  private attempt<Result>(verb: string, step: () => Result): Result {
    try {
      return step();
    } catch (error) {
      throw this.failure(verb, error instanceof Error ? error.message : String(error));
    }
  }

  private failure(verb: string, reason: string): VmError {
    return new VmError(
      'LIB_ERR_PAGER_STORE',
      `the backing store ${this.path} could not be ${verb}: ${reason}`,
    );
  }
}
