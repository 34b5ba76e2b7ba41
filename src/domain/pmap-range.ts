/**
 * Whatever is mapped in a range of pages, with holes and with Mappings that reach out of it: removed,
 * or given other flags. The pmap itself keeps to whole Mappings; here they are cut at both ends first.
 * All or nothing: a failure puts back what was done, and mends what was cut.
 */
import { Code, type ErrorNumber, OK, PAGE_BYTES, VmError } from '../base/index.js';
import { Kind } from '../format/index.js';
import { leafEntries, leafFlags, leafKindOf, packLeafRun } from './leaf-run.js';
import type { Pmap } from './pmap.js';
import { pagesPerLeaf } from './pmap-policy.js';

/** A Mapping that was cut in two, and how it was before. */
interface Cut {
  readonly page: number;
  readonly head: number;
  readonly end: number;
  readonly leafPages: number;
}

const SECTION_PAGES = 256;
/** What {@link PmapRange.change} notes of each run that it changed: first page, pages, old flags. */
const DONE_WORDS = 3;

/** The flags that a run of leaves shall have from now on. */
export type FlagsDecision = (flags: number, page: number, pages: number) => number;

/** Operations on ranges of one pmap. Addresses are page numbers; `end` is the first page behind. */
export class PmapRange {
  private readonly pmap: Pmap;
  private heads: number[] = [];
  private done: number[] = [];
  private readonly gathered: number[] = [];
  /** What the changes since {@link begin} have done, where they are to be undone together. */
  private journal: { readonly done: number[]; readonly cuts: Cut[] } | undefined;

  constructor(pmap: Pmap) {
    this.pmap = pmap;
  }

  /**
   * Unmaps what is mapped of the pages; answers how many pages were.
   * Errors: `LIB_ERR_PMAP_SPLIT`; `LIB_ERR_PMAP_UNMAP` with their causes. Nothing has changed then.
   */
  unmap(first: number, end: number): number {
    const { core } = this.pmap;
    const { shadow } = core;
    const only = end - first === 1 ? shadow.leafAt(first) : 0;
    if (only !== 0 && shadow.mappingEnd(only) === end && shadow.isHead(only)) {
      this.check(core.unmapLeaves(only), 'LIB_ERR_PMAP_UNMAP', first, end);
      return 1;
    }
    if (shadow.nextMapped(first, end) < 0) return 0;
    const cuts = this.cutEnds(first, end);
    this.heads.length = 0;
    let pages = 0;
    for (let page = shadow.nextMapped(first, end); page >= 0; ) {
      const head = shadow.leafAt(page);
      const next = shadow.mappingEnd(head);
      this.heads.push(head);
      pages += next - page;
      page = shadow.nextMapped(next, end);
    }
    const error = this.removeHeads();
    if (error !== OK) {
      const mended = this.mend(cuts);
      this.check(core.undone(mended, error), 'LIB_ERR_PMAP_UNMAP', first, end);
    }
    return pages;
  }

  /**
   * Gives each run of mapped leaves of the pages the flags that `decide` answers; it is asked about
   * runs of the same flags. Errors: as {@link unmap}, `LIB_ERR_PMAP_MODIFY_FLAGS` for the second.
   */
  change(first: number, end: number, decide: FlagsDecision): void {
    const { core } = this.pmap;
    const { shadow } = core;
    if (shadow.nextMapped(first, end) < 0) return;
    const cuts = this.cutLeaves(first, end);
    this.done.length = 0;
    const failed = this.apply(first, end, decide);
    if (failed === undefined) {
      this.journal?.done.push(...this.done);
      this.journal?.cuts.push(...cuts);
      return;
    }
    this.restore(cuts, failed);
    throw failed;
  }

  /** Makes all changes from here on one, until {@link commit} or {@link rollBack}. */
  begin(): void {
    this.journal = { done: [], cuts: [] };
  }

  /** The changes since {@link begin} stay. */
  commit(): void {
    this.journal = undefined;
  }

  /**
   * Undoes the changes since {@link begin}, which `cause` has ended.
   * Error: `LIB_ERR_PMAP_ROLLBACK` that failed as well.
   */
  rollBack(cause: VmError): void {
    const { journal } = this;
    this.journal = undefined;
    if (journal === undefined) return;
    this.done = journal.done;
    this.restore(journal.cuts, cause);
  }

  /** Gives back the flags that {@link done} has noted, and mends the cuts. */
  private restore(cuts: readonly Cut[], cause: VmError): void {
    const undo = this.takeBack();
    const mended = undo === OK ? this.mend(cuts) : undo;
    if (mended !== OK) throw new VmError('LIB_ERR_PMAP_ROLLBACK', cause.message, { cause });
  }

