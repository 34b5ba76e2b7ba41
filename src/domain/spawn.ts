/**
 * Spawn: a new domain from an ARM executable, made by another domain out of a piece of its own RAM.
 *
 *     parent's RAM ─► RAM of the child ─┬─► root CNode, L2 CNodes, Dispatcher, root table
 *                                       ├─► L2 tables                    (foreign pmap of the parent)
 *                                       └─► frames of the image and the arguments
 *
 * Everything of the child descends from that one piece, so that revoking it is the end of the child
 * and gives all of it back, whatever the child has made of it. The parent builds the child's tables
 * with a pmap of its own, writes the image through mappings of its own, and hands the tables over by
 * moving their capabilities and serialising its records (Barrelfish `lib/spawndomain`).
 *
 *     0x0001_0000 ..   image: file-backed pages mapped, the rest of .bss on demand
 *     0x4000_0000      metadata region
 *     … 0x7fff_d000    stack, on demand, a guard page below it
 *     0x7fff_f000      argument page
 */
import {
  type CapRef,
  capRef,
  type ErrorName,
  hex0x,
  MIB,
  OK,
  PAGE_BYTES,
  VmError,
} from '../base/index.js';
import { CapType, CNODE_SLOTS, capRefOf, WellKnown } from '../kernel/index.js';
import { argumentPage } from './argument-page.js';
import { ChildResources, check } from './child-resources.js';
import { Domain, type DomainOptions } from './domain.js';
import { type ElfImage, parseExecutable } from './elf.js';
import { OneFrameObject } from './frame-object.js';
import { filledBytes, pageRuns, runFlags, runName } from './page-runs.js';
import { Pmap } from './pmap.js';
import { largestLeaves } from './pmap-policy.js';
import { TableAllocator } from './table-allocator.js';
import { copyOut } from './user-memory.js';
import { VRegionFlags } from './vregion-flags.js';

/** How a spawned domain differs from the usual one. */
export interface SpawnOptions extends DomainOptions {
  /** The arguments, the name of the program first. */
  readonly argv?: readonly string[];
  /** Memory of the child, of which everything it has is made: a multiple of 1 MiB; 16 MiB. */
  readonly ramBytes?: number;
  /** Bytes of the stack, whole pages; 1 MiB. */
  readonly stackBytes?: number;
}

/** A domain that was spawned. */
export interface SpawnedDomain {
  readonly domain: Domain;
  readonly image: ElfImage;
  /** Where it begins to run, bit 0 set for Thumb. */
  readonly entry: number;
  /** Its first stack pointer, 8-byte aligned, and the argument page that r0 points to. */
  readonly stackPointer: number;
  readonly argumentPage: number;
  /** Ends the domain: all that it had is the parent's again. Answers what was lost, as {@link Domain.exit}. */
  kill(): VmError[];
}

const ROOT_TABLE_BYTES = 16 * 1024;
const DEFAULT_RAM = 16 * MIB;
const DEFAULT_STACK = MIB;
/** Where the parent maps the child's frames to fill them: one MiB of addresses at the top. */
const WINDOW_BYTES = MIB;

/**
 * Spawns a domain from the bytes of a static ARM executable.
 *
 * Errors: `ELF_ERR_…` the file is not one that can be loaded; `SPAWN_ERR_LOAD` over
 * `SPAWN_ERR_CREATE_CSPACE`, `SPAWN_ERR_CREATE_VSPACE`, `SPAWN_ERR_ELF_MAP`, `SPAWN_ERR_SETUP_STACK`,
 * `SPAWN_ERR_SETUP_ARGV` with their causes. After one nothing is left of the child.
 */
export function spawn(parent: Domain, file: Uint8Array, options: SpawnOptions = {}): SpawnedDomain {
  const image = parseExecutable(file);
  return bringUp(parent, options, (nursery) => nursery.raise(image));
}

/** A domain that was spawned without a program. */
export interface EmptyDomain {
  readonly domain: Domain;
  /** Ends the domain: all that it had is the parent's again. Answers what was lost, as {@link Domain.exit}. */
  kill(): VmError[];
}

/** Spawns a domain with nothing in it but its own library. Errors: as {@link spawn}, but `ELF_ERR_…`. */
export function spawnEmpty(parent: Domain, options: SpawnOptions = {}): EmptyDomain {
  return bringUp(parent, options, (nursery) => nursery.raiseEmpty());
}

