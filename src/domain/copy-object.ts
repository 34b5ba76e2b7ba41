/** Copy on write: an object that begins as another one is now, and goes its own way page by page. */
import type { MappedObject, SnapshotObject } from './mapped-object.js';
import type { PagePool } from './page-pool.js';
import { PooledObject } from './pooled-object.js';

/** A snapshot of another object. */
export class CopyObject extends PooledObject implements SnapshotObject {
  readonly kind = 'copy-on-write';
  private source: MappedObject | undefined;

  /**
   * What `source` holds now, for the domain of `pool`. Both can be written from then on, and neither
   * sees what is written to the other. Errors: those of the pmap, when a mapping of `source` cannot be
   * made read-only; nothing has changed then.
   */
  constructor(pool: PagePool, source: MappedObject, name = `copy of ${source.name}`) {
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

  receive(page: number, from: MappedObject): void {
    const { pool } = this;
    const place = from.bring(page, false);
    from.hold(place, 1);
    let id: number;
    try {
      id = this.takeFor(page);
    } finally {
      from.hold(place, -1);
    }
    try {
      if (from instanceof PooledObject && from.pool === pool) {
        const source = pool.frameOf(place);
        pool.access.copyPage(pool.frameOf(id), pool.offsetOf(id), source, pool.offsetOf(place));
      } else {
        from.readPlace(place, this.page);
        pool.access.write(pool.frameOf(id), pool.offsetOf(id), this.page);
      }
      this.dropViews(page);
    } catch (error) {
      pool.release(id);
      throw error;
    }
    this.adopt(page, id);
  }

  inherit(page: number, from: MappedObject): void {
    const same = from instanceof PooledObject && from.pool === this.pool;
    const id = same ? from.surrender(page) : -1;
    if (id < 0) this.receive(page, from);
    else this.adopt(page, id);
  }

  settleOn(below: MappedObject | undefined): void {
    this.source = below;
    if (below !== undefined) below.above = this;
  }

  /** Gives the page up: a snapshot without a page of its own would show the one below again. */
  override unfill(offset: number, bytes: number): [] {
    const [first, end] = this.range(offset, bytes);
    super.unfill(offset, bytes);
    for (let page = first; page < end; page += 1) {
      if (this.holds(page)) continue;
      if (this.mustPush(page) && this.source !== undefined) {
        this.above?.receive(page, this.holderOf(page));
      }
      this.adopt(page, this.pool.take(this.owner, page));
      this.dropViews(page);
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
