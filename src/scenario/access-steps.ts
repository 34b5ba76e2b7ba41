/** Steps that access memory as the program of a domain would. */
import { VmError } from '../base/index.js';
import { Access } from '../format/index.js';
import type { Cpu, Walk } from '../machine/index.js';
import { walk } from '../machine/index.js';
import type { Actor } from './actor.js';
import type { StepArguments } from './schema.js';
import type { StepFacts } from './step-result.js';
import { touchCount, touchOffsets } from './touch-pattern.js';
import type { World } from './world.js';

/** Reads memory. */
export function load(world: World, actor: Actor, args: StepArguments<'load'>): StepFacts {
  const va = actor.address(args.at);
  const value = world.machine.cpu.load(va, args.bytes);
  const pa = physicalOf(world, va, Access.USER_READ);
  return { verb: 'load', va, pa, bytes: args.bytes, value };
}

/** Writes memory. */
export function store(world: World, actor: Actor, args: StepArguments<'store'>): StepFacts {
  const va = actor.address(args.at);
  const value = args.bytes === 4 ? args.value : args.value % 2 ** (8 * args.bytes);
  world.machine.cpu.store(va, args.bytes, value);
  const pa = physicalOf(world, va, Access.USER_WRITE);
  return { verb: 'store', va, pa, bytes: args.bytes, value };
}

/** Fetches an instruction. */
export function fetch(world: World, actor: Actor, args: StepArguments<'fetch'>): StepFacts {
  const va = actor.address(args.at);
  const value = world.machine.cpu.fetch(va);
  return { verb: 'fetch', va, pa: physicalOf(world, va, Access.USER_FETCH), bytes: 4, value };
}

/** Accesses a range in a pattern. */
export function touch(world: World, actor: Actor, args: StepArguments<'touch'>): StepFacts {
  const { cpu } = world.machine;
  const va = actor.address(args.at);
  const { access, bytes, size } = args;
  if (va + size > 2 ** 32) {
    throw new VmError(
      'SCENARIO_ERR_REFERENCE',
      `the range of ${args.at.text} leaves the 32-bit space`,
    );
  }
  const perform = ACCESSES[access];
  for (const offset of touchOffsets(args)) perform(cpu, va + offset, bytes);
  return { verb: 'touch', va, bytes: size, access, count: touchCount(args) };
}

const ACCESSES: Readonly<
  Record<StepArguments<'touch'>['access'], (cpu: Cpu, va: number, bytes: 1 | 2 | 4) => void>
> = {
  read: (cpu, va, bytes) => cpu.load(va, bytes),
  // What is written tells where it was written to.
  write: (cpu, va, bytes) => cpu.store(va, bytes, va),
  fetch: (cpu, va, bytes) => cpu.fetch(va, bytes === 1 ? 2 : bytes),
};

/** Where an access has gone, without a trace in the counters. */
function physicalOf(world: World, va: number, access: number): number {
  const { cpu, memory, profile } = world.machine;
  return walk(memory, cpu.registers, profile, va, access).leaf?.pa ?? va;
}

/** The walk that the error of an access carries, or undefined if it is another error. */
export function walkOf(error: VmError): Walk | undefined {
  const evidence = error.evidence as Partial<Walk> | null | undefined;
  const isWalk = typeof evidence === 'object' && evidence !== null && 'steps' in evidence;
  return isWalk ? (evidence as Walk) : undefined;
}
