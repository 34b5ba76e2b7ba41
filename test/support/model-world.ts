import {
  type CapRef,
  capRef,
  type ErrorName,
  errorChain,
  MIB,
  OK,
  PAGE_BYTES,
  VmError,
} from '../../src/base/index.js';
import {
  Domain,
  largestLeaves,
  originalLeaves,
  Pmap,
  VRegionFlags,
} from '../../src/domain/index.js';
import {
  CapType,
  defaultPolicy,
  Kernel,
  originalPolicy,
  Rights,
  WellKnown,
} from '../../src/kernel/index.js';
import { Machine, type StrictTlb } from '../../src/machine/index.js';
import { auditKernel } from './kernel-audit.js';
import {
  kindOfLeaf,
  type ModelCap,
  type ModelFrame,
  type ModelMapping,
  type ModelPolicy,
  ModelSpace,
  type Verdict,
} from './model-space.js';
import type { Random } from './random.js';
import {
  difference,
  type Snapshot,
  snapshotDomain,
  snapshotKernel,
  snapshotPmap,
} from './snapshot.js';
import { auditSpace, expectedAccess, reachableFrames, slotsInUse } from './space-audit.js';

const { READ, WRITE, EXECUTE, NOCACHE, GUARD, LARGE, HUGE, WRITE_COMBINING } = VRegionFlags;
const DOMAINS = 3;
const DOMAIN_RAM = 96 * MIB;
/** Where random mappings go: few addresses, so that they meet. */
const WINDOWS = [0x5000_0000, 0x5010_0000, 0x5100_0000, 0x1000_0000, 0x7ff0_0000];
const ACCESS_FLAGS = [
  0,
  READ,
  READ | WRITE,
  WRITE,
  EXECUTE,
  READ | EXECUTE,
  READ | WRITE | EXECUTE,
];
const FRAME_PAGES = [1, 1, 1, 2, 3, 5, 7, 16, 16, 17, 33, 40, 64, 256, 256, 272, 512];

/** One address space: the real thing and the model. */
interface Space {
  readonly pmap: Pmap;
  readonly manager: number;
  readonly number: number;
  readonly model: ModelSpace;
}

/** How often each operation happens. */
const WEIGHTS = {
  allocate: 6,
  part: 1.5,
  map: 24,
  unmap: 9,
  modify: 12,
  split: 9,
  promote: 9,
  trim: 1,
  share: 5,
  send: 2,
  move: 1,
  forget: 2,
  revoke: 0.8,
  free: 1.2,
  unmapByKernel: 1.5,
  access: 25,
};

/** Several domains that share frames, and everything that is known of them. */
export class ModelWorld {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly domains: Domain[] = [];
  readonly spaces: Space[] = [];
  readonly log: string[] = [];
  private readonly random: Random;
  private readonly policy: ModelPolicy;
  private readonly caps: ModelCap[] = [];
  private readonly frames = new Set<ModelFrame>();
  /** Words that somebody stored in each page of physical memory, by their place in it. */
  private readonly words = new Map<number, Map<number, number>>();
  private readonly endpoints = new Map<string, CapRef>();
  /** The first domain's capabilities to the root CNodes of the others. */
  private readonly roots: CapRef[] = [];
  private readonly start: unknown;
  private frameNumber = 0;
  /** The space that the operation was for, where it was for one. */
  private touched: Space | undefined;
  private steps = 0;
  /** Leaves that were split, the last ones last. */
  private readonly broken = new Map<Space, { page: number; leaf: number }[]>();

  constructor(random: Random, policy: ModelPolicy) {
    this.random = random;
    this.policy = policy;
    this.machine = new Machine({
      banks: [{ name: 'ram', base: 0x8000_0000, bytes: 512 * MIB, kind: 'ram' }],
      profile: 'cortex-a7',
      tlb: 'strict',
    });
    const attributes =
      policy.attributes === 'original' ? originalPolicy : defaultPolicy(this.machine.profile);
    this.kernel = new Kernel(this.machine, { attributes });
    const leaves = policy.leaves === 'original' ? originalLeaves : largestLeaves;
    for (let index = 0; index < DOMAINS; index += 1) {
      const domain = Domain.boot(this.kernel, DOMAIN_RAM, { name: `d${index}`, policy: leaves });
      this.domains.push(domain);
      this.addSpace(domain.pmap, index, domain.number);
    }
    this.introduce();
    this.addForeignSpace();
    this.start = this.holdings();
  }

