/**
 * The kernel of one machine: it owns all memory, makes the first domain, and runs domains.
 */
import { type CapRef, Code, type ErrorNumber, MIB, OK, VmError } from '../base/index.js';
import { type AbortInfo, Cost, type Machine, Sctlr } from '../machine/index.js';
import { Asids } from './asids.js';
import { type AttributePolicy, AttributeWords, defaultPolicy } from './attribute-policy.js';
import {
  Capabilities,
  OBJECT_BASE,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  SLOT_PART,
  SLOT_SHIFT,
} from './capabilities.js';
import {
  CapType,
  type CapTypeNumber,
  CNODE_KIBIBYTES,
  CNODE_SLOTS,
  Rights,
} from './capability-types.js';
import { capRefOf, findDestination, findSlot } from './cspace.js';
import { Deletion } from './deletion.js';
import { Dispatchers } from './dispatchers.js';
import { Invocations, type KernelParts } from './invocations.js';
import type { KernelState } from './kernel-state.js';
import { openKernelWindow } from './kernel-window.js';
import { MappingDatabase } from './mapping-database.js';
import { rebase } from './page-fast-path.js';
import { retype } from './retype.js';
import { L1_SHIFT, type TranslationTable, TranslationTables } from './translation-tables.js';
import { VNodeOperations } from './vnode-operations.js';

/** How a kernel differs from the usual one. */
export interface KernelOptions {
  /** The bits of entries; {@link defaultPolicy} for the CPU of the machine where it is left out. */
  readonly attributes?: AttributePolicy;
  /** The first virtual address of the kernel window, 1 MiB aligned (Barrelfish `MEMORY_OFFSET`). */
  readonly memoryOffset?: number;
  /** Whether the kernel maps the machine's RAM for itself in its window, through TTBR1; it does not. */
  readonly window?: boolean;
}

/** Where the kernel window begins unless told otherwise. */
export const MEMORY_OFFSET = 0x8000_0000;

/**
 * Where a new domain finds its first capabilities (Barrelfish `barrelfish_kpi/init.h`): the slots of
 * the root CNode that hold its L2 CNodes, and references to what lies in them.
 */
export const WellKnown = {
  TASK_CNODE: 0,
  PAGE_CNODE: 1,
  SUPER_CNODE: 3,
  PHYSICAL_ADDRESS_CNODE: 5,
  /** The first slot of the root CNode that no well-known CNode takes. */
  FIRST_FREE: 8,
  DISPATCHER: capRefOf(0, 1),
  ROOT_CNODE: capRefOf(0, 2),
  ROOT_VNODE: capRefOf(1, 0),
  RAM: capRefOf(3, 0),
  DEVICES: capRefOf(5, 0),
} as const;

/** Learns of words written into a translation table; see {@link Kernel.onTableWrite}. */
export type TableWriteListener = (
  pa: number,
  level: number,
  words: Uint32Array,
  entry: number,
  count: number,
) => void;

/** Resolves a fault of a domain; whether the access is to be tried again. */
export type FaultHandler = (abort: AbortInfo) => boolean;

/** What the kernel made for a first domain. */
export interface BootedDomain {
  readonly number: number;
  readonly invocations: Invocations;
}

/** The CPU driver. */
export class Kernel {
  readonly machine: Machine;
  readonly state: KernelState;
  /** The first virtual address that belongs to the kernel. */
  readonly memoryOffset: number;
  private readonly parts: KernelParts;
  private readonly dispatchers: Dispatchers;
  private readonly asids: Asids;
  private readonly interfaces = new Map<number, Invocations[]>();
  private nextInterface = 1;
  /** Slots of the capabilities to all memory, which no domain can reach. */
  private readonly memorySlots: number[] = [];
  private readonly faultHandlers = new Map<number, FaultHandler>();
  private domains = 0;
  private running: TranslationTable | undefined;
  private runningDomain = 0;

