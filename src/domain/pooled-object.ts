/**
 * Objects whose pages come one by one from the pool of a domain: with no keeper they stay until they
 * are given up, with one they may be evicted and come back.
 *
 *     absent ──supply──► resident, clean ──write──► dirty
 *        ▲                   │    ▲                   │ save
 *        └──── evict ────────┘    └── load ── stored ◄┘ evict
 *
 * A page is mapped writable only once it is dirty, where somebody needs to know (ARMv7 has no dirty
 * bit): the first write faults.
 */
import { type CapRef, hex0x, PAGE_BYTES, pageNumber, VmError } from '../base/index.js';
import { Rights } from '../kernel/index.js';
import { MappedObject } from './mapped-object.js';
import type { ObjectSpace, UnfilledFrame } from './memory-object.js';
import { FRAME_SHIFT, PageIndex, RESIDENT, STORED } from './page-index.js';
import { type BackingStore, type PageOwner, type PagePool, PageState } from './page-pool.js';

/** An object of pages of a pool. */
export abstract class PooledObject extends MappedObject implements PageOwner {
  readonly pool: PagePool;
  protected readonly index = new PageIndex();
  /** The number of this object in the pool. */
  protected readonly owner: number;
  protected readonly page = new Uint8Array(PAGE_BYTES);
  private resident = 0;
  private area:
    | { readonly store: BackingStore; readonly first: number; readonly pages: number }
    | undefined;
  /** The page that the last {@link bring} brought in, or -1. */
  private brought = -1;

  constructor(pool: PagePool, name: string, bytes: number) {
    super(name, bytes, pool.channels.party.number);
    this.pool = pool;
    this.owner = pool.register(this);
  }

  get residentBytes(): number {
    return this.resident * PAGE_BYTES;
  }

  /** Bytes of what the object itself knows of its pages. */
  get metadataBytes(): number {
    return this.index.bytes;
  }

  /** Whether the first write to each page must be seen. */
  protected get tracks(): boolean {
    return this.pool.keeper !== undefined;
  }

  /** What is known of a page that is in no frame, and in the backing store or not. */
  protected entryWithout(stored: number): number {
    return stored;
  }

  /** Fills `into` with a page that is in no frame and not in the backing store; false where it is zero. */
  protected supply(_page: number, _into: Uint8Array): boolean {
    return false;
  }

  /** Saves a page where it belongs; false when that is the backing store. */
  protected saveAtHome(_page: number, _id: number): boolean {
    return false;
  }

  holds(_page: number): boolean {
    return true;
  }

  bring(page: number, write: boolean): number {
    this.requireAlive();
    const entry = this.index.get(page);
    let id = entry >>> FRAME_SHIFT;
    if ((entry & RESIDENT) === 0) {
      id = this.load(page, entry);
      this.brought = page;
    } else {
      this.brought = -1;
      if (this.pool.keeper !== undefined) {
        this.pool.keeper.touched(id);
        this.pool.state[id] &= ~PageState.OLD;
      }
    }
    if (write) this.pool.state[id] |= PageState.DIRTY;
    return id;
  }

  frameFor(id: number, space: ObjectSpace, writable: boolean): CapRef {
    const { pool } = this;
    if (space.channels === pool.channels) {
      this.frameOffset = pool.offsetOf(id);
      return pool.frameOf(id);
    }
    this.frameOffset = 0;
    const { READ, WRITE, EXECUTE } = Rights;
    const rights = writable ? READ | WRITE | EXECUTE : READ | EXECUTE;
    return pool.exportTo(id, space.channels, writable, rights);
  }

  mayWrite(id: number): boolean {
    return !this.tracks || (this.pool.state[id] & PageState.DIRTY) !== 0;
  }

  protected mayWritePage(page: number): boolean {
    const entry = this.index.get(page);
    return (entry & RESIDENT) !== 0 && this.mayWrite(entry >>> FRAME_SHIFT);
  }