  private domain(index: number): Domain {
    const domain = this.domains[index];
    if (domain === undefined) throw new Error(`no domain ${index}`);
    return domain;
  }

  private addSpace(pmap: Pmap, manager: number, number: number): void {
    const model = new ModelSpace(this.policy, this.kernel.memoryOffset);
    // Few pages lie so close together here that a block would be made for them: in every other space
    // one page is enough.
    if (this.spaces.length % 2 === 0) {
      const { blocks } = pmap.core.shadow.leaves;
      blocks.worth = 1;
      blocks.few = 0;
    }
    this.spaces.push({ pmap, manager, number, model });
  }

  /** Endpoints between all of them; the first also gets the root CNodes of the others. */
  private introduce(): void {
    for (const [to, target] of this.domains.entries()) {
      const endpoint = this.slot(to);
      const request = { type: CapType.END_POINT, offset: 0, objectBytes: 1024, count: 1 };
      must(target.invocations.retype(WellKnown.DISPATCHER, request, endpoint));
      for (const [from, sender] of this.domains.entries()) {
        if (from === to) continue;
        const slot = this.slot(from);
        must(this.kernel.introduce(target.number, endpoint, sender.number, slot));
        this.endpoints.set(`${from}>${to}`, slot);
      }
    }
    for (let other = 1; other < DOMAINS; other += 1) {
      this.roots[other] = this.slot(0);
      this.pass(other, 0, WellKnown.ROOT_CNODE, this.roots[other] as CapRef);
    }
  }

  /** A space of a domain without a library, whose tables the first domain builds. */
  private addForeignSpace(): void {
    const first = this.domain(0);
    const make = (type: number, bytes: number): CapRef => {
      const slot = this.slot(0);
      const address = first.ram.allocate(bytes, Math.max(PAGE_BYTES, bytes));
      const { cap, offset } = first.ram.place(address);
      must(first.invocations.retype(cap, { type, offset, objectBytes: bytes, count: 1 }, slot));
      return slot;
    };
    const root = make(CapType.VNODE_ARM_L1, 16 * 1024);
    const cspace = make(CapType.L1_CNODE, 16 * 1024);
    const dispatcher = make(CapType.DISPATCHER, 1024);
    must(first.invocations.dispatcherSetup(dispatcher, cspace, root));
    const number = first.invocations.dispatcherNumber(dispatcher);
    const pmap = Pmap.init({ ...first.pmap.core.resources, root }, first.metadata);
    this.addSpace(pmap, 0, number);
  }

  private slot(index: number): CapRef {
    const slot = this.domain(index).slots.allocate();
    if (slot < 0) throw VmError.from(-slot, 'the model world has no slot left');
    return capRef(slot);
  }

  /** What all of them have, but for what serves to keep records and slots, which only grows. */
  private holdings(): unknown {
    return this.domains.map((domain, index) => {
      const growths: { pages: number; madeTable: boolean }[] = domain.metadata['growths'];
      const metadataTables = metadataTablesOf(domain);
      const { cnodeCount } = domain.slots;
      const tablePages = Math.ceil(metadataTables / 4);
      const pages = growths.reduce((sum, growth) => sum + growth.pages, 0);
      const own = this.spaces.filter(({ manager }) => manager === index);
      return {
        slots: slotsInUse(domain) - 2 * growths.length - 2 * metadataTables,
        pages: domain.ram.totalPages - domain.ram.freePages - 4 * cnodeCount - pages - tablePages,
        tables: domain.tables.tableCount - metadataTables,
        leaves: own.reduce((sum, { pmap }) => sum + pmap.measure().leaves.used, 0) - growths.length,
        mappings: own.reduce((sum, { pmap }) => sum + pmap.measure().mappings, 0) - growths.length,
      };
    });
  }

  private get objects(): number {
    const grown = this.domains.reduce((sum, domain) => {
      const growths: unknown[] = domain.metadata['growths'];
      return sum + domain.slots.cnodeCount + growths.length + metadataTablesOf(domain);
    }, 0);
    return this.kernel.state.capabilities.objectCount - grown;
  }

  /** One random operation, with everything that can be checked after it. */
  step(): void {
    const name = this.random.weighted(WEIGHTS);
    this.touched = undefined;
    this.steps += 1;
    this[name]();
    this.checkTlb();
    if (name !== 'access' && name !== 'allocate') this.checkSpaces();
  }

