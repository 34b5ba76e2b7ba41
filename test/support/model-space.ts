import { type CapRef, type ErrorName, MIB, PAGE_BYTES } from '../../src/base/index.js';
import { VRegionFlags } from '../../src/domain/index.js';
import { Kind } from '../../src/format/index.js';
import { neededRights } from './space-audit.js';

/** Memory that somebody has a capability to. */
export interface ModelFrame {
  readonly id: number;
  readonly base: number;
  readonly bytes: number;
  /** The frame that it is a part of. */
  readonly parent: ModelFrame | undefined;
}

/** One capability to a frame: who has it, where, and with which rights. */
export interface ModelCap {
  readonly holder: number;
  readonly slot: CapRef;
  readonly frame: ModelFrame;
  readonly rights: number;
}

/** One Mapping: pages `[start, end)`, as long as nobody cuts it. */
export interface ModelMapping {
  start: number;
  end: number;
  readonly cap: ModelCap;
}

/** One page of an address space: everything that there is to know of it. */
export interface ModelPage {
  mapping: ModelMapping;
  /** Page of the frame. */
  readonly place: number;
  flags: number;
  /** Pages of the leaf that translates it; leaves begin at multiples of their size. */
  leaf: number;
}

/** Success, or the codes of the error that is to come, outermost first. */
export type Verdict = readonly ErrorName[];

const OK: Verdict = [];
const EXISTING: Verdict = ['LIB_ERR_PMAP_DO_MAP', 'LIB_ERR_PMAP_EXISTING_MAPPING'];
const TABLE_PAGES = 256;
const SPACE_PAGES = 2 ** 20;
const { LARGE, HUGE } = VRegionFlags;
const KNOWN_FLAGS = 0x9ff;
const KIND_OF_LEAF: Readonly<Record<number, number>> = {
  1: Kind.SMALL,
  16: Kind.LARGE,
  256: Kind.SECTION,
  4096: Kind.SUPERSECTION,
};

/** The leaf kind that makes leaves of so many pages. */
export function kindOfLeaf(pages: number): number {
  return KIND_OF_LEAF[pages] ?? 0;
}

/** How leaves are chosen, and which bits entries get: names of the two policies. */
export interface ModelPolicy {
  readonly leaves: 'largest' | 'original';
  readonly attributes: 'default' | 'original';
}

/**
 * An address space as a plain map from page to what is there, and the pmap's operations on it, each
 * written down as its documentation has it and as slowly as one likes.
 */
export class ModelSpace {
  readonly pages = new Map<number, ModelPage>();
  /** Indexes of the root that a table serves. */
  readonly tables = new Set<number>();
  readonly policy: ModelPolicy;
  readonly endPage: number;

  constructor(policy: ModelPolicy, memoryOffset: number) {
    this.policy = policy;
    this.endPage = memoryOffset / PAGE_BYTES;
  }