  /** The frame of the pool that the page is in, or -1. */
  placeOf(page: number): number {
    const entry = this.index.get(page);
    return (entry & RESIDENT) !== 0 ? entry >>> FRAME_SHIFT : -1;
  }

  readPage(page: number, into: Uint8Array): void {
    const entry = this.index.get(page);
    // What is supplied needs no memory of the domain's, and can be when that has ended.
    if (entry !== 0) this.requireAlive();
    if ((entry & RESIDENT) !== 0) this.readFrame(entry >>> FRAME_SHIFT, into);
    else if ((entry & STORED) !== 0) this.area?.store.read(this.area.first + page, into);
    else if (!this.supply(page, into)) into.fill(0);
  }

  protected readFrame(id: number, into: Uint8Array): void {
    const { pool } = this;
    pool.access.read(pool.frameOf(id), pool.offsetOf(id), into);
  }

  unbring(page: number, id: number): void {
    if (this.brought !== page) return;
    this.brought = -1;
    this.setEntry(page, this.entryWithout(this.index.get(page) & STORED));
    this.pool.release(id);
  }

  evict(page: number, id: number): void {
    const { pool } = this;
    const entry = this.index.get(page);
    let stored = entry & STORED;
    if ((pool.state[id] & PageState.DIRTY) !== 0) {
      this.readFrame(id, this.page);
      if (this.saveAtHome(page, id)) stored = 0;
      else {
        this.store(page);
        stored = STORED;
      }
      // Clean from here on: should the rest fail, it need not be written again.
      this.index.set(page, (id << FRAME_SHIFT) | RESIDENT | stored);
    }
    this.dropViews(page);
    pool.state[id] &= ~PageState.DIRTY;
    this.setEntry(page, this.entryWithout(stored));
    pool.release(id);
  }

  makeOld(page: number, id: number): void {
    this.makeViewsOld(page);
    this.pool.state[id] |= PageState.OLD;
  }

  pin(offset: number, bytes: number): void {
    const [first, end] = this.range(offset, bytes);
    let page = first;
    try {
      for (; page < end; page += 1) this.pool.pin(this.own(page), 1);
    } catch (error) {
      for (page -= 1; page >= first; page -= 1) this.pool.pin(this.own(page), -1);
      throw error;
    }
  }

  unpin(offset: number, bytes: number): void {
    const [first, end] = this.range(offset, bytes);
    for (let page = first; page < end; page += 1) {
      const entry = this.index.get(page);
      if ((entry & RESIDENT) === 0 || this.pool.pins(entry >>> FRAME_SHIFT) === 0) {
        throw new VmError('LIB_ERR_MEMOBJ_PIN', `page ${page} of \`${this.name}\` is not pinned`);
      }
    }
    for (let page = first; page < end; page += 1) {
      this.pool.pin(this.index.get(page) >>> FRAME_SHIFT, -1);
    }
  }

  fill(offset: number, bytes: number, frame?: CapRef, frameOffset = 0): void {
    const [first, end] = this.range(offset, bytes);
    for (let page = first; page < end; page += 1) {
      const id = this.own(page);
      if (frame === undefined) continue;
      const { pool } = this;
      const from = frameOffset + (page - first) * PAGE_BYTES;
      pool.access.copyPage(pool.frameOf(id), pool.offsetOf(id), frame, from);
      pool.state[id] |= PageState.DIRTY;
    }
  }

  unfill(offset: number, bytes: number): UnfilledFrame[] {
    this.requireUnpinned(offset, bytes);
    this.prepareDiscard(offset, bytes);
    const [first, end] = this.range(offset, bytes);
    // Unmapping can fail, and comes before anything is given up.
    for (let page = this.index.next(first, end); page >= 0; page = this.index.next(page + 1, end)) {
      this.dropViews(page);
    }
    this.discard(offset, bytes);
    return [];
  }

  /** A page that the object knows nothing of is the same without it, and need not be saved. */
  protected override saveForAbove(first: number, end: number): void {
    for (let page = this.index.next(first, end); page >= 0; page = this.index.next(page + 1, end)) {
      if (this.mustPush(page)) this.above?.receive(page, this);
    }
  }

