/** What happens to pages, of all domains of a run together, and how a fault was solved by it. */
import { VRegion } from '../domain/index.js';
import type { AbortInfo } from '../machine/index.js';
import type { Actor } from './actor.js';
import type { World } from './world.js';

/** Pages that moved during a step, or a fault. */
export interface PagingCounts {
  /** Pages that came into a frame. */
  readonly taken: number;
  /** Pages that lost their frame to another. */
  readonly evicted: number;
  /** Pages written to a backing store, and read from one. */
  readonly written: number;
  readonly readBack: number;
}

/** The counts so far. */
export function pagingCounts({ allActors }: World): PagingCounts {
  let [used, evicted, written, readBack] = [0, 0, 0, 0];
  for (const { domain, paging, evictedBySteps } of allActors) {
    used += domain.pool.usedPages;
    evicted += (paging?.pager.counts.evicted ?? 0) + evictedBySteps;
    written += paging?.store.writes ?? 0;
    readBack += paging?.store.reads ?? 0;
  }
  return { taken: used + evicted, evicted, written, readBack };
}

/** What has happened between two counts. */
export function pagingBetween(before: PagingCounts, after: PagingCounts): PagingCounts {
  return {
    // What was given up is not counted: fewer pages than before are none that came.
    taken: Math.max(0, after.taken - before.taken),
    evicted: after.evicted - before.evicted,
    written: after.written - before.written,
    readBack: after.readBack - before.readBack,
  };
}

/** How the domain of `actor` solved a fault, for a person. */
export function solutionText(
  actor: Actor | undefined,
  abort: AbortInfo,
  paging: PagingCounts,
): string {
  const region = actor?.domain.vspace.find(abort.va);
  const object = region instanceof VRegion ? region.object : undefined;
  const evicted =
    paging.evicted === 0
      ? ''
      : `, ${pages(paging.evicted)} evicted${paging.written === 0 ? '' : `, ${pages(paging.written)} written out`}`;
  return `${broughtText(object?.kind ?? '', abort, paging)}${evicted}`;
}

function broughtText(kind: string, { meaning, write }: AbortInfo, paging: PagingCounts): string {
  if (paging.readBack > 0) return 'read back from the store';
  const isNew = paging.taken > 0;
  if (meaning.name === 'access-flag') return 'its use was noted';
  if (meaning.name === 'permission') {
    if (isNew) return 'the page was copied';
    return write ? 'made writable' : 'its use was noted';
  }
  if (!isNew) return 'mapped, it was in memory';
  if (kind === 'file') return 'read from the file';
  if (kind === 'copy-on-write') return 'the page was copied';
  return 'the domain mapped a page of zeros';
}

const pages = (count: number): string => `${count} ${count === 1 ? 'page' : 'pages'}`;
