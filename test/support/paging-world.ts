import { MIB, PAGE_BYTES, VmError } from '../../src/base/index.js';
import {
  AnonymousObject,
  AppendObject,
  CopyObject,
  clock,
  cloneDomain,
  copyIn,
  copyOut,
  Domain,
  FileObject,
  FilledObject,
  fifo,
  lfu,
  lru,
  type MappedObject,
  NumaObject,
  OneFrameObject,
  Pager,
  type PolicyKind,
  random as randomPolicy,
  secondChance,
  type VRegion,
  VRegionFlags,
} from '../../src/domain/index.js';
import { accessFlagPolicy, Kernel, Rights } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { FlakyStore, flakySource, type Weather } from './flaky-store.js';
import { checkPaging, peek } from './paging-audit.js';
import {
  type ModelObject as Known,
  ModelObject,
  type ModelPage,
  ModelPages,
  type Verdict,
} from './paging-model.js';
import type { Random } from './random.js';
import { slotsInUse } from './space-audit.js';

const { READ, WRITE, EXECUTE, READ_WRITE, LARGE } = VRegionFlags;
const ACCESS = READ | WRITE | EXECUTE;
const FLAGS = [
  READ,
  READ_WRITE,
  READ_WRITE,
  READ_WRITE,
  READ_WRITE | EXECUTE,
  READ | EXECUTE,
  WRITE,
  0,
];
const POLICIES: readonly PolicyKind[] = [
  fifo,
  clock,
  secondChance,
  lru(1),
  lru(3),
  lfu(2),
  randomPolicy(5),
];
/** Pages of every object, at most; and of the window that fixed places are in, so that they meet. */
const PAGES = 12;
const WINDOW = 0x5000_0000 / PAGE_BYTES;
const WINDOW_PAGES = 48;
const RECORDS_END = 0x4040_0000 / PAGE_BYTES;
const MOST_OBJECTS = 16;
const MOST_DOMAINS = 5;

/** How often each operation happens. */
const WEIGHTS = {
  create: 3,
  mapAgain: 5,
  mapOwned: 3,
  hole: 1,
  snapshot: 4,
  unmap: 5,
  protect: 6,
  share: 2,
  revoke: 2,
  page: 3,
  pin: 2,
  unpin: 2,
  fill: 2,
  unfill: 2,
  pagerFree: 2,
  append: 1,
  destroy: 2,
  clone: 1.2,
  leave: 0.8,
  store: 22,
  load: 12,
};

/** What an actor of the world is: a domain, and what the model knows of its address space. */
export interface Actor {
  readonly domain: Domain;
  readonly model: ModelPages;
  readonly parent: Actor | undefined;
  readonly kill: (() => void) | undefined;
  pager: Pager | undefined;
  /** Pages that it may have. */
  most: number;
}

/** Several domains that page for themselves, and everything that is known of what they see. */
export class PagingWorld {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly actors: Actor[] = [];
  readonly real = new Map<Known, MappedObject>();
  readonly log: string[] = [];
  private readonly random: Random;
  private readonly weather: Weather = { failing: () => false };
  private bad = false;
  private names = 0;
  private readonly files = new Map<Known, Uint8Array>();
  private readonly frames: { readonly domain: Domain; readonly frame: never }[] = [];
  private readonly start: unknown;

  constructor(random: Random, accessFlag: boolean) {
    this.random = random;
    this.machine = new Machine({
      banks: [{ name: 'ram', base: 0x8000_0000, bytes: 128 * MIB, kind: 'ram' }],
      profile: 'cortex-a15',
      tlb: 'strict',
    });
    const { profile } = this.machine;
    this.kernel = new Kernel(
      this.machine,
      accessFlag ? { attributes: accessFlagPolicy(profile) } : {},
    );
    for (const name of ['one', 'two']) {
      this.addActor(Domain.boot(this.kernel, 48 * MIB, { name }), undefined, undefined);
    }
    this.start = this.holdings();
  }

  private addActor(
    domain: Domain,
    parent: Actor | undefined,
    kill: (() => void) | undefined,
  ): Actor {
    const model = new ModelPages(domain.number);
    const actor: Actor = {
      domain,
      model,
      parent,
      kill,
      pager: undefined,
      most: Number.POSITIVE_INFINITY,
    };
    this.actors.push(actor);
    return actor;
  }

