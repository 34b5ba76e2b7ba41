/**
 * The page frames of a domain: where its memory objects take single pages from.
 *
 * Memory is retyped sixteen pages at a time, because a retype costs as much as the rest of a fault:
 * a page is a place in such a frame. What is known of a page is a sixteenth of its frame and
 *
 *     state  1   dirty │ known to be zero │ old │ how often pinned
 *     holder 4   only where a keeper may have to find the object of a page:
 *                bits 19:0 which page of the object it is, 31:20 the object, by its number in this pool;
 *                numbers from 4,095 on are in a map instead
 *
 * A page that another domain maps becomes a frame of its own, made from the large one, so that the
 * other domain gets that page and no other one.
 */
import {
  type CapRef,
  Code,
  capRef,
  type ErrorNumber,
  hex0x,
  OK,
  PAGE_BYTES,
  pushError,
  VmError,
} from '../base/index.js';
import { CapType } from '../kernel/index.js';
import type { Channels } from './channel.js';
import type { FrameAccess } from './frame-access.js';
import type { FrameAllocator } from './frame-allocator.js';
import { PageIndex } from './page-index.js';

/** What gives its memory up when its domain ends, and answers what was lost. */
export interface Abandonable {
  abandon(): VmError | undefined;
}

/** What may hold pages of a pool. */
export interface PageOwner {
  readonly name: string;
  /** Gives up the page `index`, which is in frame `id`, and keeps what is in it. May throw; then nothing has changed. */
  evict(index: number, id: number): void;
  /** Takes the translations of the page away until it is used again. */
  makeOld(index: number, id: number): void;
}

/** Who is asked for room, and told what comes and goes. */
export interface PageKeeper {
  /** Makes at least one page free. Errors: `LIB_ERR_PAGER_BUDGET`, `LIB_ERR_PAGER_STORE`. */
  makeRoom(): void;
  taken(id: number): void;
  released(id: number): void;
  /** The page was found used. */
  touched(id: number): void;
}

/** Where pages go that have to leave memory. Slots are numbers of pages. */
export interface BackingStore {
  /** Keeps `pages` adjacent slots for one object; answers the first. Error: `LIB_ERR_PAGER_STORE` it is full. */
  reserve(pages: number): number;
  /** Gives the slots that {@link reserve} answered back. */
  release(first: number, pages: number): void;
  /** Keeps one page. Error: `LIB_ERR_PAGER_STORE`; what the slot held before is kept or lost as a whole. */
  write(slot: number, page: Uint8Array): void;
  /** Fills `into` with what was written last. Error: `LIB_ERR_PAGER_STORE`. */
  read(slot: number, into: Uint8Array): void;
  /** The page will not be read again before it is written. */
  drop(slot: number): void;
}

/** Bits of the state of a page. */
export const PageState = { DIRTY: 1, ZERO: 2, OLD: 4, PIN: 8 } as const;
const PIN_SHIFT = 3;
/** How often one page can be pinned. */
export const MOST_PINS = 31;

const CHUNK_SHIFT = 4;
const CHUNK_PAGES = 1 << CHUNK_SHIFT;
/** Free pages that are kept at hand, 1 MiB of them, so that what comes and goes costs no retype. */
const SPARE_PAGES = 256;
const PAGE_MASK = CHUNK_PAGES - 1;
const MOST_OWNERS = 0xffff;
/** Where the owner begins in a holder word, and what stands for owners that do not fit. */
const OWNER_SHIFT = 20;
const FAR_OWNER = 0xfff;
const INDEX_MASK = 0xf_ffff;
/** Chunks that the pool gets room for at a time, at least. */
const CHUNKS_STEP = 16;

/** A page that other domains may map. */
interface Export {
  /** The frame of the one page. */
  readonly frame: CapRef;
  /** Slots of the copies, by domain number × 2, + 1 for those that may be written. */
  readonly copies: Map<number, { readonly channels: Channels; readonly slot: CapRef }>;
}

