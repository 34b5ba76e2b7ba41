/**
 * What a domain can ask of the kernel: invocations on the capabilities of its own CSpace.
 *
 * This object and {@link CapRef} numbers are all that a domain holds. Every method answers an error
 * number and never throws, whatever is passed; `OK` is 0. Where an operation spans two CSpaces, the
 * root of the other one is named by a capability to its L1 CNode in this one.
 */
import { type CapRef, Code, type ErrorNumber, OK, pushError } from '../base/index.js';
import { Cost, EventKind } from '../machine/index.js';
import {
  MAPPING_OFFSET,
  MAPPING_RUN,
  MAPPING_SOURCE,
  MAPPING_TABLE,
  OBJECT_BASE,
  OBJECT_SHIFT,
  OBJECT_SIZE,
  RUN_ENTRY_BITS,
  RUN_ENTRY_MASK,
  SLOT_PART,
  SLOT_SHIFT,
} from './capabilities.js';
import { CAP_TYPE_NAMES, CapType, isMapping, Rights } from './capability-types.js';
import { findDestination, findSlot, lookupError, slotOf } from './cspace.js';
import type { Deletion } from './deletion.js';
import type { Dispatchers } from './dispatchers.js';
import { Identity, MappingIdentity } from './identity.js';
import type { KernelState } from './kernel-state.js';
import { moveCapability } from './move.js';
import { PageInvocations, WATCH_BITS, WATCH_MASK } from './page-fast-path.js';
import { type RetypeRequest, retype } from './retype.js';
import type { MappingObserver } from './translation-tables.js';
import type { VNodeOperations } from './vnode-operations.js';

/** Other CSpaces that an operation takes from or puts into; its own where a field is left out. */
export interface CSpaces {
  /** A capability to the L1 CNode of the source's CSpace. */
  readonly source?: CapRef;
  /** A capability to the L1 CNode of the destination's CSpace. */
  readonly destination?: CapRef;
}

/** The parts of the kernel that invocations reach. */
export interface KernelParts {
  readonly state: KernelState;
  readonly vnodes: VNodeOperations;
  readonly deletion: Deletion;
  readonly dispatchers: Dispatchers;
}

/** The system-call interface of one CSpace. */
export class Invocations extends PageInvocations {
  /** The answer of the last successful {@link identify}. */
  readonly identity = new Identity();
  /** The answer of the last successful {@link identifyMapping}. */
  readonly mappingIdentity = new MappingIdentity();
  /** The number of the observer that {@link observe} was given last. */
  watch = 0;
  private watches = 0;
  private readonly vnodes: VNodeOperations;
  private readonly deletion: Deletion;
  private readonly dispatchers: Dispatchers;

  constructor(parts: KernelParts, root: number, number: number) {
    super(parts.state, root, number);
    this.vnodes = parts.vnodes;
    this.deletion = parts.deletion;
    this.dispatchers = parts.dispatchers;
  }

  /**
   * Reads type, rights, base and size of a capability into {@link identity}.
   * Errors: a look-up error; `SYS_ERR_CAP_NOT_FOUND` the slot is empty;
   * `SYS_ERR_ILLEGAL_INVOCATION` a Mapping has no memory of its own.
   */
  identify(cap: CapRef): ErrorNumber {
    const { capabilities, costs } = this.state;
    const slot = findSlot(capabilities, this.root, cap);
    if (slot < 0) return -slot;
    const type = capabilities.typeOf(slot);
    if (type === CapType.NULL) return Code.SYS_ERR_CAP_NOT_FOUND;
    if (isMapping(type)) return Code.SYS_ERR_ILLEGAL_INVOCATION;
    const at = capabilities.objectOf(slot) << OBJECT_SHIFT;
    const identity = this.identity;
    identity.type = type;
    identity.rights = capabilities.rightsOf(slot);
    identity.kibibyte = capabilities.objects[at + OBJECT_BASE];
    identity.kibibytes = capabilities.objects[at + OBJECT_SIZE];
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return OK;
  }

  /** As {@link identify}, and `SYS_ERR_ILLEGAL_INVOCATION` for what is neither Frame nor DevFrame. */
  identifyFrame(cap: CapRef): ErrorNumber {
    const error = this.identify(cap);
    if (error !== OK) return error;
    const type = this.identity.type;
    return type === CapType.FRAME || type === CapType.DEV_FRAME
      ? OK
      : Code.SYS_ERR_ILLEGAL_INVOCATION;
  }