  /** What the domains have, but for their records and slots, which only grow. */
  private holdings(): unknown {
    return this.actors.map(({ domain }) => {
      const growths: { pages: number }[] = domain.metadata['growths'];
      const records = growths.reduce((sum, { pages }) => sum + pages, 0);
      const { tableCount } = domain.tables;
      const slots = slotsInUse(domain) - 2 * growths.length - 2 * domain.pmap.measure().tables.used;
      const taken = domain.ram.totalPages - domain.ram.freePages;
      const kept = records + 4 * domain.slots.cnodeCount + Math.ceil(tableCount / 4);
      return { name: domain.name, pool: domain.pool.usedPages, slots, pages: taken - kept };
    });
  }

  get objects(): Known[] {
    return [...this.real.keys()];
  }

  /** One random operation, and every check after it. */
  step(): void {
    const name = this.random.weighted(WEIGHTS);
    this.bad = this.random.chance(0.08);
    this.weather.failing = this.bad ? () => this.random.chance(0.4) : () => false;
    this[name]();
    this.weather.failing = () => false;
    this.dropOwned();
    checkPaging(this);
  }

  /** Reads every page of every domain as its program would. */
  readAll(): void {
    for (const actor of this.actors) {
      for (const page of actor.model.pages.keys()) this.loadPage(actor, page);
    }
    checkPaging(this);
  }

  private note(text: string): void {
    this.log.push(this.bad ? `${text} (bad weather)` : text);
  }

  /**
   * Does something that the model has an answer for; whether it was done. Bad weather, and pins that
   * leave no page to evict, may refuse what the model allows.
   */
  private ask(text: string, verdict: Verdict, run: () => void): boolean {
    let codes: readonly string[] = [];
    try {
      run();
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      codes = error.chain();
      if (verdict.length === 0 && !this.excused(codes, text)) throw error;
    }
    this.note(`${text} → ${codes.join(' < ') || 'ok'}`);
    if (verdict.length > 0 && !verdict.every((code, index) => codes[index] === code)) {
      if (!this.excused(codes, text)) {
        throw new Error(`${text}: got ${codes.join(' < ') || 'ok'}, not ${verdict.join(' < ')}`);
      }
    }
    return codes.length === 0;
  }

  private excused(codes: readonly string[], text: string): boolean {
    const weather =
      codes.includes('LIB_ERR_PAGER_STORE') || codes.includes('LIB_ERR_MEMOBJ_SOURCE');
    const pinned =
      text.startsWith('pin') || this.objects.some(({ pins }) => pins.some((count) => count > 0));
    const full = codes[0] === 'SPAWN_ERR_LOAD' && codes.includes('LIB_ERR_RAM_ALLOC');
    return full || (weather && this.bad) || (pinned && codes.includes('LIB_ERR_PAGER_BUDGET'));
  }

  private anyActor(): Actor {
    return this.random.pick(this.actors);
  }

  private anyObject(): Known | undefined {
    const { objects } = this;
    return objects.length === 0 ? undefined : this.random.pick(objects);
  }

  private actorOf(number: number): Actor | undefined {
    return this.actors.find(({ domain }) => domain.number === number);
  }

  private bytesOf(pages: number): Uint8Array {
    const bytes = new Uint8Array(pages * PAGE_BYTES);
    for (let at = 0; at < bytes.length; at += 97) bytes[at] = this.random.below(256);
    return bytes;
  }

  private frame(domain: Domain, pages: number): never {
    const frame = domain.allocateFrame(pages * PAGE_BYTES) as never;
    this.frames.push({ domain, frame });
    return frame;
  }

  private learn(object: MappedObject, bytes: Uint8Array): Known {
    this.names += 1;
    const known = new ModelObject(`${object.kind} ${this.names}`, object.home, bytes);
    this.real.set(known, object);
    return known;
  }

  // Operations on objects.

