/** Objects whose pages come from somewhere: a file, a device, a function of the user's. */
import { PAGE_BYTES, pageNumber, roundUp, VmError } from '../base/index.js';
import { attempt } from './mapped-object.js';
import { FRAME_SHIFT, RESIDENT, STORED } from './page-index.js';
import { type PagePool, PageState } from './page-pool.js';
import { PooledObject } from './pooled-object.js';

/** Bytes to read, and perhaps to write. */
export interface ByteSource {
  readonly bytes: number;
  /** Fills `into` with the bytes from `offset` on. Throws where that fails. */
  read(offset: number, into: Uint8Array): void;
  /** Writes `from` at `offset`. A source without it is only read. */
  write?(offset: number, from: Uint8Array): void;
}

/** What becomes of what is written to a file-backed object. */
export type FileSharing =
  /** It is nobody else's: the source is never written. */
  | 'private'
  /** It goes back to the source, when the page is evicted, flushed, or the object destroyed. */
  | 'written-back';

/** Pages of a byte source, read when they are first used. What lies behind its last byte is zero. */
export class FileObject extends PooledObject {
  readonly kind = 'file';
  private readonly source: ByteSource;
  private readonly sharing: FileSharing;

  /**
   * Errors: `LIB_ERR_MEMOBJ_RANGE` the source is empty or beyond 4 GiB; `LIB_ERR_MEMOBJ_SOURCE` it is to
   * be written back and cannot be.
   */
  constructor(pool: PagePool, source: ByteSource, name = 'file', sharing: FileSharing = 'private') {
    super(pool, name, roundUp(source.bytes, PAGE_BYTES));
    this.source = source;
    this.sharing = sharing;
    if (sharing === 'written-back' && source.write === undefined) {
      pool.unregister(this.owner);
      throw new VmError(
        'LIB_ERR_MEMOBJ_SOURCE',
        `\`${name}\` cannot be written back: it is read-only`,
      );
    }
  }

  protected override get tracks(): boolean {
    return super.tracks || this.sharing === 'written-back';
  }

  /** Writes every page back that was written to. Error: `LIB_ERR_MEMOBJ_SOURCE`; the page stays dirty. */
  flush(): void {
    this.flushPages(0, pageNumber(this.bytes));
  }

  override prepareDiscard(offset: number, bytes: number): void {
    super.prepareDiscard(offset, bytes);
    this.flushPages(pageNumber(offset), pageNumber(offset + bytes));
  }

  /** Writes back first what was written to it: a snapshot may keep the object itself for longer. */
  override destroy(): void {
    if (this.regions.length === 0) this.flush();
    super.destroy();
  }

  private flushPages(first: number, end: number): void {
    if (this.sharing === 'private') return;
    for (let page = this.index.next(first, end); page >= 0; page = this.index.next(page + 1, end)) {
      const entry = this.index.get(page);
      const id = entry >>> FRAME_SHIFT;
      if ((entry & RESIDENT) === 0 || (this.pool.state[id] & PageState.DIRTY) === 0) continue;
      this.readFrame(id, this.page);
      this.saveAtHome(page);
      // From here on a write has to be seen again.
      this.dropViews(page);
      this.pool.state[id] &= ~PageState.DIRTY;
      this.index.set(page, entry & ~STORED);
    }
  }

  protected override supply(page: number, into: Uint8Array): boolean {
    const count = this.bytesOf(page);
    into.fill(0, count);
    this.use(page, 'read', () => this.source.read(page * PAGE_BYTES, into.subarray(0, count)));
    return true;
  }

  /** Writes {@link page}, which holds the page, to the source. */
  protected override saveAtHome(page: number): boolean {
    if (this.sharing === 'private') return false;
    const part = this.page.subarray(0, this.bytesOf(page));
    this.use(page, 'written back', () => this.source.write?.(page * PAGE_BYTES, part));
    return true;
  }

  override abandon(): VmError | undefined {
    const unwritten = attempt(() => this.flush());
    return super.abandon() ?? unwritten;
  }

  private bytesOf(page: number): number {
    return Math.min(PAGE_BYTES, this.source.bytes - page * PAGE_BYTES);
  }

  /** Whatever the source throws is told as ours. */
  private use(page: number, verb: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const text = `page ${page} of \`${this.name}\` cannot be ${verb}: ${reason}`;
      throw new VmError(
        'LIB_ERR_MEMOBJ_SOURCE',
        text,
        error instanceof VmError ? { cause: error } : { evidence: error },
      );
    }
  }
}

/** The bytes of an array as a source. */
export function bytesSource(array: Uint8Array): ByteSource {
  return {
    bytes: array.length,
    read: (offset, into) => into.set(array.subarray(offset, offset + into.length)),
    write: (offset, from) => array.set(from, offset),
  };
}
