/**
 * The event ring: what happened, in the order in which it happened, as plain numbers. It is off
 * until somebody looks, and then keeps the latest events only.
 */

/** The kinds of event. */
export const EventKind = {
  WALK: 0,
  TLB_HIT: 1,
  TLB_MISS: 2,
  TLB_FILL: 3,
  TLB_INVALIDATE: 4,
  CAP_RETYPE: 5,
  CAP_COPY: 6,
  CAP_DELETE: 7,
  CAP_REVOKE: 8,
  CAP_MAP: 9,
  CAP_UNMAP: 10,
  CAP_MODIFY: 11,
  SLAB_GROW: 12,
  SLAB_ALLOC: 13,
  SLAB_FREE: 14,
  TABLE_ALLOC: 15,
  TABLE_FREE: 16,
  MAP: 17,
  UNMAP: 18,
  PROTECT: 19,
  FAULT: 20,
  ACCESS: 21,
} as const;

/** The name of a kind of event. */
export type EventName = keyof typeof EventKind;

/** The name of each kind, at its number. */
export const EVENT_NAMES = Object.keys(EventKind) as readonly EventName[];

/**
 * What the numbers of each kind of event are called. Addresses and sizes are in bytes; a `pa` below
 * zero is a fault number; `access` is one of `Access`, `kind` one of the codec's `Kind`.
 */
export const EVENT_FIELDS: Readonly<Record<EventName, readonly string[]>> = {
  WALK: ['va', 'pa', 'kind', 'access'],
  TLB_HIT: ['va', 'pa', 'asid', 'access'],
  TLB_MISS: ['va', 'asid', 'access'],
  TLB_FILL: ['va', 'pa', 'bytes', 'asid'],
  TLB_INVALIDATE: ['scope', 'va', 'asid', 'dropped'],
  CAP_RETYPE: ['source', 'destination', 'type', 'count'],
  CAP_COPY: ['source', 'destination', 'rights'],
  CAP_DELETE: ['cap'],
  CAP_REVOKE: ['cap', 'removed'],
  CAP_MAP: ['table', 'slot', 'count', 'source'],
  CAP_UNMAP: ['table', 'slot', 'count', 'mapping'],
  CAP_MODIFY: ['mapping', 'offset', 'count', 'flags'],
  SLAB_GROW: ['domain', 'va', 'blocks'],
  SLAB_ALLOC: ['domain', 'block', 'free'],
  SLAB_FREE: ['domain', 'block', 'free'],
  TABLE_ALLOC: ['domain', 'va', 'pa'],
  TABLE_FREE: ['domain', 'va', 'pa'],
  MAP: ['domain', 'va', 'bytes', 'flags'],
  UNMAP: ['domain', 'va', 'bytes'],
  PROTECT: ['domain', 'va', 'bytes', 'flags'],
  FAULT: ['fsr', 'far', 'access'],
  ACCESS: ['va', 'pa', 'bytes', 'access'],
};

/** One event as an object: its place in the whole sequence, its kind, and the numbers by name. */
export interface MachineEvent {
  readonly sequence: number;
  readonly kind: EventName;
  readonly fields: Readonly<Record<string, number>>;
}

/** Takes the numbers of one event. */
export type EventListener = (kind: number, a: number, b: number, c: number, d: number) => void;

const STRIDE = 5;

/** A bounded ring of events. */
export class EventRing {
  /** Whether events are kept. Off, {@link record} is a single test. */
  on = false;
  /** Told of each event once it is kept; whoever records what the machine looked like then. */
  listener: EventListener | undefined;
  /** How many events the ring keeps: a power of two. */
  readonly capacity: number;
  private readonly words: Float64Array;
  private total = 0;

  /** A ring of at least `capacity` events. */
  constructor(capacity = 65_536) {
    this.capacity = 2 ** Math.ceil(Math.log2(Math.max(1, capacity)));
    this.words = new Float64Array(this.capacity * STRIDE);
  }

  /** Keeps one event of `kind` ({@link EventKind}) with the numbers of {@link EVENT_FIELDS}. */
  record(kind: number, a = 0, b = 0, c = 0, d = 0): void {
    if (!this.on) return;
    const at = (this.total & (this.capacity - 1)) * STRIDE;
    const words = this.words;
    words[at] = kind;
    words[at + 1] = a;
    words[at + 2] = b;
    words[at + 3] = c;
    words[at + 4] = d;
    this.total += 1;
    this.listener?.(kind, a, b, c, d);
  }

  /** Events ever recorded, dropped ones among them. */
  get recorded(): number {
    return this.total;
  }

  /** Events that later ones have overwritten. */
  get dropped(): number {
    return Math.max(0, this.total - this.capacity);
  }

  /** Forgets every event and starts counting from 0. */
  clear(): void {
    this.total = 0;
  }

  /** The events still kept, oldest first. */
  [Symbol.iterator](): Generator<MachineEvent> {
    return this.since(0);
  }

  /** The events still kept whose place in the whole sequence is `first` or later, oldest first. */
  *since(first: number): Generator<MachineEvent> {
    for (let sequence = Math.max(first, this.dropped); sequence < this.total; sequence++) {
      const at = (sequence & (this.capacity - 1)) * STRIDE;
      const kind = EVENT_NAMES[this.words[at]] ?? 'WALK';
      const fields: Record<string, number> = {};
      for (const [index, name] of EVENT_FIELDS[kind].entries()) {
        fields[name] = this.words[at + 1 + index];
      }
      yield { sequence, kind, fields };
    }
  }
}
