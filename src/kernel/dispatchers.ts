/**
 * Domains as the kernel knows them: what each Dispatcher runs with, and the message that waits for it.
 */
import { type CapRef, Code, type ErrorNumber, OK } from '../base/index.js';
import { Cost } from '../machine/index.js';
import {
  type Capabilities,
  OBJECT_PART,
  OBJECT_SHIFT,
  OBJECT_SLOTS,
  SLOT_OBJECT,
  SLOT_SHIFT,
} from './capabilities.js';
import { CapType } from './capability-types.js';
import { findDestination } from './cspace.js';
import type { KernelState } from './kernel-state.js';

/** One domain. */
export interface DomainRecord {
  /** The object of its L1 CNode, 0 for none. */
  cspace: number;
  /** The number of its root table, 0 for none. */
  vspace: number;
  /** Where the next capability sent to it goes, and in which CSpace. */
  receiveRoot: number;
  receiveSlot: CapRef | undefined;
  message: readonly number[] | undefined;
}

/** The words that one message may carry (Barrelfish's LMP payload on ARM). */
const MESSAGE_WORDS = 9;

/** All Dispatchers of a machine, by domain number. */
export class Dispatchers {
  /** Called when the root CNode `from` of running domains gives way to `to`, 0 when it is gone. */
  rootMoved: (from: number, to: number) => void = () => {};
  private readonly state: KernelState;
  private readonly domains = new Map<number, DomainRecord>();

  constructor(state: KernelState) {
    this.state = state;
  }

  /** The record of a domain, or undefined once its Dispatcher is gone. */
  domain(number: number): DomainRecord | undefined {
    return this.domains.get(number);
  }

  /** Makes room for the domain of a new Dispatcher. */
  add(number: number): void {
    this.domains.set(number, {
      cspace: 0,
      vspace: 0,
      receiveRoot: 0,
      receiveSlot: undefined,
      message: undefined,
    });
  }

  /** The Dispatcher of the domain is gone. */
  remove(number: number): void {
    this.domains.delete(number);
  }

  /** Gives a domain its CSpace and its root table. */
  setup(number: number, cspace: number, vspace: number): void {
    const record = this.domains.get(number);
    if (record === undefined) return;
    record.cspace = cspace;
    record.vspace = vspace;
  }

  /** The root CNode object is gone: who ran with it has no CSpace left. */
  cspaceGone(object: number): void {
    for (const record of this.domains.values()) {
      if (record.cspace === object) record.cspace = 0;
      if (record.receiveRoot === object) record.receiveSlot = undefined;
    }
    this.rootMoved(object, 0);
  }

  /** The root table is gone: who ran with it has no address space left. */
  vspaceGone(table: number): void {
    for (const record of this.domains.values()) {
      if (record.vspace === table) record.vspace = 0;
    }
  }

  /** Names the slot for the next capability that is sent to the domain, or none with `null`. */
  receiveInto(number: number, root: number, destination: CapRef | null): ErrorNumber {
    const record = this.domains.get(number);
    if (record === undefined) return Code.SYS_ERR_LMP_NO_TARGET;
    record.receiveRoot = destination === null ? 0 : root;
    record.receiveSlot = destination ?? undefined;
    return OK;
  }

  /** Takes the message that waits for the domain. */
  take(number: number): readonly number[] | undefined {
    const record = this.domains.get(number);
    const message = record?.message;
    if (record !== undefined) record.message = undefined;
    return message;
  }

  /** Puts `words`, and a copy of the capability in the slot `from` unless that is 0, before the domain. */
  deliver(number: number, words: readonly number[], from: number): ErrorNumber {
    const { capabilities, costs } = this.state;
    const record = this.domains.get(number);
    if (record === undefined) return Code.SYS_ERR_LMP_NO_TARGET;
    if (record.message !== undefined || words.length > MESSAGE_WORDS) {
      return Code.SYS_ERR_LMP_BUF_OVERFLOW;
    }
    if (from !== 0) {
      if (record.receiveSlot === undefined) return Code.SYS_ERR_LMP_NO_TARGET;
      const { receiveRoot, receiveSlot } = record;
      const type = capabilities.typeOf(from);
      const to = findDestination(capabilities, receiveRoot, receiveSlot, type);
      if (to < 0) return -to;
      if (capabilities.typeOf(to) !== CapType.NULL) return Code.SYS_ERR_SLOT_IN_USE;
      capabilities.putCopy(to, capabilities.objectOf(from), capabilities.rightsOf(from));
      record.receiveRoot = 0;
      record.receiveSlot = undefined;
    }
    record.message = [...words];
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return OK;
  }

  /** Moves every slot of the root CNode `from` into the larger empty one `to`. */
  resizeRoot(from: number, to: number): ErrorNumber {
    const { capabilities } = this.state;
    const slots = slotRun(capabilities, from);
    const larger = slotRun(capabilities, to);
    if (larger.count < slots.count || from === to) return Code.SYS_ERR_CNODE_RESIZE_SHRINK;
    for (let index = 0; index < larger.count; index += 1) {
      if (capabilities.typeOf(larger.first + index) !== CapType.NULL) {
        return Code.SYS_ERR_SLOTS_IN_USE;
      }
    }
    for (let index = 0; index < slots.count; index += 1) {
      const slot = slots.first + index;
      if (capabilities.typeOf(slot) === CapType.NULL) continue;
      const object = capabilities.slots[(slot << SLOT_SHIFT) + SLOT_OBJECT];
      capabilities.putCopy(larger.first + index, object, capabilities.rightsOf(slot));
      capabilities.takeCopy(slot);
    }
    for (const record of this.domains.values()) {
      if (record.cspace === from) record.cspace = to;
      if (record.receiveRoot === from) record.receiveRoot = to;
    }
    this.state.costs[Cost.CAPABILITY_OPERATIONS] += 1;
    this.rootMoved(from, to);
    return OK;
  }
}

function slotRun(capabilities: Capabilities, root: number): { first: number; count: number } {
  const at = root << OBJECT_SHIFT;
  return {
    first: capabilities.objects[at + OBJECT_PART],
    count: capabilities.objects[at + OBJECT_SLOTS],
  };
}
