/** Steps by which a domain changes its own address space: frames, mappings, tables. */
import { type CapRef, Code, OK, PAGE_BYTES, pushError, roundUp, VmError } from '../base/index.js';
import { VRegionFlags } from '../domain/index.js';
import { KIND_NAMES } from '../format/index.js';
import { CapType, capRefOf, WellKnown } from '../kernel/index.js';
import type { Actor } from './actor.js';
import type { Place } from './quantities.js';
import { mapObject, protectRegions, unmapRegions } from './region-steps.js';
import type { StepArguments } from './schema.js';
import type { LeafRun, MadeMapping, StepFacts } from './step-result.js';
import type { World } from './world.js';

/** How a frame is to be mapped. */
interface MapOrder {
  readonly region: string;
  readonly at: Place | undefined;
  readonly frame: { readonly cap: CapRef; readonly pa: number };
  readonly offset: number;
  readonly bytes: number;
  /** Region flags. */
  readonly flags: number;
}

const LEAF_FLAGS = {
  small: 0,
  large: VRegionFlags.LARGE,
  huge: VRegionFlags.LARGE | VRegionFlags.HUGE,
} as const;

const MEMORY_FLAGS = {
  cached: 0,
  uncached: VRegionFlags.NOCACHE,
  'write-combining': VRegionFlags.WRITE_COMBINING,
} as const;

/** Alignments that larger leaves need, for an address that the domain chooses. */
const LEAF_BYTES = [2 ** 24, 2 ** 20, 2 ** 16] as const;

/** Makes a frame of the domain's RAM, or of a device. */
export function allocate(world: World, actor: Actor, args: StepArguments<'allocate'>): StepFacts {
  const { frame: name, size, align, device } = args;
  const { domain } = actor;
  const cap =
    device === undefined
      ? domain.allocateFrame(size ?? PAGE_BYTES, align)
      : deviceFrame(world, actor, device, args.offset ?? 0, size);
  const { pa, bytes } = actor.nameFrame(name, cap);
  return { verb: 'allocate', frame: name, pa, bytes, ...(device === undefined ? {} : { device }) };
}

/** A DevFrame of `size` bytes, or of all the rest, from `offset` on in a device bank. */
function deviceFrame(
  world: World,
  actor: Actor,
  name: string,
  offset: number,
  size: number | undefined,
): CapRef {
  const { invocations, slots } = actor.domain;
  const banks = world.machine.memory.banks.filter(({ kind }) => kind === 'device');
  const number = banks.findIndex((bank) => bank.name === name);
  const bytes = roundUp(size ?? (banks[number]?.bytes ?? 0) - offset, PAGE_BYTES);
  const slot = slots.allocate();
  if (slot < 0) throw VmError.from(-slot, `${actor.name} has no slot for a device frame`);
  // The kernel hands all devices to a first domain, in the order of their addresses.
  const source = capRefOf(WellKnown.PHYSICAL_ADDRESS_CNODE, number);
  const request = { type: CapType.DEV_FRAME, offset, objectBytes: bytes, count: 1 };
  const error = invocations.retype(source, request, slot as CapRef);
  if (error === OK) return slot as CapRef;
  slots.free(slot as CapRef);
  throw VmError.from(
    pushError(error, Code.LIB_ERR_CAP_RETYPE),
    `${actor.name} cannot make a frame of the device \`${name}\``,
  );
}

/** Maps a frame where the step says, or where there is room. */
export function map(_world: World, actor: Actor, args: StepArguments<'map'>): StepFacts {
  const { frame: name } = args;
  if (name === undefined) return mapObject(actor, args);
  const frame = actor.frame(name);
  const mapping = mapFrame(actor, {
    region: args.as ?? name,
    at: args.at,
    frame,
    offset: args.offset,
    bytes: args.size ?? frame.bytes - args.offset,
    flags: args.rights | LEAF_FLAGS[args.leaves ?? 'small'] | MEMORY_FLAGS[args.memory ?? 'cached'],
  });
  return { verb: 'map', frame: name, mapping };
}

/** Maps a frame in the address space of `actor` and gives the region its name. */
export function mapFrame(actor: Actor, order: MapOrder): MadeMapping {
  const { domain } = actor;
  const { frame, flags, region } = order;
  const va = order.at === undefined ? freeAddress(actor, order) : actor.address(order.at);
  const { bytes, offset } = domain.pmap.map(va, frame.cap, order.offset, order.bytes, flags);
  actor.addRegion(region, va, bytes, flags);
  const leaves = leavesOf(actor, va, bytes);
  const placed = order.at === undefined;
  return { region, va, bytes, pa: frame.pa + offset, flags, placed, leaves };
}