  private create(): void {
    if (this.real.size >= MOST_OBJECTS) return;
    const { domain } = this.anyActor();
    const { pool } = domain;
    const size = PAGES * PAGE_BYTES;
    const zeros = (): Uint8Array => new Uint8Array(size);
    const makers: (() => Known)[] = [
      () => this.learn(new AnonymousObject(pool, size), zeros()),
      () => this.learn(new AnonymousObject(pool, size), zeros()),
      () => {
        const known = this.learn(new AppendObject(pool, size), zeros());
        known.present.fill(false);
        return known;
      },
      () => {
        const bytes = this.bytesOf(PAGES);
        const tail = this.random.below(PAGE_BYTES);
        bytes.fill(0, size - tail);
        const source = flakySource(bytes.slice(0, size - tail), this.weather);
        return this.learn(new FileObject(pool, source, 'file', 'private'), bytes);
      },
      () => {
        const bytes = this.bytesOf(PAGES);
        const live = bytes.slice();
        const known = this.learn(
          new FileObject(pool, flakySource(live, this.weather), 'file', 'written-back'),
          bytes,
        );
        this.files.set(known, live);
        return known;
      },
      ...(['one-frame', 'one-frame-lazy', 'one-frame-one-map'] as const).map((kind) => () => {
        const frame = this.frame(domain, PAGES);
        return this.learn(
          new OneFrameObject(pool, frame, size, 'frame', kind, 3 * PAGE_BYTES),
          zeros(),
        );
      }),
      () => {
        const object = new FilledObject(pool, size, 'pinned');
        object.fill(0, 4 * PAGE_BYTES, this.frame(domain, 4));
        object.fill(4 * PAGE_BYTES, 8 * PAGE_BYTES, this.frame(domain, 8));
        return this.learn(object, zeros());
      },
      () => {
        const object = new FilledObject(pool, size, 'fixed', 3 * PAGE_BYTES);
        const known = this.learn(object, zeros());
        for (let chunk = 0; chunk < 4; chunk += 1) {
          if (chunk === 2) known.present.fill(false, 6, 9);
          else object.fill(chunk * 3 * PAGE_BYTES, 3 * PAGE_BYTES, this.frame(domain, 3));
        }
        return known;
      },
      () => {
        const frames = [this.frame(domain, 6), this.frame(domain, 6)];
        return this.learn(new NumaObject(pool, frames, size, 'numa', 2 * PAGE_BYTES), zeros());
      },
    ];
    this.weather.failing = () => false;
    const known = this.random.pick(makers)();
    this.note(`create ${known.name} in ${domain.name}`);
    this.mapSomewhere(this.actorOf(domain.number) as Actor, known);
  }

  private mapAgain(): void {
    const known = this.anyObject();
    if (known !== undefined) this.mapSomewhere(this.anyActor(), known);
  }

  private mapSomewhere(actor: Actor, known: Known): void {
    const object = this.real.get(known) as MappedObject;
    const { domain, model } = actor;
    if (known.rightsOf(domain.number) === undefined && this.random.chance(0.8)) {
      this.giveRights(known, domain.number, Rights.ALL);
    }
    const flags = this.random.pick(FLAGS) | (this.random.chance(0.3) ? LARGE : 0);
    const maxFlags = this.random.chance(0.5) ? flags & ACCESS : this.random.pick(FLAGS);
    const first = this.random.chance(0.6) ? 0 : this.random.below(known.pages);
    const pages = this.random.chance(0.6)
      ? known.pages - first
      : 1 + this.random.below(known.pages);
    const at = this.random.chance(0.5) ? undefined : WINDOW + this.random.below(WINDOW_PAGES);
    const replace = this.random.chance(0.4);
    const inheritance = this.random.pick(['copy', 'copy', 'share', 'none'] as const);
    const verdict = this.mapVerdict(actor, known, { flags, maxFlags, first, pages, at, replace });
    let region: VRegion | undefined;
    const place = at === undefined ? {} : { at: at * PAGE_BYTES, replace };
    const options = { ...place, flags, maxFlags, offset: first * PAGE_BYTES, inheritance };
    this.ask(`map ${known.name} ${first}+${pages} in ${domain.name} at ${at}`, verdict, () => {
      region = domain.vspace.map(object, options, pages * PAGE_BYTES);
    });
    if (region === undefined) return;
    const start = region.base / PAGE_BYTES;
    const page = {
      kind: 'object',
      object: known,
      page: first,
      flags,
      maxFlags,
      inheritance,
    } as const;
    this.forgetPages(model, start, pages, () => this.putPages(model, start, pages, page));
  }

  private mapVerdict(
    { model, domain }: Actor,
    known: Known,
    wish: {
      flags: number;
      maxFlags: number;
      first: number;
      pages: number;
      at: number | undefined;
      replace: boolean;
    },
  ): Verdict {
    const { flags, maxFlags, first, pages, at, replace } = wish;
    if ((flags & ACCESS & ~maxFlags) !== 0) return ['LIB_ERR_VREGION_MAX_RIGHTS'];
    if (at !== undefined && !replace && model.unmapVerdict(at, pages).length === 0) {
      return ['LIB_ERR_VSPACE_REGION_OVERLAP'];
    }
    const object = this.real.get(known);
    if (object?.kind === 'one-frame-one-map' && object.regions.length > 0)
      return ['LIB_ERR_MEMOBJ_MAPPED'];
    if (first + pages > known.pages) return ['LIB_ERR_MEMOBJ_RANGE'];
    const granted = known.rightsOf(domain.number);
    if (granted === undefined || (maxFlags & ACCESS & ~granted) !== 0)
      return ['LIB_ERR_MEMOBJ_RIGHTS'];
    return [];
  }

