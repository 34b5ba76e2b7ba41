/**
 * Objects made of frames that somebody gave them, which they keep whole:
 *
 *     kind                 frames                             mapped
 *     one-frame            one, for all of it                 with the region
 *     one-frame-one-map    one, in one region only            with the region
 *     one-frame-lazy       one                                chunk by chunk, when first used
 *     pinned               any number, filled in any order    with the region and when filled
 *     fixed                one for each chunk of equal size   chunk by chunk, when first used
 *     numa                 one a node, in stripes             stripe by stripe, when first used
 */
import {
  type CapRef,
  hex0x,
  NO_REGION,
  PAGE_BYTES,
  pageNumber,
  RegionTree,
  VmError,
} from '../base/index.js';
import { Rights } from '../kernel/index.js';
import type { Channels } from './channel.js';
import type { FrameAccess } from './frame-access.js';
import { MappedObject } from './mapped-object.js';
import type { ObjectRegion, ObjectSpace, UnfilledFrame } from './memory-object.js';
import { type Abandonable, MOST_PINS } from './page-pool.js';
import { VRegionFlags } from './vregion-flags.js';

/** Whose frames they are, and how their bytes are reached: a `PagePool` is one. */
export interface FrameHome {
  readonly channels: Channels;
  readonly access: FrameAccess;
  /** The objects of frames that the domain has made, which end with it. */
  readonly frameObjects: Set<Abandonable>;
}

/** Pages of one frame that follow each other there and in the object. */
interface Run {
  readonly first: number;
  readonly pages: number;
  readonly frame: CapRef;
  /** Where in the frame the first page lies, in bytes. */
  readonly offset: number;
}

/** A copy of a frame in another domain. */
interface GivenFrame {
  readonly channels: Channels;
  readonly slot: CapRef;
}

const { WRITE, READ } = VRegionFlags;

/** What objects of frames have in common. A place is the number of a page. */
export abstract class FrameObject extends MappedObject {
  protected readonly at: FrameHome;
  private readonly given = new Map<string, GivenFrame>();
  /** How often each page is pinned that is. */
  private readonly pins = new Map<number, number>();

  constructor(at: FrameHome, name: string, bytes: number) {
    super(name, bytes, at.channels.party.number);
    this.at = at;
    at.frameObjects.add(this);
  }

  /** Whether a region is mapped as a whole when it is made. */
  protected abstract readonly mapsAtOnce: boolean;
  /** The run that holds a page, as large as may be mapped together, or undefined. */
  protected abstract runOf(page: number): Run | undefined;

  holds(_page: number): boolean {
    return true;
  }

  bring(page: number, _write: boolean): number {
    this.requireRun(page);
    return page;
  }

  frameFor(page: number, space: ObjectSpace, writable: boolean): CapRef {
    const run = this.requireRun(page);
    this.frameOffset = run.offset + (page - run.first) * PAGE_BYTES;
    return this.frameIn(run.frame, space, writable);
  }

  mayWrite(_page: number): boolean {
    return true;
  }

  protected mayWritePage(_page: number): boolean {
    return true;
  }

  readPage(page: number, into: Uint8Array): void {
    const run = this.requireRun(page);
    this.at.access.read(run.frame, run.offset + (page - run.first) * PAGE_BYTES, into);
  }

  /** What was brought was there before. */
  unbring(): void {}

  override mapRegion(region: ObjectRegion): void {
    super.mapRegion(region);
    if (!this.mapsAtOnce) return;
    try {
      const first = pageNumber(region.offset);
      this.mapRuns(region, first, first + pageNumber(region.bytes));
    } catch (error) {
      this.unmapRegion(region);
      throw error;
    }
  }

  override pagefault(region: ObjectRegion, address: number, write: boolean): void {
    this.requireUse(region);
    const page = pageNumber(region.offset) + pageNumber(address - region.base);
    const run = this.runOf(page);
    const from = Math.max(run?.first ?? page, pageNumber(region.offset));
    const to = Math.min(
      run === undefined ? page : run.first + run.pages,
      pageNumber(region.offset + region.bytes),
    );
    const at = pageNumber(region.base) + from - pageNumber(region.offset);
    const free = region.space.pmap.core.shadow.nextMapped(at, at + to - from) < 0;
    // What a snapshot looks at, or what is mapped in part, goes page by page.
    if (run === undefined || this.above !== undefined || !free) {
      super.pagefault(region, address, write);
      return;
    }
    this.mapRuns(region, from, to);
  }

