/** A domain of a scenario: its library, and what the scenario has names for. */
import { type CapRef, hex0x, OK, VmError } from '../base/index.js';
import {
  clock,
  type Domain,
  fifo,
  type GrowingStack,
  type Heap,
  lfu,
  lru,
  type MemoryObject,
  MemoryStore,
  Pager,
  type PolicyKind,
  random,
  type SpawnedDomain,
  secondChance,
} from '../domain/index.js';
import type { Place } from './quantities.js';
import type { PagerFile } from './schema.js';

/** A frame by its name. */
export interface NamedFrame {
  readonly cap: CapRef;
  readonly pa: number;
  readonly bytes: number;
}

/** A memory object by its name. */
export interface NamedObject {
  readonly object: MemoryObject;
  /** The bytes of a file-backed one, as they would be in the file. */
  readonly file?: Uint8Array;
}

/** What keeps a domain within its frame budget. */
export interface Paging {
  readonly pager: Pager;
  readonly store: MemoryStore;
}

/** Where a clone comes from. */
export interface Origin {
  readonly parent: Actor;
  /** Ends it: its memory is the parent's again. */
  readonly kill: () => VmError[];
}

/** The policies by the names that a scenario has for them. */
const POLICIES: Readonly<Record<PagerFile['policy'], (settings: PagerFile) => PolicyKind>> = {
  fifo: () => fifo,
  clock: () => clock,
  'second-chance': () => secondChance,
  lru: ({ window }) => lru(window),
  lfu: ({ window }) => lfu(window),
  random: ({ seed }) => random(seed),
};

/** One domain with its names. */
export class Actor {
  readonly domain: Domain;
  /** The program that it runs; undefined for an empty domain. */
  readonly program: SpawnedDomain | undefined;
  /** For a clone whose it is, and what ends it; undefined for every other domain. */
  readonly origin: Origin | undefined;
  readonly frames = new Map<string, NamedFrame>();
  readonly heaps = new Map<string, Heap>();
  readonly stacks = new Map<string, GrowingStack>();
  /** Whether the domain pages for itself more than its program's image. */
  isPaged = false;
  /** Pages that steps have paged out, not the pager. */
  evictedBySteps = 0;
  private readonly objects = new Map<string, NamedObject>();
  private pagingOf: Paging | undefined;
  /** Where each named region begins, whether or not something is mapped there still. */
  private readonly places = new Map<string, number>();
  /** The regions that steps have added to the vspace: base and bytes. */
  private readonly regions = new Map<number, number>();

  constructor(domain: Domain, program?: SpawnedDomain, origin?: Origin) {
    this.domain = domain;
    this.program = program;
    this.origin = origin;
  }

  /** What keeps the domain within its budget; undefined where it has none. */
  get paging(): Paging | undefined {
    return this.pagingOf;
  }

  /** Gives the domain a frame budget. Errors: those of `Pager`. */
  startPaging(settings: PagerFile): void {
    const { frames, policy } = settings;
    const store = new MemoryStore(settings.store);
    const kind = POLICIES[policy](settings);
    this.pagingOf = { pager: new Pager(this.domain.pool, { frames, policy: kind, store }), store };
    this.isPaged = true;
  }

  /**
   * The memory object that is called `name`.
   * Errors: `SCENARIO_ERR_REFERENCE` the step that should have made it did not.
   */
  object(name: string): NamedObject {
    const found = this.objects.get(name);
    if (found !== undefined) return found;
    throw new VmError('SCENARIO_ERR_REFERENCE', `${this.name} has no object \`${name}\``);
  }

  /** Calls a memory object `name`. */
  nameObject(name: string, object: NamedObject): void {
    this.isPaged = true;
    this.objects.set(name, object);
  }

  /** Every object with its name. */
  allObjects(): IterableIterator<[string, NamedObject]> {
    return this.objects.entries();
  }

  /** Calls an address `name`. */
  namePlace(name: string, address: number): void {
    this.isPaged = true;
    this.places.set(name, address);
  }

  /** Every named place with its address. */
  allPlaces(): IterableIterator<[string, number]> {
    return this.places.entries();
  }

  get name(): string {
    return this.domain.name;
  }

  /**
   * The frame that is called `name`.
   * Errors: `SCENARIO_ERR_REFERENCE` the step that should have made it did not.
   */
  frame(name: string): NamedFrame {
    const found = this.frames.get(name);
    if (found !== undefined) return found;
    throw new VmError('SCENARIO_ERR_REFERENCE', `${this.name} has no frame \`${name}\``);
  }

  /** Notes the frame in the slot `cap` as `name`; what it is the kernel says. */
  nameFrame(name: string, cap: CapRef): NamedFrame {
    const { invocations } = this.domain;
    const error = invocations.identifyFrame(cap);
    if (error !== OK) throw VmError.from(error, `the slot ${hex0x(cap)} holds no frame`);
    const { base, bytes } = invocations.identity;
    const frame = { cap, pa: base, bytes };
    this.frames.set(name, frame);
    return frame;
  }

  /**
   * The address that `place` names: a region by the name that a step gave it, a region of the domain
   * itself (`stack`), or a symbol of its program.
   * Errors: `SCENARIO_ERR_REFERENCE` nothing is called that.
   */
  address(place: Place): number {
    const { base, offset } = place;
    const start = typeof base === 'number' ? base : this.named(base);
    const address = start + offset;
    if (address < 2 ** 32) return address;
    throw new VmError(
      'SCENARIO_ERR_REFERENCE',
      `${place.text} is ${hex0x(address)}, beyond 32 bits`,
    );
  }

  private named(name: string): number {
    const { domain, program } = this;
    const known =
      this.places.get(name) ??
      domain.vspace.all().find((region) => region.name === name)?.base ??
      program?.image.symbol(name)?.address;
    if (known !== undefined) return known;
    const where = program === undefined ? 'region' : 'region or symbol';
    throw new VmError('SCENARIO_ERR_REFERENCE', `${domain.name} has no ${where} \`${name}\``);
  }

  /** What lies at an address, for a person: `stack+0x10`, `pages`; empty where nothing is known. */
  nameOf(address: number): string {
    return this.domain.vspace.find(address)?.name ?? '';
  }

  /** Remembers that a step has mapped a region, so that nothing else is placed there. */
  addRegion(name: string, base: number, bytes: number, flags: number): void {
    const { vspace } = this.domain;
    this.places.set(name, base);
    // What a step maps inside a region that is there belongs to that one.
    if (vspace.tree.overlaps(base, bytes)) return;
    vspace.add({ name, base, bytes, flags, backing: 'image' });
    this.regions.set(base, bytes);
  }

  /** Forgets the regions of steps in which nothing is mapped any more. */
  dropEmptyRegions(): void {
    const { pmap, vspace } = this.domain;
    for (const [base, bytes] of this.regions) {
      const [mapping] = pmap.mappings(base, base + bytes);
      if (mapping !== undefined) continue;
      vspace.remove(base);
      this.regions.delete(base);
    }
  }
}