  /** A kernel that owns every bank of the machine. */
  constructor(machine: Machine, options: KernelOptions = {}) {
    this.machine = machine;
    this.memoryOffset = options.memoryOffset ?? MEMORY_OFFSET;
    const { memory, counters, events, tlb, profile } = machine;
    const capabilities = new Capabilities();
    const attributes = new AttributeWords(options.attributes ?? defaultPolicy(profile));
    if (attributes.policy.accessFlag === true) machine.cpu.registers.sctlr |= Sctlr.AFE;
    this.state = {
      capabilities,
      database: new MappingDatabase(capabilities),
      tables: new TranslationTables(capabilities, memory, tlb, counters.values, attributes),
      memory,
      counters,
      costs: counters.values,
      events,
      reservedEntry: this.memoryOffset / 2 ** L1_SHIFT,
      objectGone: (object, type, part) => this.objectGone(object, type, part),
      tableGone: (table) => this.tableGone(table),
      newDomain: () => this.newDomain(),
    };
    this.asids = new Asids(tlb, this.state.tables);
    this.dispatchers = new Dispatchers(this.state);
    this.dispatchers.rootMoved = (from, to) => this.rootMoved(from, to);
    const vnodes = new VNodeOperations(this.state);
    this.parts = {
      state: this.state,
      vnodes,
      deletion: new Deletion(this.state, vnodes),
      dispatchers: this.dispatchers,
    };
    machine.cpu.abortHandler = (abort) =>
      this.faultHandlers.get(this.runningDomain)?.(abort) ?? false;
    for (const bank of memory.banks) {
      const type = bank.kind === 'ram' ? CapType.RAM : CapType.PHYS_ADDR;
      const slot = capabilities.allocateSlots(1);
      this.putBootCapability(slot, type, bank.base, bank.bytes);
      this.memorySlots.push(slot);
    }
    if (options.window === true) {
      const table = capabilities.objectOf(this.carve(CapType.RAM, CNODE_KIBIBYTES * 1024));
      const root = capabilities.objects[(table << OBJECT_SHIFT) + OBJECT_BASE] * 1024;
      openKernelWindow(machine, root, this.memoryOffset);
    }
  }

  /**
   * Makes the first capabilities of a domain that nobody spawns: its CSpace, its Dispatcher, its root
   * table, a RAM capability of `ramBytes`, and PhysAddr capabilities to all devices.
   * `rootSlots` is the size of its root CNode, a multiple of 256.
   * Errors: `LIB_ERR_RAM_ALLOC` the machine has no free memory of that size; `SYS_ERR_INVALID_SIZE`.
   * Nothing is left of the domain then.
   */
  bootDomain(ramBytes: number, rootSlots = CNODE_SLOTS): BootedDomain {
    const rootBytes = (rootSlots / CNODE_SLOTS) * CNODE_KIBIBYTES * 1024;
    const root = this.carve(CapType.L1_CNODE, rootBytes);
    try {
      return this.fillCSpace(root, ramBytes);
    } catch (error) {
      // The root CNode holds all that was made, and nobody else names it yet.
      this.parts.deletion.delete(root);
      this.state.capabilities.freeSlots(root);
      throw error;
    }
  }

  /** Makes what a first domain has, in the root CNode that the boot slot `root` holds. */
  private fillCSpace(root: number, ramBytes: number): BootedDomain {
    const { capabilities } = this.state;
    const first = capabilities.slots[(root << SLOT_SHIFT) + SLOT_PART];
    const cnode = (slot: number): number => {
      const made = this.carve(CapType.L2_CNODE, CNODE_KIBIBYTES * 1024);
      const object = capabilities.objectOf(made);
      capabilities.putCopy(first + slot, object, Rights.ALL);
      this.dropBootSlot(made);
      return capabilities.slots[((first + slot) << SLOT_SHIFT) + SLOT_PART];
    };
    const task = cnode(WellKnown.TASK_CNODE);
    const page = cnode(WellKnown.PAGE_CNODE);
    const ram = cnode(WellKnown.SUPER_CNODE);
    const devices = cnode(WellKnown.PHYSICAL_ADDRESS_CNODE);
    this.carve(CapType.DISPATCHER, 1024, task + 1);
    this.carve(CapType.VNODE_ARM_L1, CNODE_KIBIBYTES * 1024, page);
    this.carve(CapType.RAM, ramBytes, ram);
    let device = devices;
    for (const slot of this.memorySlots) {
      if (capabilities.typeOf(slot) !== CapType.PHYS_ADDR) continue;
      capabilities.putCopy(device, capabilities.objectOf(slot), Rights.ALL);
      device += 1;
    }
    const rootObject = capabilities.objectOf(root);
    capabilities.putCopy(task + 2, rootObject, Rights.ALL);
    this.dropBootSlot(root);
    const number = capabilities.slots[((task + 1) << SLOT_SHIFT) + SLOT_PART];
    const vspace = capabilities.slots[(page << SLOT_SHIFT) + SLOT_PART];
    this.dispatchers.setup(number, rootObject, vspace);
    return { number, invocations: this.invocations(rootObject) };
  }