  /** The range stays where it is anyway: a pin keeps {@link unfill} from it. */
  pin(offset: number, bytes: number): void {
    this.requireRuns(offset, bytes);
    this.changePins(offset, bytes, 1);
  }

  unpin(offset: number, bytes: number): void {
    this.changePins(offset, bytes, -1);
  }

  /** The frames stay: they are whose they were. */
  discard(offset: number, bytes: number): void {
    const end = pageNumber(offset + bytes);
    for (let page = pageNumber(offset); page < end; page += 1) this.pins.delete(page);
  }

  protected override dropPins(): void {
    this.pins.clear();
  }

  /** Pins every page of a range once more, or, with -1, once less; all or none. */
  private changePins(offset: number, bytes: number, by: 1 | -1): void {
    const { pins, name } = this;
    const [first, end] = [pageNumber(offset), pageNumber(offset + bytes)];
    for (let page = first; page < end; page += 1) {
      const count = (pins.get(page) ?? 0) + by;
      if (count >= 0 && count <= MOST_PINS) continue;
      const text = count < 0 ? 'is not pinned' : `is pinned ${MOST_PINS} times already`;
      throw new VmError('LIB_ERR_MEMOBJ_PIN', `page ${page} of \`${name}\` ${text}`);
    }
    for (let page = first; page < end; page += 1) {
      const count = (pins.get(page) ?? 0) + by;
      if (count === 0) pins.delete(page);
      else pins.set(page, count);
    }
  }

  /** Error: `LIB_ERR_MEMOBJ_PIN` a page that `takes` says is to go is pinned. */
  protected requireUnpinned(takes: (page: number) => boolean): void {
    for (const page of this.pins.keys()) {
      if (!takes(page)) continue;
      throw new VmError('LIB_ERR_MEMOBJ_PIN', `page ${page} of \`${this.name}\` is pinned`);
    }
  }

  /** The frames are not its own to give. */
  pagerFree(_bytes: number): number {
    return 0;
  }

  protected withdrawFrom(domain: number): void {
    for (const [key, { channels, slot }] of this.given) {
      if (channels.party.number !== domain) continue;
      channels.party.invocations.delete(slot);
      channels.party.slots.free(slot);
      this.given.delete(key);
    }
  }

  protected get canLeave(): boolean {
    return false;
  }

  protected end(): void {
    this.bequeath();
    this.at.frameObjects.delete(this);
    for (const { channels } of [...this.given.values()]) {
      this.withdrawFrom(channels.party.number);
    }
  }

  /** Takes pages out of every table that may have them; whole Mappings where only regions of its own do. */
  protected dropRun(first: number, end: number): void {
    if (this.above !== undefined) {
      for (let page = first; page < end; page += 1) this.dropViews(page);
      return;
    }
    for (const { space, base, bytes, offset } of this.regions) {
      const from = Math.max(first, pageNumber(offset));
      const to = Math.min(end, pageNumber(offset + bytes));
      const at = pageNumber(base) - pageNumber(offset);
      if (from < to) space.range.unmap(at + from, at + to);
    }
  }

  /**
   * Leaves what a snapshot above still looks for to it, where the object ends with its domain. It stays
   * in the line, and says of what was never filled that it was not.
   */
  private bequeath(): void {
    const { above } = this;
    if (above === undefined) return;
    const end = pageNumber(this.bytes);
    for (let page = 0; page < end; page += 1) {
      if (!above.holds(page) && this.runOf(page) !== undefined) above.receive(page, this);
    }
  }

  /** Maps what the object has of the pages `[first, end)` in a region, all or nothing. */
  protected mapRuns(region: ObjectRegion, first: number, end: number): void {
    const { space } = region;
    const base = pageNumber(region.base) - pageNumber(region.offset);
    const writable = (region.flags & WRITE) !== 0 && this.above === undefined;
    const flags =
      writable || (region.flags & WRITE) === 0 ? region.flags : (region.flags & ~WRITE) | READ;
    try {
      for (let page = first; page < end; ) {
        const run = this.runOf(page);
        if (run === undefined) {
          page += 1;
          continue;
        }
        const to = Math.min(end, run.first + run.pages);
        const frame = this.frameIn(run.frame, space, writable);
        const offset = run.offset + (page - run.first) * PAGE_BYTES;
        const bytes = (to - page) * PAGE_BYTES;
        space.pmap.map((base + page) * PAGE_BYTES, frame, offset, bytes, flags);
        page = to;
      }
    } catch (error) {
      space.range.unmap(base + first, base + end);
      throw error;
    }
  }