  /**
   * Reads what a Mapping maps, and where, into {@link mappingIdentity}.
   * Errors: a look-up error; `SYS_ERR_CAP_NOT_FOUND` the slot is empty; `SYS_ERR_WRONG_MAPPING` the
   * capability is no Mapping.
   */
  identifyMapping(mapping: CapRef): ErrorNumber {
    const { capabilities, tables, costs } = this.state;
    const slot = findSlot(capabilities, this.root, mapping);
    if (slot < 0) return -slot;
    const type = capabilities.typeOf(slot);
    if (type === CapType.NULL) return Code.SYS_ERR_CAP_NOT_FOUND;
    if (!isMapping(type)) return Code.SYS_ERR_WRONG_MAPPING;
    const { slots, objects } = capabilities;
    const at = slot << SLOT_SHIFT;
    const run = slots[at + MAPPING_RUN];
    const source = capabilities.objectOf(slots[at + MAPPING_SOURCE]) << OBJECT_SHIFT;
    const identity = this.mappingIdentity;
    identity.kind = (slots[at] >>> 16) & 0xff;
    identity.tableKibibyte = tables.table(slots[at + MAPPING_TABLE]).kibibyte;
    identity.entry = run & RUN_ENTRY_MASK;
    identity.entries = run >>> RUN_ENTRY_BITS;
    identity.kibibyte = objects[source + OBJECT_BASE];
    identity.page = slots[at + MAPPING_OFFSET];
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return OK;
  }

  /**
   * Makes objects of `request.type` from `source` in the slots from `destination` on. The slots
   * must all lie in one CNode.
   * Errors: `SYS_ERR_SOURCE_CAP_LOOKUP`, `SYS_ERR_DEST_CNODE_LOOKUP` over a look-up error, or over
   * `SYS_ERR_DEST_TYPE_INVALID` for a slot of the root CNode and anything but an L2 CNode;
   * `SYS_ERR_SLOTS_INVALID`, `SYS_ERR_SLOTS_IN_USE`; those of `retype`.
   */
  retype(
    source: CapRef,
    request: RetypeRequest,
    destination: CapRef,
    spaces?: CSpaces,
  ): ErrorNumber {
    const { capabilities } = this.state;
    const from = this.sourceSlot(source, spaces?.source);
    if (from <= 0) return this.sourceError(from);
    const to = this.destinationSlot(destination, spaces?.destination, request.type);
    if (to <= 0) return this.destinationError(to);
    const room = destination < 0 ? 1 : 256 - slotOf(destination);
    if (!(request.count <= room)) return Code.SYS_ERR_SLOTS_INVALID;
    for (let slot = to; slot < to + request.count; slot += 1) {
      if (capabilities.typeOf(slot) !== CapType.NULL) return Code.SYS_ERR_SLOTS_IN_USE;
    }
    return retype(this.state, from, request, to);
  }

  /** Copies `source` with all its rights into the empty slot `destination`: see {@link mint}. */
  copy(destination: CapRef, source: CapRef, spaces?: CSpaces): ErrorNumber {
    return this.mint(destination, source, Rights.ALL, spaces);
  }

  /**
   * Copies `source` with the rights that both it and `rights` have into the empty slot `destination`.
   * Errors: as for {@link retype} the look-ups; `SYS_ERR_NOT_COPYABLE` for a Mapping;
   * `SYS_ERR_SLOT_IN_USE`.
   */
  mint(destination: CapRef, source: CapRef, rights: number, spaces?: CSpaces): ErrorNumber {
    const { capabilities, costs, events } = this.state;
    const from = this.sourceSlot(source, spaces?.source);
    if (from <= 0) return this.sourceError(from);
    const type = capabilities.typeOf(from);
    if (isMapping(type)) return Code.SYS_ERR_NOT_COPYABLE;
    const to = this.destinationSlot(destination, spaces?.destination, type);
    if (to <= 0) return this.destinationError(to);
    if (capabilities.typeOf(to) !== CapType.NULL) return Code.SYS_ERR_SLOT_IN_USE;
    capabilities.putCopy(to, capabilities.objectOf(from), capabilities.rightsOf(from) & rights);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    if (events.on) events.record(EventKind.CAP_COPY, from, to, rights);
    return OK;
  }

