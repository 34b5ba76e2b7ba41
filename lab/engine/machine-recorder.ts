/**
 * Records what a machine looked like after each event and each step. It only looks: a run that is
 * recorded does what it does without, count for count.
 *
 * Which part of the state is compared after which event is a matter of speed; at the end of each step
 * all of it is.
 */

import type { Domain } from '../../src/domain/index.js';
import {
  COST_NAMES,
  EVENT_FIELDS,
  EVENT_NAMES,
  type EventName,
  type Machine,
  type MachineEvent,
  SetAssociativeTlb,
} from '../../src/machine/index.js';
import type { ScenarioRun } from '../../src/scenario/index.js';
import {
  DOMAIN_NUMBERS,
  GLOBAL_ASID,
  type PoolPiece,
  REGISTERS,
  type StateLayout,
  type TablePlace,
  TLB_ROW_WORDS,
} from './state-layout.js';
import { StateLog } from './state-log.js';

/** Events that are moments of their own; those of later ones belong to the end of their step. */
const MOST_EVENTS = 2 ** 16;
/** Words that are compared at most after events: seconds, of which no step of time travel takes any. */
const MOST_COMPARED = 2 ** 31;

const EVENT_WORDS = 5;

/** What an event may have changed. */
const Touches = { NOTHING: 0, TLB: 1, POOLS: 2, ITS_TABLE: 4, TABLES: 8 } as const;

const TOUCHES: Readonly<Record<EventName, number>> = {
  WALK: Touches.NOTHING,
  TLB_HIT: Touches.NOTHING,
  TLB_MISS: Touches.NOTHING,
  TLB_FILL: Touches.TLB,
  TLB_INVALIDATE: Touches.TLB,
  CAP_RETYPE: Touches.POOLS,
  CAP_COPY: Touches.POOLS,
  CAP_DELETE: Touches.POOLS | Touches.TABLES,
  CAP_REVOKE: Touches.POOLS | Touches.TABLES,
  CAP_MAP: Touches.POOLS | Touches.ITS_TABLE,
  CAP_UNMAP: Touches.POOLS | Touches.ITS_TABLE,
  CAP_MODIFY: Touches.POOLS | Touches.TABLES,
  SLAB_GROW: Touches.POOLS,
  SLAB_ALLOC: Touches.NOTHING,
  SLAB_FREE: Touches.NOTHING,
  TABLE_ALLOC: Touches.POOLS,
  TABLE_FREE: Touches.POOLS,
  MAP: Touches.POOLS,
  UNMAP: Touches.POOLS,
  PROTECT: Touches.POOLS,
  FAULT: Touches.NOTHING,
  ACCESS: Touches.NOTHING,
};

const TOUCHED = EVENT_NAMES.map((name) => TOUCHES[name]);
const EVERYTHING = Touches.TLB | Touches.POOLS | Touches.TABLES;

/** One event with its place in time. */
export interface RecordedEvent extends MachineEvent {
  /** The number of the step that was being performed. */
  readonly step: number;
  /** The moment right after it. */
  readonly moment: number;
}

/** Records one run from the time when it is made. */
export class MachineRecorder {
  readonly log = new StateLog();
  readonly layout: StateLayout;
  private readonly machine: Machine;
  private readonly run: ScenarioRun;
  private readonly domainPlaces = new Map<Domain, number>();
  private readonly tablePlaces = new Map<number, TablePlace>();
  private readonly tlbRowOf = new Map<string, number>();
  private readonly tlbSeen: number[] = [];
  private tlbRound = 0;
  private compared = 0;
  private events = new Float64Array(2 ** 12 * EVENT_WORDS);
  private eventMoments = new Uint32Array(2 ** 12);
  private eventSteps = new Uint32Array(2 ** 12);
  private eventsUsed = 0;
  private eventsMissed = 0;
  private step = 0;
  /** The moment at which each step ended; at 0 the beginning. */
  private readonly stepEnds: number[] = [];