  /** Does what {@link change} is asked for, and notes it; the error that stopped it, or undefined. */
  private apply(first: number, end: number, decide: FlagsDecision): VmError | undefined {
    const { shadow } = this.pmap.core;
    for (let page = shadow.nextMapped(first, end); page >= 0; ) {
      const record = shadow.leafAt(page);
      const next = Math.min(end, shadow.endOf(record));
      const flags = leafFlags(shadow.leaves.runOf(record));
      const wanted = decide(flags, page, next - page);
      this.gathered.length = 0;
      const behind = wanted === flags ? next : this.gather(page, end, wanted, decide);
      if (this.gathered.length > 1) {
        const failed = this.giveRun(page, behind, wanted);
        if (failed !== undefined) return failed;
      } else if (wanted !== flags) {
        const failed = this.give(record, page, next, wanted);
        if (failed !== undefined) return failed;
        this.note(page, next - page, flags);
      }
      page = shadow.nextMapped(Math.max(next, behind), end);
    }
    return undefined;
  }

  /**
   * Gathers the records from `page` on that the kernel can change at once: whole Mappings of small
   * pages of one table, without a hole, that shall have the same flags. Answers the page behind them.
   */
  private gather(page: number, end: number, wanted: number, decide: FlagsDecision): number {
    const { shadow } = this.pmap.core;
    const { leaves } = shadow;
    const limit = Math.min(end, (page | (SECTION_PAGES - 1)) + 1);
    let at = page;
    while (at < limit) {
      const record = shadow.leafAt(at);
      const run = leaves.runOf(record);
      const pages = leafEntries(run);
      const whole = leaves.pageOf(record) === at && pages === leaves.totalOf(record);
      if (record === 0 || leafKindOf(run) !== Kind.SMALL || !whole || at + pages > limit) break;
      if (at !== page && decide(leafFlags(run), at, pages) !== wanted) break;
      this.gathered.push(record);
      at += pages;
    }
    return at;
  }

  /** Gives all {@link gathered} records, which lie from `page` up to `end`, the same flags. */
  private giveRun(page: number, end: number, flags: number): VmError | undefined {
    const { core } = this.pmap;
    const { leaves } = core.shadow;
    const paging = core.kernelFlags(flags, Kind.SMALL);
    const mappings = this.gathered.map((record) => leaves.mappingOf(record));
    const error = core.invocations.mappingsModify(mappings, paging);
    if (error !== OK) return this.failure(error, 'LIB_ERR_PMAP_MODIFY_FLAGS', page, end);
    for (const record of this.gathered) {
      const run = leaves.runOf(record);
      const entries = leafEntries(run);
      this.note(leaves.pageOf(record), entries, leafFlags(run));
      leaves.setRun(record, packLeafRun(entries, Kind.SMALL, flags));
    }
    return undefined;
  }

  /** Notes what flags pages had; neighbours with the same flags are one note. */
  private note(page: number, pages: number, flags: number): void {
    const { done } = this;
    const last = done.length - DONE_WORDS;
    if (last >= 0 && done[last] + done[last + 1] === page && done[last + 2] === flags) {
      done[last + 1] += pages;
    } else {
      done.push(page, pages, flags);
    }
  }

  /** Changes the flags of one run; the error, or undefined. */
  private give(record: number, page: number, end: number, flags: number): VmError | undefined {
    const { core } = this.pmap;
    const { leaves } = core.shadow;
    const run = leaves.runOf(record);
    const entries = leafEntries(run);
    const kind = leafKindOf(run);
    const whole = leaves.pageOf(record) === page && core.shadow.endOf(record) === end;
    if (!whole || entries !== leaves.totalOf(record)) {
      try {
        this.pmap.modifyFlags(page * PAGE_BYTES, (end - page) * PAGE_BYTES, flags);
        return undefined;
      } catch (error) {
        if (error instanceof VmError) return error;
        throw error;
      }
    }
    // The usual case by itself: a Mapping all of whose leaves change together needs no new record.
    const mapping = leaves.mappingOf(record);
    const paging = core.kernelFlags(flags, kind);
    const error = core.invocations.mappingModify(mapping, 0, entries, paging);
    if (error !== OK) return this.failure(error, 'LIB_ERR_PMAP_MODIFY_FLAGS', page, end);
    leaves.setRun(record, packLeafRun(entries, kind, flags));
    return undefined;
  }

  /** Gives everything that {@link change} did its old flags again, the last one first. */
  private takeBack(): ErrorNumber {
    const done = this.done.splice(0);
    for (let at = done.length - DONE_WORDS; at >= 0; at -= DONE_WORDS) {
      const failed = this.apply(done[at], done[at] + done[at + 1], () => done[at + 2]);
      if (failed !== undefined) return Code[failed.code];
    }
    return OK;
  }