  /**
   * Moves `source`, of any type, into the empty slot `destination`: it keeps its rights, its place
   * among the copies, and its Mappings.
   * Errors: as for {@link mint}, but a Mapping can be moved.
   */
  move(destination: CapRef, source: CapRef, spaces?: CSpaces): ErrorNumber {
    const { capabilities, tables, costs, events } = this.state;
    const from = this.sourceSlot(source, spaces?.source, Rights.WRITE);
    if (from <= 0) return this.sourceError(from);
    const type = capabilities.typeOf(from);
    const to = this.destinationSlot(destination, spaces?.destination, type);
    if (to <= 0) return this.destinationError(to);
    if (capabilities.typeOf(to) !== CapType.NULL) return Code.SYS_ERR_SLOT_IN_USE;
    moveCapability(capabilities, tables, from, to);
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    if (events.on) events.record(EventKind.CAP_COPY, from, to, Rights.ALL);
    return OK;
  }

  /** Empties a slot. The last copy takes the object with it. Errors: a look-up error. */
  delete(cap: CapRef, spaces?: CSpaces): ErrorNumber {
    const slot = this.sourceSlot(cap, spaces?.source, Rights.WRITE);
    if (slot <= 0) return slot === 0 ? Code.SYS_ERR_CAP_NOT_FOUND : -slot;
    this.state.costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return this.deletion.delete(slot);
  }

  /**
   * Takes an object away from everybody: {@link revoke}, then {@link delete}, as one step.
   * Errors: a look-up error.
   */
  destroy(cap: CapRef, spaces?: CSpaces): ErrorNumber {
    const error = this.revoke(cap, spaces);
    return error === OK ? this.delete(cap, spaces) : error;
  }

  /** Removes all copies, descendants and Mappings of a capability but itself. Errors: a look-up error. */
  revoke(cap: CapRef, spaces?: CSpaces): ErrorNumber {
    const slot = this.sourceSlot(cap, spaces?.source, Rights.WRITE);
    if (slot <= 0) return slot === 0 ? Code.SYS_ERR_CAP_NOT_FOUND : -slot;
    this.state.costs[Cost.CAPABILITY_OPERATIONS] += 1;
    return this.deletion.revoke(slot);
  }

  /** For {@link vnodeMap}. */
  protected override mapByName(
    table: CapRef,
    source: CapRef,
    entry: number,
    flags: number,
    offset: number,
    count: number,
    mapping: CapRef,
  ): ErrorNumber {
    const { capabilities } = this.state;
    const root = this.root;
    const tableSlot = findSlot(capabilities, root, table);
    if (tableSlot < 0) return -tableSlot;
    const sourceSlot = findSlot(capabilities, root, source);
    if (sourceSlot < 0) return lookupError(sourceSlot, Code.SYS_ERR_SOURCE_CAP_LOOKUP);
    const to = findDestination(capabilities, root, mapping, CapType.FRAME_MAPPING);
    if (to < 0) return lookupError(to, Code.SYS_ERR_DEST_CNODE_LOOKUP);
    return this.vnodes.map(tableSlot, sourceSlot, entry, flags, offset, count, to);
  }

  /** For {@link vnodeUnmap}. */
  protected override unmapByName(table: CapRef, mapping: CapRef, watch = 0): ErrorNumber {
    const { capabilities, tables } = this.state;
    const root = this.root;
    const tableSlot = findSlot(capabilities, root, table);
    if (tableSlot < 0) return -tableSlot;
    const slot = findSlot(capabilities, root, mapping, Rights.WRITE);
    if (slot < 0) return -slot;
    // Somebody else's number would make that one miss what it must hear.
    tables.unheard = watch >>> WATCH_BITS === this.number ? watch : 0;
    const error = this.vnodes.unmap(tableSlot, slot);
    tables.unheard = 0;
    return error;
  }

  /** Changes the attributes of `count` entries from entry `offset` of a Mapping. */
  mappingModify(mapping: CapRef, offset: number, count: number, flags: number): ErrorNumber {
    const slot = findSlot(this.state.capabilities, this.root, mapping);
    return slot < 0 ? -slot : this.vnodes.modify(slot, offset, count, flags);
  }

  /**
   * Changes the attributes of whole Mappings of small pages of Frames at once. They have to lie in one
   * L2 table, in this order and with no hole between them.
   * Errors: look-up errors; `SYS_ERR_VM_MAP_SIZE` there are none; `SYS_ERR_CAP_NOT_FOUND` an empty slot;
   * `SYS_ERR_ILLEGAL_INVOCATION` no Mapping; `SYS_ERR_WRONG_MAPPING` one of something else, or that does
   * not begin where the one before ends; `SYS_ERR_VM_MAP_RIGHTS`. Nothing has changed then.
   */
  mappingsModify(mappings: readonly CapRef[], flags: number): ErrorNumber {
    return this.vnodes.modifyAll(this.root, mappings, flags);
  }

