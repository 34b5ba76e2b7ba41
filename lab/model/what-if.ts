/**
 * What would be if an entry or a register were another: the same space, read with one or two words
 * changed. The tables themselves are not touched.
 */

import { type Descriptor, decode, encode } from '../../src/format/index.js';
import type { SpaceInput } from '../../src/inspect/index.js';
import { Sctlr, type TranslationRegisters, type Walk } from '../../src/machine/index.js';

/** What is changed; what is undefined stays as it is. */
export interface WhatIf {
  /** The word of the entry that decides: the leaf's, or the last that was read. */
  readonly word: number | undefined;
  readonly dacr: number | undefined;
  readonly sctlr: number | undefined;
}

/** Whether anything is changed. */
export function changes({ word, dacr, sctlr }: WhatIf): boolean {
  return word !== undefined || dacr !== undefined || sctlr !== undefined;
}

/** The space with the changes; `walk` is the walk without them. */
export function changedInput(input: SpaceInput, walk: Walk, whatIf: WhatIf): SpaceInput {
  const { word, dacr, sctlr } = whatIf;
  const at = walk.steps.at(-1)?.entryAddress;
  const registers: TranslationRegisters = {
    ...plain(input.registers),
    ...(dacr === undefined ? {} : { dacr }),
    ...(sctlr === undefined ? {} : { sctlr }),
  };
  const readWord = (pa: number): number =>
    word !== undefined && pa === at ? word : input.reader.readWord(pa);
  return { ...input, registers, reader: { readWord } };
}

/** The registers as plain values: those of a live CPU are accessors, which a spread leaves behind. */
function plain(registers: TranslationRegisters): TranslationRegisters {
  const { ttbr0, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr } = registers;
  return { ttbr0, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr };
}

/** The entry that decides, as a leaf that can be changed; undefined where there is none. */
export function leafDescriptor(
  input: SpaceInput,
  walk: Walk,
): { readonly level: 1 | 2; readonly descriptor: Extract<Descriptor, { ap: number }> } | undefined {
  const step = walk.steps.at(-1);
  if (step?.word === undefined) return undefined;
  const level = step.level === 1 ? 1 : 2;
  const descriptor = decode(level, step.word, input.profile);
  return 'ap' in descriptor ? { level, descriptor } : undefined;
}

/** The word of a leaf with some of its fields changed. */
export function wordWith(
  { level, descriptor }: NonNullable<ReturnType<typeof leafDescriptor>>,
  fields: { readonly ap?: number; readonly xn?: boolean },
): number {
  return encode(level, { ...descriptor, ...fields });
}

/** The DACR with another access for a domain. */
export function dacrWith(dacr: number, domain: number, access: number): number {
  const shift = 2 * domain;
  return ((dacr & ~(3 << shift)) | (access << shift)) >>> 0;
}

/** The SCTLR with the access flag in use, or not. */
export function sctlrWith(sctlr: number, afe: boolean): number {
  return (afe ? sctlr | Sctlr.AFE : sctlr & ~Sctlr.AFE) >>> 0;
}
