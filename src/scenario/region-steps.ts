/** Steps about the regions of an address space that its domain pages for itself. */
import { PAGE_BYTES, VmError } from '../base/index.js';
import {
  copyIn,
  copyOut,
  GrowingStack,
  Heap,
  MappedObject,
  type RegionOptions,
  VRegion,
} from '../domain/index.js';
import type { Actor } from './actor.js';
import { bytesOfHex, hexOfBytes } from './contents.js';
import type { Place } from './quantities.js';
import type { StepArguments } from './schema.js';
import type { MadeRegion, StepFacts } from './step-result.js';
import type { World } from './world.js';

/** Where a step wants a region. */
interface WantedPlace {
  readonly at?: Place;
  readonly above?: Place;
  readonly below?: Place;
  readonly align?: number;
  readonly replace?: boolean;
}

function placementOf(actor: Actor, wanted: WantedPlace): RegionOptions {
  const { at, above, below, align, replace } = wanted;
  return {
    ...(at === undefined ? {} : { at: actor.address(at) }),
    ...(above === undefined ? {} : { above: actor.address(above) }),
    ...(below === undefined ? {} : { below: actor.address(below) }),
    ...(align === undefined ? {} : { alignment: align }),
    ...(replace === undefined ? {} : { replace }),
  };
}

/** Maps an object: all of it, or a part. */
export function mapObject(actor: Actor, args: StepArguments<'map'>): StepFacts {
  const name = args.object ?? '';
  const { object } = actor.object(name);
  const region = actor.domain.vspace.map(
    object,
    {
      ...placementOf(actor, args),
      name: args.as ?? name,
      flags: args.rights,
      offset: args.offset,
      ...(args.max === undefined ? {} : { maxFlags: args.max }),
      ...(args.inherit === undefined ? {} : { inheritance: args.inherit }),
    },
    args.size,
  );
  return { verb: 'map', object: name, region: madeRegion(actor, region, args) };
}

/** Notes a region that was made under its name. */
function madeRegion(actor: Actor, region: VRegion, wanted: WantedPlace): MadeRegion {
  const { name, base, bytes, flags, maxFlags } = region;
  actor.namePlace(name, base);
  return { region: name, va: base, bytes, flags, maxFlags, placed: wanted.at === undefined };
}

/** Keeps addresses free of everything else. */
export function reserve(_world: World, actor: Actor, args: StepArguments<'reserve'>): StepFacts {
  const options = { ...placementOf(actor, args), name: args.as };
  const region = actor.domain.vspace.reserve(args.size, options);
  return { verb: 'reserve', region: madeRegion(actor, region, args) };
}

/** Makes addresses that never resolve. */
export function guard(_world: World, actor: Actor, args: StepArguments<'guard'>): StepFacts {
  const options = { ...placementOf(actor, args), name: args.as };
  const region = actor.domain.vspace.guard(args.size, options);
  return { verb: 'guard', region: madeRegion(actor, region, args) };
}

/** Makes a stack that grows. */
export function stack(_world: World, actor: Actor, args: StepArguments<'stack'>): StepFacts {
  const made = GrowingStack.make(actor.domain, args.size, args.most, args.as);
  actor.stacks.set(args.as, made);
  actor.namePlace(args.as, made.top - made.bytes);
  actor.namePlace(`${args.as}.top`, made.top);
  const { top, bytes } = made;
  return { verb: 'stack', va: top - bytes, bytes, most: args.most };
}

/** Makes a heap. */
export function heap(_world: World, actor: Actor, args: StepArguments<'heap'>): StepFacts {
  const made = new Heap(actor.domain, args.size, args.as);
  actor.heaps.set(args.as, made);
  const { base, bytes } = made.region;
  actor.namePlace(args.as, base);
  return { verb: 'heap', va: base, bytes };
}

/** Takes a block from a heap. */
export function malloc(_world: World, actor: Actor, args: StepArguments<'malloc'>): StepFacts {
  const va = heapOf(actor, args.heap).malloc(args.size);
  actor.namePlace(args.as, va);
  return { verb: 'malloc', va, bytes: args.size };
}