  protected override dropPins(): void {
    const end = pageNumber(this.bytes);
    for (let page = this.index.next(0, end); page >= 0; page = this.index.next(page + 1, end)) {
      const place = this.placeOf(page);
      if (place >= 0) this.pool.state[place] &= PageState.PIN - 1;
    }
  }

  /** Error: `LIB_ERR_MEMOBJ_PIN` a page of the range is pinned. */
  protected requireUnpinned(offset: number, bytes: number): void {
    const [first, end] = this.range(offset, bytes);
    for (let page = this.index.next(first, end); page >= 0; page = this.index.next(page + 1, end)) {
      const entry = this.index.get(page);
      if ((entry & RESIDENT) !== 0 && this.pool.pins(entry >>> FRAME_SHIFT) > 0) {
        throw new VmError('LIB_ERR_MEMOBJ_PIN', `page ${page} of \`${this.name}\` is pinned`);
      }
    }
  }

  discard(offset: number, bytes: number): void {
    const [first, end] = this.range(offset, bytes);
    for (let page = this.index.next(first, end); page >= 0; page = this.index.next(page + 1, end)) {
      this.forget(page);
    }
  }

  pagerFree(bytes: number): number {
    const { pool, index } = this;
    // Nobody has watched who writes: any page may hold what is nowhere else.
    if (!this.tracks) return 0;
    const end = pageNumber(this.bytes);
    let freed = 0;
    for (
      let page = index.next(0, end);
      page >= 0 && freed < bytes;
      page = index.next(page + 1, end)
    ) {
      const entry = index.get(page);
      const id = entry >>> FRAME_SHIFT;
      if ((entry & RESIDENT) === 0 || pool.pins(id) > 0) continue;
      this.evict(page, id);
      freed += PAGE_BYTES;
    }
    return freed;
  }

  /** Marks everything that is resident as written: nobody watched before. */
  beginTracking(): void {
    const end = pageNumber(this.bytes);
    for (let page = this.index.next(0, end); page >= 0; page = this.index.next(page + 1, end)) {
      const entry = this.index.get(page);
      if ((entry & RESIDENT) === 0) continue;
      this.pool.state[entry >>> FRAME_SHIFT] |= PageState.DIRTY;
      this.pool.assign(entry >>> FRAME_SHIFT, this.owner, page);
    }
  }

  /** The page in a frame of this object's own; for a snapshot, its own copy. */
  protected own(page: number): number {
    return this.bring(page, false);
  }

  protected withdrawFrom(domain: number): void {
    const end = pageNumber(this.bytes);
    for (let page = this.index.next(0, end); page >= 0; page = this.index.next(page + 1, end)) {
      const entry = this.index.get(page);
      if ((entry & RESIDENT) !== 0) this.pool.withdraw(entry >>> FRAME_SHIFT, domain);
    }
  }

  /** Pages of which nothing is known are for {@link supply} to tell. */
  protected get canLeave(): boolean {
    return false;
  }

  protected end(): void {
    this.bequeath();
    const end = pageNumber(this.bytes);
    for (let page = this.index.next(0, end); page >= 0; page = this.index.next(page + 1, end)) {
      this.forget(page);
    }
    if (this.area !== undefined) this.area.store.release(this.area.first, this.area.pages);
    this.area = undefined;
    this.pool.unregister(this.owner);
  }

  /** Leaves the pages that a snapshot above still looks for to it, and the line where it can do without. */
  protected bequeath(): void {
    const { above } = this;
    if (above === undefined) return;
    const { index } = this;
    const end = pageNumber(this.bytes);
    // Copies can fail, and leave this object as it was. One may evict a page that was to be handed over.
    for (let copies = -1; copies !== 0; ) {
      copies = 0;
      for (let page = index.next(0, end); page >= 0; page = index.next(page + 1, end)) {
        const handedOver = above.pool === this.pool && this.placeOf(page) >= 0;
        if (handedOver || above.holds(page)) continue;
        above.receive(page, this);
        copies += 1;
      }
    }
    for (let page = index.next(0, end); page >= 0; page = index.next(page + 1, end)) {
      if (!above.holds(page)) above.inherit(page, this.surrender(page));
    }
    if (!this.canLeave) return;
    this.above = undefined;
    above.settleOn(this.below);
  }

