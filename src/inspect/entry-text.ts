/**
 * Entries in words: what each field of a descriptor says, short enough for one line.
 */

import { hex } from '../base/index.js';
import {
  type Descriptor,
  DOMAIN_ACCESS_NAMES,
  decode,
  domainAccess,
  type LeafAttributes,
  memoryType,
  memoryTypeName,
} from '../format/index.js';
import { remapRegisters, type TranslationRegisters } from '../machine/index.js';
import type { SpaceInput, TableEntry } from './address-space.js';

/** `domain 0 (client)`. */
export function domainText(domain: number, registers: TranslationRegisters): string {
  return `domain ${domain} (${DOMAIN_ACCESS_NAMES[domainAccess(registers.dacr, domain)]})`;
}

/** `AP=011 XN=1 …` of a leaf, its memory type among them. */
function leafText(leaf: LeafFields, registers: TranslationRegisters): string {
  const texCb = (leaf.tex << 2) | (leaf.c ? 2 : 0) | (leaf.b ? 1 : 0);
  const type = memoryType(texCb, leaf.s, remapRegisters(registers));
  const texts = [`AP=${bits(leaf.ap, 3)}`, `XN=${flag(leaf.xn)}`];
  if (leaf.pxn === true) texts.push('PXN=1');
  texts.push(
    `${memoryTypeName(type)} (TEX=${bits(leaf.tex, 3)} C=${flag(leaf.c)} B=${flag(leaf.b)})`,
  );
  texts.push(`S=${flag(leaf.s)}`, `nG=${flag(leaf.ng)}`);
  if (leaf.ns === true) texts.push('NS=1');
  return texts.join(' ');
}

/** The fields of a leaf that are told; pages have no PXN and NS of their own. */
type LeafFields = Omit<LeafAttributes, 'pxn' | 'ns' | 'domain'> &
  Partial<Pick<LeafAttributes, 'pxn' | 'ns'>>;

/**
 * What an entry is and says: `table → 60104000  domain 0 (client)`, or
 * `small → 60201000  AP=111 XN=1 …`.
 */
export function descriptorText(descriptor: Descriptor, registers: TranslationRegisters): string {
  switch (descriptor.kind) {
    case 'fault':
      return descriptor.ignored === 0 ? 'fault' : 'fault, with bits that software may use';
    case 'reserved':
      return 'reserved type 11: this CPU has no PXN';
    case 'table': {
      const pxn = descriptor.pxn ? ' PXN=1' : '';
      const ns = descriptor.ns ? ' NS=1' : '';
      const domain = domainText(descriptor.domain, registers);
      return `table → ${hex(descriptor.address)}  ${domain}${pxn}${ns}`;
    }
    case 'section':
    case 'supersection': {
      const domain = domainText(descriptor.domain, registers);
      const fields = leafText(descriptor, registers);
      return `${descriptor.kind} → ${hex(descriptor.address)}  ${fields}  ${domain}`;
    }
    case 'large':
    case 'small':
      return `${descriptor.kind} → ${hex(descriptor.address)}  ${leafText(descriptor, registers)}`;
  }
}

/** {@link descriptorText} of an entry of a space. */
export function entryMeaning(entry: TableEntry, input: SpaceInput): string {
  if (entry.word === undefined) return 'unreadable: no memory answers there';
  return descriptorText(decode(entry.level, entry.word, input.profile), input.registers);
}

/** Where an entry is and what it holds: `L1[0x300] @60100c00 = 60104001`. */
export function entryPlace(entry: TableEntry): string {
  const word = entry.word === undefined ? '????????' : hex(entry.word);
  return `L${entry.level}[0x${hex(entry.index, 3)}] @${hex(entry.address)} = ${word}`;
}

function bits(value: number, width: number): string {
  return value.toString(2).padStart(width, '0');
}

function flag(value: boolean): string {
  return value ? '1' : '0';
}