  private note(text: string): void {
    this.log.push(text);
  }

  /** Asks the real thing; its answer must be the model's. A refusal changes nothing. */
  private ask<T>(space: Space, verdict: Verdict, text: string, real: () => T): T | undefined {
    this.note(`${text} → ${verdict.join(' < ') || 'ok'}`);
    this.touched = space;
    const careful = verdict.length > 0 && this.random.chance(0.08);
    const before = careful ? this.snapshot() : undefined;
    let codes: readonly ErrorName[] = [];
    let answer: T | undefined;
    try {
      answer = real();
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      codes = error.chain();
    }
    if (codes.join() !== verdict.join()) {
      throw new Error(`space ${this.spaces.indexOf(space)}: got ${codes.join(' < ') || 'ok'}`);
    }
    if (before !== undefined) {
      const parts = difference(before, this.snapshot());
      if (parts.length > 0) throw new Error(`a refusal has changed something: ${parts.join('\n')}`);
    }
    return answer;
  }

  private snapshot(): Snapshot {
    const foreign = this.spaces.slice(DOMAINS).flatMap(({ pmap }) => snapshotPmap(pmap, 'foreign'));
    return [...snapshotKernel(this.kernel), ...this.domains.flatMap(snapshotDomain), ...foreign];
  }

  // Operations, each on the model and on the real thing.

  private allocate(): void {
    const holder = this.random.below(DOMAINS);
    const domain = this.domain(holder);
    const pages = this.random.chance(0.04) ? 4096 : this.random.pick(FRAME_PAGES);
    const bytes = pages * PAGE_BYTES;
    const alignment = this.random.chance(0.3) ? this.random.pick([4096, 65536, MIB]) : undefined;
    const free = domain.ram.freePages;
    let slot: CapRef;
    try {
      slot = domain.allocateFrame(bytes, alignment);
    } catch (error) {
      if (!(error instanceof VmError) || error.code !== 'LIB_ERR_FRAME_ALLOC') throw error;
      this.note(`d${holder} allocate ${bytes}: no memory`);
      if (domain.ram.freePages !== free) throw new Error('a failed allocation took pages');
      return;
    }
    must(domain.invocations.identifyFrame(slot));
    const { base } = domain.invocations.identity;
    if (alignment !== undefined && base % alignment !== 0)
      throw new Error('a frame is not aligned');
    const frame: ModelFrame = { id: this.frameNumber, base, bytes, parent: undefined };
    this.frameNumber += 1;
    this.note(`d${holder} allocate ${bytes} → frame ${frame.id} at ${base.toString(16)}`);
    this.frames.add(frame);
    for (const page of this.words.keys()) {
      if (page >= base && page < base + bytes) this.words.delete(page);
    }
    this.caps.push({ holder, slot, frame, rights: Rights.ALL });
  }

  /** A frame made from a part of another one. */
  private part(): void {
    const cap = this.anyCap();
    if (cap === undefined || cap.frame.bytes < 2 * PAGE_BYTES) return;
    const pages = cap.frame.bytes / PAGE_BYTES;
    const offset = this.random.below(pages) * PAGE_BYTES;
    const bytes = (1 + this.random.below(Math.min(pages - offset / PAGE_BYTES, 40))) * PAGE_BYTES;
    const base = cap.frame.base + offset;
    const meets = [...this.frames].some(
      (frame) =>
        this.within(frame, cap.frame) &&
        frame !== cap.frame &&
        frame.base < base + bytes &&
        base < frame.base + frame.bytes,
    );
    const slot = this.slot(cap.holder);
    const request = { type: CapType.FRAME, offset, objectBytes: bytes, count: 1 };
    const error = this.domain(cap.holder).invocations.retype(cap.slot, request, slot);
    this.note(`d${cap.holder} part of frame ${cap.frame.id} at ${offset}+${bytes}`);
    const codes = errorChain(error).join();
    if (codes !== (meets ? 'SYS_ERR_REVOKE_FIRST' : '')) throw new Error(`got ${codes}`);
    if (error !== OK) {
      must(this.domain(cap.holder).slots.free(slot));
      return;
    }
    const frame: ModelFrame = { id: this.frameNumber, base, bytes, parent: cap.frame };
    this.frameNumber += 1;
    this.frames.add(frame);
    this.caps.push({ holder: cap.holder, slot, frame, rights: cap.rights });
  }

