/**
 * Rules that look at one region at a time: what it allows, what memory it is, where it lies.
 */

import { formatBytes, hex, PAGE_BYTES } from '../../base/index.js';
import {
  DOMAIN_ACCESS_NAMES,
  DomainAccess,
  domainAccess,
  Kind,
  rightsText,
} from '../../format/index.js';
import { Ttbcr } from '../../machine/index.js';
import {
  domainNumberOf,
  isExecutable,
  isLeaf,
  isUserAccessible,
  isWritableAndExecutable,
  type Meaning,
  NO_LEAF,
  notGlobalOf,
  rightsOf,
} from '../leaf-meaning.js';
import type { Regions } from '../regions.js';
import { type CheckContext, type Draft, type Judged, pagesText } from './finding.js';
import type { Run } from './meaning-runs.js';

/** The runs of leaves whose meaning `fits`. */
function leavesThat({ runs }: Judged, fits: (meaning: Meaning) => boolean): Generator<Run> {
  return runs.that((meaning) => isLeaf(meaning) && fits(meaning));
}

function rightsBoth(meaning: Meaning): string {
  const rights = rightsOf(meaning);
  return `PL1 ${rightsText(rights, true)}, PL0 ${rightsText(rights, false)}`;
}

/** The draft for a run: its place, and the entry of its first page. */
function runDraft(context: Judged, run: Run, message: string, fix: string): Draft {
  const entry = context.space.entryAt(run.page);
  const { page, pages } = run;
  return { message: `${pagesText(page, pages)} ${message}`, fix, page, pages, entry };
}

/** VM001. */
export function* wx(context: Judged): Generator<Draft> {
  const runs = leavesThat(context, (meaning) => isWritableAndExecutable(rightsOf(meaning)));
  for (const run of runs) {
    const message = `can be written and executed (${rightsBoth(run.meaning)})`;
    yield runDraft(context, run, message, 'set XN of its entries, or make them read-only (AP 111)');
  }
}

/** VM002: what belongs to the kernel must be told, by TTBCR.N or by the policy. */
export function* userKernel(context: Judged): Generator<Draft> {
  const runs = leavesThat(context, (meaning) => isUserAccessible(rightsOf(meaning)));
  for (const run of runs) {
    for (const { base, bytes } of kernelRanges(context)) {
      const first = Math.max(run.page, Math.floor(base / PAGE_BYTES));
      const end = Math.min(run.page + run.pages, Math.ceil((base + bytes) / PAGE_BYTES));
      if (first >= end) continue;
      const part = { ...run, page: first, pages: end - first };
      const message = `belongs to the kernel and can be used by PL0 (${rightsBoth(run.meaning)})`;
      yield runDraft(context, part, message, 'give PL1 alone the right: AP 001, or 101 to read');
    }
  }
}

/** The kernel's addresses: those that were told, else the part of TTBR1. */
export function kernelRanges(context: Judged): CheckContext['kernel'] {
  if (context.kernel.length > 0) return context.kernel;
  const n = context.space.input.registers.ttbcr & Ttbcr.N_MASK;
  const base = 2 ** (32 - n);
  return n === 0 ? [] : [{ base, bytes: 2 ** 32 - base }];
}

/** VM003. */
export function* deviceExecute(context: Judged): Generator<Draft> {
  const { meanings } = context.regions;
  const runs = leavesThat(
    context,
    (meaning) => isExecutable(rightsOf(meaning)) && meanings.typeOf(meaning).kind !== 'normal',
  );
  for (const run of runs) {
    const { kind } = meanings.typeOf(run.meaning);
    const message = `is ${kind} memory and can be executed (${rightsBoth(run.meaning)})`;
    yield runDraft(context, run, message, 'set XN of its entries');
  }
}

/** VM006: one finding for each domain. */
export function* domainManager(context: Judged): Generator<Draft> {
  yield* byDomain(context, DomainAccess.MANAGER, (domain, dacr, bytes) => ({
    message: `${bytes} are in domain ${domain}, which DACR ${hex(dacr)} makes a manager: no permission is checked`,
    fix: `make domain ${domain} a client: DACR ${hex(withClient(dacr, domain))}`,
  }));
}

/** VM013. */
export function* deadDomain(context: Judged): Generator<Draft> {
  const { dacr } = context.space.input.registers;
  const runs = leavesThat(context, (meaning) => {
    const access = domainAccess(dacr, domainNumberOf(meaning));
    return access !== DomainAccess.CLIENT && access !== DomainAccess.MANAGER;
  });
  for (const run of runs) {
    const domain = domainNumberOf(run.meaning);
    const access = DOMAIN_ACCESS_NAMES[domainAccess(dacr, domain)];
    const neighbour = neighbourDomain(context.regions, run);
    const other = neighbour === undefined ? '' : `; what it continues is in domain ${neighbour}`;
    const message = `is mapped in domain ${domain}, to which DACR ${hex(dacr)} gives ${access}${other}`;
    const fix =
      neighbour === undefined
        ? `make domain ${domain} a client (DACR ${hex(withClient(dacr, domain))}), or unmap it`
        : `put its entry into domain ${neighbour}, and invalidate the TLB`;
    yield runDraft(context, run, message, fix);
  }
}

/** The domain of the region that `run` continues in memory, where it is another. */
function neighbourDomain(regions: Regions, run: Run): number | undefined {
  for (const [other, touches] of [
    [run.region - 1, (at: number) => endFrame(regions, at) === regions.frames[run.region]],
    [run.region + 1, (at: number) => endFrame(regions, run.region) === regions.frames[at]],
  ] as const) {
    if (other < 0 || other >= regions.count) continue;
    const meaning = regions.meaningOf[other] as number;
    if (!isLeaf(meaning) || !touches(other)) continue;
    const domain = domainNumberOf(meaning);
    if (domain !== domainNumberOf(run.meaning)) return domain;
  }
  return undefined;
}