  private putPages(model: ModelPages, start: number, pages: number, first: ModelPage): void {
    for (let index = 0; index < pages; index += 1) {
      model.pages.set(start + index, { ...first, page: first.page + index });
    }
  }

  private mapOwned(): void {
    if (this.real.size >= MOST_OBJECTS) return;
    const { domain, model } = this.anyActor();
    const pages = 1 + this.random.below(PAGES);
    const inheritance = this.random.pick(['copy', 'share'] as const);
    const anonymous = this.random.chance(0.6);
    const file = this.bytesOf(pages);
    const source = flakySource(file, this.weather);
    const { base, object } = anonymous
      ? domain.vspace.mapAnonymous(pages * PAGE_BYTES, { inheritance })
      : domain.vspace.map(new FileObject(domain.pool, source, 'file', 'written-back'), {
          inheritance,
          ownsObject: true,
        });
    const bytes = anonymous ? new Uint8Array(file.length) : file.slice();
    const known = this.learn(object as MappedObject, bytes);
    known.owned = true;
    if (!anonymous) this.files.set(known, file);
    this.note(`map ${known.name} of its own in ${domain.name}`);
    const flags = READ_WRITE;
    this.putPages(model, base / PAGE_BYTES, pages, {
      kind: 'object',
      object: known,
      page: 0,
      flags,
      maxFlags: flags,
      inheritance,
    });
  }

  private hole(): void {
    const { domain, model } = this.anyActor();
    const guard = this.random.chance(0.5);
    const at = WINDOW + this.random.below(WINDOW_PAGES);
    const pages = 1 + this.random.below(4);
    const taken = model.unmapVerdict(at, pages).length === 0;
    const verdict: Verdict = taken ? ['LIB_ERR_VSPACE_REGION_OVERLAP'] : [];
    const done = this.ask(
      `${guard ? 'guard' : 'reserve'} ${pages} in ${domain.name}`,
      verdict,
      () => {
        const options = { at: at * PAGE_BYTES };
        if (guard) domain.vspace.guard(pages * PAGE_BYTES, options);
        else domain.vspace.reserve(pages * PAGE_BYTES, options);
      },
    );
    if (!done) return;
    const flags = guard ? VRegionFlags.GUARD : 0;
    for (let page = at; page < at + pages; page += 1) {
      const kind = guard ? 'guard' : 'reserved';
      model.pages.set(page, { kind, page: 0, flags, maxFlags: 0, inheritance: 'copy' });
    }
  }

  private snapshot(): void {
    const source = this.anyObject();
    if (source === undefined || this.real.size >= MOST_OBJECTS) return;
    const actor = this.anyActor();
    const granted = source.rightsOf(actor.domain.number) ?? 0;
    const verdict: Verdict = (granted & READ) === 0 ? ['LIB_ERR_MEMOBJ_RIGHTS'] : [];
    let copy: CopyObject | undefined;
    this.ask(`snapshot of ${source.name} in ${actor.domain.name}`, verdict, () => {
      copy = new CopyObject(actor.domain.pool, this.real.get(source) as MappedObject);
    });
    if (copy === undefined) return;
    this.mapSomewhere(actor, this.learnCopy(copy, source));
  }

  private learnCopy(copy: CopyObject, source: Known): Known {
    const known = this.learn(copy, source.bytes.slice());
    const real = this.real.get(source);
    if (real?.kind !== 'append') known.present.splice(0, known.pages, ...source.present);
    return known;
  }

  private unmap(): void {
    const { domain, model } = this.anyActor();
    const [first, pages] = this.anyRange(model);
    const verdict = model.unmapVerdict(first, pages);
    const done = this.ask(`unmap ${first.toString(16)}+${pages} of ${domain.name}`, verdict, () => {
      domain.vspace.unmap(first * PAGE_BYTES, pages * PAGE_BYTES);
    });
    if (done) this.forgetPages(model, first, pages);
  }

