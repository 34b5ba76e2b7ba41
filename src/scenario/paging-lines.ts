/** What self-paging did in a run, as a person reads it: every fault in its order, and who has what where. */
import { formatBytes, hex, PAGE_BYTES } from '../base/index.js';
import { flagsText, type MemoryObject, type Region, VRegion } from '../domain/index.js';
import { cutLine, line, type StyledLine } from '../inspect/index.js';
import type { Actor } from './actor.js';
import type { ScenarioRun } from './run-scenario.js';
import { counted } from './step-lines.js';
import type { TimedFault } from './step-result.js';

/** Lines of the timeline that are printed. */
const MOST_LINES = 60;

/** Every fault of the run, one a line; nothing where no domain pages for itself, or none was taken. */
export function timelineLines(run: ScenarioRun, columns: number): StyledLine[] {
  const { timeline, faultCount, world } = run;
  if (timeline.length === 0 || !world.allActors.some(({ isPaged }) => isPaged)) return [];
  const shown = timeline.slice(0, MOST_LINES);
  const nameColumns = Math.max(6, ...shown.map(({ domain }) => domain.length));
  const regionColumns = Math.max(6, ...shown.map(({ region }) => region.length));
  const titles = `  STEP  ${'DOMAIN'.padEnd(nameColumns)}  ADDRESS   ${'REGION'.padEnd(regionColumns)}  FAULT        WHAT CAME OF IT`;
  const rest = faultCount - shown.length;
  return [
    line('  faults', 'heading'),
    cutLine(line(titles, 'heading'), columns),
    ...shown.map((fault) => cutLine(timelineLine(fault, nameColumns, regionColumns), columns)),
    ...(rest === 0 ? [] : [line(`  and ${counted(rest, 'more fault')}`, 'quiet')]),
  ];
}

function timelineLine(
  { step, domain, va, region, fault, solved, solution }: TimedFault,
  nameColumns: number,
  regionColumns: number,
): StyledLine {
  const head =
    `  ${String(step).padStart(4)}  ${domain.padEnd(nameColumns)}  ${hex(va)}  ` +
    `${(region === '' ? '-' : region).padEnd(regionColumns)}  ${fault.padEnd(11)}  `;
  return [
    { text: head },
    solved ? { text: solution } : { text: '✗ nobody solved it', style: 'bad' },
  ];
}

/** The regions of a domain that pages for itself, and how its pages stand; nothing for others. */
export function regionLines(actor: Actor, columns: number): StyledLine[] {
  if (!actor.isPaged) return [];
  const regions = actor.domain.vspace.all();
  const names = regions.map(({ name }) => name);
  const width = Math.max(6, ...names.map((name) => name.length));
  const title = `  ${'REGION'.padEnd(width)}  ADDRESSES              SIZE  NOW MOST  IN MEMORY  BEHIND IT`;
  return [
    line(`  regions of ${actor.name}`, 'heading'),
    cutLine(line(title, 'heading'), columns),
    ...regions.map((region) => cutLine(regionLine(actor, region, width), columns)),
    ...pagerLines(actor),
  ];
}

function regionLine(actor: Actor, region: Region, width: number): StyledLine {
  const { name, base, bytes, flags, backing } = region;
  const range = `${hex(base)}-${hex(base + bytes - 1)}`;
  const most = region instanceof VRegion ? region.maxFlags : flags;
  const isEmpty = backing === 'guard' || backing === 'reserved';
  const rights = isEmpty ? '  -    -' : `${flagsText(flags)}  ${flagsText(most)}`;
  const resident = isEmpty ? '' : formatBytes(mappedBytes(actor, base, bytes));
  const text =
    `  ${name.padEnd(width)}  ${range}  ${formatBytes(bytes).padStart(8)}  ${rights}  ` +
    `${resident.padStart(9)}  ${behindText(region)}`;
  if (isEmpty) return line(text, 'hole');
  return line(text);
}

/** Bytes of the range that the tables map now. */
function mappedBytes(actor: Actor, base: number, bytes: number): number {
  let mapped = 0;
  for (const mapping of actor.domain.pmap.mappings(base, base + bytes)) mapped += mapping.bytes;
  return mapped;
}

function behindText(region: Region): string {
  if (!(region instanceof VRegion) || region.object === undefined) return region.backing;
  const { object, offset, inheritance } = region;
  const from = offset === 0 ? '' : ` from ${formatBytes(offset)} on`;
  const inherited = inheritance === 'copy' ? '' : `, a clone gets ${INHERITED[inheritance]}`;
  return `${objectText(object)}${from}${inherited}`;
}

const INHERITED = { share: 'the same', none: 'nothing' } as const;

function objectText({ kind, name, bytes, residentBytes }: MemoryObject): string {
  return `${kind} ${name}, ${residentBytes / PAGE_BYTES} of ${counted(bytes / PAGE_BYTES, 'page')} of its own`;
}

function pagerLines({ domain, paging }: Actor): StyledLine[] {
  if (paging === undefined) return [];
  const { pager, store } = paging;
  const { counts, policyName } = pager;
  const text =
    `  ${domain.pool.usedPages} of ${counted(domain.pool.budget, 'frame')} in use, ${policyName}: ` +
    `${counted(counts.admitted, 'page')} came, ${counts.evicted} evicted, ` +
    `${counts.touched} later uses noted · store: ${counted(store.stored, 'page')}, ` +
    `${store.writes} written, ${store.reads} read`;
  return [line(text, 'quiet')];
}