/** Gives a block back. */
export function release(_world: World, actor: Actor, args: StepArguments<'release'>): StepFacts {
  const va = actor.address(args.at);
  heapOf(actor, args.heap).free(va);
  return { verb: 'release', va };
}

function heapOf(actor: Actor, name: string): Heap {
  const found = actor.heaps.get(name);
  if (found !== undefined) return found;
  throw new VmError('SCENARIO_ERR_REFERENCE', `${actor.name} has no heap \`${name}\``);
}

/** Stores bytes. */
export function write(_world: World, actor: Actor, args: StepArguments<'write'>): StepFacts {
  const va = actor.address(args.at);
  const bytes = bytesOfHex(args.contents);
  copyOut(actor.domain, va, bytes);
  return { verb: 'write', va, bytes: bytes.length, contents: args.contents };
}

/** Loads bytes. */
export function read(_world: World, actor: Actor, args: StepArguments<'read'>): StepFacts {
  const va = actor.address(args.at);
  if (va + args.size > 2 ** 32) {
    const message = `${args.at.text} and ${args.size} bytes leave the 32-bit space`;
    throw new VmError('SCENARIO_ERR_REFERENCE', message);
  }
  const contents = hexOfBytes(copyIn(actor.domain, va, args.size));
  return { verb: 'read', va, bytes: args.size, contents };
}

/** Unmaps what of a range is regions of objects, guards or reservations; undefined where none is. */
export function unmapRegions(
  actor: Actor,
  at: Place,
  size: number | undefined,
): StepFacts | undefined {
  const { vspace } = actor.domain;
  const va = actor.address(at);
  const region = vspace.find(va);
  const bytes = size ?? region?.bytes ?? PAGE_BYTES;
  if (!vspace.inRange(va, va + bytes).some((each) => each instanceof VRegion)) return undefined;
  const from = size === undefined ? (region?.base ?? va) : va;
  return { verb: 'unmap', va: from, bytes: vspace.unmap(from, bytes) };
}

/** Protects a range that begins in a region of an object; undefined where it does not. */
export function protectRegions(
  actor: Actor,
  { at, size, rights }: StepArguments<'protect'>,
): StepFacts | undefined {
  const { vspace } = actor.domain;
  const va = actor.address(at);
  const region = vspace.find(va);
  if (!(region instanceof VRegion)) return undefined;
  const [from, bytes] = size === undefined ? [region.base, region.bytes] : [va, size];
  const before = region.flags;
  vspace.protect(from, bytes, rights);
  return { verb: 'protect', va: from, bytes, flags: rights, before };
}

/** Lets another domain map an object, which does so if the step wants that. */
export function shareObject(world: World, actor: Actor, args: StepArguments<'share'>): StepFacts {
  const name = args.object ?? '';
  const other = world.actor(args.with);
  const named = actor.object(name);
  shareable(named.object).share(other.domain.number, args.rights);
  const as = args.as ?? name;
  other.nameObject(as, named);
  const facts = { verb: 'share', object: name, with: args.with, as, rights: args.rights } as const;
  if (!args.map) return facts;
  const at = args.at === undefined ? {} : { at: other.address(args.at) };
  const options = { ...at, name: as, flags: args.rights };
  const region = other.domain.vspace.map(named.object, options);
  return { ...facts, region: madeRegion(other, region, args) };
}

/** Takes an object back from a domain. */
export function revokeObject(world: World, actor: Actor, args: StepArguments<'revoke'>): StepFacts {
  const name = args.object ?? '';
  const from = args.from ?? '';
  const { domain } = world.actor(from);
  const object = shareable(actor.object(name).object);
  const count = object.regions.filter(({ space }) => space === domain.vspace).length;
  object.revoke(domain.number);
  return { verb: 'revoke', object: name, from, count };
}

function shareable(object: { readonly name: string }): MappedObject {
  if (object instanceof MappedObject) return object;
  throw new VmError('LIB_ERR_MEMOBJ_RIGHTS', `\`${object.name}\` cannot be shared`);
}