  /**
   * Takes pages out of the model, and puts what `replace` puts in their place; what goes with its regions
   * loses what nobody maps any more.
   */
  private forgetPages(
    model: ModelPages,
    first: number,
    pages: number,
    replace: () => void = () => {},
  ): void {
    this.weather.failing = () => false;
    const before = [...model.pages].filter(([page]) => page >= first && page < first + pages);
    model.unmap(first, pages);
    replace();
    for (const [, { object, page }] of before) {
      if (object?.owned !== true || object.gone || this.isShown(object, page)) continue;
      const real = this.real.get(object);
      if (real === undefined) continue;
      object.pins[page] = 0;
      if (real.kind === 'file' || real.regions.length === 0) continue;
      // A copy gives up what it has of its own, which is zero then; the rest it still sees below.
      if (real.kind !== 'copy-on-write') object.page(page).fill(0);
      else if (object.present[page] === true) peek(real, page, object.page(page));
    }
  }

  /** Whether any domain has a page of an object in its address space. */
  private isShown(object: Known, page: number): boolean {
    return this.actors.some(({ model }) =>
      [...model.pages.values()].some((other) => other.object === object && other.page === page),
    );
  }

  /** A range of a few pages that most often begins at one that is mapped. */
  private anyRange(model: ModelPages): [number, number] {
    const mapped = [...model.pages.keys()];
    const start = mapped.length === 0 ? WINDOW : this.random.pick(mapped);
    // What lies below is the region of the records, which is nobody's to change.
    const first = Math.max(start - this.random.below(3), RECORDS_END);
    return [first, 1 + this.random.below(this.random.chance(0.2) ? 20 : 5)];
  }

  private protect(): void {
    const { domain, model } = this.anyActor();
    const [first, pages] = this.anyRange(model);
    const flags = this.random.pick(FLAGS);
    const verdict = model.protectVerdict(first, pages, flags);
    const text = `protect ${first.toString(16)}+${pages} of ${domain.name} with ${flags}`;
    const done = this.ask(text, verdict, () => {
      domain.vspace.protect(first * PAGE_BYTES, pages * PAGE_BYTES, flags);
    });
    if (done) model.protect(first, pages, flags);
  }

  private giveRights(known: Known, domain: number, rights: number): void {
    if (domain === known.home) return;
    this.real.get(known)?.share(domain, rights);
    known.grants.set(domain, rights);
    this.note(`share ${known.name} with domain ${domain}, rights ${rights}`);
  }

  private share(): void {
    const known = this.anyObject();
    const rights = this.random.pick([Rights.READ, Rights.READ | Rights.WRITE, Rights.ALL]);
    if (known !== undefined) this.giveRights(known, this.anyActor().domain.number, rights);
  }

  private revoke(): void {
    const known = this.anyObject();
    const { number } = this.anyActor().domain;
    if (known === undefined || known.rightsOf(number) === undefined || number === known.home)
      return;
    this.real.get(known)?.revoke(number);
    known.grants.set(number, 0);
    this.note(`revoke ${known.name} from domain ${number}`);
  }

  private page(): void {
    const actor = this.anyActor();
    const frames = 3 + this.random.below(8);
    const { pager, domain } = actor;
    const policy = this.random.pick(POLICIES);
    const text = `${domain.name} has ${frames} frames, ${pager?.policyName ?? policy.name}`;
    if (pager === undefined) {
      this.weather.failing = () => false;
      const store = new FlakyStore(this.weather);
      this.ask(text, [], () => {
        actor.pager = new Pager(domain.pool, { frames, policy, store });
      });
    } else {
      if (!this.ask(text, [], () => pager.setFrames(frames))) return;
    }
    actor.most = domain.pool.budget;
  }

  private anyPages(known: Known): [number, number] {
    const first = this.random.below(known.pages);
    return [first, 1 + this.random.below(Math.min(3, known.pages - first))];
  }

  private pin(): void {
    const known = this.anyObject();
    if (known === undefined) return;
    const object = this.real.get(known) as MappedObject;
    const [first, pages] = this.anyPages(known);
    const there = known.present.slice(first, first + pages).every((present) => present);
    const verdict: Verdict = there ? [] : ['LIB_ERR_MEMOBJ_UNFILLED'];
    const done = this.ask(`pin ${known.name} ${first}+${pages}`, verdict, () => {
      object.pin(first * PAGE_BYTES, pages * PAGE_BYTES);
    });
    if (!done) return;
    for (let page = first; page < first + pages; page += 1)
      known.pins[page] = (known.pins[page] ?? 0) + 1;
  }

