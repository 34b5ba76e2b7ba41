/**
 * A domain: everything that a program's run-time library keeps for it, around its one
 * {@link Invocations} interface.
 */
import { type CapRef, hex0x, OK, PAGE_BYTES, VmError } from '../base/index.js';
import { CNODE_SLOTS, type Invocations, type Kernel, WellKnown } from '../kernel/index.js';
import { Channels } from './channel.js';
import { FaultPath } from './fault-path.js';
import { FrameAccess } from './frame-access.js';
import { FrameAllocator } from './frame-allocator.js';
import { MappedObject } from './mapped-object.js';
import { METADATA_BASE, METADATA_BYTES, type MetadataRegion } from './metadata-region.js';
import { PagePool } from './page-pool.js';
import { PagedVSpace } from './paged-vspace.js';
import type { RandomPlacement } from './placement.js';
import { Pmap } from './pmap.js';
import { VSPACE_BEGIN } from './pmap-address.js';
import { largestLeaves, type PmapPolicy } from './pmap-policy.js';
import { RamAllocator } from './ram-allocator.js';
import { TwoLevelSlotAllocator } from './slot-allocator.js';
import { TableAllocator } from './table-allocator.js';

/** How a domain differs from the usual one. */
export interface DomainOptions {
  readonly name?: string;
  /** How leaves are chosen; {@link largestLeaves} unless told otherwise. */
  readonly policy?: PmapPolicy;
  /** Where records are mapped: 4 MiB from 1 GiB on unless told otherwise. */
  readonly metadata?: { readonly base: number; readonly bytes: number };
  /** Slots of the root CNode, a multiple of 256. */
  readonly rootSlots?: number;
  /** What a parent has made in the domain's RAM before it first runs. */
  readonly inherited?: InheritedMemory;
  /** Regions go to random places that come again with the same seed. */
  readonly aslr?: RandomPlacement;
}

/** Memory that is in use when a domain begins. */
export interface InheritedMemory {
  /** Ranges of the domain's RAM that objects were made from, in bytes. */
  readonly taken: readonly { readonly address: number; readonly bytes: number }[];
  /** Physical addresses of the L2 tables among them. */
  readonly tables: readonly number[];
}

/** One domain and its library state. */
export class Domain {
  readonly name: string;
  readonly number: number;
  readonly kernel: Kernel;
  readonly invocations: Invocations;
  readonly ram: RamAllocator;
  readonly slots: TwoLevelSlotAllocator;
  readonly frames: FrameAllocator;
  readonly tables: TableAllocator;
  /** The regions of its address space, the metadata region among them. */
  readonly vspace = new PagedVSpace();
  readonly pmap: Pmap;
  readonly metadata: MetadataRegion;
  /** The page frames that its memory objects use. */
  readonly pool: PagePool;
  /** Who resolves its faults. */
  readonly faults: FaultPath;
  /** How it hands capabilities to other domains. */
  readonly channels: Channels;
  /** What kills each domain that was made out of this one's memory. */
  readonly children = new Set<() => VmError[]>();

  /**
   * The library of the domain `number`, which the kernel or a parent has given its CSpace, its RAM
   * and its empty root table.
   * Errors: `LIB_ERR_RAM_ALLOC` it has no RAM; those of {@link Pmap.init}.
   */
  constructor(kernel: Kernel, number: number, invocations: Invocations, options: DomainOptions) {
    this.name = options.name ?? `domain${number}`;
    this.number = number;
    this.kernel = kernel;
    this.invocations = invocations;
    this.ram = new RamAllocator(invocations);
    const added = this.ram.add(WellKnown.RAM);
    if (added !== OK) throw VmError.from(added, `${this.name} has no RAM capability`);
    for (const { address, bytes } of options.inherited?.taken ?? []) this.ram.take(address, bytes);
    this.slots = new TwoLevelSlotAllocator(
      invocations,
      this.ram,
      WellKnown.ROOT_CNODE,
      WellKnown.FIRST_FREE,
      options.rootSlots ?? CNODE_SLOTS,
    );
    this.frames = new FrameAllocator(invocations, this.ram, this.slots);
    this.tables = new TableAllocator(invocations, this.ram);
    for (const address of options.inherited?.tables ?? []) this.tables.adopt(address);
    this.pmap = Pmap.init({
      invocations,
      root: WellKnown.ROOT_VNODE,
      slots: this.slots,
      tables: this.tables,
      policy: options.policy ?? largestLeaves,
      events: kernel.machine.events,
      domain: number,
      memoryOffset: kernel.memoryOffset,
    });
    const { base, bytes } = options.metadata ?? { base: METADATA_BASE, bytes: METADATA_BYTES };
    this.metadata = this.pmap.currentInit(this.vspace, this.frames, base, bytes);
    const { machine, memoryOffset } = kernel;
    this.channels = new Channels(this);
    const access = new FrameAccess(invocations, machine.memory);
    this.pool = new PagePool(this.channels, this.frames, access);
    this.vspace.open({
      channels: this.channels,
      pmap: this.pmap,
      pool: this.pool,
      layout: { userBase: PAGE_BYTES, userEnd: memoryOffset, placementBase: VSPACE_BEGIN },
      random: options.aslr,
    });
    this.faults = new FaultPath(machine.cpu, this.metadata, (abort) => this.vspace.resolve(abort));
    kernel.onFault(number, (abort) => this.faults.take(abort));
  }

  /**
   * A first domain, which nobody spawns, with `ramBytes` of memory.
   * Errors: `LIB_ERR_RAM_ALLOC` the machine has not that much.
   */
  static boot(kernel: Kernel, ramBytes: number, options: DomainOptions = {}): Domain {
    const { number, invocations } = kernel.bootDomain(ramBytes, options.rootSlots);
    return new Domain(kernel, number, invocations, options);
  }

  /**
   * A new frame of zeros. Errors: `LIB_ERR_FRAME_ALLOC` with its cause.
   */
  allocateFrame(bytes: number, alignment?: number): CapRef {
    const frame = this.frames.allocate(bytes, alignment);
    if (frame < 0)
      throw VmError.from(-frame, `${this.name} cannot have a frame of ${hex0x(bytes)} bytes`);
    return frame as CapRef;
  }

  /** Takes a frame back from everybody. Errors: `LIB_ERR_CAP_DESTROY` with its cause. */
  freeFrame(frame: CapRef): void {
    const error = this.frames.free(frame);
    if (error !== OK)
      throw VmError.from(error, `${this.name} cannot free the frame in ${hex0x(frame)}`);
  }

  /**
   * Ends the domain's own use of memory, whatever happens: every region, object, table and frame is given
   * up. Snapshots that others have of its objects get what they still need, as far as they have room for
   * it; what others map of its objects is gone, and says so. Answers what was lost: pages that a snapshot
   * had no room for, and files that could not be written back.
   */
  exit(): VmError[] {
    this.vspace.abandon();
    const lost: VmError[] = [];
    const objects = [...this.pool.allOwners(), ...this.pool.frameObjects];
    for (const object of objects) {
      const loss = object instanceof MappedObject ? object.abandon() : undefined;
      if (loss !== undefined) lost.push(loss);
    }
    this.pmap.trim();
    this.pool.trim();
    this.channels.close();
    this.kernel.onFault(this.number, () => false);
    return lost;
  }
}