function bringUp<Child>(
  parent: Domain,
  options: SpawnOptions,
  raise: (nursery: Nursery) => Child,
): Child {
  const nursery = new Nursery(parent, options);
  try {
    return raise(nursery);
  } catch (error) {
    nursery.giveUp();
    nursery.takeBackGrowth();
    if (!(error instanceof VmError)) throw error;
    const name = options.name ?? 'the domain';
    throw new VmError('SPAWN_ERR_LOAD', `${name} could not be spawned: ${error.message}`, {
      cause: error,
    });
  }
}

/** A range of the child that its parent has filled with a frame. */
interface FilledRange {
  readonly name: string;
  readonly base: number;
  readonly bytes: number;
  readonly flags: number;
  /** The parent's slot with the frame. */
  readonly frame: CapRef;
}

/** A range of the child whose pages come when they are first used, or never. */
interface EmptyRange {
  readonly name: string;
  readonly base: number;
  readonly bytes: number;
  readonly flags: number;
}

/** A child while its parent builds it. */
class Nursery {
  private readonly parent: Domain;
  private readonly options: SpawnOptions;
  private readonly resources: ChildResources;
  /** The parent's pmap of the child's tables. */
  private pmap: Pmap | undefined;
  private readonly filled: FilledRange[] = [];
  /** What the parent has mapped of a frame of the child while it fills that. */
  private window: { readonly address: number; readonly bytes: number } | undefined;
  /** How far the parent's own library had grown when it began: metadata, CNodes, tables. */
  private readonly mark: number;
  private readonly cnodes: number;
  private readonly tables: ReadonlySet<number>;

  constructor(parent: Domain, options: SpawnOptions) {
    this.parent = parent;
    this.options = options;
    this.mark = parent.metadata.mark;
    this.cnodes = parent.slots.cnodeCount;
    this.tables = new Set(parent.pmap.tableIndexes());
    this.resources = new ChildResources(parent, options.ramBytes ?? DEFAULT_RAM);
  }

  /** Builds the child with a program in it and lets it go. */
  raise(image: ElfImage): SpawnedDomain {
    const { pmap, root, dispatcher } = this.prepare();
    const layout = this.layOut(image);
    this.loadImage(pmap, image);
    this.writeArguments(pmap, layout.argumentPage);
    const domain = this.handOver(pmap, root, dispatcher, layout.regions);
    return {
      domain,
      image,
      entry: image.entry + (image.thumb ? 1 : 0),
      stackPointer: layout.stackTop,
      argumentPage: layout.argumentPage,
      kill: this.killer(domain),
    };
  }

  /** Builds a child with nothing in it. */
  raiseEmpty(): EmptyDomain {
    const { pmap, root, dispatcher } = this.prepare();
    const domain = this.handOver(pmap, root, dispatcher, []);
    return { domain, kill: this.killer(domain) };
  }

  /** What ends the child. Its own children, which are made of its memory, end before it. */
  private killer(domain: Domain): () => VmError[] {
    const { children } = this.parent;
    const kill = (): VmError[] => {
      children.delete(kill);
      const lost = [...domain.children].flatMap((end) => end());
      // Those who share with it learn of it, and its memory is the parent's again.
      if (this.resources.exist) lost.push(...domain.exit());
      this.giveUp();
      return lost;
    };
    children.add(kill);
    return kill;
  }

  /** Memory, CSpace, Dispatcher and root table, and a pmap of the parent's for them. */
  private prepare(): {
    readonly pmap: Pmap;
    readonly root: CapRef;
    readonly dispatcher: CapRef;
  } {
    const { parent, options, resources } = this;
    resources.takeMemory();
    const root = resources.makeCSpace(options.rootSlots ?? CNODE_SLOTS);
    const dispatcher = resources.borrowSlot();
    resources.make(CapType.DISPATCHER, 1024, dispatcher, 'SPAWN_ERR_CREATE_CSPACE');
    const spaces = { destination: root };
    check(
      parent.invocations.copy(WellKnown.DISPATCHER, dispatcher, spaces),
      'SPAWN_ERR_CREATE_CSPACE',
      'the Dispatcher cannot be given to the child',
    );
    const page = capRefOf(WellKnown.PAGE_CNODE, 0);
    resources.make(CapType.VNODE_ARM_L1, ROOT_TABLE_BYTES, page, 'SPAWN_ERR_CREATE_VSPACE', spaces);
    const tables = new TableAllocator(parent.invocations, resources.ram);
    const pmap = Pmap.init(
      {
        ...parent.pmap.core.resources,
        root: WellKnown.ROOT_VNODE,
        tables,
        slots: resources.slots,
      },
      parent.metadata,
      root,
    );
    this.pmap = pmap;
    return { pmap, root, dispatcher };
  }

