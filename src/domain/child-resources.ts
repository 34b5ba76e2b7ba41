/**
 * What a child is made of while its parent builds it: one piece of the parent's RAM, the objects made
 * from that, and the parent's slots that hold them for the time being.
 */
import {
  type CapRef,
  Code,
  capRef,
  type ErrorName,
  type ErrorNumber,
  hex0x,
  MIB,
  OK,
  PAGE_BYTES,
  pushError,
  VmError,
} from '../base/index.js';
import {
  CapType,
  CNODE_KIBIBYTES,
  CNODE_SLOTS,
  type CSpaces,
  rootSlotRef,
  WellKnown,
} from '../kernel/index.js';
import type { Domain } from './domain.js';
import { RamAllocator } from './ram-allocator.js';
import type { SlotAllocator } from './slot-allocator.js';

const CNODE_BYTES = CNODE_KIBIBYTES * 1024;

/** The parent's slots, which notes those that are out for the child. */
class BorrowedSlots implements SlotAllocator {
  private readonly slots: SlotAllocator;
  private readonly borrowed: Set<CapRef>;

  constructor(slots: SlotAllocator, borrowed: Set<CapRef>) {
    this.slots = slots;
    this.borrowed = borrowed;
  }

  get freeCount(): number {
    return this.slots.freeCount;
  }

  allocate(): number {
    const slot = this.slots.allocate();
    if (slot >= 0) this.borrowed.add(capRef(slot));
    return slot;
  }

  free(slot: CapRef): ErrorNumber {
    const error = this.slots.free(slot);
    if (error === OK) this.borrowed.delete(slot);
    return error;
  }

  reserve(count: number): number {
    return this.slots.reserve(count);
  }

  release(growths: number): void {
    this.slots.release(growths);
  }
}

/** The memory and the capabilities of one child. */
export class ChildResources {
  readonly ram: RamAllocator;
  /** The parent's slots, for what the child's pmap needs of them. */
  readonly slots: SlotAllocator;
  private readonly parent: Domain;
  private readonly ramBytes: number;
  /** The child's piece of RAM: where it lies, and the parent's capability to it. */
  private memory = -1;
  private memoryCap: CapRef | undefined;
  /** Slots of the parent that hold something of the child's for the time being. */
  private readonly borrowed = new Set<CapRef>();

  constructor(parent: Domain, ramBytes: number) {
    this.parent = parent;
    this.ramBytes = ramBytes;
    this.ram = new RamAllocator(parent.invocations);
    this.slots = new BorrowedSlots(parent.slots, this.borrowed);
  }

  /** Whether there is anything of the child. */
  get exist(): boolean {
    return this.memoryCap !== undefined;
  }

  /** A slot of the parent for something of the child. Error: `SPAWN_ERR_CREATE_CSPACE` there is none. */
  borrowSlot(): CapRef {
    const slot = this.parent.slots.allocate();
    if (slot < 0) {
      const error = pushError(-slot, Code.LIB_ERR_SLOT_ALLOC);
      throw VmError.from(
        pushError(error, Code.SPAWN_ERR_CREATE_CSPACE),
        'the parent has no slot left',
      );
    }
    this.borrowed.add(capRef(slot));
    return capRef(slot);
  }

  /** The slot is the parent's own again: what was in it is the child's own now. */
  returnSlot(slot: CapRef): void {
    this.borrowed.delete(slot);
    this.parent.slots.free(slot);
  }

  /** Lets go of what names the child's objects from outside; the child lives without. */
  letGo(): void {
    for (const slot of this.borrowed) {
      this.parent.invocations.delete(slot);
      this.parent.slots.free(slot);
    }
    this.borrowed.clear();
  }