  /** Cuts a Mapping in two before its entry `offset`; the second part goes into `destination`. */
  mappingSplit(mapping: CapRef, offset: number, destination: CapRef): ErrorNumber {
    const slot = findSlot(this.state.capabilities, this.root, mapping);
    if (slot < 0) return -slot;
    const type = CapType.FRAME_MAPPING;
    const to = findDestination(this.state.capabilities, this.root, destination, type);
    if (to < 0) return lookupError(to, Code.SYS_ERR_DEST_CNODE_LOOKUP);
    return this.vnodes.split(slot, offset, to);
  }

  /** Joins a Mapping with the one that continues it; the slot of `next` becomes empty. */
  mappingJoin(mapping: CapRef, next: CapRef): ErrorNumber {
    const slot = findSlot(this.state.capabilities, this.root, mapping);
    if (slot < 0) return -slot;
    const nextSlot = findSlot(this.state.capabilities, this.root, next, Rights.WRITE);
    return nextSlot < 0 ? -nextSlot : this.vnodes.join(slot, nextSlot);
  }

  /**
   * Asks to be told when a translation under the root table goes; `null` ends it. {@link watch} is the
   * number that the observer has from then on.
   * Errors: a look-up error; `SYS_ERR_VNODE_TYPE` the capability is no L1 table.
   */
  observe(table: CapRef, observer: MappingObserver | null): ErrorNumber {
    const { capabilities, tables } = this.state;
    const slot = findSlot(capabilities, this.root, table);
    if (slot < 0) return -slot;
    if (capabilities.typeOf(slot) !== CapType.VNODE_ARM_L1) return Code.SYS_ERR_VNODE_TYPE;
    const root = tables.table(capabilities.slots[(slot << SLOT_SHIFT) + SLOT_PART]);
    this.watches += 1;
    this.watch = (this.number << WATCH_BITS) | (this.watches & WATCH_MASK);
    tables.setObserver(root, observer, this.watch);
    return OK;
  }

  /**
   * Moves the contents of the root CNode into the larger empty one that `larger` names, which is the
   * root from then on. The old one stays where its capabilities are.
   * Errors: look-up errors; `SYS_ERR_CNODE_NOT_ROOT`; `SYS_ERR_CNODE_RESIZE_SHRINK`;
   * `SYS_ERR_SLOTS_IN_USE` the new one is not empty.
   */
  resizeRoot(larger: CapRef): ErrorNumber {
    const next = this.foreignRoot(larger, Rights.READ | Rights.WRITE);
    return next < 0 ? -next : this.dispatchers.resizeRoot(this.root, next);
  }

  /**
   * Gives the domain of a Dispatcher its CSpace and its root table.
   * Errors: look-up errors; `SYS_ERR_CNODE_NOT_ROOT`, `SYS_ERR_VNODE_TYPE`.
   */
  dispatcherSetup(dispatcher: CapRef, cspace: CapRef, vspace: CapRef): ErrorNumber {
    const { capabilities, costs } = this.state;
    const domain = this.domainOf(dispatcher, CapType.DISPATCHER);
    if (domain < 0) return -domain;
    const root = this.foreignRoot(cspace, Rights.READ | Rights.WRITE);
    if (root < 0) return -root;
    const table = findSlot(capabilities, this.root, vspace);
    if (table < 0) return -table;
    if (capabilities.typeOf(table) !== CapType.VNODE_ARM_L1) return Code.SYS_ERR_VNODE_TYPE;
    costs[Cost.CAPABILITY_OPERATIONS] += 1;
    this.dispatchers.setup(domain, root, capabilities.slots[(table << SLOT_SHIFT) + SLOT_PART]);
    return OK;
  }

  /** The number of the domain behind a Dispatcher, or the negative of an error. */
  dispatcherNumber(dispatcher: CapRef): number {
    return this.domainOf(dispatcher, CapType.DISPATCHER);
  }

  /** Names the empty slot where the next capability sent to `dispatcher` shall go; `null` names none. */
  receiveInto(dispatcher: CapRef, destination: CapRef | null): ErrorNumber {
    const domain = this.domainOf(dispatcher, CapType.DISPATCHER);
    return domain < 0 ? -domain : this.dispatchers.receiveInto(domain, this.root, destination);
  }