  private unpin(): void {
    for (const known of this.objects) {
      for (const [page, count] of known.pins.entries()) {
        if (count === 0 || this.random.chance(0.3)) continue;
        this.real.get(known)?.unpin(page * PAGE_BYTES, PAGE_BYTES);
        known.pins[page] = count - 1;
        this.note(`unpin ${known.name} ${page}`);
      }
    }
  }

  private fill(): void {
    const known = this.anyObject();
    if (known === undefined) return;
    const object = this.real.get(known) as MappedObject;
    const [first, pages] = this.anyPages(known);
    const kind = object.kind;
    if (kind === 'fixed' && known.present[6] !== true && object.above === undefined) {
      const { domain } = this.actorOf(known.home) as Actor;
      object.fill(6 * PAGE_BYTES, 3 * PAGE_BYTES, this.frame(domain, 3));
      known.present.fill(true, 6, 9);
      this.note(`fill the chunk of ${known.name}`);
    } else if (known.present.slice(first, first + pages).every((present) => present)) {
      this.ask(`fill ${known.name} ${first}+${pages}`, [], () => {
        object.fill(first * PAGE_BYTES, pages * PAGE_BYTES);
      });
    }
  }

  private unfill(): void {
    const known = this.anyObject();
    if (known === undefined) return;
    const object = this.real.get(known) as MappedObject;
    const [first, pages] = object.kind === 'fixed' ? [6, 3] : this.anyPages(known);
    const pinned = known.pins.slice(first, first + pages).some((count) => count > 0);
    const text = `unfill ${known.name} ${first}+${pages}`;
    if (object.kind === 'fixed') {
      if (object.above !== undefined || known.present[6] !== true) return;
      const gone = this.ask(text, pinned ? ['LIB_ERR_MEMOBJ_PIN'] : [], () => {
        object.unfill(6 * PAGE_BYTES, 3 * PAGE_BYTES);
      });
      if (!gone) return;
      known.present.fill(false, 6, 9);
      known.bytes.fill(0, 6 * PAGE_BYTES, 9 * PAGE_BYTES);
      return;
    }
    if (!['anonymous', 'copy-on-write'].includes(object.kind)) return;
    if (!known.present.slice(first, first + pages).every((present) => present)) return;
    const done = this.ask(text, pinned ? ['LIB_ERR_MEMOBJ_PIN'] : [], () => {
      object.unfill(first * PAGE_BYTES, pages * PAGE_BYTES);
    });
    if (!done) return;
    known.bytes.fill(0, first * PAGE_BYTES, (first + pages) * PAGE_BYTES);
    known.present.fill(true, first, first + pages);
  }

  private pagerFree(): void {
    const known = this.anyObject();
    if (known === undefined) return;
    const object = this.real.get(known) as MappedObject;
    const bytes = (1 + this.random.below(4)) * PAGE_BYTES;
    this.ask(`${known.name} gives ${bytes} bytes to the pager`, [], () => {
      const before = object.residentBytes;
      const freed = object.pagerFree(bytes);
      if (before - object.residentBytes !== freed) throw new Error(`${freed} bytes were not freed`);
    });
  }

  private append(): void {
    for (const known of this.objects) {
      const object = this.real.get(known);
      if (!(object instanceof AppendObject) || object.length >= object.bytes) continue;
      const page = object.append(PAGE_BYTES) / PAGE_BYTES;
      known.present[page] = true;
      this.note(`append to ${known.name}`);
    }
  }

  private destroy(): void {
    const known = this.anyObject();
    if (known === undefined || known.owned) return;
    for (const actor of this.actors) {
      for (const [page, { object }] of [...actor.model.pages]) {
        if (object !== known) continue;
        actor.domain.vspace.unmap(page * PAGE_BYTES, PAGE_BYTES);
        actor.model.pages.delete(page);
      }
    }
    const done = this.ask(`destroy ${known.name}`, [], () => this.real.get(known)?.destroy());
    if (done) this.forget(known);
  }

  private forget(known: Known): void {
    this.real.delete(known);
    const file = this.files.get(known);
    this.files.delete(known);
    if (file !== undefined && !Buffer.from(file).equals(known.bytes)) {
      throw new Error(`the file of ${known.name} has not all that was written`);
    }
  }

  /** What goes with its last region has gone. */
  private dropOwned(): void {
    for (const known of this.objects) {
      if (known.owned && !this.actors.some(({ model }) => model.uses(known))) this.forget(known);
    }
  }