  /** Errors: those of {@link requireRun}, for any page of the range. */
  protected requireRuns(offset: number, bytes: number): void {
    const end = pageNumber(offset + bytes);
    for (let page = pageNumber(offset); page < end; ) {
      const run = this.requireRun(page);
      page = run.first + run.pages;
    }
  }

  /** Errors: `LIB_ERR_MEMOBJ_UNFILLED` no frame is there; `LIB_ERR_MEMOBJ_GONE` the object has ended. */
  private requireRun(page: number): Run {
    const run = this.runOf(page);
    if (run === undefined) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_UNFILLED',
        `no frame was filled into \`${this.name}\` at ${hex0x(page * PAGE_BYTES)}`,
      );
    }
    this.requireAlive();
    return run;
  }

  /** The frame where a space can map it from, given to its domain if need be. */
  private frameIn(frame: CapRef, space: ObjectSpace, writable: boolean): CapRef {
    const { channels } = this.at;
    if (space.channels === channels) return frame;
    const key = `${frame}:${space.channels.party.number}:${writable}`;
    const known = this.given.get(key);
    if (known !== undefined) return known.slot;
    const { READ: MAY_READ, WRITE: MAY_WRITE, EXECUTE } = Rights;
    const rights = MAY_READ | EXECUTE | (writable ? MAY_WRITE : 0);
    const slot = channels.give(frame, rights, space.channels);
    this.given.set(key, { channels: space.channels, slot });
    return slot;
  }
}

/** What kinds of object one frame makes. */
export type OneFrameKind = 'one-frame' | 'one-frame-lazy' | 'one-frame-one-map';

/** One frame for the whole object. */
export class OneFrameObject extends FrameObject {
  readonly kind: OneFrameKind;
  protected readonly mapsAtOnce: boolean;
  private frame: CapRef | undefined;
  private offset = 0;
  private readonly chunkPages: number;

  /**
   * `bytes` of `frame`. `chunkBytes` is what `one-frame-lazy` maps at a time.
   * Errors: `LIB_ERR_MEMOBJ_RANGE` the sizes are not whole pages.
   */
  constructor(
    at: FrameHome,
    frame: CapRef,
    bytes: number,
    name = 'frame',
    kind: OneFrameKind = 'one-frame',
    chunkBytes = 16 * PAGE_BYTES,
  ) {
    super(at, name, bytes);
    if (!(chunkBytes > 0 && chunkBytes % PAGE_BYTES === 0)) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `a chunk of ${chunkBytes} bytes is not whole pages`,
      );
    }
    this.frame = frame;
    this.kind = kind;
    this.mapsAtOnce = kind !== 'one-frame-lazy';
    this.chunkPages = pageNumber(kind === 'one-frame-lazy' ? chunkBytes : bytes);
  }

  get residentBytes(): number {
    return this.frame === undefined ? 0 : this.bytes;
  }

  override adoptRegion(region: ObjectRegion, part: boolean): void {
    if (this.kind === 'one-frame-one-map' && this.regions.length > 0 && !part) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_MAPPED',
        `\`${this.name}\` can be in one region, and is in \`${this.regions[0].name}\``,
      );
    }
    super.adoptRegion(region, part);
  }

  fill(offset: number, bytes: number, frame?: CapRef, frameOffset = 0): void {
    if (frame === undefined) {
      this.requireRuns(offset, bytes);
      return;
    }
    if (this.frame !== undefined || offset !== 0 || bytes !== this.bytes) {
      throw new VmError(
        this.frame === undefined ? 'LIB_ERR_MEMOBJ_RANGE' : 'LIB_ERR_MEMOBJ_FILLED',
        `\`${this.name}\` takes one frame for all of its ${hex0x(this.bytes)} bytes, while it has none`,
      );
    }
    this.frame = frame;
    this.offset = frameOffset;
  }

  unfill(offset: number, bytes: number): UnfilledFrame[] {
    const { frame } = this;
    if (frame === undefined) return [];
    if (offset !== 0 || bytes !== this.bytes) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `\`${this.name}\` gives its frame up as a whole only`,
      );
    }
    this.requireUnpinned(() => true);
    this.saveForAbove(0, pageNumber(bytes));
    this.dropRun(0, pageNumber(bytes));
    this.frame = undefined;
    return [{ frame, offset: this.offset, bytes }];
  }

  protected runOf(page: number): Run | undefined {
    const { frame, chunkPages } = this;
    if (frame === undefined) return undefined;
    const first = page - (page % chunkPages);
    const pages = Math.min(chunkPages, pageNumber(this.bytes) - first);
    return { first, pages, frame, offset: this.offset + first * PAGE_BYTES };
  }
}