  /** Takes everything back, at any point: revoking what the child was made from ends all of it. */
  giveUp(): void {
    const { parent } = this;
    if (this.memoryCap !== undefined) {
      parent.invocations.destroy(this.memoryCap);
      parent.slots.free(this.memoryCap);
      this.memoryCap = undefined;
    }
    for (const slot of this.borrowed) parent.slots.free(slot);
    this.borrowed.clear();
    if (this.memory >= 0) parent.ram.free(this.memory, this.ramBytes);
    this.memory = -1;
  }

  /** Takes the child's piece of RAM. Error: `SPAWN_ERR_CREATE_CSPACE` the parent has none, with its cause. */
  takeMemory(): void {
    const { parent, ramBytes } = this;
    const address = parent.ram.allocate(ramBytes, MIB);
    if (address < 0) {
      throw VmError.from(
        pushError(-address, Code.SPAWN_ERR_CREATE_CSPACE),
        `the parent has no ${hex0x(ramBytes)} bytes of RAM in one piece`,
      );
    }
    this.memory = address;
    const slot = this.borrowSlot();
    const { cap, offset } = parent.ram.place(address);
    const request = { type: CapType.RAM, offset, objectBytes: ramBytes, count: 1 };
    check(
      parent.invocations.retype(cap, request, slot),
      'SPAWN_ERR_CREATE_CSPACE',
      'the RAM of the child cannot be made',
    );
    this.borrowed.delete(slot);
    this.memoryCap = slot;
    check(this.ram.add(slot), 'SPAWN_ERR_CREATE_CSPACE', 'the RAM of the child cannot be used');
  }

  /** Makes one object of the child's RAM. Error: `code`, with its cause. */
  make(type: number, bytes: number, destination: CapRef, code: ErrorName, spaces?: CSpaces): void {
    this.carve(type, bytes, Math.max(bytes, PAGE_BYTES), destination, code, spaces);
  }

  /** Makes a frame of the child's RAM. Error: `code`, with its cause. */
  makeFrame(bytes: number, code: ErrorName): CapRef {
    const frame = this.borrowSlot();
    this.carve(CapType.FRAME, bytes, undefined, frame, code);
    return frame;
  }

  private carve(
    type: number,
    bytes: number,
    alignment: number | undefined,
    destination: CapRef,
    code: ErrorName,
    spaces?: CSpaces,
  ): void {
    const address = this.ram.allocate(bytes, alignment);
    if (address < 0) {
      throw VmError.from(
        pushError(-address, Code[code]),
        `${hex0x(this.ramBytes)} bytes of RAM are too few for the child`,
      );
    }
    const { cap, offset } = this.ram.place(address);
    const request = { type, offset, objectBytes: bytes, count: 1 };
    const error = this.parent.invocations.retype(cap, request, destination, spaces);
    check(error, code, `an object of ${hex0x(bytes)} bytes cannot be made for the child`);
  }

  /** The root CNode and the well-known L2 CNodes in it; answers the parent's capability to the root. */
  makeCSpace(rootSlots: number): CapRef {
    const { invocations } = this.parent;
    const code: ErrorName = 'SPAWN_ERR_CREATE_CSPACE';
    const root = this.borrowSlot();
    this.make(CapType.L1_CNODE, (rootSlots / CNODE_SLOTS) * CNODE_BYTES, root, code);
    const spaces = { destination: root };
    for (const slot of [WellKnown.TASK_CNODE, WellKnown.PAGE_CNODE, WellKnown.SUPER_CNODE]) {
      this.make(CapType.L2_CNODE, CNODE_BYTES, rootSlotRef(slot), code, spaces);
    }
    check(invocations.copy(WellKnown.ROOT_CNODE, root, spaces), code, 'no root CNode');
    const memory = this.memoryCap as CapRef;
    check(invocations.copy(WellKnown.RAM, memory, spaces), code, 'no RAM for the child');
    return root;
  }
}

/** Error: `code` over `error`, where that is one. */
export function check(error: ErrorNumber, code: ErrorName, message: string): void {
  if (error !== OK) throw VmError.from(pushError(error, Code[code]), message);
}