/** The pages of one domain. */
export class PagePool {
  readonly channels: Channels;
  readonly access: FrameAccess;
  readonly frameObjects = new Set<Abandonable>();
  /** Most pages that may be in use at a time. */
  budget = Number.POSITIVE_INFINITY;
  keeper: PageKeeper | undefined;
  /** Where pages go that have to leave memory. */
  store: BackingStore | undefined;
  /** State of each page. Replaced when the pool grows. */
  state: Uint8Array = new Uint8Array(16 * CHUNK_PAGES);
  private readonly frames: FrameAllocator;
  private tracking = false;
  private readonly holders = new PageIndex();
  /** The owners of pages whose numbers are too large for {@link holders}. */
  private readonly farOwners = new Map<number, number>();
  private chunkFrame: Int32Array = new Int32Array(16);
  private chunkFree: Uint16Array = new Uint16Array(16);
  private chunkPages: Uint8Array = new Uint8Array(16);
  /** Chunks that were ever made; those without pages are used again. */
  private chunks = 0;
  /** No chunk before this one has a free page. */
  private firstFree = 0;
  private pages = 0;
  private used = 0;
  private readonly owners: (PageOwner | undefined)[] = [undefined];
  private readonly exports = new Map<number, Export>();

  constructor(channels: Channels, frames: FrameAllocator, access: FrameAccess) {
    this.channels = channels;
    this.frames = frames;
    this.access = access;
  }

  /** Pages in use. */
  get usedPages(): number {
    return this.used;
  }

  /** Pages that are the pool's and free. */
  get freePages(): number {
    return this.pages - this.used;
  }

  /** Bytes of what the pool knows of its pages, for as many as it has room for. */
  get metadataBytes(): number {
    const { state, holders, farOwners, chunkFrame } = this;
    return state.byteLength + holders.bytes + farOwners.size * 8 + chunkFrame.length * 7;
  }

  /** Page numbers are below this. */
  get endPage(): number {
    return this.chunks << CHUNK_SHIFT;
  }

  /** The number of a new owner. Error: `LIB_ERR_MEMOBJ_RANGE` there are 65,535 already. */
  register(owner: PageOwner): number {
    const free = this.owners.indexOf(undefined, 1);
    const number = free < 0 ? this.owners.length : free;
    if (number > MOST_OWNERS) {
      throw new VmError('LIB_ERR_MEMOBJ_RANGE', `a domain has at most ${MOST_OWNERS} objects`);
    }
    this.owners[number] = owner;
    return number;
  }

  /** The owner has no pages left and is gone. */
  unregister(number: number): void {
    this.owners[number] = undefined;
  }

  /** Everybody who may hold pages. */
  allOwners(): PageOwner[] {
    return this.owners.filter((owner) => owner !== undefined);
  }

  /** Whether the page is in use. */
  inUse(id: number): boolean {
    const chunk = id >>> CHUNK_SHIFT;
    const place = id & PAGE_MASK;
    return place < this.chunkPages[chunk] && ((this.chunkFree[chunk] >>> place) & 1) === 0;
  }

  /** Keeps note of the owner of each page from now on; those in use have to be told by {@link assign}. */
  trackOwners(): void {
    this.tracking = true;
  }

  /** Who holds the page. */
  owner(id: number): PageOwner | undefined {
    const number = this.holders.get(id) >>> OWNER_SHIFT;
    return this.owners[number === FAR_OWNER ? (this.farOwners.get(id) as number) : number];
  }

  /** Which page of its owner it is. */
  index(id: number): number {
    return this.holders.get(id) & INDEX_MASK;
  }

  /** The frame that the page lies in, for the domain itself. */
  frameOf(id: number): CapRef {
    return this.chunkFrame[id >>> CHUNK_SHIFT] as CapRef;
  }

  /** Where in {@link frameOf} the page lies, in bytes. */
  offsetOf(id: number): number {
    return (id & PAGE_MASK) * PAGE_BYTES;
  }

