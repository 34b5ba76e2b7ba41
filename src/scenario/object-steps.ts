/** Steps about memory objects: what stands behind the regions that a domain pages for itself. */
import { PAGE_BYTES, VmError } from '../base/index.js';
import {
  AnonymousObject,
  AppendObject,
  bytesSource,
  CopyObject,
  FileObject,
  FilledObject,
  MappedObject,
  NumaObject,
  OneFrameObject,
} from '../domain/index.js';
import type { Actor, NamedObject } from './actor.js';
import { bytesOfHex, hexOfBytes } from './contents.js';
import type { StepArguments } from './schema.js';
import type { StepFacts } from './step-result.js';
import type { World } from './world.js';

type CreateArguments = StepArguments<'create'>;

/** Makes a memory object. */
export function create(world: World, actor: Actor, args: CreateArguments): StepFacts {
  const named = makeObject(world, actor, args);
  actor.nameObject(args.object, named);
  return { verb: 'create', object: args.object, kind: args.kind, bytes: named.object.bytes };
}

/** What each kind needs is there: the file has been checked (`step-problems.ts`). */
function makeObject(world: World, actor: Actor, args: CreateArguments): NamedObject {
  const { object: name, kind, size = 0, chunk } = args;
  const { pool } = actor.domain;
  switch (kind) {
    case 'anonymous':
      return { object: new AnonymousObject(pool, size, name) };
    case 'append':
      return { object: new AppendObject(pool, size, name) };
    case 'one-frame':
    case 'one-frame-lazy':
    case 'one-frame-one-map': {
      const { cap, bytes } = actor.frame(args.frame ?? '');
      return { object: new OneFrameObject(pool, cap, args.size ?? bytes, name, kind, chunk) };
    }
    case 'pinned':
      return { object: new FilledObject(pool, size, name) };
    case 'fixed':
      return { object: new FilledObject(pool, size, name, chunk) };
    case 'numa': {
      const frames = (args.frames ?? []).map((frame) => actor.frame(frame));
      const all = frames.reduce((sum, { bytes }) => sum + bytes, 0);
      const caps = frames.map(({ cap }) => cap);
      return { object: new NumaObject(pool, caps, args.size ?? all, name, chunk) };
    }
    case 'file': {
      const file = contentsOf(world, args);
      return { object: new FileObject(pool, bytesSource(file), name, args.sharing), file };
    }
    case 'copy-on-write': {
      const { object: source } = actor.object(args.of ?? '');
      if (source instanceof MappedObject) return { object: new CopyObject(pool, source, name) };
      throw new VmError('LIB_ERR_MEMOBJ_RIGHTS', `\`${source.name}\` cannot be copied on write`);
    }
  }
}

/** The bytes of a file, the scenario's own copy. */
function contentsOf(world: World, { contents, file }: CreateArguments): Uint8Array {
  return contents === undefined ? world.file(file ?? '') : bytesOfHex(contents);
}

/** Gives an object a frame, or brings a range of it into memory. */
export function fill(_world: World, actor: Actor, args: StepArguments<'fill'>): StepFacts {
  const { object } = actor.object(args.object);
  const frame = args.frame === undefined ? undefined : actor.frame(args.frame);
  const bytes = args.size ?? frame?.bytes ?? object.bytes - args.offset;
  object.fill(args.offset, bytes, frame?.cap);
  return { verb: 'fill', object: args.object, bytes };
}

/** Takes the memory of a range out of an object. */
export function unfill(_world: World, actor: Actor, args: StepArguments<'unfill'>): StepFacts {
  const { object, bytes } = rangeOf(actor, args);
  object.unfill(args.offset, bytes);
  return { verb: 'unfill', object: args.object, bytes };
}

/** Makes an append object larger. */
export function append(_world: World, actor: Actor, args: StepArguments<'append'>): StepFacts {
  const { object } = actor.object(args.object);
  if (!(object instanceof AppendObject)) {
    const message = `\`${args.object}\` is ${object.kind}; only append objects grow at their end`;
    throw new VmError('LIB_ERR_MEMOBJ_RANGE', message);
  }
  object.append(args.size);
  return { verb: 'append', object: args.object, bytes: object.length };
}

/** Brings a range into memory and keeps it there. */
export function pin(_world: World, actor: Actor, args: StepArguments<'pin'>): StepFacts {
  const { object, bytes } = rangeOf(actor, args);
  object.pin(args.offset, bytes);
  return { verb: 'pin', object: args.object, bytes };
}

/** Undoes one pin. */
export function unpin(_world: World, actor: Actor, args: StepArguments<'unpin'>): StepFacts {
  const { object, bytes } = rangeOf(actor, args);
  object.unpin(args.offset, bytes);
  return { verb: 'unpin', object: args.object, bytes };
}

function rangeOf(
  actor: Actor,
  args: { readonly object: string; readonly offset: number; readonly size?: number },
): { readonly object: NamedObject['object']; readonly bytes: number } {
  const { object } = actor.object(args.object);
  return { object, bytes: args.size ?? object.bytes - args.offset };
}

/** Pages an object out, as much as may go. */
export function evict(_world: World, actor: Actor, args: StepArguments<'evict'>): StepFacts {
  const { object } = actor.object(args.object);
  const bytes = object.pagerFree(args.size ?? object.bytes);
  actor.evictedBySteps += bytes / PAGE_BYTES;
  return { verb: 'evict', object: args.object, bytes };
}

/** Writes what was changed back to the file. */
export function flush(_world: World, actor: Actor, args: StepArguments<'flush'>): StepFacts {
  const { object, file } = actor.object(args.object);
  if (!(object instanceof FileObject) || file === undefined) {
    const message = `\`${args.object}\` is ${object.kind}, and no file`;
    throw new VmError('LIB_ERR_MEMOBJ_SOURCE', message);
  }
  object.flush();
  return { verb: 'flush', object: args.object, bytes: file.length, contents: hexOfBytes(file) };
}

/** Changes the frame budget of a domain. */
export function budget(
  _world: World,
  actor: Actor,
  { frames }: StepArguments<'budget'>,
): StepFacts {
  const { paging } = actor;
  if (paging === undefined) {
    const message = `${actor.name} has no pager; give the domain one with \`pager\``;
    throw new VmError('SCENARIO_ERR_REFERENCE', message);
  }
  paging.pager.setFrames(frames);
  return { verb: 'budget', frames };
}
