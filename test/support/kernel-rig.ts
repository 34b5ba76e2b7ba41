import {
  type CapRef,
  capRef,
  type ErrorName,
  type ErrorNumber,
  errorChain,
  MIB,
  OK,
} from '../../src/base/index.js';
import {
  CapType,
  CNODE_KIBIBYTES,
  type CSpaces,
  capRefOf,
  type Invocations,
  Kernel,
  type KernelOptions,
  rootSlotRef,
  WellKnown,
} from '../../src/kernel/index.js';
import { Machine, type MachineConfig } from '../../src/machine/index.js';

/** The codes of an error number, innermost first; empty for success. */
export function codes(error: ErrorNumber): ErrorName[] {
  return errorChain(error);
}

/** How a rig differs from the usual one. */
export interface RigOptions extends KernelOptions, Partial<MachineConfig> {
  readonly ramBytes?: number;
  readonly rootSlots?: number;
}

/** A kernel with one domain of bare capabilities: slots and memory are handed out, nothing is reused. */
export class KernelRig {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly number: number;
  readonly inv: Invocations;
  private cnode = WellKnown.FIRST_FREE;
  private nextSlot = 256;
  private readonly ramBase: number;
  private used = 0;

  constructor(options: RigOptions = {}) {
    this.machine = new Machine({
      banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
      profile: 'cortex-a7',
      tlb: 'strict',
      ...options,
    });
    this.kernel = new Kernel(this.machine, options);
    const booted = this.kernel.bootDomain(options.ramBytes ?? 128 * MIB, options.rootSlots);
    this.number = booted.number;
    this.inv = booted.invocations;
    ok(this.inv.identify(WellKnown.RAM));
    this.ramBase = this.inv.identity.base;
  }

  /** An empty slot. */
  slot(): CapRef {
    if (this.nextSlot === 256) {
      this.cnode += 1;
      this.nextSlot = 0;
      this.retype(CapType.L2_CNODE, CNODE_KIBIBYTES * 1024, rootSlotRef(this.cnode));
    }
    this.nextSlot += 1;
    return capRefOf(this.cnode, this.nextSlot - 1);
  }

  /** `count` adjacent empty slots of one CNode. */
  slots(count: number): CapRef {
    if (this.nextSlot + count > 256) this.nextSlot = 256;
    const first = this.slot();
    this.nextSlot += count - 1;
    return first;
  }

  /** Offset in the domain's RAM of a range that was never used; its address is so aligned. */
  range(bytes: number, alignment = Math.max(4096, bytes)): number {
    const address = this.ramBase + this.used;
    this.used = Math.ceil(address / alignment) * alignment - this.ramBase;
    this.used += Math.ceil(bytes / 4096) * 4096;
    return this.used - Math.ceil(bytes / 4096) * 4096;
  }

  /** A new object of the domain's RAM in a new slot. */
  make(type: number, bytes: number, alignment?: number): CapRef {
    const slot = this.slot();
    this.retype(type, bytes, slot, undefined, alignment);
    return slot;
  }

  /** A new object of the domain's RAM in `slot`; throws where the kernel refuses. */
  retype(type: number, bytes: number, slot: CapRef, spaces?: CSpaces, alignment?: number): void {
    const offset = this.range(bytes, alignment);
    const request = { type, offset, objectBytes: bytes, count: 1 };
    ok(this.inv.retype(WellKnown.RAM, request, slot, spaces));
  }

  /** Objects made from `source` in a new slot; the error where the kernel refuses. */
  from(source: CapRef, type: number, bytes: number, offset = 0): CapRef {
    const slot = this.slot();
    ok(this.inv.retype(source, { type, offset, objectBytes: bytes, count: 1 }, slot));
    return slot;
  }

  /** A copy of `source` in a new slot. */
  copy(source: CapRef): CapRef {
    const slot = this.slot();
    ok(this.inv.copy(slot, source));
    return slot;
  }

  /** A second domain: its root CNode, and a Dispatcher with a root table set up for it. */
  secondDomain(): SecondDomain {
    const root = this.make(CapType.L1_CNODE, CNODE_KIBIBYTES * 1024);
    const spaces = { destination: root };
    this.retype(CapType.L2_CNODE, CNODE_KIBIBYTES * 1024, rootSlotRef(0), spaces);
    const dispatcher = this.make(CapType.DISPATCHER, 1024);
    const vspace = this.make(CapType.VNODE_ARM_L1, 16 * 1024);
    ok(this.inv.dispatcherSetup(dispatcher, root, vspace));
    const number = this.inv.dispatcherNumber(dispatcher);
    const inv = this.kernel.attach(number);
    if (inv === undefined) throw new Error('the second domain has no CSpace');
    return { root, dispatcher, vspace, number, inv };
  }
}

/** A domain beside the first: what the first holds of it, and its own interface. */
export interface SecondDomain {
  /** Its root CNode, whose slot 0 holds an empty L2 CNode. */
  readonly root: CapRef;
  readonly dispatcher: CapRef;
  readonly vspace: CapRef;
  readonly number: number;
  readonly inv: Invocations;
}

/** Throws unless the kernel has agreed. */
export function ok(error: ErrorNumber): void {
  if (error !== OK) throw new Error(`the kernel refused: ${codes(error).join(' < ')}`);
}

export const ROOT = WellKnown.ROOT_VNODE;
export const RAM = WellKnown.RAM;
export const NOWHERE = capRef(0xff00_0000);
