/**
 * The environment that the vectors were recorded in, built from our parts: a kernel that writes the
 * original's words, L2 tables from 0x8010_0000 up, a pmap of the domain itself or of another one,
 * and environment functions that fail when they are told to.
 */
import {
  type CapRef,
  capRef,
  type ErrorName,
  type ErrorNumber,
  errorNumber,
  isErrorName,
  MIB,
  OK,
  VmError,
} from '../base/index.js';
import {
  Domain,
  originalLeaves,
  Pmap,
  RamAllocator,
  type SlotAllocator,
  TableAllocator,
  VSpace,
} from '../domain/index.js';
import {
  CapType,
  type CapTypeNumber,
  type CSpaces,
  capRefOf,
  type Invocations,
  Kernel,
  originalPolicy,
  rootSlotRef,
  WellKnown,
} from '../kernel/index.js';
import { Machine } from '../machine/index.js';
import type { VectorMode } from './conform-vector.js';

/** Where the recording kernel took its L2 tables from. */
const TABLES_BASE = 0x8010_0000;
const TABLES_BYTES = 4 * MIB;
/** Memory of the domain that runs the pmap: out of the way of the frames that vectors name. */
const DOMAIN_BASE = 0xc000_0000;
const DOMAIN_BYTES = 256 * MIB;
const DOMAIN_RAM = 128 * MIB;

/** What one sequence may take: some seconds. */
const MOST_STEPS = 2 ** 25;

/** The codes that a failing environment function answers unless the vector names them. */
const INJECTED: Readonly<Record<string, readonly ErrorName[]>> = {
  slot_alloc: ['LIB_ERR_SLOT_ALLOC_NO_SPACE', 'LIB_ERR_SINGLE_SLOT_ALLOC'],
  slot_free: ['LIB_ERR_SLOT_UNALLOCATED'],
  cap_delete: ['LIB_ERR_MONITOR_RPC_NULL'],
  cap_copy: ['SYS_ERR_CAP_NOT_FOUND'],
  vnode_create: ['MM_ERR_NOT_FOUND', 'LIB_ERR_RAM_ALLOC'],
  vnode_map: ['SYS_ERR_VM_MAP_SIZE'],
  vnode_unmap: ['SYS_ERR_CAP_NOT_FOUND', 'SYS_ERR_CAP_NOT_FOUND'],
  frame_alloc: ['MM_ERR_NOT_FOUND', 'LIB_ERR_RAM_ALLOC_MS_CONSTRAINTS', 'LIB_ERR_FRAME_ALLOC'],
  frame_identify: ['SYS_ERR_CAP_NOT_FOUND'],
  modify: ['SYS_ERR_CAP_NOT_FOUND'],
  malloc: ['LIB_ERR_MALLOC_FAIL'],
};

/** Which call of which functions fails next. Those of different functions wait independently. */
class Injection {
  private readonly waiting = new Map<string, { calls: number; readonly error: ErrorNumber }>();

  /** From now on the `nth` call of the function fails, once. */
  arm(name: string, nth: number, codes: readonly string[]): void {
    const known = INJECTED[name];
    if (known === undefined || !(nth >= 1) || !codes.every(isErrorName)) {
      throw new VmError('CONFORM_ERR_VECTOR', `cannot inject ${name} ${nth} ${codes.join(' ')}`);
    }
    const error = errorNumber(codes.length > 0 ? (codes as ErrorName[]) : known);
    this.waiting.set(name, { calls: nth, error });
  }

  /** Whether a call is still to fail. */
  get armed(): boolean {
    return this.waiting.size > 0;
  }

  /** Called by each environment function: the error that it has to answer, or 0. */
  strike(name: string): ErrorNumber {
    const due = this.waiting.get(name);
    if (due === undefined) return OK;
    due.calls -= 1;
    if (due.calls > 0) return OK;
    this.waiting.delete(name);
    return due.error;
  }
}

/** One address space to replay a vector in. */
export class ConformEnvironment {
  readonly injection = new Injection();
  readonly machine: Machine;
  readonly pmap: Pmap;
  readonly tables: TableAllocator;
  /** The regions that `determine_addr` walks. */
  readonly vspace = new VSpace();
  /** Physical address of the root table. */
  readonly rootAddress: number;
  private readonly domain: Domain;
  private readonly kernel: Kernel;
  /** Capabilities made for map operations, which stay whatever becomes of those. */
  private granted = 0;
  private spent = 0;

  constructor(mode: VectorMode) {
    this.machine = new Machine({
      banks: [
        { name: 'domain', base: DOMAIN_BASE, bytes: DOMAIN_BYTES, kind: 'ram' },
        { name: 'tables', base: TABLES_BASE, bytes: TABLES_BYTES, kind: 'ram' },
      ],
      profile: 'cortex-a9',
      tlb: 'none',
    });
    this.kernel = new Kernel(this.machine, { attributes: originalPolicy });
    this.domain = Domain.boot(this.kernel, DOMAIN_RAM, { policy: originalLeaves });
    const { domain } = this;
    const invocations = this.failing(domain.invocations);
    const slots = this.failingSlots(domain.slots);
    const ram = new RamAllocator(invocations);
    const tableRam = this.grantNext(CapType.RAM, TABLES_BASE, TABLES_BYTES);
    ram.add(tableRam);
    this.tables = this.failingTables(new TableAllocator(invocations, ram, true));
    const space = mode === 'foreignroot' ? this.foreignSpace() : undefined;
    const root = this.rootOf(mode);
    this.pmap = Pmap.init(
      {
        ...domain.pmap.core.resources,
        invocations,
        slots,
        tables: this.tables,
        root,
      },
      domain.metadata,
      space,
    );
    if (mode === 'current') {
      this.pmap.currentInit(this.vspace, domain.frames);
    }
    domain.invocations.identify(this.pmap.core.root);
    this.rootAddress = domain.invocations.identity.base;
    this.failFrames();
  }