  /**
   * A page for `owner`, all zero unless `dirty` will do.
   * Errors: `LIB_ERR_FRAME_ALLOC` no memory; those of the keeper.
   */
  take(owner: number, index: number, dirty = false): number {
    while (this.used >= this.budget) this.askForRoom();
    let chunk = this.chunkWithRoom();
    if (chunk < 0) {
      const error = this.grow();
      if (error !== OK) this.outOfMemory(error);
      chunk = this.chunkWithRoom();
    }
    const free = this.chunkFree[chunk];
    const id = (chunk << CHUNK_SHIFT) + 31 - Math.clz32(free & -free);
    if (!dirty && (this.state[id] & PageState.ZERO) === 0) {
      this.access.clearPage(this.frameOf(id), this.offsetOf(id));
    }
    this.chunkFree[chunk] = free & (free - 1);
    this.used += 1;
    this.assign(id, owner, index);
    this.state[id] = 0;
    if (this.keeper !== undefined) this.keeper.taken(id);
    return id;
  }

  /** Gives the page to another owner of this pool. */
  assign(id: number, owner: number, index: number): void {
    if (!this.tracking) return;
    if (owner >= FAR_OWNER) this.farOwners.set(id, owner);
    else if (this.farOwners.size > 0) this.farOwners.delete(id);
    this.holders.set(id, (Math.min(owner, FAR_OWNER) << OWNER_SHIFT) | index);
  }

  /** Gives a page back that is mapped nowhere in this domain. */
  release(id: number): void {
    this.withdraw(id);
    if (this.keeper !== undefined) this.keeper.released(id);
    const chunk = id >>> CHUNK_SHIFT;
    this.state[id] = 0;
    this.chunkFree[chunk] |= 1 << (id & PAGE_MASK);
    this.used -= 1;
    if (chunk < this.firstFree) this.firstFree = chunk;
    if (this.freePages > SPARE_PAGES && this.isWhole(chunk)) this.dropChunk(chunk);
  }

  /** Gives every frame back that no page of is in use. */
  trim(): void {
    for (let chunk = 0; chunk < this.chunks; chunk += 1) {
      if (this.isWhole(chunk)) this.dropChunk(chunk);
    }
  }

  /** How often the page is pinned. */
  pins(id: number): number {
    return this.state[id] >>> PIN_SHIFT;
  }

  /** Pins the page once more, or, with -1, once less. Error: `LIB_ERR_MEMOBJ_PIN`. */
  pin(id: number, by: 1 | -1): void {
    const pins = this.pins(id) + by;
    if (pins < 0 || pins > MOST_PINS) {
      const text = pins < 0 ? 'is not pinned' : `is pinned ${MOST_PINS} times already`;
      throw new VmError('LIB_ERR_MEMOBJ_PIN', `page ${id} of the pool ${text}`);
    }
    this.state[id] += by * PageState.PIN;
  }

  /**
   * The frame of just this page in the CSpace of another domain, to be written only if `writable`.
   * Errors: `LIB_ERR_CAP_COPY` with its causes.
   */
  exportTo(id: number, to: Channels, writable: boolean, rights: number): CapRef {
    const made = this.exports.get(id) ?? this.makeExport(id);
    const key = to.party.number * 2 + (writable ? 1 : 0);
    const known = made.copies.get(key);
    if (known !== undefined) return known.slot;
    const slot = this.channels.give(made.frame, rights, to);
    made.copies.set(key, { channels: to, slot });
    return slot;
  }

  /** Takes the page back from one other domain, or from all of them: capabilities and mappings. */
  withdraw(id: number, from?: number): void {
    if (this.exports.size === 0) return;
    const made = this.exports.get(id);
    if (made === undefined) return;
    for (const [key, { channels, slot }] of made.copies) {
      if (from !== undefined && channels.party.number !== from) continue;
      // Gone already where that domain was revoked as a whole; its slots went with it then.
      channels.party.invocations.delete(slot);
      channels.party.slots.free(slot);
      made.copies.delete(key);
    }
    if (from !== undefined && made.copies.size > 0) return;
    const { invocations, slots } = this.channels.party;
    invocations.revoke(made.frame);
    invocations.delete(made.frame);
    slots.free(made.frame);
    this.exports.delete(id);
  }