  /** Whether `frame` is `whole`, or was made from it. */
  private within(frame: ModelFrame, whole: ModelFrame): boolean {
    for (let at: ModelFrame | undefined = frame; at !== undefined; at = at.parent) {
      if (at === whole) return true;
    }
    return false;
  }

  private anyCap(holder?: number): ModelCap | undefined {
    const mine = this.caps.filter((cap) => holder === undefined || cap.holder === holder);
    return mine.length === 0 ? undefined : this.random.pick(mine);
  }

  private anySpace(): Space {
    return this.random.pick(this.spaces);
  }

  /** An address that something is mapped at or near, or anywhere. */
  private anyPage(space: Space): number {
    const { random } = this;
    const mappings = space.model.mappings();
    if (mappings.length === 0 || random.chance(0.1)) {
      return random.pick(WINDOWS) / PAGE_BYTES + random.below(random.chance(0.5) ? 4 : 600);
    }
    const { start, end } = random.pick(mappings);
    if (random.chance(0.5)) return start;
    return random.chance(0.2) ? end : start + random.below(end - start);
  }

  private anyFlags(): number {
    const { random } = this;
    const size = random.chance(0.4) ? 0 : random.chance(0.6) ? LARGE : LARGE | HUGE;
    const type = random.chance(0.8)
      ? 0
      : random.pick([NOCACHE, WRITE_COMBINING, GUARD, 0x10, 0x4000]);
    const usual = random.chance(0.6) ? READ | WRITE : random.pick(ACCESS_FLAGS);
    return usual | size | type;
  }

  private map(): void {
    const { random } = this;
    const space = this.anySpace();
    const cap = this.anyCap(space.manager);
    if (cap === undefined) return;
    const { bytes: all, base } = cap.frame;
    // Thousands of small pages only take time.
    const flags = this.anyFlags() | (all > 4 * MIB ? HUGE : 0);
    // Addresses that go well with the frame let large leaves be chosen.
    const unit = random.pick([PAGE_BYTES, 65536, 65536, MIB, 16 * MIB]);
    let address = random.pick(WINDOWS) + random.below(32) * unit + (base % unit);
    if (random.chance(0.2)) address = this.anyPage(space) * PAGE_BYTES;
    if (random.chance(0.02)) address += random.pick([1, 512, 2 ** 32, 0x8000_0000]);
    let offset = random.chance(0.6) ? 0 : random.below(all / PAGE_BYTES) * PAGE_BYTES;
    let bytes = random.chance(0.7) ? all - offset : random.below(all) + 1;
    if (random.chance(0.1)) offset += random.below(PAGE_BYTES);
    if (random.chance(0.03)) bytes = random.pick([0, all + 1, 2 ** 31, 2 ** 40]);
    const expected = space.model.map(address, cap, offset, bytes, flags);
    const text = `map ${address.toString(16)} frame ${cap.frame.id} +${offset} ${bytes} flags ${flags.toString(16)}`;
    const done = this.ask(space, expected.verdict, this.where(space, text), () =>
      space.pmap.map(address, cap.slot, offset, bytes, flags),
    );
    if (done === undefined) return;
    if (done.offset !== expected.offset || done.bytes !== expected.bytes) {
      throw new Error(
        `answered ${done.offset}, ${done.bytes}; not ${expected.offset}, ${expected.bytes}`,
      );
    }
  }

  private where(space: Space, text: string): string {
    return `s${this.spaces.indexOf(space)} ${text}`;
  }

  private range(space: Space): { address: number; bytes: number } {
    const { random } = this;
    const mapping = random.chance(0.7)
      ? random.pick([...space.model.mappings(), undefined])
      : undefined;
    if (mapping !== undefined && random.chance(0.7)) {
      return {
        address: mapping.start * PAGE_BYTES,
        bytes: (mapping.end - mapping.start) * PAGE_BYTES,
      };
    }
    const page = this.anyPage(space);
    const pages = random.pick([0, 1, 2, 3, 16, 32, 256, 300, random.below(700)]);
    const odd = random.chance(0.05) ? random.below(PAGE_BYTES) : 0;
    const address = page * PAGE_BYTES + (random.chance(0.02) ? odd : 0);
    return { address, bytes: Math.max(0, pages * PAGE_BYTES - odd) };
  }