/** Frames that are filled in one by one. */
export class FilledObject extends FrameObject {
  readonly kind: 'pinned' | 'fixed';
  protected readonly mapsAtOnce: boolean;
  /** Runs by their first page. */
  private readonly tree = new RegionTree();
  private readonly runs: Run[] = [];
  private readonly free: number[] = [];
  private readonly chunkBytes: number;
  private filled = 0;

  /** A `chunkBytes` makes it of kind `fixed`, all of whose frames have that size; it is `pinned` else. */
  constructor(at: FrameHome, bytes: number, name = 'frames', chunkBytes = 0) {
    super(at, name, bytes);
    this.kind = chunkBytes > 0 ? 'fixed' : 'pinned';
    this.mapsAtOnce = chunkBytes === 0;
    this.chunkBytes = chunkBytes;
    if (chunkBytes % PAGE_BYTES !== 0 || (chunkBytes > 0 && bytes % chunkBytes !== 0)) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `\`${name}\` of ${hex0x(bytes)} bytes cannot be made of chunks of ${hex0x(chunkBytes)}`,
      );
    }
  }

  get residentBytes(): number {
    return this.filled;
  }

  fill(offset: number, bytes: number, frame?: CapRef, frameOffset = 0): void {
    if (frame === undefined) {
      this.requireRuns(offset, bytes);
      return;
    }
    const whole = offset % PAGE_BYTES === 0 && bytes % PAGE_BYTES === 0 && bytes > 0;
    const fits = whole && offset >= 0 && offset + bytes <= this.bytes;
    const chunk = this.chunkBytes;
    if (!fits || (chunk > 0 && (bytes !== chunk || offset % chunk !== 0))) {
      const size = chunk > 0 ? `chunks of ${hex0x(chunk)} bytes` : 'whole pages';
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `${hex0x(offset)}+${hex0x(bytes)} of \`${this.name}\`; it takes ${size}`,
      );
    }
    const number = this.free.pop() ?? this.runs.length;
    const [first, pages] = [pageNumber(offset), pageNumber(bytes)];
    if (!this.tree.insert(first, pages, number)) {
      this.free.push(number);
      throw new VmError(
        'LIB_ERR_MEMOBJ_FILLED',
        `\`${this.name}\` has a frame in ${hex0x(offset)}+${hex0x(bytes)} already`,
      );
    }
    this.runs[number] = { first, pages, frame, offset: frameOffset };
    this.filled += bytes;
    if (this.mapsAtOnce) this.mapNew(first, first + pages);
  }

  unfill(offset: number, bytes: number): UnfilledFrame[] {
    const [first, end] = [pageNumber(offset), pageNumber(offset + bytes)];
    const found: Run[] = [];
    for (let page = first; page < end; ) {
      const run = this.runOf(page);
      if (run !== undefined && (run.first < first || run.first + run.pages > end)) {
        throw new VmError(
          'LIB_ERR_MEMOBJ_RANGE',
          `${hex0x(offset)}+${hex0x(bytes)} cuts a frame of \`${this.name}\``,
        );
      }
      if (run !== undefined) found.push(run);
      page = run === undefined ? page + 1 : run.first + run.pages;
    }
    this.requireUnpinned((page) => page >= first && page < end);
    for (const run of found) this.saveForAbove(run.first, run.first + run.pages);
    for (const run of found) this.dropRun(run.first, run.first + run.pages);
    for (const run of found) {
      this.free.push(this.tree.remove(run.first));
      this.filled -= run.pages * PAGE_BYTES;
    }
    return found.map(({ frame, offset: at, pages }) => ({
      frame,
      offset: at,
      bytes: pages * PAGE_BYTES,
    }));
  }

  protected runOf(page: number): Run | undefined {
    const number = this.tree.find(page);
    return number === NO_REGION ? undefined : this.runs[number];
  }

  /** Maps pages that were just filled in every region there is; takes the fill back where that fails. */
  private mapNew(first: number, end: number): void {
    try {
      for (const region of this.regions) {
        const from = Math.max(first, pageNumber(region.offset));
        const to = Math.min(end, pageNumber(region.offset + region.bytes));
        if (from < to) this.mapRuns(region, from, to);
      }
    } catch (error) {
      this.unfill(first * PAGE_BYTES, (end - first) * PAGE_BYTES);
      throw error;
    }
  }
}