  /** Takes the message that has come for `dispatcher`, or undefined. */
  receive(dispatcher: CapRef): readonly number[] | undefined {
    const domain = this.domainOf(dispatcher, CapType.DISPATCHER);
    return domain < 0 ? undefined : this.dispatchers.take(domain);
  }

  /**
   * Sends `words` and a copy of `cap` through an endpoint.
   * Errors: look-up errors; `SYS_ERR_CNODE_RIGHTS` no right to write to the endpoint or to grant the
   * capability; `SYS_ERR_LMP_NO_TARGET`, `SYS_ERR_LMP_BUF_OVERFLOW`; `SYS_ERR_SLOT_IN_USE`.
   */
  send(endpoint: CapRef, words: readonly number[], cap?: CapRef): ErrorNumber {
    const { capabilities } = this.state;
    const domain = this.domainOf(endpoint, CapType.END_POINT);
    if (domain < 0) return -domain;
    const slot = findSlot(capabilities, this.root, endpoint);
    if ((capabilities.rightsOf(slot) & Rights.WRITE) === 0) return Code.SYS_ERR_CNODE_RIGHTS;
    if (cap === undefined) return this.dispatchers.deliver(domain, words, 0);
    const from = this.sourceSlot(cap, undefined);
    if (from <= 0) return this.sourceError(from);
    if (isMapping(capabilities.typeOf(from))) return Code.SYS_ERR_NOT_COPYABLE;
    if ((capabilities.rightsOf(from) & Rights.GRANT) === 0) return Code.SYS_ERR_CNODE_RIGHTS;
    return this.dispatchers.deliver(domain, words, from);
  }

  /** The name of the type of the capability, `Null` for an empty or unreachable slot. */
  typeName(cap: CapRef): (typeof CAP_TYPE_NAMES)[number] {
    const slot = findSlot(this.state.capabilities, this.root, cap);
    return CAP_TYPE_NAMES[slot < 0 ? CapType.NULL : this.state.capabilities.typeOf(slot)] ?? 'Null';
  }

  /** The domain number behind a Dispatcher or EndPoint, or the negative of an error. */
  private domainOf(cap: CapRef, type: number): number {
    const { capabilities } = this.state;
    const slot = findSlot(capabilities, this.root, cap);
    if (slot < 0) return slot;
    const found = capabilities.typeOf(slot);
    if (found === CapType.NULL) return -Code.SYS_ERR_CAP_NOT_FOUND;
    if (found !== type) return -Code.SYS_ERR_ILLEGAL_INVOCATION;
    return capabilities.slots[(slot << SLOT_SHIFT) + SLOT_PART];
  }

  /** The non-empty slot of `cap`; 0 where it is empty, a negative error where it is nowhere. */
  private sourceSlot(cap: CapRef, space: CapRef | undefined, rights: number = Rights.READ): number {
    const root = space === undefined ? this.root : this.foreignRoot(space, rights);
    if (root < 0) return root;
    const slot = findSlot(this.state.capabilities, root, cap, rights);
    return slot > 0 && this.state.capabilities.typeOf(slot) === CapType.NULL ? 0 : slot;
  }

  private destinationSlot(cap: CapRef, space: CapRef | undefined, type: number): number {
    const root = space === undefined ? this.root : this.foreignRoot(space, Rights.WRITE);
    return root < 0 ? root : findDestination(this.state.capabilities, root, cap, type);
  }

  /** The L1 CNode object behind `space`, for whom it gives `rights`, or the negative of an error. */
  private foreignRoot(space: CapRef, rights: number): number {
    const { capabilities } = this.state;
    const slot = findSlot(capabilities, this.root, space);
    if (slot < 0) return slot;
    const type = capabilities.typeOf(slot);
    if (type !== CapType.L1_CNODE) {
      return type === CapType.NULL ? -Code.SYS_ERR_CAP_NOT_FOUND : -Code.SYS_ERR_CNODE_NOT_ROOT;
    }
    if ((capabilities.rightsOf(slot) & rights) !== rights) return -Code.SYS_ERR_CNODE_RIGHTS;
    return capabilities.objectOf(slot);
  }

  private sourceError(slot: number): ErrorNumber {
    const cause = slot === 0 ? Code.SYS_ERR_CAP_NOT_FOUND : -slot;
    return pushError(cause, Code.SYS_ERR_SOURCE_CAP_LOOKUP);
  }

  private destinationError(slot: number): ErrorNumber {
    return pushError(-slot, Code.SYS_ERR_DEST_CNODE_LOOKUP);
  }
}