  /** Gives up a resident page, which another object of the pool gets; answers its frame. */
  private surrender(page: number): number {
    const entry = this.index.get(page);
    this.setEntry(page, 0);
    if ((entry & STORED) !== 0) this.area?.store.drop(this.area.first + page);
    // Whoever was given this object's page was not given the heir's, and nobody has pinned that one.
    this.pool.withdraw(entry >>> FRAME_SHIFT);
    this.pool.state[entry >>> FRAME_SHIFT] &= PageState.PIN - 1;
    return entry >>> FRAME_SHIFT;
  }

  /** Writes {@link page}, which holds the page, to the backing store. */
  protected store(page: number): void {
    const { store, first } = this.openArea(page);
    store.write(first + page, this.page);
  }

  /** Takes a frame of the pool for a page that shall be written whole. */
  protected takeFor(page: number): number {
    return this.pool.take(this.owner, page, true);
  }

  /** Forgets what is known of a page, wherever it is. */
  protected forget(page: number): void {
    const entry = this.index.get(page);
    if ((entry & RESIDENT) !== 0) {
      const id = entry >>> FRAME_SHIFT;
      this.dropViews(page);
      this.setEntry(page, 0);
      this.pool.state[id] = 0;
      this.pool.release(id);
    }
    if ((entry & STORED) !== 0) this.area?.store.drop(this.area.first + page);
    this.setEntry(page, 0);
  }

  protected setEntry(page: number, entry: number): void {
    this.resident += (entry & RESIDENT) - (this.index.get(page) & RESIDENT);
    this.index.set(page, entry);
  }

  private load(page: number, entry: number): number {
    const { pool } = this;
    const stored = (entry & STORED) !== 0;
    const id = pool.take(this.owner, page, stored);
    try {
      if (stored && this.area !== undefined) {
        this.area.store.read(this.area.first + page, this.page);
        pool.access.write(pool.frameOf(id), pool.offsetOf(id), this.page);
      } else if (this.supply(page, this.page)) {
        pool.access.write(pool.frameOf(id), pool.offsetOf(id), this.page);
      }
    } catch (error) {
      pool.release(id);
      throw error;
    }
    this.setEntry(page, (id << FRAME_SHIFT) | RESIDENT | (entry & STORED));
    return id;
  }

  /** The slots of the backing store for all pages. */
  private openArea(page: number): { readonly store: BackingStore; readonly first: number } {
    if (this.area !== undefined) return this.area;
    const store = this.pool.store;
    if (store === undefined) {
      throw new VmError(
        'LIB_ERR_PAGER_STORE',
        `page ${page} of \`${this.name}\` was written and there is no backing store to keep it in`,
      );
    }
    const pages = this.mostPages();
    this.area = { store, first: store.reserve(pages), pages };
    return this.area;
  }

  /** Pages that the object may ever have. */
  protected mostPages(): number {
    return pageNumber(this.bytes);
  }

  /** First page and end of a range. Error: `LIB_ERR_MEMOBJ_RANGE`. */
  protected range(offset: number, bytes: number): [number, number] {
    const whole = offset % PAGE_BYTES === 0 && bytes % PAGE_BYTES === 0;
    if (!(whole && offset >= 0 && bytes >= 0 && offset + bytes <= this.bytes)) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `${hex0x(offset)}+${hex0x(bytes)} is not a range of pages of \`${this.name}\`, ` +
          `which has ${hex0x(this.bytes)} bytes`,
      );
    }
    return [pageNumber(offset), pageNumber(offset + bytes)];
  }
}