  /** Entries first, then slots, then records, as the pmap's own unmap does. */
  private removeHeads(): ErrorNumber {
    const { core } = this.pmap;
    const { heads } = this;
    const { leaves } = core.shadow;
    let detached = 0;
    let freed = 0;
    let error: ErrorNumber = OK;
    for (; detached < heads.length; detached += 1) {
      error = core.detach(heads[detached]);
      if (error !== OK) break;
    }
    for (; error === OK && freed < heads.length; freed += 1) {
      error = core.slots.free(leaves.mappingOf(heads[freed]));
      if (error !== OK) break;
    }
    if (error === OK) {
      for (const head of heads) core.forgetMapping(head);
      return OK;
    }
    for (let slot = freed - 1; slot >= 0; slot -= 1) core.slots.allocate();
    let undo: ErrorNumber = OK;
    for (let index = detached - 1; index >= 0; index -= 1) undo ||= core.attach(heads[index]);
    return core.undone(undo, error);
  }

  /** Makes both ends of the range borders between Mappings. */
  private cutEnds(first: number, end: number): Cut[] {
    const cuts: Cut[] = [];
    for (const page of [first, end]) this.cut(page, cuts, false);
    return cuts;
  }

  /** Makes both ends of the range borders between leaves. */
  private cutLeaves(first: number, end: number): Cut[] {
    const cuts: Cut[] = [];
    for (const page of [first, end]) this.cut(page, cuts, true);
    return cuts;
  }

  private cut(page: number, cuts: Cut[], onlyLeaves: boolean): void {
    const { core } = this.pmap;
    const { shadow } = core;
    const record = page < core.endPage ? shadow.leafAt(page) : 0;
    if (record === 0) return;
    const { leaves } = shadow;
    const head = leaves.headOf(record);
    const leafPages = pagesPerLeaf(leafKindOf(leaves.runOf(record)));
    if (head === page || (onlyLeaves && (page - head) % leafPages === 0)) return;
    const cut = { page, head, end: shadow.mappingEnd(record), leafPages };
    try {
      this.pmap.split(page * PAGE_BYTES);
    } catch (error) {
      if (error instanceof VmError && this.mend(cuts) !== OK) {
        throw new VmError('LIB_ERR_PMAP_ROLLBACK', error.message, { cause: error });
      }
      throw error;
    }
    cuts.push(cut);
  }

  /** Makes whole again what was cut, the last cut first. */
  private mend(cuts: readonly Cut[]): ErrorNumber {
    for (const cut of cuts.toReversed()) {
      const { page, head, end, leafPages } = cut;
      try {
        if (leafPages > SECTION_PAGES && page % SECTION_PAGES !== 0) {
          this.pmap.promote(page * PAGE_BYTES, SECTION_PAGES * PAGE_BYTES);
        }
        if ((page - head) % leafPages !== 0) {
          this.pmap.promote(page * PAGE_BYTES, leafPages * PAGE_BYTES);
        }
      } catch (error) {
        if (error instanceof VmError) return Code[error.code];
        throw error;
      }
      const joined = this.join(head, end);
      if (joined !== OK) return joined;
    }
    return OK;
  }

  /** Makes one Mapping of all that lie from `head` to `end`. */
  private join(head: number, end: number): ErrorNumber {
    const { core } = this.pmap;
    const { shadow, slots } = core;
    const { leaves } = shadow;
    for (;;) {
      const record = shadow.leafAt(head);
      const border = shadow.mappingEnd(record);
      if (border >= end) return OK;
      // Pages in blocks come out of them to be joined, which takes a record each.
      const isHeld = record < 0 || shadow.leafAt(border) < 0;
      const reserved = isHeld ? core.reserveRecords(2, 0) : OK;
      if (reserved !== OK) return reserved;
      const mapping = leaves.mappingOf(record);
      const next = leaves.mappingOf(shadow.leafAt(border));
      const error = core.invocations.mappingJoin(mapping, next);
      if (error !== OK) return error;
      shadow.joinMappings(record);
      const freed = slots.free(next);
      if (freed !== OK) return freed;
    }
  }

  private check(error: ErrorNumber, code: keyof typeof Code, first: number, end: number): void {
    if (error !== OK) throw this.failure(error, code, first, end);
  }

  private failure(
    error: ErrorNumber,
    code: keyof typeof Code,
    first: number,
    end: number,
  ): VmError {
    const where = `pages ${first.toString(16)} to ${(end - 1).toString(16)}`;
    const cause = VmError.from(error, `the kernel refused a change of ${where}`);
    return new VmError(code, `cannot change ${where}`, { cause });
  }
}