  /** Takes everything back, at any point. */
  giveUp(): void {
    const { parent } = this;
    this.closeWindow();
    this.resources.giveUp();
    if (this.pmap !== undefined) parent.metadata.close(this.pmap.core);
    this.pmap = undefined;
  }

  /** After {@link giveUp}: what the parent's library has grown by on the way is not needed any more. */
  takeBackGrowth(): void {
    const { pmap, metadata, slots } = this.parent;
    const removeTables = (): void => {
      for (const index of pmap.tableIndexes()) {
        if (!this.tables.has(index)) pmap.trimTable(index);
      }
    };
    // Tables of the window first: their records may lie in what the metadata has grown by, which in
    // its turn may lie in a table of its own.
    removeTables();
    metadata.undoTo(this.mark);
    removeTables();
    slots.release(slots.cnodeCount - this.cnodes);
  }

  /** Where stack, guard and arguments go. */
  private layOut(image: ElfImage): {
    readonly regions: EmptyRange[];
    readonly stackTop: number;
    readonly argumentPage: number;
  } {
    const { READ_WRITE, GUARD } = VRegionFlags;
    const end = this.parent.kernel.memoryOffset;
    const stackBytes = this.options.stackBytes ?? DEFAULT_STACK;
    const argumentPage = end - PAGE_BYTES;
    const stackTop = argumentPage - 2 * PAGE_BYTES;
    const stackBase = stackTop - stackBytes;
    if (stackBytes <= 0 || stackBytes % PAGE_BYTES !== 0 || stackBase < PAGE_BYTES) {
      throw new VmError(
        'SPAWN_ERR_SETUP_STACK',
        `a stack of ${hex0x(stackBytes)} bytes; whole pages below ${hex0x(stackTop)} were expected`,
      );
    }
    const regions: EmptyRange[] = [
      { name: 'stack guard', base: stackBase - PAGE_BYTES, bytes: PAGE_BYTES, flags: GUARD },
      { name: 'stack', base: stackBase, bytes: stackBytes, flags: READ_WRITE },
    ];
    for (const run of pageRuns(image)) {
      const filled = filledBytes(run);
      const name = filled > 0 ? 'bss' : runName(run);
      const bytes = run.bytes - filled;
      if (bytes > 0)
        regions.push({ name, base: run.address + filled, bytes, flags: runFlags(run) });
    }
    return { regions, stackTop, argumentPage };
  }

  /** Maps and fills the pages that the file has bytes for; the others come on demand. */
  private loadImage(pmap: Pmap, image: ElfImage): void {
    for (const run of pageRuns(image)) {
      const bytes = filledBytes(run);
      if (bytes === 0) continue;
      const frame = this.resources.makeFrame(bytes, 'SPAWN_ERR_ELF_MAP');
      for (const fill of run.fills) {
        const source = image.file.subarray(fill.fileOffset, fill.fileOffset + fill.bytes);
        this.fillFrame(frame, fill.address - run.address, source, 'SPAWN_ERR_ELF_MAP');
      }
      const range = { name: runName(run), base: run.address, bytes, flags: runFlags(run), frame };
      this.mapFilled(pmap, range, 'SPAWN_ERR_ELF_MAP');
    }
  }

  /** Maps a filled frame into the child, and notes it for the child's own regions. */
  private mapFilled(pmap: Pmap, range: FilledRange, code: ErrorName): void {
    this.mapInto(pmap, range.base, range.frame, range.bytes, range.flags, code);
    this.filled.push(range);
  }

  private mapInto(
    pmap: Pmap,
    address: number,
    frame: CapRef,
    bytes: number,
    flags: number,
    code: ErrorName,
    offset = 0,
  ): void {
    try {
      pmap.map(address, frame, offset, bytes, flags);
    } catch (error) {
      if (!(error instanceof VmError)) throw error;
      throw new VmError(code, error.message, { cause: error });
    }
  }

