/** Steps by which domains give each other frames and take them back. */
import { type CapRef, Code, type ErrorNumber, OK, pushError, VmError } from '../base/index.js';
import type { Domain } from '../domain/index.js';
import { CapType, Rights, WellKnown } from '../kernel/index.js';
import type { Actor } from './actor.js';
import { mapFrame } from './memory-steps.js';
import type { StepArguments } from './schema.js';
import type { StepFacts } from './step-result.js';
import type { World } from './world.js';

/**
 * Sends a copy of a frame, with the rights that the step chooses, through the endpoint of another
 * domain, which maps it if the step wants that.
 */
export function share(world: World, actor: Actor, args: StepArguments<'share'>): StepFacts {
  const other = world.actor(args.with);
  const source = actor.frame(args.frame);
  const name = args.as ?? args.frame;
  const cap = sendFrame(world, actor.domain, other.domain, source.cap, args.rights);
  const frame = other.nameFrame(name, cap);
  const facts = { verb: 'share', frame: args.frame, with: args.with, as: name } as const;
  if (!args.map) return { ...facts, rights: args.rights };
  const order = { region: name, at: args.at, offset: 0, bytes: frame.bytes, flags: args.rights };
  return { ...facts, rights: args.rights, mapping: mapFrame(other, { ...order, frame }) };
}

/** Whether an operation of the kernel succeeded; if not, says for whom and in what. */
function check(error: ErrorNumber, what: string, code?: number): void {
  if (error === OK) return;
  throw VmError.from(code === undefined ? error : pushError(error, code), what);
}

/** A slot of the domain's own. */
function newSlot(domain: Domain): CapRef {
  const slot = domain.slots.allocate();
  check(slot < 0 ? -slot : OK, `${domain.name} has no free slot`, Code.LIB_ERR_SLOT_ALLOC);
  return slot as CapRef;
}

/** Sends a copy with `rights` from one domain to the other; answers the receiver's slot. */
function sendFrame(world: World, from: Domain, to: Domain, frame: CapRef, rights: number): CapRef {
  const place = newSlot(to);
  const copy = newSlot(from);
  try {
    // Who is to pass a capability on needs the right to grant it, and so has the copy that arrives.
    const granted = rights | Rights.GRANT | Rights.IDENTIFY;
    const copied = from.invocations.mint(copy, frame, granted);
    check(copied, `${from.name} cannot copy the frame`, Code.LIB_ERR_CAP_COPY);
    const endpoint = introduction(world, from, to);
    check(to.invocations.receiveInto(WellKnown.DISPATCHER, place), `${to.name} cannot receive`);
    check(from.invocations.send(endpoint, [place], copy), `${from.name} cannot send the frame`);
    to.invocations.receive(WellKnown.DISPATCHER);
  } catch (error) {
    to.slots.free(place);
    throw error;
  } finally {
    from.invocations.delete(copy);
    from.slots.free(copy);
  }
  return place;
}

/** The slot of one domain that holds the endpoint of another: made, and introduced, when first used. */
function introduction(world: World, from: Domain, to: Domain): CapRef {
  const key = `${from.number} ${to.number}`;
  const known = world.endpoints.get(key);
  if (known !== undefined) return known;
  const own = newSlot(to);
  const request = { type: CapType.END_POINT, offset: 0, objectBytes: 1024, count: 1 };
  const made = to.invocations.retype(WellKnown.DISPATCHER, request, own);
  check(made, `${to.name} cannot make an endpoint`, Code.LIB_ERR_CAP_RETYPE);
  const slot = newSlot(from);
  const introduced = world.kernel.introduce(to.number, own, from.number, slot);
  check(introduced, `${from.name} cannot be introduced to ${to.name}`);
  world.endpoints.set(key, slot);
  return slot;
}

/** Removes every copy of a frame but this one, and every Mapping, in every domain. */
export function revoke(world: World, actor: Actor, args: StepArguments<'revoke'>): StepFacts {
  const { cap } = actor.frame(args.frame);
  const before = lostMappings(world);
  const error = actor.domain.invocations.revoke(cap);
  check(error, `${actor.name} cannot revoke \`${args.frame}\``, Code.LIB_ERR_CAP_REVOKE);
  for (const each of world.actors) each.dropEmptyRegions();
  return { verb: 'revoke', frame: args.frame, count: lostMappings(world) - before };
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
