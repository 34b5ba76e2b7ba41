/** Copy on write: an object that begins as another one is now, and goes its own way page by page. */
import { VmError } from '../base/index.js';
import { Rights } from '../kernel/index.js';
import type { MappedObject, SnapshotObject } from './mapped-object.js';
import { EMPTY, FRAME_SHIFT, RESIDENT, STORED } from './page-index.js';
import { type PagePool, PageState } from './page-pool.js';
import { PooledObject } from './pooled-object.js';

/** A snapshot of another object. */
export class CopyObject extends PooledObject implements SnapshotObject {
  readonly kind = 'copy-on-write';
  private source: MappedObject | undefined;

  /**
   * What `source` holds now, for the domain of `pool`. Both can be written from then on, and neither
   * sees what is written to the other. `reader` is the domain whose right to read `source` counts: who
   * clones a domain copies what that one may read.
   * Errors: `LIB_ERR_MEMOBJ_RIGHTS` the reader may not read `source`, or it has ended; those of the pmap,
   * when a mapping of `source` cannot be made read-only. Nothing has changed then.
   */
  constructor(
    pool: PagePool,
    source: MappedObject,
    name = `copy of ${source.name}`,
    reader: number = pool.channels.party.number,
  ) {
    if ((source.rightsOf(reader) & Rights.READ) === 0) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RIGHTS',
        `domain ${reader} may not read \`${source.name}\`, and so not copy it`,
      );
    }
    super(pool, name, source.bytes);
    try {
      source.protectAll();
    } catch (error) {
      pool.unregister(this.owner);
      throw error;
    }
    this.above = source.above;
    if (this.above !== undefined) this.above.settleOn(this);
    source.above = this;
    this.source = source;
  }

  override get below(): MappedObject | undefined {
    return this.source;
  }

  override holds(page: number): boolean {
    return this.source === undefined || this.index.get(page) !== 0;
  }

  /** What it has no page of, the one below tells. */
  protected override get canLeave(): boolean {
    return true;
  }

  /** A page of its own that was never written is zero, and stays its own. */
  protected override entryWithout(stored: number): number {
    return stored === 0 ? EMPTY : stored;
  }

  receive(page: number, from: MappedObject): void {
    const id = this.takeUnlessFull(page);
    try {
      // Taking the frame may have moved the page: where it is counts from here on.
      if (id < 0) {
        from.readPage(page, this.page);
        this.store(page);
      } else this.copyInto(id, page, from);
      this.dropViews(page);
    } catch (error) {
      if (id >= 0) this.pool.release(id);
      throw error;
    }
    if (id < 0) this.setEntry(page, STORED);
    else this.inherit(page, id);
  }

  /** A frame for the page; -1 where there is none, and the page can go to the backing store at once. */
  private takeUnlessFull(page: number): number {
    try {
      return this.takeFor(page);
    } catch (error) {
      if (!(error instanceof VmError) || this.pool.store === undefined) throw error;
      return -1;
    }
  }

  private copyInto(id: number, page: number, from: MappedObject): void {
    const { pool } = this;
    const { access } = pool;
    const place = from instanceof PooledObject && from.pool === pool ? from.placeOf(page) : -1;
    if (place >= 0) {
      access.copyPage(
        pool.frameOf(id),
        pool.offsetOf(id),
        pool.frameOf(place),
        pool.offsetOf(place),
      );
    } else {
      from.readPage(page, this.page);
      access.write(pool.frameOf(id), pool.offsetOf(id), this.page);
    }
  }

  inherit(page: number, id: number): void {
    this.pool.assign(id, this.owner, page);
    this.pool.state[id] |= PageState.DIRTY;
    this.setEntry(page, (id << FRAME_SHIFT) | RESIDENT);
  }

  settleOn(below: MappedObject | undefined): void {
    this.source = below;
    if (below !== undefined) below.above = this;
  }

  /**
   * Gives up the pages that are its own, which are zero from then on. They cannot show those below again,
   * which have been written since, and without its seeing it.
   */
  override discard(offset: number, bytes: number): void {
    const [first, end] = this.range(offset, bytes);
    for (let page = this.index.next(first, end); page >= 0; page = this.index.next(page + 1, end)) {
      this.forget(page);
      this.setEntry(page, EMPTY);
    }
  }

  /** Gives pages up. They are zero then: without a page of its own, a snapshot would show the one below. */
  override unfill(offset: number, bytes: number): [] {
    const [first, end] = this.range(offset, bytes);
    this.requireUnpinned(offset, bytes);
    for (let page = first; page < end; page += 1) {
      if (this.mustPush(page)) this.above?.receive(page, this.holderOf(page));
    }
    for (let page = first; page < end; page += 1) this.dropViews(page);
    for (let page = first; page < end; page += 1) {
      this.forget(page);
      this.setEntry(page, EMPTY);
    }
    return [];
  }

  /** The copy of its own that the snapshot has of a page, made if need be. */
  protected override own(page: number): number {
    if (!this.holds(page)) {
      if (this.mustPush(page)) this.above?.receive(page, this.holderOf(page));
      this.receive(page, this.holderOf(page));
    }
    return super.own(page);
  }

  protected override end(): void {
    const { above, source } = this;
    super.end();
    if (above === undefined) source?.aboveGone();
  }

  private holderOf(page: number): MappedObject {
    let holder: MappedObject = this;
    while (!holder.holds(page)) holder = holder.below as MappedObject;
    return holder;
  }
}