  /** Writes into a frame of the child through a mapping of the parent, MiB by MiB. */
  private fillFrame(frame: CapRef, offset: number, bytes: Uint8Array, code: ErrorName): void {
    const { parent } = this;
    const window = parent.pmap.determineAddr(parent.vspace.tree, WINDOW_BYTES + PAGE_BYTES);
    for (let done = 0; done < bytes.length; ) {
      const at = offset + done;
      const inPage = at % PAGE_BYTES;
      const part = bytes.subarray(done, done + WINDOW_BYTES);
      const mapped = inPage + part.length;
      const flags = VRegionFlags.READ_WRITE;
      this.mapInto(parent.pmap, window, frame, mapped, flags, code, at - inPage);
      this.window = { address: window, bytes: mapped };
      copyOut(parent, window + inPage, part);
      this.closeWindow();
      done += part.length;
    }
  }

  /** Unmaps what the parent has mapped of the child. */
  private closeWindow(): void {
    if (this.window === undefined) return;
    const { address, bytes } = this.window;
    this.parent.pmap.unmap(address, bytes);
    this.window = undefined;
  }

  /** The argument page: argc, the addresses of the arguments, 0, and the arguments themselves. */
  private writeArguments(pmap: Pmap, address: number): void {
    const argv = this.options.argv ?? [this.options.name ?? 'program'];
    const page = argumentPage(argv, address);
    const frame = this.resources.makeFrame(PAGE_BYTES, 'SPAWN_ERR_SETUP_ARGV');
    this.fillFrame(frame, 0, page, 'SPAWN_ERR_SETUP_ARGV');
    const flags = VRegionFlags.READ_WRITE;
    const range = { name: 'arguments', base: address, bytes: PAGE_BYTES, flags, frame };
    this.mapFilled(pmap, range, 'SPAWN_ERR_SETUP_ARGV');
  }

  /** Moves the child's capabilities into its CSpace, its records into its pmap, and lets it go. */
  private handOver(
    pmap: Pmap,
    root: CapRef,
    dispatcher: CapRef,
    regions: readonly EmptyRange[],
  ): Domain {
    const { parent, options, resources } = this;
    const set = parent.invocations.dispatcherSetup(dispatcher, root, pmap.core.root);
    check(set, 'SPAWN_ERR_CREATE_CSPACE', 'the Dispatcher cannot be set up');
    const number = parent.invocations.dispatcherNumber(dispatcher);
    const invocations = parent.kernel.attach(number);
    if (invocations === undefined) {
      throw new VmError('SPAWN_ERR_CREATE_CSPACE', 'the child has no CSpace to run in');
    }
    const tables = pmap.tableAddresses();
    const domain = new Domain(parent.kernel, number, invocations, {
      policy: largestLeaves,
      ...options,
      inherited: { taken: resources.ram.taken(), tables },
    });
    const homes = new Map<CapRef, CapRef>();
    const home = (slot: CapRef): CapRef => {
      const known = homes.get(slot);
      if (known !== undefined) return known;
      const made = domain.slots.allocate();
      check(made < 0 ? -made : OK, 'SPAWN_ERR_CREATE_CSPACE', 'the child has no slot left');
      homes.set(slot, capRef(made));
      return capRef(made);
    };
    const { bytes } = pmap.serialise(home);
    for (const [from, to] of homes) {
      const error = parent.invocations.move(to, from, { destination: root });
      check(error, 'SPAWN_ERR_CREATE_CSPACE', 'a capability cannot be handed over');
      resources.returnSlot(from);
    }
    parent.metadata.close(pmap.core);
    this.pmap = undefined;
    domain.pmap.deserialise(bytes);
    this.makeRegions(domain, regions, homes);
    resources.letGo();
    return domain;
  }

  /** Tells the child's vspace what is where: frames that are mapped already, and pages on demand. */
  private makeRegions(
    domain: Domain,
    empty: readonly EmptyRange[],
    homes: ReadonlyMap<CapRef, CapRef>,
  ): void {
    const { vspace, pool } = domain;
    for (const { name, base: at, bytes, flags, frame } of this.filled) {
      const object = new OneFrameObject(pool, homes.get(frame) as CapRef, bytes, name);
      vspace.adopt(object, { name, at, flags }, bytes);
    }
    for (const { name, base: at, bytes, flags } of empty) {
      const options = { name, at, flags };
      if ((flags & VRegionFlags.GUARD) !== 0) vspace.guard(bytes, options);
      else vspace.mapAnonymous(bytes, options);
    }
  }
}
