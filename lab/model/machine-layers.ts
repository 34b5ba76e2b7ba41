/** What only a machine of our own can colour by: whose memory it is, and how much it was used. */

import { formatBytes, hex, PAGE_BYTES } from '../../src/base/index.js';
import { SPACE_PAGES } from '../../src/inspect/index.js';
import { CAP_TYPE_NAMES } from '../../src/kernel/index.js';
import { OKABE_ITO } from '../draw/palette.js';
import type { LabSession } from '../engine/lab-session.js';
import type { DomainState, MomentState } from '../engine/moment-state.js';
import { type CapabilityObject, capabilityView } from './capability-view.js';
import { HOLE, type Layer, type LayerClass, SERIES } from './layers.js';

/** Capabilities that have a class of their own; the smaller ones share one. */
const MOST_OWNERS = 16;

/** The capability that backs each page. */
export function ownerLayer(state: MomentState, domain: DomainState): Layer {
  const backing = capabilityView(state, domain)
    .objects.map((object) => ({ object, pages: pagesOf(object, domain.name) }))
    .filter(({ pages }) => pages.length > 0)
    .sort((left, right) => bytesOf(right.pages) - bytesOf(left.pages));
  const pages = new Uint8Array(SPACE_PAGES);
  const classes: LayerClass[] = [HOLE];
  for (const [index, { object, pages: runs }] of backing.entries()) {
    const isOther = index >= MOST_OWNERS;
    if (!isOther) classes.push({ text: ownerText(object), colour: colourAt(index) });
    else if (index === MOST_OWNERS) classes.push({ text: 'smaller ones', colour: OKABE_ITO.grey });
    for (const { va, bytes } of runs) {
      pages.fill(classes.length - 1, va / PAGE_BYTES, (va + bytes) / PAGE_BYTES);
    }
  }
  const present = new Set(classes.keys());
  return { id: 'owner', title: 'owner capability', classes, pages, present };
}

type Runs = CapabilityObject['pages'];

function pagesOf(object: CapabilityObject, domain: string): Runs {
  return object.pages.filter((each) => each.domain === domain);
}

function bytesOf(runs: Runs): number {
  return runs.reduce((sum, { bytes }) => sum + bytes, 0);
}

function ownerText({ type, base, bytes }: CapabilityObject): string {
  return `${CAP_TYPE_NAMES[type] ?? 'capability'} ${hex(base)}, ${formatBytes(bytes)}`;
}

function colourAt(index: number): string {
  return SERIES[index % SERIES.length] ?? OKABE_ITO.grey;
}

/** Uses from which on a page is as hot as this class, the coldest first. */
const HEAT = [
  { from: 0, text: 'not used', colour: OKABE_ITO.grey },
  { from: 1, text: 'used once', colour: OKABE_ITO.sky },
  { from: 2, text: '2 and more', colour: OKABE_ITO.blue },
  { from: 8, text: '8 and more', colour: OKABE_ITO.yellow },
  { from: 64, text: '64 and more', colour: OKABE_ITO.orange },
  { from: 512, text: '512 and more', colour: OKABE_ITO.vermillion },
] as const;

/** How often each page was used, up to a moment; `mapped` tells what is mapped by a class above 0. */
export function heatLayer(
  session: LabSession,
  domain: DomainState,
  moment: number,
  mapped: Uint8Array,
): Layer {
  const uses = new Map<number, number>();
  for (let index = 0; index < session.eventCount; index++) {
    const event = session.event(index);
    if (event.moment > moment) break;
    if (event.kind !== 'TLB_HIT' && event.kind !== 'TLB_MISS') continue;
    const step = session.scenario.steps[session.stepOfMoment(event.moment) - 1];
    if (step?.domain !== domain.name) continue;
    const page = Math.floor((event.fields['va'] ?? 0) / PAGE_BYTES);
    uses.set(page, (uses.get(page) ?? 0) + 1);
  }
  const pages = mapped.map((found) => (found === 0 ? 0 : 1));
  const present = new Set([0, 1]);
  for (const [page, count] of uses) {
    const found = HEAT.findLastIndex(({ from }) => count >= from) + 1;
    pages[page] = found;
    present.add(found);
  }
  return { id: 'heat', title: 'heat', classes: [HOLE, ...HEAT], pages, present };
}