  /** Maps, unless that is an error. Answers the offset and the bytes that are mapped, too. */
  map(
    address: number,
    cap: ModelCap,
    offset: number,
    bytes: number,
    flags: number,
  ): { readonly verdict: Verdict; readonly offset: number; readonly bytes: number } {
    const fail = (...verdict: Verdict) => ({ verdict, offset: 0, bytes: 0 });
    if (address % PAGE_BYTES !== 0) return fail('LIB_ERR_VREGION_BAD_ALIGNMENT');
    const { frame } = cap;
    const sections =
      this.policy.leaves === 'original' &&
      (flags & LARGE) !== 0 &&
      address % MIB === 0 &&
      frame.base % MIB === 0 &&
      frame.bytes >= MIB;
    let granule = sections ? MIB : PAGE_BYTES;
    let begin = offset - (offset % granule);
    let size = Math.ceil((offset + bytes - begin) / granule) * granule;
    if (size > 0 && begin + size > frame.bytes && granule > PAGE_BYTES) {
      granule = PAGE_BYTES;
      begin = offset - (offset % granule);
      size = Math.ceil((offset + bytes - begin) / granule) * granule;
    }
    if (size === 0) return { verdict: OK, offset: begin, bytes: 0 };
    if (begin + size > frame.bytes) return fail('LIB_ERR_PMAP_FRAME_SIZE');
    const [first, pages] = [address / PAGE_BYTES, size / PAGE_BYTES];
    if (first + pages > SPACE_PAGES) return fail('LIB_ERR_OUT_OF_VIRTUAL_ADDR');
    const leaves = this.chooseLeaves(first, pages, frame.base + begin, flags, granule === MIB);
    if (first + pages > this.endPage) {
      const inner: Verdict =
        sections && leaves[0] === TABLE_PAGES
          ? ['LIB_ERR_VNODE_MAP', 'SYS_ERR_VNODE_SLOT_RESERVED']
          : ['LIB_ERR_PMAP_GET_PTABLE', 'LIB_ERR_PMAP_MAP', 'SYS_ERR_VNODE_SLOT_RESERVED'];
      return fail('LIB_ERR_PMAP_DO_MAP', ...inner);
    }
    if (this.anyMapped(first, first + pages)) return fail(...EXISTING);
    if ((neededRights(this.policy.attributes, flags) & ~cap.rights) !== 0) {
      return fail('LIB_ERR_PMAP_DO_MAP', 'LIB_ERR_VNODE_MAP', 'SYS_ERR_VM_MAP_RIGHTS');
    }
    this.put(first, begin / PAGE_BYTES, leaves, cap, flags & KNOWN_FLAGS);
    return { verdict: OK, offset: begin, bytes: size };
  }

  /** The size in pages of each leaf, one after the other. */
  private chooseLeaves(
    first: number,
    pages: number,
    physical: number,
    flags: number,
    sections: boolean,
  ): number[] {
    const leaves: number[] = [];
    const frame = physical / PAGE_BYTES;
    const sizes = this.policy.leaves === 'original' ? (sections ? [256] : []) : this.sizes(flags);
    for (let page = 0; page < pages; ) {
      const fits = sizes.find(
        (size) =>
          (first + page) % size === 0 && (frame + page) % size === 0 && page + size <= pages,
      );
      leaves.push(fits ?? 1);
      page += fits ?? 1;
    }
    return leaves;
  }

  private sizes(flags: number): number[] {
    if ((flags & HUGE) !== 0) return [4096, 256, 16];
    return (flags & LARGE) !== 0 ? [256, 16] : [];
  }

  /** Leaves of one size that follow each other in one table are one Mapping. */
  private put(
    first: number,
    place: number,
    leaves: readonly number[],
    cap: ModelCap,
    flags: number,
  ): void {
    let page = first;
    let last: ModelMapping | undefined;
    let lastLeaf = 0;
    for (const leaf of leaves) {
      const index = page >>> 8;
      const continues =
        leaf === lastLeaf &&
        (leaf >= TABLE_PAGES || page % TABLE_PAGES !== 0) &&
        last !== undefined;
      if (!continues) last = { start: page, end: page, cap };
      const mapping = last as ModelMapping;
      for (let at = page; at < page + leaf; at += 1) {
        this.pages.set(at, { mapping, place: place + at - first, flags, leaf });
      }
      if (leaf < TABLE_PAGES) this.tables.add(index);
      else for (let at = index; at < index + leaf / TABLE_PAGES; at += 1) this.tables.delete(at);
      page += leaf;
      mapping.end = page;
      lastLeaf = leaf;
    }
  }

  anyMapped(first: number, end: number): boolean {
    for (let page = first; page < end; page += 1) if (this.pages.has(page)) return true;
    return false;
  }

