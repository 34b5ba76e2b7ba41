/** Steps by which domains come and go, and give frames away. */
import { OK, VmError } from '../base/index.js';
import { cloneDomain, VRegion } from '../domain/index.js';
import { Rights } from '../kernel/index.js';
import { Actor } from './actor.js';
import type { StepArguments } from './schema.js';
import type { StepFacts } from './step-result.js';
import type { World } from './world.js';

/** Makes a clone of a domain, which knows objects and places by the same names. */
export function clone(world: World, actor: Actor, args: StepArguments<'clone'>): StepFacts {
  const options = { name: args.as, ramBytes: args.ram };
  const { domain, kill } = cloneDomain(actor.domain, options);
  const child = new Actor(domain, undefined, { parent: actor, kill });
  try {
    adoptNames(actor, child);
    if (args.pager !== undefined) child.startPaging(args.pager);
  } catch (error) {
    kill();
    throw error;
  }
  child.isPaged = true;
  world.actors.push(child);
  const regions = domain.vspace.all().filter((region) => region instanceof VRegion).length;
  return { verb: 'clone', as: args.as, count: regions, bytes: args.ram };
}

/** What a clone inherits of the names that its parent has: places, and objects where they are mapped. */
function adoptNames(parent: Actor, child: Actor): void {
  for (const [name, address] of parent.allPlaces()) {
    if (child.domain.vspace.find(address) !== undefined) child.namePlace(name, address);
  }
  for (const [name, { object }] of parent.allObjects()) {
    const mapped = parent.domain.vspace
      .all()
      .find((region) => region instanceof VRegion && region.object === object);
    if (mapped === undefined) continue;
    const copy = child.domain.vspace.find(mapped.base);
    if (copy instanceof VRegion && copy.object !== undefined) {
      child.nameObject(name, { object: copy.object });
    }
  }
  for (const [name, stack] of parent.stacks) child.stacks.set(name, stack.inClone(child.domain));
}

/** Lets a domain give up its memory. */
export function exit(world: World, _actor: Actor, name: StepArguments<'exit'>): StepFacts {
  const ended = world.actor(name);
  const lost = ended.domain.exit();
  world.bury(ended);
  return { verb: 'exit', domain: name, lost: lost.map(({ message }) => message) };
}

/** Ends a clone: its memory is its parent's again. */
export function kill(world: World, _actor: Actor, name: StepArguments<'kill'>): StepFacts {
  const ended = world.actor(name);
  if (ended.origin === undefined) {
    const message = `${name} is no clone, and nobody's to kill; let it exit`;
    throw new VmError('SCENARIO_ERR_REFERENCE', message);
  }
  const lost = killAll(world, ended);
  return { verb: 'kill', domain: name, lost: lost.map(({ message }) => message) };
}

/** Clones of a clone live in its memory, and go before it. */
function killAll(world: World, actor: Actor): VmError[] {
  const clones = world.actors.filter(({ origin }) => origin?.parent === actor);
  const lost = clones.flatMap((clone) => killAll(world, clone));
  lost.push(...(actor.origin?.kill() ?? []));
  world.bury(actor);
  return lost;
}

/** Gives a frame away. */
export function transfer(world: World, actor: Actor, args: StepArguments<'transfer'>): StepFacts {
  const { cap } = actor.frame(args.frame);
  const other = world.actor(args.to);
  const rights = Rights.READ | Rights.WRITE | Rights.EXECUTE;
  const as = args.as ?? args.frame;
  const { pa, bytes } = other.nameFrame(
    as,
    actor.domain.channels.give(cap, rights, other.domain.channels),
  );
  const error = actor.domain.invocations.delete(cap);
  if (error !== OK) throw VmError.from(error, `${actor.name} cannot give \`${args.frame}\` up`);
  actor.domain.slots.free(cap);
  actor.frames.delete(args.frame);
  for (const each of world.actors) each.dropEmptyRegions();
  return { verb: 'transfer', frame: args.frame, to: args.to, as, pa, bytes };
}
