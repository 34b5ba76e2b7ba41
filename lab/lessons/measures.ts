/** What lessons ask of their machine, as short words. */

import { hex } from '../../src/base/index.js';
import { Access } from '../../src/format/index.js';
import type { AddressSpace } from '../../src/inspect/index.js';
import {
  type CostName,
  type TranslationRegisters,
  type WalkFault,
  walk,
} from '../../src/machine/index.js';
import {
  type ReplayPolicyName,
  replayTrace,
  type StepResult,
  traceOfPages,
} from '../../src/scenario/index.js';
import type { LabSession } from '../engine/lab-session.js';
import type { LessonWorld } from './lesson.js';

/** The session of a lesson that has one. */
export function sessionOf({ session }: LessonWorld): LabSession {
  if (session !== undefined) return session;
  throw new Error('a lesson about a space has no session');
}

/** The space of a lesson that has one. */
export function spaceOf({ space }: LessonWorld): AddressSpace {
  if (space !== undefined) return space;
  throw new Error('a lesson about a trace has no space');
}

/** How often a policy with so many frames misses on a string of pages. */
export function misses(pages: readonly number[], policy: ReplayPolicyName, frames: number): string {
  const replay = replayTrace(traceOfPages(pages), { policies: [policy], frames: [frames] });
  for (;;) {
    const { done, value } = replay.next();
    if (done === true) return `${value[0]?.misses}`;
  }
}

/** The result of the step of this number. */
export function resultOf(world: LessonWorld, step: number): StepResult {
  const result = sessionOf(world).results[step - 1];
  if (result !== undefined) return result;
  throw new Error(`the scenario has no step ${step}`);
}

/** What the step counted, with thousands apart. */
export function cost(name: CostName, step: number): (world: LessonWorld) => string {
  return (world) => resultOf(world, step).costs[name].toLocaleString('en');
}

/** How the step ended: a fault by its level, an error by its innermost code, or `it succeeds`. */
export function ending(step: number): (world: LessonWorld) => string {
  return (world) => {
    const { outcome } = resultOf(world, step);
    if (outcome.kind === 'done') return 'it succeeds';
    if (outcome.kind === 'error') return outcome.codes.at(-1) ?? '';
    const { fault } = outcome.walk;
    return fault === undefined ? outcome.fault : faultText(fault);
  };
}

/** The physical address that the step used. */
export function physicalAddress(step: number): (world: LessonWorld) => string {
  return (world) => {
    const { outcome } = resultOf(world, step);
    return outcome.kind === 'done' && 'pa' in outcome.facts ? hex(outcome.facts.pa) : 'none';
  };
}

/** How an access of `access` to `va` ends under these registers, as {@link ending} says it. */
export function accessEnding(
  space: AddressSpace,
  va: number,
  access: number,
  registers: TranslationRegisters = space.input.registers,
): string {
  const { fault } = walk(space.input.reader, registers, space.input.profile, va, access);
  return fault === undefined ? 'it succeeds' : faultText(fault);
}

function faultText({ meaning }: WalkFault): string {
  return `a ${meaning.name} fault at level ${meaning.level}`;
}

/** What a program at PL0 may do at `va`: letters of rwx, or nothing. */
export function userRights(space: AddressSpace, va: number): string {
  const { USER_READ, USER_WRITE, USER_FETCH } = Access;
  const letters = [
    [USER_READ, 'r'],
    [USER_WRITE, 'w'],
    [USER_FETCH, 'x'],
  ] as const;
  const may = letters.filter(([access]) => accessEnding(space, va, access) === 'it succeeds');
  return may.length === 0 ? 'nothing' : may.map(([, letter]) => letter).join('');
}

/** The registers of a space with another DACR. */
export function withDacr({ input }: AddressSpace, dacr: number): TranslationRegisters {
  const { ttbr0, ttbr1, ttbcr, sctlr, prrr, nmrr, contextidr } = input.registers;
  return { ttbr0, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr };
}