  /** Unmaps whole Mappings, unless that is an error; answers the bytes that go. */
  unmap(address: number, bytes: number): { readonly verdict: Verdict; readonly bytes: number } {
    if (address % PAGE_BYTES !== 0) return { verdict: ['LIB_ERR_VREGION_BAD_ALIGNMENT'], bytes: 0 };
    const first = address / PAGE_BYTES;
    const end = first + Math.ceil(bytes / PAGE_BYTES);
    const gone: ModelMapping[] = [];
    let page = first;
    while (page < end) {
      const found = this.pages.get(page);
      const notFound: Verdict = ['LIB_ERR_PMAP_UNMAP', 'LIB_ERR_PMAP_FIND_VNODE'];
      if (found === undefined || found.mapping.start !== page)
        return { verdict: notFound, bytes: 0 };
      const { mapping, leaf } = found;
      const inRoot = leaf >= TABLE_PAGES;
      const whole = page + Math.ceil((end - page) / TABLE_PAGES) * TABLE_PAGES;
      const limit = inRoot ? whole : Math.min(end, (page | 255) + 1);
      const exact = this.policy.leaves === 'original' && !inRoot;
      if (mapping.end > limit || (exact && mapping.end !== limit)) {
        return { verdict: notFound, bytes: 0 };
      }
      gone.push(mapping);
      page = mapping.end;
    }
    for (const mapping of gone) this.forget(mapping);
    return { verdict: OK, bytes: (page - first) * PAGE_BYTES };
  }

  /** A Mapping is gone, by whatever hand. */
  forget(mapping: ModelMapping): void {
    for (let page = mapping.start; page < mapping.end; page += 1) this.pages.delete(page);
  }

  /** All Mappings, in order of addresses. */
  mappings(): ModelMapping[] {
    const found = new Set([...this.pages.values()].map(({ mapping }) => mapping));
    return [...found].sort((a, b) => a.start - b.start);
  }

  /** Gives whole leaves inside of Mappings other flags, unless that is an error. */
  modify(
    address: number,
    bytes: number,
    flags: number,
  ): { readonly verdict: Verdict; readonly bytes: number } {
    const fail = (...verdict: Verdict) => ({ verdict, bytes: 0 });
    if (address % PAGE_BYTES !== 0) return fail('LIB_ERR_VREGION_BAD_ALIGNMENT');
    const first = address / PAGE_BYTES;
    const end = first + Math.ceil(bytes / PAGE_BYTES);
    let crosses = false;
    let missing = false;
    const pieces: [number, number][] = [];
    for (let page = first; page < end; ) {
      const found = this.pages.get(page);
      const border = Math.min(end, (page | 255) + 1);
      const spans = this.policy.leaves === 'largest' && found !== undefined;
      const next = spans ? Math.min(end, found.mapping.end) : border;
      const fits =
        found !== undefined &&
        next <= found.mapping.end &&
        (page - found.mapping.start) % found.leaf === 0 &&
        (next - found.mapping.start) % found.leaf === 0;
      if (fits) pieces.push([page, next]);
      else if (this.anyMapped(page, next)) crosses = true;
      else missing = true;
      page = next;
    }
    if (crosses) return fail('LIB_ERR_PMAP_MODIFY_FLAGS', 'LIB_ERR_PMAP_EXISTING_MAPPING');
    if (missing) return fail('LIB_ERR_PMAP_MODIFY_FLAGS', 'LIB_ERR_PMAP_FIND_VNODE');
    const needed = neededRights(this.policy.attributes, flags);
    for (const [page] of pieces) {
      const rights = this.pages.get(page)?.mapping.cap.rights ?? 0;
      if ((needed & ~rights) !== 0) {
        return fail('LIB_ERR_PMAP_MODIFY_FLAGS', 'SYS_ERR_VM_MAP_RIGHTS');
      }
    }
    for (const [from, to] of pieces) {
      for (let page = from; page < to; page += 1) {
        const found = this.pages.get(page);
        if (found !== undefined) found.flags = flags & KNOWN_FLAGS;
      }
    }
    return { verdict: OK, bytes: (end - first) * PAGE_BYTES };
  }

