import type { ErrorName } from '../../src/base/index.js';
import { PAGE_BYTES } from '../../src/base/index.js';
import { VRegionFlags } from '../../src/domain/index.js';
import { Rights } from '../../src/kernel/index.js';

const { READ, WRITE, EXECUTE } = VRegionFlags;
const ACCESS = READ | WRITE | EXECUTE;

/** What the model answers: the codes of the error, the outermost first, or none. */
export type Verdict = readonly ErrorName[];

/**
 * A memory object as the model knows it: its bytes, and who may use it. The model knows nothing of
 * frames, of snapshots, or of pages that are elsewhere.
 */
export class ModelObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Pages that are there; an access to others is `LIB_ERR_MEMOBJ_UNFILLED`. */
  readonly present: boolean[];
  /** The domain whose it is, and what others were given: rights by domain. */
  readonly home: number;
  readonly grants = new Map<number, number>();
  /** Whether it goes with its last region. */
  owned = false;
  gone = false;
  readonly pins: number[];

  constructor(name: string, home: number, bytes: Uint8Array) {
    this.name = name;
    this.home = home;
    this.bytes = bytes;
    this.present = new Array<boolean>(bytes.length / PAGE_BYTES).fill(true);
    this.pins = new Array<number>(this.present.length).fill(0);
  }

  get pages(): number {
    return this.present.length;
  }

  /** The bytes of one page. */
  page(page: number): Uint8Array {
    return this.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  }

  /** The rights that a domain has to it; undefined where it was never given any. */
  rightsOf(domain: number): number | undefined {
    if (this.gone) return 0;
    return domain === this.home ? Rights.ALL : this.grants.get(domain);
  }
}

/** What one page of an address space is. */
export interface ModelPage {
  readonly kind: 'object' | 'reserved' | 'guard';
  readonly object?: ModelObject;
  /** Which page of the object. */
  readonly page: number;
  readonly flags: number;
  readonly maxFlags: number;
  readonly inheritance: 'copy' | 'share' | 'none';
}

/** One address space: a plain map of pages, by page number. */
export class ModelPages {
  readonly pages = new Map<number, ModelPage>();
  readonly domain: number;

  constructor(domain: number) {
    this.domain = domain;
  }

  /** What an access to the page has to give. `write` and `fetch` say what is tried. */
  access(page: number, write: boolean, fetch: boolean): Verdict {
    const found = this.pages.get(page);
    const why =
      found === undefined ? 'LIB_ERR_VSPACE_REGION_NOT_FOUND' : this.refusal(found, write, fetch);
    return why === undefined ? [] : ['LIB_ERR_PAGEFAULT', why];
  }

  private refusal(found: ModelPage, write: boolean, fetch: boolean): ErrorName | undefined {
    const { kind, object, flags, page } = found;
    if (kind === 'guard') return 'LIB_ERR_VREGION_GUARD';
    if (object === undefined) return 'LIB_ERR_VREGION_RESERVED';
    const needed = fetch ? EXECUTE : write ? WRITE : ACCESS;
    if ((flags & needed) === 0) return 'LIB_ERR_VREGION_RIGHTS';
    const granted = object.rightsOf(this.domain) ?? 0;
    if (granted === 0) return 'LIB_ERR_MEMOBJ_GONE';
    if ((flags & ACCESS & ~granted) !== 0) return 'LIB_ERR_MEMOBJ_RIGHTS';
    return object.present[page] === true ? undefined : 'LIB_ERR_MEMOBJ_UNFILLED';
  }

  /** What an unmap of a range has to give. */
  unmapVerdict(first: number, pages: number): Verdict {
    for (let page = first; page < first + pages; page += 1) if (this.pages.has(page)) return [];
    return ['LIB_ERR_VSPACE_REGION_NOT_FOUND'];
  }

  unmap(first: number, pages: number): void {
    for (let page = first; page < first + pages; page += 1) this.pages.delete(page);
  }

  /** What a change of protection has to give: the first page that refuses decides. */
  protectVerdict(first: number, pages: number, flags: number): Verdict {
    for (let page = first; page < first + pages; page += 1) {
      const found = this.pages.get(page);
      if (found === undefined) return ['LIB_ERR_VSPACE_REGION_NOT_FOUND'];
      if (found.kind === 'guard') return ['LIB_ERR_VREGION_GUARD'];
      if (found.object === undefined) return ['LIB_ERR_VREGION_RESERVED'];
      if ((flags & ACCESS & ~found.maxFlags) !== 0) return ['LIB_ERR_VREGION_MAX_RIGHTS'];
    }
    for (let page = first; page < first + pages; page += 1) {
      const granted = this.pages.get(page)?.object?.rightsOf(this.domain) ?? 0;
      if ((flags & ACCESS & ~granted) !== 0) return ['LIB_ERR_MEMOBJ_RIGHTS'];
    }
    return [];
  }

  protect(first: number, pages: number, flags: number): void {
    for (let page = first; page < first + pages; page += 1) {
      const found = this.pages.get(page) as ModelPage;
      this.pages.set(page, { ...found, flags: (found.flags & ~ACCESS) | (flags & ACCESS) });
    }
  }

  /** Whether any page of the object is in this space. */
  uses(object: ModelObject): boolean {
    return [...this.pages.values()].some((page) => page.object === object);
  }
}