/** One frame on each of several nodes, in stripes that go round. */
export class NumaObject extends FrameObject {
  readonly kind = 'numa';
  protected readonly mapsAtOnce = false;
  private readonly frames: (CapRef | undefined)[];
  private readonly stripePages: number;

  /**
   * `frames` are one a node, each large enough for its share of `bytes`.
   * Errors: `LIB_ERR_MEMOBJ_RANGE` the size is not a multiple of all stripes together.
   */
  constructor(
    at: FrameHome,
    frames: readonly CapRef[],
    bytes: number,
    name = 'numa',
    stripeBytes: number = PAGE_BYTES,
  ) {
    super(at, name, bytes);
    if (stripeBytes % PAGE_BYTES !== 0 || !(bytes % (stripeBytes * frames.length) === 0)) {
      throw new VmError(
        'LIB_ERR_MEMOBJ_RANGE',
        `\`${name}\` of ${hex0x(bytes)} bytes cannot go round ${frames.length} nodes in stripes of ` +
          `${hex0x(stripeBytes)}`,
      );
    }
    this.frames = [...frames];
    this.stripePages = pageNumber(stripeBytes);
  }

  get residentBytes(): number {
    const present = this.frames.filter((frame) => frame !== undefined).length;
    return (this.bytes / this.frames.length) * present;
  }

  /** The node that the page at `offset` is on. */
  nodeOf(offset: number): number {
    return Math.floor(pageNumber(offset) / this.stripePages) % this.frames.length;
  }

  /** Gives the node that the stripe at `offset` is on its frame. */
  fill(offset: number, bytes: number, frame?: CapRef): void {
    if (frame === undefined) {
      this.requireRuns(offset, bytes);
      return;
    }
    const node = this.nodeOf(offset);
    if (this.frames[node] !== undefined) {
      throw new VmError('LIB_ERR_MEMOBJ_FILLED', `node ${node} of \`${this.name}\` has its frame`);
    }
    this.frames[node] = frame;
  }

  /** Takes the frames of all nodes that the range touches. */
  unfill(offset: number, bytes: number): UnfilledFrame[] {
    const nodes = new Set<number>();
    for (let at = offset; at < offset + bytes; at += PAGE_BYTES) nodes.add(this.nodeOf(at));
    this.requireUnpinned((page) => nodes.has(this.nodeOf(page * PAGE_BYTES)));
    const all = pageNumber(this.bytes);
    const found: UnfilledFrame[] = [];
    for (const node of nodes) {
      const frame = this.frames[node];
      if (frame === undefined) continue;
      for (let page = 0; page < all; page += 1) {
        if (this.nodeOf(page * PAGE_BYTES) !== node) continue;
        this.saveForAbove(page, page + 1);
        this.dropViews(page);
      }
      this.frames[node] = undefined;
      found.push({ frame, offset: 0, bytes: this.bytes / this.frames.length });
    }
    return found;
  }

  protected runOf(page: number): Run | undefined {
    const { stripePages, frames } = this;
    const stripe = Math.floor(page / stripePages);
    const frame = frames[stripe % frames.length];
    if (frame === undefined) return undefined;
    const offset = Math.floor(stripe / frames.length) * stripePages * PAGE_BYTES;
    return { first: stripe * stripePages, pages: stripePages, frame, offset };
  }
}