  /** Makes a page a border between Mappings. */
  split(address: number): Verdict {
    if (address % PAGE_BYTES !== 0) return ['LIB_ERR_VREGION_BAD_ALIGNMENT'];
    const page = address / PAGE_BYTES;
    const found = this.pages.get(page);
    if (found === undefined) return ['LIB_ERR_PMAP_SPLIT', 'LIB_ERR_PMAP_FIND_VNODE'];
    while (page % found.leaf !== 0) {
      const start = page - (page % found.leaf);
      const end = start + found.leaf;
      this.cut(start);
      this.cut(end);
      const smaller = found.leaf === 4096 ? 256 : 1;
      if (found.leaf === TABLE_PAGES) this.tables.add(page >>> 8);
      for (let at = start; at < end; at += 1) this.at(at).leaf = smaller;
    }
    this.cut(page);
    return OK;
  }

  private at(page: number): ModelPage {
    const found = this.pages.get(page);
    if (found === undefined) throw new Error(`page ${page} is not mapped`);
    return found;
  }

  /** Cuts the Mapping that spans `page`. */
  private cut(page: number): void {
    const mapping = this.pages.get(page)?.mapping;
    if (mapping === undefined || mapping.start === page) return;
    const second: ModelMapping = { start: page, end: mapping.end, cap: mapping.cap };
    mapping.end = page;
    for (let at = second.start; at < second.end; at += 1) this.at(at).mapping = second;
  }

  /** Makes one leaf of those around an address. */
  promote(address: number, bytes: number): Verdict {
    const fail = (code: ErrorName): Verdict => ['LIB_ERR_PMAP_PROMOTE', code];
    const pages = bytes / PAGE_BYTES;
    if (![16, 256, 4096].includes(pages)) return fail('LIB_ERR_VREGION_BAD_ALIGNMENT');
    const page = Math.floor(address / PAGE_BYTES);
    const first = page - (page % pages);
    const head = this.pages.get(first);
    if (head === undefined) return fail('LIB_ERR_PMAP_FIND_VNODE');
    if (head.leaf === pages) return OK;
    for (let at = first; at < first + pages; at += 1) {
      const found = this.pages.get(at);
      if (found === undefined) return fail('LIB_ERR_PMAP_FIND_VNODE');
      const alike =
        found.flags === head.flags &&
        found.mapping.cap.slot === head.mapping.cap.slot &&
        found.place === head.place + at - first &&
        found.leaf < pages;
      if (!alike) return fail('LIB_ERR_PMAP_EXISTING_MAPPING');
    }
    for (let at = first; at < first + pages; at += TABLE_PAGES) {
      const inTable = (this.pages.get(at)?.leaf ?? 0) < TABLE_PAGES;
      if (pages === 4096 && inTable) return fail('LIB_ERR_PMAP_EXISTING_MAPPING');
    }
    const frame = head.mapping.cap.frame.base / PAGE_BYTES + head.place;
    if (frame % pages !== 0) return fail('SYS_ERR_VM_FRAME_UNALIGNED');
    this.cut(first);
    this.cut(first + pages);
    const mapping: ModelMapping = { start: first, end: first + pages, cap: head.mapping.cap };
    for (let at = first; at < first + pages; at += 1) {
      const found = this.at(at);
      found.mapping = mapping;
      found.leaf = pages;
    }
    if (pages === TABLE_PAGES) this.tables.delete(first >>> 8);
    return OK;
  }

  /** Forgets empty tables; answers how many there were. */
  trim(): number {
    const empty = [...this.tables].filter(
      (index) => !this.anyMapped(index * 256, index * 256 + 256),
    );
    for (const index of empty) this.tables.delete(index);
    return empty.length;
  }
}