  private unmap(): void {
    const space = this.anySpace();
    const { address, bytes } = this.range(space);
    const expected = space.model.unmap(address, bytes);
    const text = this.where(space, `unmap ${address.toString(16)}+${bytes.toString(16)}`);
    const done = this.ask(space, expected.verdict, text, () => space.pmap.unmap(address, bytes));
    if (done !== undefined && done !== expected.bytes) throw new Error(`${done} bytes unmapped`);
  }

  private modify(): void {
    const space = this.anySpace();
    const { address, bytes } = this.range(space);
    const flags = this.anyFlags();
    const expected = space.model.modify(address, bytes, flags);
    const where = `modify ${address.toString(16)}+${bytes.toString(16)} flags ${flags.toString(16)}`;
    const done = this.ask(space, expected.verdict, this.where(space, where), () =>
      space.pmap.modifyFlags(address, bytes, flags),
    );
    if (done !== undefined && done !== expected.bytes) throw new Error(`${done} bytes changed`);
  }

  private split(): void {
    const space = this.anySpace();
    const page = this.anyPage(space);
    const address = page * PAGE_BYTES + (this.random.chance(0.02) ? 8 : 0);
    const leaf = space.model.pages.get(page)?.leaf ?? 0;
    if (leaf > 1) {
      const broken = this.broken.get(space) ?? [];
      this.broken.set(space, broken);
      broken.push({ page, leaf });
      if (leaf === 4096) broken.push({ page, leaf: 256 });
    }
    const verdict = space.model.split(address);
    const text = this.where(space, `split ${address.toString(16)}`);
    this.ask(space, verdict, text, () => space.pmap.split(address));
  }

  private promote(): void {
    const { random } = this;
    const space = this.anySpace();
    let address = this.anyPage(space) * PAGE_BYTES + random.below(PAGE_BYTES);
    let bytes = random.pick([65536, MIB, 16 * MIB, 4096]);
    // What was split before comes together again, if nothing has become of it.
    const broken = this.broken.get(space)?.pop();
    if (broken !== undefined && random.chance(0.7)) {
      address = broken.page * PAGE_BYTES;
      bytes = broken.leaf * PAGE_BYTES;
    } else if (random.chance(0.7)) {
      const leaf = space.model.pages.get(Math.floor(address / PAGE_BYTES))?.leaf ?? 1;
      bytes = leaf === 1 ? random.pick([65536, MIB]) : leaf === 16 ? MIB : 16 * MIB;
    }
    const verdict = space.model.promote(address, bytes);
    const text = this.where(space, `promote ${address.toString(16)} to ${bytes.toString(16)}`);
    this.ask(space, verdict, text, () => space.pmap.promote(address, bytes));
  }

  private trim(): void {
    const space = this.anySpace();
    const expected = space.model.trim();
    this.note(this.where(space, `trim → ${expected}`));
    const done = space.pmap.trim();
    if (done !== expected) throw new Error(`trimmed ${done} tables, not ${expected}`);
  }

  private weaker(rights: number): number {
    return this.random.chance(0.5) ? rights : rights & (this.random.below(32) | Rights.GRANT);
  }

  /** A copy with fewer rights for somebody whose CSpace the first domain can reach, or for oneself. */
  private share(): void {
    const holder = this.random.chance(0.6) ? 0 : this.random.below(DOMAINS);
    const cap = this.anyCap(holder);
    if (cap === undefined) return;
    const to = holder === 0 ? this.random.below(DOMAINS) : holder;
    const slot = this.slot(to);
    const rights = this.weaker(cap.rights);
    const root = this.roots[to];
    const spaces = root === undefined || to === holder ? undefined : { destination: root };
    this.note(`d${holder} mints frame ${cap.frame.id} with ${rights} for d${to}`);
    must(this.domain(holder).invocations.mint(slot, cap.slot, rights, spaces));
    this.caps.push({ holder: to, slot, frame: cap.frame, rights });
  }