function endFrame(regions: Regions, region: number): number {
  return (regions.frames[region] as number) + (regions.lengths[region] as number);
}

function withClient(dacr: number, domain: number): number {
  return ((dacr & ~(3 << (domain * 2))) | (DomainAccess.CLIENT << (domain * 2))) >>> 0;
}

/** One draft for each domain with that access which something is mapped in. */
function* byDomain(
  context: Judged,
  access: number,
  words: (domain: number, dacr: number, bytes: string) => Pick<Draft, 'message' | 'fix'>,
): Generator<Draft> {
  const { dacr } = context.space.input.registers;
  const found = new Map<number, { page: number; pages: number; end: number }>();
  const inDomain = (meaning: Meaning): boolean =>
    domainAccess(dacr, domainNumberOf(meaning)) === access;
  for (const run of leavesThat(context, inDomain)) {
    const domain = domainNumberOf(run.meaning);
    const all = found.get(domain) ?? { page: run.page, pages: 0, end: 0 };
    all.pages += run.pages;
    all.end = run.page + run.pages;
    found.set(domain, all);
  }
  for (const [domain, { page, pages, end }] of found) {
    const text = words(domain, dacr, formatBytes(pages * PAGE_BYTES));
    const entry = context.space.entryAt(page);
    yield { ...text, page, pages: end - page, entry, key: `${domain}` };
  }
}

/** VM012. */
export function* nullMapped(context: Judged): Generator<Draft> {
  const meaning = context.regions.meaningOf[0] as number;
  const rights = rightsOf(meaning);
  if (!isLeaf(meaning) || rights === 0) return;
  const user = isUserAccessible(rights);
  yield {
    message: `address 0 is mapped (${rightsBoth(meaning)})`,
    fix: 'leave the first page unmapped; move vectors that lie there (VBAR, or SCTLR.V)',
    page: 0,
    pages: 1,
    entry: context.space.entryAt(0),
    severity: user ? 'error' : 'warning',
  };
}

/** VM016: reserved types of memory and of entries; reserved AP gives no rights in the full model. */
export function* reservedEncoding(context: Judged): Generator<Draft> {
  const { regions, space } = context;
  const runs = leavesThat(
    context,
    (meaning) => regions.meanings.typeOf(meaning).kind === 'reserved',
  );
  for (const run of runs) {
    yield runDraft(
      context,
      run,
      'has a reserved memory type (TEX C B)',
      'give it a type that exists',
    );
  }
  for (const { page, pages } of context.runs.that((meaning) => meaning === NO_LEAF.RESERVED)) {
    yield {
      message: `${pagesText(page, pages)} has entries of the reserved type 11: this CPU has no PXN`,
      fix: 'write a section (type 10), or 0',
      page,
      pages,
      entry: space.entryAt(page),
    };
  }
}

/** VM019: only where other user pages belong to an ASID. */
export function* globalUser(context: Judged): Generator<Draft> {
  const isUser = (meaning: Meaning): boolean => isUserAccessible(rightsOf(meaning));
  const usesAsids = !leavesThat(
    context,
    (meaning) => isUser(meaning) && notGlobalOf(meaning),
  ).next().done;
  if (!usesAsids) return;
  for (const run of leavesThat(context, (meaning) => isUser(meaning) && !notGlobalOf(meaning))) {
    const message = 'is global, while other user pages belong to an ASID';
    yield runDraft(
      context,
      run,
      message,
      'set nG of its entries, if it is not meant for everybody',
    );
  }
}

/** VM014. */
export function* splitCrossed(context: Judged): Generator<Draft> {
  const { regions, space } = context;
  const [, high] = space.roots;
  if (high === undefined) return;
  const border = high.first * 256;
  const below = regions.at(border - 1);
  const above = regions.at(border);
  const meaning = regions.meaningOf[below] as number;
  if (!isLeaf(meaning) || !isUserAccessible(rightsOf(meaning))) return;
  const continues = below === above || endFrame(regions, below) === regions.frames[above];
  if (!continues || regions.meaningOf[above] !== meaning) return;
  const page = regions.pages[below] as number;
  const end = (regions.pages[above] as number) + (regions.lengths[above] as number);
  yield {
    message: `${pagesText(page, end - page)} is one user region on both sides of ${hex(border * PAGE_BYTES)}, where TTBR1 begins`,
    fix: 'end it at the split, or give TTBCR.N a smaller value',
    page,
    pages: end - page,
    entry: space.entryAt(border),
  };
}

/** VM017: memory of tables that does not answer, and their runs in the map. */
export function* tableUnreadable(context: Judged): Generator<Draft> {
  const { space } = context;
  for (const { page, pages } of context.runs.that((meaning) => meaning === NO_LEAF.UNREADABLE)) {
    const entry = space.entryAt(page);
    const root = space.rootEntry(page >>> 8);
    const from = entry.level === 2 ? ` (L1[0x${hex(root.index, 3)}] = ${hex(root.word ?? 0)})` : '';
    yield {
      message: `${pagesText(page, pages)}: no memory answers for its entries at ${hex(entry.address)}${from}`,
      fix:
        root.kind === Kind.TABLE
          ? 'point the table entry to memory, or clear it; or give the dump that has this memory'
          : 'point the translation table base to memory, or give the dump that has this memory',
      page,
      pages,
      entry: entry.level === 2 ? root : entry,
    };
  }
}