  /** The system-call interface of a domain that has been given a CSpace, or undefined. */
  attach(domain: number): Invocations | undefined {
    const cspace = this.dispatchers.domain(domain)?.cspace ?? 0;
    return cspace === 0 ? undefined : this.invocations(cspace);
  }

  /**
   * Lets the CPU run a domain: its tables, its identifier, unprivileged.
   * Errors: `SYS_ERR_VNODE_TYPE` it has no root table.
   */
  run(domain: number): ErrorNumber {
    const number = this.dispatchers.domain(domain)?.vspace ?? 0;
    if (number === 0) return Code.SYS_ERR_VNODE_TYPE;
    const table = this.state.tables.table(number);
    const { cpu, tlb } = this.machine;
    if (this.running !== table) {
      const asid = this.asids.of(table);
      cpu.switchTo(table.kibibyte * 1024, asid);
      if (this.state.tables.attributes.policy.global) tlb.invalidateAll();
      this.running = table;
    }
    this.runningDomain = domain;
    return OK;
  }

  /**
   * Says who learns of every run of words that is written into a table: the physical address of the
   * first one, the level, and the words of the table with the run's first entry and length.
   */
  onTableWrite(heard: TableWriteListener): void {
    this.state.tables.watcher = ({ kibibyte, level, words }, entry, count) =>
      heard(kibibyte * 1024 + entry * 4, level, words, entry, count);
  }

  /** Says who gets the faults of a domain; without one none of them is resolved. */
  onFault(domain: number, handler: FaultHandler): void {
    this.faultHandlers.set(domain, handler);
  }

  /** The object of the L1 CNode of a domain; 0 where it has none. See `slotImages`. */
  cspaceOf(domain: number): number {
    return this.dispatchers.domain(domain)?.cspace ?? 0;
  }

  /** The physical address of the root table of a domain, or undefined. */
  rootTable(domain: number): number | undefined {
    const number = this.dispatchers.domain(domain)?.vspace ?? 0;
    return number === 0 ? undefined : this.state.tables.table(number).kibibyte * 1024;
  }

  /**
   * Puts into the empty slot `destination` of a domain a capability that only the kernel can make:
   * one to memory that nothing was retyped to. It may overlap other memory, as the capabilities that
   * a boot loader hands over may. `base` and `bytes` are multiples of 1 KiB.
   * Errors: `SYS_ERR_CNODE_NOT_ROOT` the domain has no CSpace; look-up errors; `SYS_ERR_SLOT_IN_USE`.
   */
  grant(
    domain: number,
    destination: CapRef,
    type: CapTypeNumber,
    base: number,
    bytes: number,
  ): ErrorNumber {
    const { capabilities } = this.state;
    const cspace = this.dispatchers.domain(domain)?.cspace ?? 0;
    if (cspace === 0) return Code.SYS_ERR_CNODE_NOT_ROOT;
    const slot = findDestination(capabilities, cspace, destination, type);
    if (slot < 0) return -slot;
    if (capabilities.typeOf(slot) !== CapType.NULL) return Code.SYS_ERR_SLOT_IN_USE;
    this.putBootCapability(slot, type, base, bytes);
    return OK;
  }

  /**
   * Copies the endpoint `endpoint` of the domain `from` into the empty slot `destination` of the
   * domain `to`: how two domains that nobody introduced to each other can begin to talk.
   * Errors: `SYS_ERR_CNODE_NOT_ROOT` one of them has no CSpace; look-up errors;
   * `SYS_ERR_ILLEGAL_INVOCATION` it is no EndPoint; `SYS_ERR_SLOT_IN_USE`.
   */
  introduce(from: number, endpoint: CapRef, to: number, destination: CapRef): ErrorNumber {
    const { capabilities } = this.state;
    const home = this.dispatchers.domain(from)?.cspace ?? 0;
    const cspace = this.dispatchers.domain(to)?.cspace ?? 0;
    if (home === 0 || cspace === 0) return Code.SYS_ERR_CNODE_NOT_ROOT;
    const source = findSlot(capabilities, home, endpoint);
    if (source < 0) return -source;
    if (capabilities.typeOf(source) !== CapType.END_POINT) return Code.SYS_ERR_ILLEGAL_INVOCATION;
    const slot = findDestination(capabilities, cspace, destination, CapType.END_POINT);
    if (slot < 0) return -slot;
    if (capabilities.typeOf(slot) !== CapType.NULL) return Code.SYS_ERR_SLOT_IN_USE;
    capabilities.putCopy(slot, capabilities.objectOf(source), capabilities.rightsOf(source));
    this.state.costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return OK;
  }

