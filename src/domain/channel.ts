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
    const endpoint = this.endpointOf(to);
    const [from, target] = [this.party, to.party];
    const minted = this.takeSlot(from);
    let received: number = -1;
    let error = from.invocations.mint(minted, cap, rights | Rights.GRANT | Rights.IDENTIFY);
    if (error === OK) {
      received = target.slots.allocate();
      error = received < 0 ? pushError(-received, Code.LIB_ERR_SLOT_ALLOC) : OK;
      if (error === OK) {
        error = target.invocations.receiveInto(WellKnown.DISPATCHER, capRef(received));
      }
      if (error === OK) error = from.invocations.send(endpoint, [rights], minted);
      if (error === OK) target.invocations.receive(WellKnown.DISPATCHER);
      from.invocations.delete(minted);
    }
    from.slots.free(minted);
    if (error === OK) return capRef(received);
    if (received >= 0) target.slots.free(capRef(received));
    throw this.failure(error, `the capability in ${hex0x(cap)}`, to);
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
  private endpointOf(to: Channels): CapRef {
    const known = this.endpoints.get(to.party.number);
    if (known !== undefined) return known;
    const theirs = to.ownEndpoint();
    const slot = this.takeSlot(this.party);
    const { kernel, number } = this.party;
    const error = kernel.introduce(to.party.number, theirs, number, slot);
    if (error !== OK) {
      this.party.slots.free(slot);
      throw this.failure(error, 'an endpoint', to);
    }
    this.endpoints.set(to.party.number, slot);
    to.holders.add(this);
    return slot;
  }

  private ownEndpoint(): CapRef {
    if (this.own !== undefined) return this.own;
    const slot = this.takeSlot(this.party);
    const request = { type: CapType.END_POINT, offset: 0, objectBytes: 1024, count: 1 };
    const error = this.party.invocations.retype(WellKnown.DISPATCHER, request, slot);
    if (error !== OK) {
      this.party.slots.free(slot);
      throw this.failure(error, 'an endpoint of its own', this);
    }
    this.own = slot;
    return slot;
  }

  private takeSlot(party: Party): CapRef {
    const slot = party.slots.allocate();
    if (slot >= 0) return capRef(slot);
    throw VmError.from(
      pushError(pushError(-slot, Code.LIB_ERR_SLOT_ALLOC), Code.LIB_ERR_CAP_COPY),
      `${party.name} has no slot left for a capability that is handed over`,
    );
  }

  private failure(error: ErrorNumber, what: string, to: Channels): VmError {
    return VmError.from(
      pushError(error, Code.LIB_ERR_CAP_COPY),
      `${this.party.name} cannot give ${to.party.name} ${what}`,
    );
  }
}
