/**
 * How a domain hands a capability to another one: minted with the rights that the other shall have,
 * sent through an endpoint of its Dispatcher, and received into a slot that it named for this.
 */
import {
  type CapRef,
  Code,
  capRef,
  type ErrorNumber,
  hex0x,
  OK,
  pushError,
  VmError,
} from '../base/index.js';
import { CapType, type Invocations, type Kernel, Rights, WellKnown } from '../kernel/index.js';
import type { SlotAllocator } from './slot-allocator.js';
import { UndoLog } from './undo-log.js';

/** What a domain needs to take part. */
export interface Party {
  readonly name: string;
  readonly number: number;
  readonly kernel: Kernel;
  readonly invocations: Invocations;
  readonly slots: SlotAllocator;
}

/** The endpoints that one domain sends through, and its own. */
export class Channels {
  readonly party: Party;
  /** By domain number: our slot with an endpoint of that domain. */
  private readonly endpoints = new Map<number, CapRef>();
  private own: CapRef | undefined;
  /** Who holds an endpoint of ours. */
  private readonly holders = new Set<Channels>();

  constructor(party: Party) {
    this.party = party;
  }

  /**
   * Gives `to` a copy of `cap` with at most `rights`; answers its slot there.
   * Errors: `LIB_ERR_CAP_COPY` over `LIB_ERR_SLOT_ALLOC`, or over the kernel's error.
   */
  give(cap: CapRef, rights: number, to: Channels): CapRef {
    const undo = new UndoLog();
    try {
      return this.pass(cap, rights, to, undo);
    } catch (error) {
      undo.rollBack();
      throw error;
    }
  }

  /** Does what {@link give} does, and notes how it is undone. */
  private pass(cap: CapRef, rights: number, to: Channels, undo: UndoLog): CapRef {
    const endpoint = this.endpointOf(to, undo);
    const [from, target] = [this.party, to.party];
    const minted = this.takeSlot(from, undo);
    const received = this.takeSlot(target, undo);
    let error = from.invocations.mint(minted, cap, rights | Rights.GRANT | Rights.IDENTIFY);
    if (error === OK) {
      undo.push(() => from.invocations.delete(minted));
      error = target.invocations.receiveInto(WellKnown.DISPATCHER, received);
    }
    if (error === OK) {
      undo.push(() => target.invocations.receiveInto(WellKnown.DISPATCHER, null));
      error = from.invocations.send(endpoint, [rights], minted);
    }
    if (error === OK) {
      target.invocations.receive(WellKnown.DISPATCHER);
      undo.push(() => target.invocations.delete(received));
      error = from.invocations.delete(minted);
    }
    if (error !== OK) throw this.failure(error, `the capability in ${hex0x(cap)}`, to);
    from.slots.free(minted);
    return received;
  }

  /** Forgets everybody, and is forgotten. The slots are free afterwards. */
  close(): void {
    const { invocations, slots } = this.party;
    for (const number of [...this.endpoints.keys()]) this.forget(number);
    for (const holder of this.holders) holder.forget(this.party.number);
    this.holders.clear();
    if (this.own === undefined) return;
    invocations.revoke(this.own);
    invocations.delete(this.own);
    slots.free(this.own);
    this.own = undefined;
  }

  /** Gives up the endpoint of a domain. */
  private forget(number: number): void {
    const endpoint = this.endpoints.get(number);
    if (endpoint === undefined) return;
    this.party.invocations.delete(endpoint);
    this.party.slots.free(endpoint);
    this.endpoints.delete(number);
  }

  /** Our slot with an endpoint of `to`, which the kernel introduces us to the first time. */
  private endpointOf(to: Channels, undo: UndoLog): CapRef {
    const known = this.endpoints.get(to.party.number);
    if (known !== undefined) return known;
    const theirs = to.ownEndpoint(undo);
    const slot = this.takeSlot(this.party, undo);
    const { kernel, number } = this.party;
    const error = kernel.introduce(to.party.number, theirs, number, slot);
    if (error !== OK) throw this.failure(error, 'an endpoint', to);
    this.endpoints.set(to.party.number, slot);
    to.holders.add(this);
    undo.push(() => {
      to.holders.delete(this);
      this.endpoints.delete(to.party.number);
      return this.party.invocations.delete(slot);
    });
    return slot;
  }

  private ownEndpoint(undo: UndoLog): CapRef {
    if (this.own !== undefined) return this.own;
    const slot = this.takeSlot(this.party, undo);
    const request = { type: CapType.END_POINT, offset: 0, objectBytes: 1024, count: 1 };
    const error = this.party.invocations.retype(WellKnown.DISPATCHER, request, slot);
    if (error !== OK) throw this.failure(error, 'an endpoint of its own', this);
    this.own = slot;
    undo.push(() => {
      this.own = undefined;
      return this.party.invocations.delete(slot);
    });
    return slot;
  }

  /** A slot, with more CNodes where it takes them. */
  private takeSlot({ name, slots }: Party, undo: UndoLog): CapRef {
    const growths = slots.reserve(1);
    const slot = growths < 0 ? growths : slots.allocate();
    if (slot < 0) {
      if (growths > 0) slots.release(growths);
      throw VmError.from(
        pushError(pushError(-slot, Code.LIB_ERR_SLOT_ALLOC), Code.LIB_ERR_CAP_COPY),
        `${name} has no slot left for a capability that is handed over`,
      );
    }
    undo.push(() => {
      const freed = slots.free(capRef(slot));
      slots.release(growths);
      return freed;
    });
    return capRef(slot);
  }

  private failure(error: ErrorNumber, what: string, to: Channels): VmError {
    return VmError.from(
      pushError(error, Code.LIB_ERR_CAP_COPY),
      `${this.party.name} cannot give ${to.party.name} ${what}`,
    );
  }
}