  /** A capability through an endpoint. */
  private send(): void {
    const cap = this.anyCap();
    if (cap === undefined) return;
    const to = (cap.holder + 1 + this.random.below(DOMAINS - 1)) % DOMAINS;
    const slot = this.slot(to);
    const allowed = (cap.rights & Rights.GRANT) !== 0;
    this.note(`d${cap.holder} sends frame ${cap.frame.id} to d${to}${allowed ? '' : ' in vain'}`);
    if (!allowed) {
      const endpoint = this.endpoints.get(`${cap.holder}>${to}`) as CapRef;
      const error = this.domain(cap.holder).invocations.send(endpoint, [1], cap.slot);
      if (errorChain(error).join() !== 'SYS_ERR_CNODE_RIGHTS')
        throw new Error('GRANT was not asked');
      must(this.domain(to).slots.free(slot));
      return;
    }
    this.pass(cap.holder, to, cap.slot, slot);
    this.caps.push({ holder: to, slot, frame: cap.frame, rights: cap.rights });
  }

  private pass(from: number, to: number, cap: CapRef, slot: CapRef): void {
    const endpoint = this.endpoints.get(`${from}>${to}`) as CapRef;
    const receiver = this.domain(to).invocations;
    must(receiver.receiveInto(WellKnown.DISPATCHER, slot));
    must(this.domain(from).invocations.send(endpoint, [from, to], cap));
    const words = receiver.receive(WellKnown.DISPATCHER);
    if (words?.join() !== `${from},${to}`) throw new Error(`received ${words?.join()}`);
  }

  /** Moves a capability without Mappings to another domain. */
  private move(): void {
    const cap = this.anyCap();
    if (cap === undefined || this.mappingsOf((other) => other === cap).length > 0) return;
    const to = this.random.below(DOMAINS);
    const [source, destination] = [this.roots[cap.holder], this.roots[to]];
    const slot = this.slot(to);
    this.note(`frame ${cap.frame.id} moves from d${cap.holder} to d${to}`);
    const spaces = {
      ...(source === undefined ? {} : { source }),
      ...(destination === undefined ? {} : { destination }),
    };
    must(this.domain(0).invocations.move(slot, cap.slot, spaces));
    must(this.domain(cap.holder).slots.free(cap.slot));
    this.caps.splice(this.caps.indexOf(cap), 1, { ...cap, holder: to, slot });
  }

  private mappingsOf(which: (cap: ModelCap) => boolean): { space: Space; mapping: ModelMapping }[] {
    return this.spaces.flatMap((space) =>
      space.model
        .mappings()
        .filter(({ cap }) => which(cap))
        .map((mapping) => ({ space, mapping })),
    );
  }

  /** The model loses capabilities, and the Mappings made from them. */
  private lose(which: (cap: ModelCap) => boolean): ModelCap[] {
    for (const { space, mapping } of this.mappingsOf(which)) space.model.forget(mapping);
    const lost = this.caps.filter(which);
    for (const cap of lost) this.caps.splice(this.caps.indexOf(cap), 1);
    return lost;
  }

  /** Deletes one capability of several to a frame, or the only one of a frame without parts. */
  private forget(): void {
    const cap = this.anyCap();
    if (cap === undefined) return;
    const { frame } = cap;
    const isLast = this.caps.every((other) => other === cap || other.frame !== frame);
    const hasParts = [...this.frames].some((other) => other.parent === frame);
    if (isLast && hasParts) return;
    const domain = this.domain(cap.holder);
    this.note(
      `d${cap.holder} deletes a capability to frame ${frame.id}${isLast ? ', the last' : ''}`,
    );
    this.lose((other) => other === cap);
    must(domain.invocations.delete(cap.slot));
    must(domain.slots.free(cap.slot));
    if (isLast) this.frameGone(frame);
  }

  /** The library of who owns the memory learns that nobody has the frame any more. */
  private frameGone(frame: ModelFrame): void {
    this.frames.delete(frame);
    if (frame.parent !== undefined) return;
    const owner = this.domains.find(({ ram }) => ram.owns(frame.base));
    must(owner?.ram.free(frame.base, frame.bytes) ?? -1);
  }

  /** Everybody else loses the frame and what was made from it. */
  private revokeIn(cap: ModelCap): void {
    this.lose((other) => other === cap).forEach((own) => {
      this.caps.push(own);
    });
    const lost = this.lose((other) => other !== cap && this.within(other.frame, cap.frame));
    for (const other of lost) must(this.domain(other.holder).slots.free(other.slot));
    for (const frame of [...this.frames]) {
      if (frame !== cap.frame && this.within(frame, cap.frame)) this.frames.delete(frame);
    }
  }

  private revoke(): void {
    const cap = this.anyCap();
    if (cap === undefined) return;
    this.note(`d${cap.holder} revokes frame ${cap.frame.id}`);
    must(this.domain(cap.holder).invocations.revoke(cap.slot));
    this.revokeIn(cap);
    this.checkUnreachable(cap.frame);
  }