  // Operations on domains.

  private clone(): void {
    if (this.actors.length >= MOST_DOMAINS) return;
    const parent = this.anyActor();
    const copied = new Set<Known>();
    for (const { object, inheritance } of parent.model.pages.values()) {
      if (object !== undefined && inheritance === 'copy') copied.add(object);
    }
    if (this.real.size + copied.size > MOST_OBJECTS + 8) return;
    const depth = parent.parent === undefined ? 8 : 2;
    let child: ReturnType<typeof cloneDomain> | undefined;
    this.names += 1;
    const name = `clone ${this.names}`;
    const verdict = this.cloneVerdict(parent);
    this.ask(`${name} of ${parent.domain.name}`, verdict, () => {
      child = cloneDomain(parent.domain, { name, ramBytes: depth * MIB });
    });
    if (child === undefined) return;
    const actor = this.addActor(child.domain, parent, child.kill);
    this.inherit(parent, actor);
  }

  private cloneVerdict(parent: Actor): Verdict {
    for (const { object, inheritance } of parent.model.pages.values()) {
      if (object === undefined || inheritance !== 'share') continue;
      const readable = (object.rightsOf(parent.domain.number) ?? 0) & READ;
      if (readable !== 0 && this.real.get(object)?.kind === 'one-frame-one-map') {
        return ['LIB_ERR_MEMOBJ_MAPPED'];
      }
    }
    return [];
  }

  private inherit(parent: Actor, child: Actor): void {
    const { number } = child.domain;
    const copies = new Map<Known, Known>();
    const given = new Map<Known, number>();
    for (const [page, known] of parent.model.pages) {
      const { object, inheritance } = known;
      if (inheritance === 'none' && known.kind === 'object') continue;
      if (object === undefined || known.kind !== 'object') {
        child.model.pages.set(page, known);
        continue;
      }
      const granted = object.rightsOf(parent.domain.number) ?? 0;
      if (object.gone || (granted & READ) === 0) {
        child.model.pages.set(page, {
          ...known,
          kind: 'reserved',
          object: undefined,
          page: 0,
          flags: 0,
          maxFlags: 0,
        } as never);
        continue;
      }
      if (inheritance === 'share') {
        given.set(object, (given.get(object) ?? 0) | (known.maxFlags & granted & ACCESS));
        child.model.pages.set(page, {
          ...known,
          maxFlags: known.maxFlags & granted,
          flags: known.flags & (granted | ~ACCESS),
        });
        continue;
      }
      let copy = copies.get(object);
      if (copy === undefined) {
        const region = child.domain.vspace.find(page * PAGE_BYTES) as VRegion;
        copy = this.learnCopy(region.object as CopyObject, object);
        copy.owned = true;
        copies.set(object, copy);
      }
      child.model.pages.set(page, { ...known, object: copy });
    }
    for (const [object, rights] of given) object.grants.set(number, rights);
  }

  /** A domain goes: killed, with those that were made from it, or by itself. */
  private leave(): void {
    const clones = this.actors.filter(({ kill }) => kill !== undefined);
    if (clones.length === 0) return;
    const actor = this.random.pick(clones);
    const gone = new Set<Actor>([actor]);
    for (const other of this.actors)
      if (other.parent !== undefined && gone.has(other.parent)) gone.add(other);
    this.note(`kill ${[...gone].map(({ domain }) => domain.name).join(', ')}`);
    this.weather.failing = () => false;
    actor.kill?.();
    this.bury(gone);
  }

  private bury(gone: ReadonlySet<Actor>): void {
    for (const known of this.objects) {
      if (![...gone].some(({ domain }) => domain.number === known.home)) continue;
      known.gone = true;
      this.files.delete(known);
      this.real.delete(known);
    }
    for (const actor of gone) {
      this.actors.splice(this.actors.indexOf(actor), 1);
      this.forgetPages(actor.model, 0, 2 ** 20);
    }
  }

  // Operations of programs.

  private anyPage(model: ModelPages): number {
    const mapped = [...model.pages.keys()];
    if (mapped.length === 0 || this.random.chance(0.05))
      return WINDOW + this.random.below(WINDOW_PAGES);
    return this.random.pick(mapped);
  }