  constructor(run: ScenarioRun) {
    this.run = run;
    const { machine } = run.world;
    this.machine = machine;
    const { log } = this;
    this.layout = {
      registers: log.allocate(REGISTERS.length),
      costs: log.allocate(COST_NAMES.length * 2),
      domains: [],
      tlbRows: [],
      slots: [],
      objects: [],
      tables: [],
    };
    this.capture(EVERYTHING, 0);
    this.stepEnds.push(log.close());
    machine.events.listener = (kind, a, b, c, d) => this.take(kind, a, b, c, d);
    machine.events.on = true;
  }

  /** Events that are recorded. */
  get eventCount(): number {
    return this.eventsUsed;
  }

  /** Events that came when so many were recorded already that they are not. */
  get missedEvents(): number {
    return this.eventsMissed;
  }

  /** The recorded event of this index. */
  event(index: number): RecordedEvent {
    const at = index * EVENT_WORDS;
    const kind = EVENT_NAMES[this.events[at] as number] ?? 'WALK';
    const fields = EVENT_FIELDS[kind].map((name, field) => [name, this.events[at + 1 + field]]);
    return {
      sequence: index,
      kind,
      fields: Object.fromEntries(fields) as Record<string, number>,
      step: this.eventSteps[index] as number,
      moment: this.eventMoments[index] as number,
    };
  }

  /** The index of the first event whose moment is `moment` or later. */
  eventFrom(moment: number): number {
    let low = 0;
    let high = this.eventsUsed;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.eventMoments[middle] as number) < moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The moment at which the step of this number ended; 0 is the beginning. */
  endOfStep(number: number): number {
    return this.stepEnds[number] ?? (this.stepEnds.at(-1) as number);
  }