  /** I6: no table leads to the frame, in whatever space. */
  private checkUnreachable(frame: ModelFrame): void {
    const reachable = reachableFrames(this.kernel);
    for (let at = frame.base; at < frame.base + frame.bytes; at += PAGE_BYTES) {
      const where = reachable.get(at / PAGE_BYTES);
      if (where === undefined) continue;
      const parent = frame.parent;
      if (parent !== undefined && this.mappingsOf((cap) => cap.frame !== frame).length > 0) return;
      throw new Error(`frame ${frame.id} is still reachable: ${where}`);
    }
  }

  /** A library gives a frame back: one of its own memory, or one that it was lent. */
  private free(): void {
    const cap = this.anyCap();
    if (cap === undefined) return;
    const { frame, holder } = cap;
    const domain = this.domain(holder);
    // The library takes the memory of what it frees for its own where that is so; a part is not.
    if (frame.parent !== undefined && domain.ram.owns(frame.base)) return;
    this.note(`d${holder} frees frame ${frame.id}`);
    domain.freeFrame(cap.slot);
    this.revokeIn(cap);
    this.lose((other) => other === cap);
    if (domain.ram.owns(frame.base)) this.frames.delete(frame);
    else this.frameGone(frame);
    this.checkUnreachable(frame);
  }

  /** Deletes a Mapping behind the back of the pmap that made it. */
  private unmapByKernel(): void {
    const space = this.anySpace();
    const mappings = space.model.mappings();
    if (mappings.length === 0) return;
    const mapping = this.random.pick(mappings);
    const info = space.pmap.lookup(mapping.start * PAGE_BYTES);
    this.note(this.where(space, `loses the Mapping at page ${mapping.start.toString(16)}`));
    if (info === undefined) throw new Error('it is not mapped');
    must(this.domain(space.manager).invocations.delete(info.mapping));
    space.model.forget(mapping);
  }

  /** A load, a store or a fetch in the space of somebody who then runs. */
  private access(): void {
    const space = this.anySpace();
    must(this.kernel.run(space.number));
    for (let times = 0; times < 4; times += 1) {
      const va = this.anyPage(space) * PAGE_BYTES + this.random.below(1024) * 4;
      const page = space.model.pages.get(Math.floor(va / PAGE_BYTES));
      const attributes = this.policy.attributes;
      const may = page === undefined ? undefined : expectedAccess(attributes, page.flags, false);
      const inPage = va % PAGE_BYTES;
      const physical = (page?.mapping.cap.frame.base ?? 0) + (page?.place ?? 0) * PAGE_BYTES;
      const way = this.random.pick(['load', 'store', 'fetch'] as const);
      const allowed = { load: may?.r, store: may?.w, fetch: may?.x }[way] ?? false;
      const value = this.random.below(2 ** 32);
      this.note(this.where(space, `${way} ${va.toString(16)} → ${allowed ? 'ok' : 'fault'}`));
      const seen = this.attempt(way, va, value);
      if ((seen !== undefined) !== allowed) {
        throw new Error(`the ${way} was ${allowed ? 'refused' : 'allowed'}`);
      }
      if (seen === undefined) continue;
      const words = this.words.get(physical) ?? new Map<number, number>();
      this.words.set(physical, words);
      if (way === 'store') words.set(inPage, value);
      const expected = words.get(inPage) ?? 0;
      if (seen !== expected) throw new Error(`saw ${seen}, not ${expected}`);
    }
  }

  /** What an access saw or wrote; undefined where it faulted. */
  private attempt(way: 'load' | 'store' | 'fetch', va: number, value: number): number | undefined {
    const { cpu } = this.machine;
    try {
      if (way === 'load') return cpu.load(va, 4);
      if (way === 'fetch') return cpu.fetch(va);
      cpu.store(va, 4, value);
      return value;
    } catch (error) {
      if (error instanceof VmError) return undefined;
      throw error;
    }
  }

  // Checks.

  private checkTlb(): void {
    const { violations } = this.machine.tlb as StrictTlb;
    const [first] = violations;
    if (first !== undefined) throw new Error(`TLB ${first.kind} at ${first.va.toString(16)}`);
  }

