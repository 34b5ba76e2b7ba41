/** Steps by which domains give each other frames and take them back. */
import { Code, OK, pushError, VmError } from '../base/index.js';
import type { Actor } from './actor.js';
import { mapFrame } from './memory-steps.js';
import { revokeObject, shareObject } from './region-steps.js';
import type { StepArguments } from './schema.js';
import type { StepFacts } from './step-result.js';
import type { World } from './world.js';

/**
 * Sends a copy of a frame, with the rights that the step chooses, through the endpoint of another
 * domain, which maps it if the step wants that.
 */
export function share(world: World, actor: Actor, args: StepArguments<'share'>): StepFacts {
  const { frame: given } = args;
  if (given === undefined) return shareObject(world, actor, args);
  const other = world.actor(args.with);
  const source = actor.frame(given);
  const name = args.as ?? given;
  const cap = actor.domain.channels.give(source.cap, args.rights, other.domain.channels);
  const frame = other.nameFrame(name, cap);
  const facts = { verb: 'share', frame: given, with: args.with, as: name } as const;
  if (!args.map) return { ...facts, rights: args.rights };
  const order = { region: name, at: args.at, offset: 0, bytes: frame.bytes, flags: args.rights };
  return { ...facts, rights: args.rights, mapping: mapFrame(other, { ...order, frame }) };
}

/** Removes every copy of a frame but this one, and every Mapping, in every domain. */
export function revoke(world: World, actor: Actor, args: StepArguments<'revoke'>): StepFacts {
  const { frame } = args;
  if (frame === undefined) return revokeObject(world, actor, args);
  const { cap } = actor.frame(frame);
  const before = lostMappings(world);
  const error = actor.domain.invocations.revoke(cap);
  if (error !== OK) {
    const what = `${actor.name} cannot revoke \`${frame}\``;
    throw VmError.from(pushError(error, Code.LIB_ERR_CAP_REVOKE), what);
  }
  for (const each of world.actors) each.dropEmptyRegions();
  return { verb: 'revoke', frame, count: lostMappings(world) - before };
}

/** Revokes a frame and gives its memory back to the domain. */
export function free(world: World, actor: Actor, args: StepArguments<'free'>): StepFacts {
  const { cap, bytes } = actor.frame(args.frame);
  const before = lostMappings(world);
  actor.domain.freeFrame(cap);
  actor.frames.delete(args.frame);
  for (const each of world.actors) each.dropEmptyRegions();
  return { verb: 'free', frame: args.frame, count: lostMappings(world) - before, bytes };
}

/** Mappings that pmaps have been told they lost. */
function lostMappings(world: World): number {
  return world.actors.reduce((sum, { domain }) => sum + domain.pmap.core.lostMappings, 0);
}