  /** The number of the last step that had ended at `moment`. */
  stepsDoneAt(moment: number): number {
    let low = 0;
    let high = this.stepEnds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.stepEnds[middle] as number) <= moment) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** A step is about to be performed. */
  begin(number: number): void {
    this.step = number;
  }

  /** The step was performed. Where there is no room for it, it shares the moment of the last one. */
  end(isLast: boolean): void {
    if (this.log.isFull && !isLast) {
      this.stepEnds.push(this.log.moments - 1);
      return;
    }
    this.capture(EVERYTHING, 0);
    this.stepEnds.push(this.log.close());
  }

  private take(kind: number, a: number, b: number, c: number, d: number): void {
    const isCrowded =
      this.eventsUsed >= MOST_EVENTS || this.compared > MOST_COMPARED || this.log.isCrowded;
    if (isCrowded) {
      this.eventsMissed += 1;
      return;
    }
    this.capture(TOUCHED[kind] as number, a);
    const index = this.eventsUsed;
    if (index === this.eventMoments.length) this.growEvents();
    this.events.set([kind, a, b, c, d], index * EVENT_WORDS);
    this.eventMoments[index] = this.log.close();
    this.eventSteps[index] = this.step;
    this.eventsUsed += 1;
  }

  private growEvents(): void {
    const events = new Float64Array(this.events.length * 2);
    events.set(this.events);
    this.events = events;
    const moments = new Uint32Array(this.eventMoments.length * 2);
    moments.set(this.eventMoments);
    this.eventMoments = moments;
    const steps = new Uint32Array(this.eventSteps.length * 2);
    steps.set(this.eventSteps);
    this.eventSteps = steps;
  }

  private capture(touches: number, table: number): void {
    this.captureNumbers();
    if ((touches & Touches.TLB) !== 0) this.captureTlb();
    if ((touches & Touches.POOLS) !== 0) {
      this.capturePools();
      this.captureDomains();
    }
    if ((touches & Touches.TABLES) !== 0) this.captureTables();
    else if ((touches & Touches.ITS_TABLE) !== 0) this.captureTable(table);
  }

  private captureNumbers(): void {
    const { log, layout, machine } = this;
    const { registers } = machine.cpu;
    for (const [index, name] of REGISTERS.entries()) {
      log.set(layout.registers + index, registers[name]);
    }
    const { values } = machine.counters;
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] as number;
      log.set(layout.costs + index * 2, value);
      log.set(layout.costs + index * 2 + 1, value / 2 ** 32);
    }
  }

  private captureDomains(): void {
    const { log } = this;
    const { kernel, actors, init } = this.run.world;
    const domains = actors.map(({ domain }) => domain);
    if (init !== undefined) domains.push(init);
    for (const domain of domains) {
      const { leaves, tables, mappings } = domain.pmap.measure();
      const numbers = [
        (kernel.rootTable(domain.number) ?? 0) / 1024,
        kernel.cspaceOf(domain.number),
        leaves.used,
        leaves.free,
        tables.used,
        tables.free,
        mappings,
        domain.metadata.usedBytes,
        domain.ram.freePages,
      ];
      const place = this.domainPlace(domain);
      for (const [at, value] of numbers.entries()) log.set(place + at, value);
    }
  }

  private domainPlace(domain: Domain): number {
    const known = this.domainPlaces.get(domain);
    if (known !== undefined) return known;
    const place = this.log.allocate(DOMAIN_NUMBERS.length);
    const { name, number } = domain;
    this.layout.domains.push({ name, number, place });
    this.domainPlaces.set(domain, place);
    return place;
  }

  private capturePools(): void {
    const { slots, objects } = this.run.world.kernel.state.capabilities;
    this.capturePool(this.layout.slots, slots);
    this.capturePool(this.layout.objects, objects);
  }

  private capturePool(pieces: PoolPiece[], pool: Int32Array): void {
    const last = pieces.at(-1);
    const known = last === undefined ? 0 : last.start + last.words;
    if (pool.length > known) {
      const words = pool.length - known;
      pieces.push({ start: known, words, place: this.log.allocate(words) });
    }
    for (const { start, words, place } of pieces) {
      this.log.setRun(place, pool, start, start + words);
    }
    this.compared += pool.length;
  }

  private captureTables(): void {
    const { log, layout } = this;
    const living = new Set<TablePlace>();
    for (const { kibibyte, words } of this.run.world.kernel.state.tables.living()) {
      living.add(this.captureWords(kibibyte, words));
    }
    for (const table of layout.tables) log.set(table.living, living.has(table) ? 1 : 0);
  }

  private captureTable(number: number): void {
    const { kibibyte, words } = this.run.world.kernel.state.tables.table(number);
    this.captureWords(kibibyte, words);
  }

  private captureWords(kibibyte: number, words: Uint32Array): TablePlace {
    const { layout, log } = this;
    // A place may have been an L2 table and become a part of a root table, or the other way round.
    const key = kibibyte * 2 + (words.length > 256 ? 1 : 0);
    let table = this.tablePlaces.get(key);
    if (table === undefined) {
      const living = log.allocate(1);
      const place = log.allocate(words.length);
      table = { base: kibibyte * 1024, words: words.length, place, living };
      layout.tables.push(table);
      this.tablePlaces.set(key, table);
    }
    log.set(table.living, 1);
    log.setRun(table.place, words);
    this.compared += words.length;
    return table;
  }

  private captureTlb(): void {
    const { log, layout, machine } = this;
    this.tlbRound += 1;
    for (const { va, pa, bytes, asid, set, way, info } of machine.tlb.entries()) {
      const row = this.tlbRow(va, bytes, asid, set, way);
      const place = layout.tlbRows[row]?.place as number;
      this.tlbSeen[row] = this.tlbRound;
      log.set(place, va);
      log.set(place + 1, pa / 4096);
      log.set(place + 2, bytes);
      log.set(place + 3, asid ?? GLOBAL_ASID);
      log.set(place + 4, info);
    }
    for (const [row, { place }] of layout.tlbRows.entries()) {
      if (this.tlbSeen[row] !== this.tlbRound) log.set(place + 2, 0);
    }
    this.compared += layout.tlbRows.length * TLB_ROW_WORDS;
  }

  /** The row of an entry: its set and way, or for a TLB that has none its address and owner. */
  private tlbRow(
    va: number,
    bytes: number,
    asid: number | undefined,
    set: number,
    way: number,
  ): number {
    const hasWays = this.machine.tlb instanceof SetAssociativeTlb;
    const key = hasWays ? `${set}.${way}` : `${va}.${bytes}.${asid ?? ''}`;
    let row = this.tlbRowOf.get(key);
    if (row === undefined) {
      row = this.layout.tlbRows.push({ place: this.log.allocate(TLB_ROW_WORDS), set, way }) - 1;
      this.tlbRowOf.set(key, row);
    }
    return row;
  }
}