  private makeExport(id: number): Export {
    const { invocations, slots, name } = this.channels.party;
    const slot = slots.allocate();
    let error: ErrorNumber = slot < 0 ? pushError(-slot, Code.LIB_ERR_SLOT_ALLOC) : OK;
    if (error === OK) {
      const request = {
        type: CapType.FRAME,
        offset: this.offsetOf(id),
        objectBytes: PAGE_BYTES,
        count: 1,
      };
      error = invocations.retype(this.frameOf(id), request, capRef(slot));
      if (error !== OK) {
        slots.free(capRef(slot));
        error = pushError(error, Code.LIB_ERR_CAP_RETYPE);
      }
    }
    if (error !== OK) {
      throw VmError.from(
        pushError(error, Code.LIB_ERR_CAP_COPY),
        `${name} cannot share page ${id} of its pool`,
      );
    }
    const made = { frame: capRef(slot), copies: new Map() };
    this.exports.set(id, made);
    return made;
  }

  private isWhole(chunk: number): boolean {
    const pages = this.chunkPages[chunk];
    return pages > 0 && this.chunkFree[chunk] === (1 << pages) - 1;
  }

  /** The first chunk with a free page, or -1. */
  private chunkWithRoom(): number {
    let chunk = this.firstFree;
    while (chunk < this.chunks && this.chunkFree[chunk] === 0) chunk += 1;
    this.firstFree = chunk;
    return chunk < this.chunks ? chunk : -1;
  }

  private askForRoom(): void {
    if (this.keeper === undefined) {
      throw new VmError(
        'LIB_ERR_PAGER_BUDGET',
        `${this.channels.party.name} may use ${this.budget} pages and has no pager to free one`,
      );
    }
    this.keeper.makeRoom();
  }

  /** The domain has no memory left, whatever its budget: a page has to go, or it is an error. */
  private outOfMemory(error: ErrorNumber): void {
    if (this.keeper !== undefined && this.used > 0) {
      this.keeper.makeRoom();
      return;
    }
    throw VmError.from(error, `${this.channels.party.name} has no memory for another page`);
  }

  /** Takes in one more frame: sixteen pages, or as many as the budget leaves, or one. */
  private grow(): ErrorNumber {
    const wanted = Math.min(CHUNK_PAGES, this.budget - this.pages);
    let pages = wanted;
    let frame = this.frames.allocate(pages * PAGE_BYTES);
    if (frame < 0 && pages > 1) {
      pages = 1;
      frame = this.frames.allocate(PAGE_BYTES);
    }
    if (frame < 0) return -frame;
    let chunk = this.chunkPages.indexOf(0);
    if (chunk < 0 || chunk > this.chunks) chunk = this.chunks;
    if (chunk === this.chunks) this.addChunk();
    this.chunkFrame[chunk] = frame;
    this.chunkPages[chunk] = pages;
    this.chunkFree[chunk] = (1 << pages) - 1;
    const first = chunk << CHUNK_SHIFT;
    this.state.fill(PageState.ZERO, first, first + pages);
    this.pages += pages;
    this.firstFree = Math.min(this.firstFree, chunk);
    return OK;
  }

  private addChunk(): void {
    this.chunks += 1;
    if (this.chunks <= this.chunkFrame.length) return;
    this.chunkFrame = grown(this.chunkFrame, CHUNKS_STEP);
    this.chunkFree = grown(this.chunkFree, CHUNKS_STEP);
    this.chunkPages = grown(this.chunkPages, CHUNKS_STEP);
    this.state = grown(this.state, CHUNKS_STEP * CHUNK_PAGES);
  }

  /** Gives the frame of a chunk back, none of whose pages is in use. */
  private dropChunk(chunk: number): void {
    const frame = this.chunkFrame[chunk] as CapRef;
    const error = this.frames.free(frame);
    if (error !== OK) {
      throw VmError.from(error, `the frame in ${hex0x(frame)} cannot be given back`);
    }
    this.pages -= this.chunkPages[chunk];
    this.chunkPages[chunk] = 0;
    this.chunkFree[chunk] = 0;
  }
}

/**
 * A copy of `pool` that is larger by a thirty-second, in whole steps: room that is not used yet counts
 * as much as a page's own.
 */
function grown<Pool extends Int32Array | Uint16Array | Uint8Array>(pool: Pool, step: number): Pool {
  const length = pool.length + Math.ceil(pool.length / step / 32) * step;
  const next = new (pool.constructor as new (length: number) => Pool)(length);
  next.set(pool);
  return next;
}