  /**
   * I1 and I4 for every space that the operation may have changed, its manager's own among them, and
   * a few of its pages against the model. Now and then for all the others, too.
   */
  private checkSpaces(): void {
    const { touched } = this;
    for (const [index, space] of this.spaces.entries()) {
      const own = touched !== undefined && index === touched.manager;
      if (touched !== undefined && space !== touched && !own && this.steps % 16 !== 0) continue;
      const { pmap, number } = space;
      const manager = this.domain(space.manager);
      const wrong = auditSpace({ kernel: this.kernel, pmap, manager, number });
      if (wrong.length > 0) throw new Error(`space ${index}: ${wrong.slice(0, 4).join('; ')}`);
      for (let times = 0; times < 4; times += 1) this.checkPage(space, this.anyPage(space));
    }
  }

  private checkPage(space: Space, page: number): void {
    const found = space.pmap.lookup(page * PAGE_BYTES);
    const expected = space.model.pages.get(page);
    const real =
      found &&
      [
        found.page,
        found.pages,
        found.kind,
        found.flags,
        found.frame,
        found.framePage + page - found.page,
      ].join();
    const wanted =
      expected &&
      [
        expected.mapping.start,
        expected.mapping.end - expected.mapping.start,
        kindOfLeaf(expected.leaf),
        expected.flags,
        expected.mapping.cap.slot,
        expected.place,
      ].join();
    if (real !== wanted) {
      throw new Error(`${this.where(space, `page ${page.toString(16)}`)}: ${real}, not ${wanted}`);
    }
  }

  /** Everything: each page of each space, the whole kernel, all slots. */
  checkAll(): void {
    const wrong = auditKernel(this.kernel);
    if (wrong.length > 0) throw new Error(`kernel: ${wrong.slice(0, 4).join('; ')}`);
    for (const space of this.spaces) {
      const hidden = (page: number): boolean => page >= 0x4_0000 && page < 0x4_0400;
      const real = new Set<number>();
      for (const { page, pages } of space.pmap.mappings()) {
        for (let at = page; at < page + pages; at += 1) if (!hidden(at)) real.add(at);
      }
      if (real.size !== space.model.pages.size) {
        throw new Error(`${real.size} pages mapped, not ${space.model.pages.size}`);
      }
      for (const page of space.model.pages.keys()) this.checkPage(space, page);
    }
    for (const { holder, slot, rights, frame } of this.caps) {
      const { invocations } = this.domain(holder);
      must(invocations.identifyFrame(slot));
      const { identity } = invocations;
      if (identity.rights !== rights || identity.base !== frame.base)
        throw new Error('other rights');
    }
  }

  /** I2: gives everything back, and looks whether everything is back. */
  end(): void {
    this.checkAll();
    for (const space of this.spaces) {
      for (const { start, end } of space.model.mappings()) {
        space.pmap.unmap(start * PAGE_BYTES, (end - start) * PAGE_BYTES);
        space.model.unmap(start * PAGE_BYTES, (end - start) * PAGE_BYTES);
      }
      this.trimAll(space);
    }
    while (this.caps.length > 0) {
      const parts = new Set([...this.frames].map(({ parent }) => parent));
      const cap = this.caps.find(({ frame }) => !parts.has(frame)) as ModelCap;
      this.lose((other) => other === cap);
      must(this.domain(cap.holder).invocations.delete(cap.slot));
      must(this.domain(cap.holder).slots.free(cap.slot));
      if (this.caps.every(({ frame }) => frame !== cap.frame)) this.frameGone(cap.frame);
    }
    this.checkAll();
    const [before, after] = [JSON.stringify(this.start), JSON.stringify(this.holdings())];
    if (before !== after) throw new Error(`not everything came back: ${before} became ${after}`);
  }

  private trimAll(space: Space): void {
    const expected = space.model.trim();
    if (space.pmap.trim() !== expected) throw new Error('the tables did not come back');
  }

  /** Capability objects, but for those that serve to keep records and slots. */
  countObjects(): number {
    return this.objects;
  }
}

/** Tables that serve the metadata region of a domain. */
function metadataTablesOf({ pmap, metadata }: Domain): number {
  const mappings = pmap.mappings(metadata.base, metadata.base + metadata.bytes);
  return new Set([...mappings].map(({ address }) => address >>> 20)).size;
}

function must(error: number): void {
  if (error !== OK) throw new Error(`refused: ${errorChain(Math.abs(error)).join(' < ')}`);
}
