/**
 * The first lines of every view: where the space was read from, with which registers, and where each
 * of them came from.
 */

import { hex } from '../base/index.js';
import { DOMAIN_ACCESS_NAMES, domainAccess } from '../format/index.js';
import { Sctlr, type TranslationRegisters, Ttbcr } from '../machine/index.js';
import type { AddressSpace } from './address-space.js';
import { line, type StyledLine } from './styled-text.js';

/** Where a space was read from, for the person who reads its map. */
export interface Provenance {
  /** The source as it was named: `elf:fsbl.elf`. */
  readonly source: string;
  /** The symbol or file that the root table is, where it has a name. */
  readonly table?: string;
  /** Where each register came from: `core`, `--regs`, `assumed`. */
  readonly origins?: Readonly<Partial<Record<keyof TranslationRegisters, string>>>;
}

/** The source, the roots, and the registers with their origins. */
export function headerLines(space: AddressSpace, provenance: Provenance): StyledLine[] {
  const { registers, profile } = space.input;
  const roots = space.roots
    .map((root) => `${root.register}@0x${hex(root.base)}${root.disabled ? ' (disabled)' : ''}`)
    .join(', ');
  const table = provenance.table === undefined ? roots : `${provenance.table}: ${roots}`;
  const n = registers.ttbcr & Ttbcr.N_MASK;
  const mmu = space.mmuOn ? '' : '  MMU off: these tables are not in use';
  const bases = baseTexts(space, provenance);
  return [
    line(
      `source  ${provenance.source}  table ${table}  short descriptors  N=${n}  ${profile.name}${mmu}`,
      'heading',
    ),
    ...(bases.length === 0 ? [] : [line(`regs    ${bases.join('  ')}`, 'quiet')]),
    line(`regs    ${registerTexts(space.input.registers, provenance).join('  ')}`, 'quiet'),
  ];
}

/** The registers that say where the tables are, where it is known who says so. */
function baseTexts(space: AddressSpace, { origins = {} }: Provenance): string[] {
  const { registers } = space.input;
  const names =
    space.roots.length > 1 ? (['ttbr0', 'ttbr1', 'ttbcr'] as const) : (['ttbr0', 'ttbcr'] as const);
  if (names.every((name) => origins[name] === undefined)) return [];
  return names.map((name) => {
    const origin = origins[name] ?? '';
    return `${name.toUpperCase()}=${hex(registers[name])}${after(origin)}`;
  });
}

/** The registers that change what the tables mean, with where they come from. */
function registerTexts(registers: TranslationRegisters, provenance: Provenance): string[] {
  const { sctlr, dacr } = registers;
  const from = (name: keyof TranslationRegisters): string => provenance.origins?.[name] ?? '';
  const flags = (['AFE', 'TRE', 'WXN', 'UWXN', 'EE'] as const)
    .filter((name) => (sctlr & Sctlr[name]) !== 0)
    .join(' ');
  const texts = [
    `DACR=${hex(dacr)} ${inBrackets(dacrText(dacr), from('dacr'))}`,
    `SCTLR=${hex(sctlr)} ${inBrackets(flags === '' ? 'no AFE, no TRE' : flags, from('sctlr'))}`,
  ];
  if ((sctlr & Sctlr.TRE) !== 0) {
    texts.push(`PRRR=${hex(registers.prrr)}${after(from('prrr'))}`);
    texts.push(`NMRR=${hex(registers.nmrr)}${after(from('nmrr'))}`);
  }
  return texts;
}

function inBrackets(...texts: string[]): string {
  return `(${texts.filter((text) => text !== '').join(', ')})`;
}

function after(origin: string): string {
  return origin === '' ? '' : ` (${origin})`;
}

/** What the DACR says of the 16 domains: `all client`, or `0-3 client, 15 manager, others none`. */
export function dacrText(dacr: number): string {
  const byAccess = DOMAIN_ACCESS_NAMES.map((name, access) => ({
    name,
    domains: Array.from({ length: 16 }, (_, domain) => domain).filter(
      (domain) => domainAccess(dacr, domain) === access,
    ),
  }));
  const all = byAccess.find(({ domains }) => domains.length === 16);
  if (all !== undefined) return `all ${all.name}`;
  return byAccess
    .toSorted((left, right) => rank(left.name) - rank(right.name))
    .filter(({ domains }) => domains.length > 0)
    .map(({ name, domains }) => `${name === 'none' ? 'others' : spans(domains)} ${name}`)
    .join(', ');
}

/** Domains without access are told last, as the others. */
function rank(name: string): number {
  return name === 'none' ? 1 : 0;
}

/** Numbers as spans: `0-3,15`. */
function spans(numbers: readonly number[]): string {
  const texts: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at] as number;
    let last = first;
    while (numbers[at + 1] === last + 1) {
      last += 1;
      at += 1;
    }
    texts.push(last === first ? `${first}` : `${first}-${last}`);
    at += 1;
  }
  return texts.join(',');
}