  private putBootCapability(slot: number, type: number, base: number, bytes: number): void {
    const { capabilities, database } = this.state;
    const object = capabilities.createObject(type, base / 1024, bytes / 1024, 0);
    database.insert(object);
    capabilities.putCopy(slot, object, Rights.ALL);
  }

  private dropBootSlot(slot: number): void {
    this.state.capabilities.takeCopy(slot);
    this.state.capabilities.freeSlots(slot);
  }

  /** Makes one object from free memory, in the slot `destination` or a boot slot, which it answers. */
  private carve(type: number, bytes: number, destination?: number): number {
    const { capabilities } = this.state;
    const slot = destination ?? capabilities.allocateSlots(1);
    for (const bank of this.memorySlots) {
      if (capabilities.typeOf(bank) !== CapType.RAM) continue;
      const offset = this.freeOffset(capabilities.objectOf(bank), bytes);
      if (offset < 0) continue;
      const request = { type, offset, objectBytes: bytes, count: 1 };
      const error = retype(this.state, bank, request, slot);
      if (error === OK) return slot;
      if (destination === undefined) capabilities.freeSlots(slot);
      throw VmError.from(error, `the kernel cannot make an object of ${bytes} bytes`);
    }
    if (destination === undefined) capabilities.freeSlots(slot);
    throw new VmError(
      'LIB_ERR_RAM_ALLOC',
      `the machine has no ${bytes} bytes of free memory in one piece`,
    );
  }

  /** The lowest free place for `bytes` in the memory of an object, aligned to their size. */
  private freeOffset(memory: number, bytes: number): number {
    const { capabilities, database } = this.state;
    const at = memory << OBJECT_SHIFT;
    const base = capabilities.objects[at + OBJECT_BASE];
    const end = base + capabilities.objects[at + OBJECT_SIZE];
    const size = bytes / 1024;
    const step = Math.min(size, MIB / 1024);
    const aligned = (place: number): number => Math.ceil(place / step) * step;
    for (let place = aligned(base); place + size <= end; ) {
      const taken = database.descendantIn(memory, place, size);
      if (taken === 0) return (place - base) * 1024;
      const takenAt = taken << OBJECT_SHIFT;
      const next =
        capabilities.objects[takenAt + OBJECT_BASE] + capabilities.objects[takenAt + OBJECT_SIZE];
      place = aligned(Math.max(next, place + 1));
    }
    return -1;
  }

  private invocations(root: number): Invocations {
    const made = new Invocations(this.parts, root, this.nextInterface);
    this.nextInterface += 1;
    const others = this.interfaces.get(root);
    if (others === undefined) this.interfaces.set(root, [made]);
    else others.push(made);
    return made;
  }

  private rootMoved(from: number, to: number): void {
    const moved = this.interfaces.get(from) ?? [];
    this.interfaces.delete(from);
    for (const each of moved) rebase(each, to);
    if (to !== 0) this.interfaces.set(to, [...(this.interfaces.get(to) ?? []), ...moved]);
  }

  private newDomain(): number {
    this.domains += 1;
    this.dispatchers.add(this.domains);
    return this.domains;
  }

  private objectGone(object: number, type: number, part: number): void {
    if (type === CapType.L1_CNODE) this.dispatchers.cspaceGone(object);
    else if (type === CapType.DISPATCHER) {
      this.dispatchers.remove(part);
      this.faultHandlers.delete(part);
    }
  }

  private tableGone(table: TranslationTable): void {
    this.dispatchers.vspaceGone(table.number);
    this.asids.release(table);
    if (this.running !== table) return;
    // Nothing may walk a table that is gone: TTBCR.PD0 ends all walks through TTBR0.
    this.machine.cpu.leave();
    this.running = undefined;
  }
}