  /**
   * Counts operations, the pages that they map or unmap, and the words that are compared.
   * Errors: `CONFORM_ERR_VECTOR` the sequence asks for more than a replay may take.
   */
  spend(steps: number): void {
    this.spent += steps;
    if (this.spent <= MOST_STEPS) return;
    throw new VmError(
      'CONFORM_ERR_VECTOR',
      `the sequence takes more than ${MOST_STEPS} operations, pages and words to compare`,
    );
  }

  /** A slot with a capability of its own for a map operation; for `null` an empty one. */
  frame(type: string, base: number, bytes: number): CapRef {
    if (type === 'null') return capRef(this.slot());
    const types: Readonly<Record<string, CapTypeNumber>> = {
      frame: CapType.FRAME,
      dev: CapType.DEV_FRAME,
      ram: CapType.RAM,
    };
    const capType = types[type];
    if (capType === undefined) throw new VmError('CONFORM_ERR_VECTOR', `no frame type ${type}`);
    return this.grantNext(capType, base, bytes);
  }

  /** Where the frame behind a capability lies. */
  physicalAddress(frame: CapRef): number {
    this.domain.invocations.identifyFrame(frame);
    return this.domain.invocations.identity.base;
  }

  /** What the replaying domain has free, which a failed operation must not have used up. */
  resources(): Readonly<Record<string, number>> {
    const { ram, slots, metadata, pmap } = this.domain;
    return {
      freePages: ram.freePages,
      metadata: metadata.usedBytes,
      ownRecords: pmap.core.shadow.leaves.usedCount,
      objects: this.kernel.state.capabilities.objectCount - this.granted,
      cnodes: slots.cnodeCount,
    };
  }

  private slot(): number {
    const slot = this.domain.slots.allocate();
    if (slot < 0) throw VmError.from(-slot, 'the replaying domain has no slot left');
    return slot;
  }

  private grantNext(type: CapTypeNumber, base: number, bytes: number): CapRef {
    const slot = capRef(this.slot());
    const error = this.kernel.grant(this.domain.number, slot, type, base, bytes);
    this.granted += 1;
    if (error !== OK) throw VmError.from(error, 'the replaying domain cannot be given a frame');
    return slot;
  }

  /** The root table: in our CSpace, or at the usual place of the other one. */
  private rootOf(mode: VectorMode): CapRef {
    if (mode === 'foreignroot') return WellKnown.ROOT_VNODE;
    return this.make(CapType.VNODE_ARM_L1, 16 * 1024, capRef(this.slot()));
  }

  /** A CSpace of another domain with a root table in it; answers the capability to its root CNode. */
  private foreignSpace(): CapRef {
    const root = this.make(CapType.L1_CNODE, 16 * 1024, capRef(this.slot()));
    const there = { destination: root };
    this.make(CapType.L2_CNODE, 16 * 1024, rootSlotRef(WellKnown.PAGE_CNODE), there);
    this.make(CapType.VNODE_ARM_L1, 16 * 1024, capRefOf(WellKnown.PAGE_CNODE, 0), there);
    return root;
  }

  private make(type: number, bytes: number, destination: CapRef, spaces?: CSpaces): CapRef {
    const { ram, invocations } = this.domain;
    const address = ram.allocate(bytes, bytes);
    const { cap, offset } = ram.place(address);
    const request = { type, offset, objectBytes: bytes, count: 1 };
    const error = invocations.retype(cap, request, destination, spaces);
    if (error !== OK) throw VmError.from(error, 'the replaying domain cannot be set up');
    return destination;
  }

  /** The invocations of the domain, each of which the injection may fail. */
  private failing(real: Invocations): Invocations {
    const { injection } = this;
    const failing = Object.create(real) as Invocations;
    failing.identifyFrame = (cap) => injection.strike('frame_identify') || real.identifyFrame(cap);
    failing.vnodeMap = (...args) => injection.strike('vnode_map') || real.vnodeMap(...args);
    failing.vnodeUnmap = (...args) => injection.strike('vnode_unmap') || real.vnodeUnmap(...args);
    failing.mappingModify = (...args) => injection.strike('modify') || real.mappingModify(...args);
    failing.mappingsModify = (...args) =>
      injection.strike('modify') || real.mappingsModify(...args);
    failing.destroy = (...args) => injection.strike('cap_delete') || real.destroy(...args);
    failing.delete = (...args) => injection.strike('cap_delete') || real.delete(...args);
    failing.copy = (...args) => injection.strike('cap_copy') || real.copy(...args);
    return failing;
  }

  private failingSlots(real: SlotAllocator): SlotAllocator {
    const { injection } = this;
    return {
      allocate: () => -injection.strike('slot_alloc') || real.allocate(),
      free: (slot) => injection.strike('slot_free') || real.free(slot),
      reserve: (count) => real.reserve(count),
      release: (growths) => real.release(growths),
      get freeCount() {
        return real.freeCount;
      },
    };
  }

  private failingTables(tables: TableAllocator): TableAllocator {
    const { injection } = this;
    const real = tables.create.bind(tables);
    tables.create = (...args) => injection.strike('vnode_create') || real(...args);
    return tables;
  }

  /** The record frames of the domain fail as `frame_alloc`, or `malloc` for a foreign pmap. */
  private failFrames(): void {
    const { frames } = this.domain;
    const { injection } = this;
    const real = frames.allocate.bind(frames);
    frames.allocate = (...args) => {
      const error = injection.strike('frame_alloc') || injection.strike('malloc');
      return error === OK ? real(...args) : -error;
    };
  }
}