  private store(): void {
    const { domain, model } = this.anyActor();
    const page = this.anyPage(model);
    const verdict = model.access(page, true, false);
    const offset = this.random.below(PAGE_BYTES);
    const careful = this.bad || this.objects.some(({ pins }) => pins.some((count) => count > 0));
    const length = careful ? PAGE_BYTES - offset : 1 + this.random.below(2 * PAGE_BYTES);
    const bytes = this.bytesOf(2)
      .subarray(0, length)
      .fill(this.random.below(256), 0, length >>> 1);
    if (this.random.chance(0.5) && offset <= PAGE_BYTES - 4) {
      const value = this.random.below(2 ** 32);
      this.kernel.run(domain.number);
      const done = this.ask(`store word at ${page.toString(16)} in ${domain.name}`, verdict, () => {
        this.machine.cpu.store(page * PAGE_BYTES + (offset & ~3), 4, value);
      });
      if (!done) return;
      const word = new Uint8Array(4);
      new DataView(word.buffer).setUint32(0, value, true);
      this.write(model, page * PAGE_BYTES + (offset & ~3), word);
      return;
    }
    // Page by page, up to the first that refuses.
    let allowed = 0;
    let whole = verdict;
    const at = page * PAGE_BYTES + offset;
    while (allowed < length) {
      whole = model.access(Math.floor((at + allowed) / PAGE_BYTES), true, false);
      if (whole.length > 0) break;
      allowed = Math.min(length, allowed + PAGE_BYTES - ((at + allowed) % PAGE_BYTES));
    }
    const done = this.ask(
      `copy ${length} bytes to ${at.toString(16)} in ${domain.name}`,
      whole,
      () => {
        copyOut(domain, at, bytes);
      },
    );
    if (done || !careful) this.write(model, at, bytes.subarray(0, allowed));
  }

  private write(model: ModelPages, at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const offset = (at + done) % PAGE_BYTES;
      const count = Math.min(bytes.length - done, PAGE_BYTES - offset);
      const { object, page } = model.pages.get(Math.floor((at + done) / PAGE_BYTES)) as ModelPage;
      object?.page(page).set(bytes.subarray(done, done + count), offset);
      done += count;
    }
  }

  private load(): void {
    const actor = this.anyActor();
    this.loadPage(actor, this.anyPage(actor.model));
  }

  private loadPage(actor: Actor, page: number): void {
    const { domain, model } = actor;
    const fetch = this.random.chance(0.2);
    const verdict = model.access(page, false, fetch);
    const at = page * PAGE_BYTES;
    const known = model.pages.get(page);
    this.kernel.run(domain.number);
    this.ask(`${fetch ? 'fetch' : 'load'} ${page.toString(16)} in ${domain.name}`, verdict, () => {
      const found = fetch ? this.machine.cpu.fetch(at) : copyIn(domain, at, PAGE_BYTES);
      const right = known?.object?.page(known.page) ?? new Uint8Array(PAGE_BYTES);
      if (typeof found === 'number') {
        const word = new DataView(right.buffer, right.byteOffset).getUint32(0, true);
        if (found !== word) throw new Error(`${at.toString(16)} reads ${found}, not ${word}`);
      } else if (!Buffer.from(found).equals(right)) {
        const byte = found.findIndex((value, index) => value !== right[index]);
        throw new Error(
          `${domain.name} reads ${found[byte]} at ${(at + byte).toString(16)}, not ${right[byte]}`,
        );
      }
    });
  }

  /** Everything goes, and nothing may be left. */
  end(): void {
    this.bad = false;
    for (const known of this.objects) {
      for (const [page, count] of known.pins.entries()) {
        for (let pin = 0; pin < count; pin += 1)
          this.real.get(known)?.unpin(page * PAGE_BYTES, PAGE_BYTES);
        known.pins[page] = 0;
      }
    }
    while (this.actors.some(({ kill }) => kill !== undefined)) this.leave();
    for (const { domain, model } of this.actors) {
      domain.vspace.destroy();
      model.pages.clear();
    }
    this.dropOwned();
    for (const known of this.objects.reverse()) {
      this.real.get(known)?.destroy();
      this.forget(known);
    }
    for (const { domain, frame } of this.frames) {
      if (this.actorOf(domain.number) !== undefined) domain.freeFrame(frame);
    }
    for (const { domain } of this.actors) {
      domain.channels.close();
      domain.pool.trim();
      domain.pmap.trim();
    }
    checkPaging(this);
    const left = JSON.stringify(this.holdings());
    if (left !== JSON.stringify(this.start)) {
      throw new Error(`what is left: ${left}, and began as ${JSON.stringify(this.start)}`);
    }
  }
}