/** A free address, aligned so that the largest leaves that were allowed can be used. */
function freeAddress(actor: Actor, { bytes, flags }: MapOrder): number {
  const { pmap, vspace } = actor.domain;
  const most = (flags & VRegionFlags.HUGE) !== 0 ? 2 ** 24 : 2 ** 20;
  const large = (flags & (VRegionFlags.LARGE | VRegionFlags.HUGE)) !== 0;
  const leaf = LEAF_BYTES.find((size) => size <= most && size <= bytes);
  const alignment = large && leaf !== undefined ? leaf : PAGE_BYTES;
  return pmap.determineAddr(vspace.tree, roundUp(bytes, PAGE_BYTES), alignment);
}

/** The leaves that a range is mapped by: neighbours of one size together, in order of addresses. */
function leavesOf(actor: Actor, va: number, bytes: number): LeafRun[] {
  const runs: { kind: string; count: number }[] = [];
  for (const run of mappingsOf(actor, va, bytes)) {
    const last = runs.at(-1);
    if (last?.kind === run.kind) last.count += run.count;
    else runs.push({ ...run });
  }
  return runs;
}

/** The leaves of each Mapping in a range. */
function mappingsOf(actor: Actor, va: number, bytes: number): LeafRun[] {
  return Array.from(actor.domain.pmap.mappings(va, va + bytes), (mapping) => ({
    kind: KIND_NAMES[mapping.kind] ?? 'none',
    count: mapping.bytes / mapping.leafBytes,
  }));
}

/** Unmaps a range, or the whole Mapping at an address. */
export function unmap(world: World, actor: Actor, args: StepArguments<'unmap'>): StepFacts {
  const regions = unmapRegions(actor, args.at, args.size);
  if (regions !== undefined) return regions;
  const { va, bytes } = rangeOf(actor, args.at, args.size);
  const removed = actor.domain.pmap.unmap(va, bytes);
  for (const each of world.actors) each.dropEmptyRegions();
  return { verb: 'unmap', va, bytes: removed };
}

/** Gives a range, or the whole Mapping at an address, other rights. */
export function protect(_world: World, actor: Actor, args: StepArguments<'protect'>): StepFacts {
  const regions = protectRegions(actor, args);
  if (regions !== undefined) return regions;
  const { pmap } = actor.domain;
  const { va, bytes } = rangeOf(actor, args.at, args.size);
  const before = pmap.lookup(va)?.flags ?? 0;
  const kept = before & (VRegionFlags.LARGE | VRegionFlags.HUGE);
  const flags = args.rights | MEMORY_FLAGS[args.memory ?? 'cached'] | kept;
  return { verb: 'protect', va, bytes: pmap.modifyFlags(va, bytes, flags), flags, before };
}

/** The range that a step names: with no size, the Mapping at the address from its beginning on. */
function rangeOf(
  actor: Actor,
  at: Place,
  size: number | undefined,
): { readonly va: number; readonly bytes: number } {
  const va = actor.address(at);
  if (size !== undefined) return { va, bytes: size };
  const info = actor.domain.pmap.lookup(va);
  // Where nothing is mapped a page is asked for, so that the pmap says what is wrong.
  return info === undefined ? { va, bytes: PAGE_BYTES } : { va: info.address, bytes: info.bytes };
}

/** Makes an address a border between mappings. */
export function split(_world: World, actor: Actor, args: StepArguments<'split'>): StepFacts {
  const { pmap } = actor.domain;
  const va = actor.address(args.at);
  const info = pmap.lookup(va);
  const [base, bytes] = info === undefined ? [va, PAGE_BYTES] : [info.address, info.bytes];
  pmap.split(va);
  return { verb: 'split', va, leaves: mappingsOf(actor, base, bytes) };
}

/** Replaces leaves by one larger leaf. */
export function promote(_world: World, actor: Actor, args: StepArguments<'promote'>): StepFacts {
  const va = actor.address(args.at);
  actor.domain.pmap.promote(va, args.size);
  return { verb: 'promote', va, bytes: args.size };
}

/** Gives empty tables back. */
export function trim(_world: World, actor: Actor): StepFacts {
  return { verb: 'trim', count: actor.domain.pmap.trim() };
}
