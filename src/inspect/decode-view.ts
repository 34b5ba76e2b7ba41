/**
 * `decode`: one word by itself, bit field by bit field: a descriptor, for which the level must be
 * known since the same word means different things at the two, or a fault status register.
 */

import { hex, hex0x } from '../base/index.js';
import {
  type CpuProfile,
  DESCRIPTOR_FIELDS,
  type DescriptorField,
  decode,
  decodeDfsr,
  decodeIfsr,
  fieldValue,
  kindOf,
} from '../format/index.js';
import type { TranslationRegisters } from '../machine/index.js';
import { descriptorText } from './entry-text.js';
import { line, type StyledLine } from './styled-text.js';

/** A decoded word for JSON. */
export interface DecodeRecord {
  readonly word: string;
  /** `level 1`, `level 2`, `DFSR` or `IFSR`. */
  readonly as: string;
  readonly meaning: string;
  readonly fields: readonly {
    readonly name: string;
    readonly bits: string;
    readonly value: string;
  }[];
}

/** What `word` is in a table of `level`. */
export function decodeEntry(
  word: number,
  level: 1 | 2,
  registers: TranslationRegisters,
  profile: CpuProfile,
): DecodeRecord {
  const kind = kindOf(level, word, profile.hasPxn);
  const fields = DESCRIPTOR_FIELDS[kind] ?? [];
  return {
    word: hex0x(word, 8),
    as: `level ${level}`,
    meaning: descriptorText(decode(level, word, profile), registers),
    fields: fields.map((field) => ({
      name: field.name,
      bits: bitsText(field),
      value: valueText(field, word),
    })),
  };
}

/** The fields of the DFSR and the IFSR: name, lowest bit, width, and which registers have it. */
const FAULT_FIELDS = [
  { name: 'CM', low: 13, bits: 1, ifsr: false },
  { name: 'ExT', low: 12, bits: 1, ifsr: true },
  { name: 'WnR', low: 11, bits: 1, ifsr: false },
  { name: 'FS[4]', low: 10, bits: 1, ifsr: true },
  { name: 'LPAE', low: 9, bits: 1, ifsr: true },
  { name: 'domain', low: 4, bits: 4, ifsr: false },
  { name: 'FS[3:0]', low: 0, bits: 4, ifsr: true },
] as const;

/** What `word` is as a fault status register. */
export function decodeFault(word: number, register: 'DFSR' | 'IFSR'): DecodeRecord {
  const fields = FAULT_FIELDS.filter((field) => register === 'DFSR' || field.ifsr);
  return {
    word: hex0x(word, 8),
    as: register,
    meaning: faultText(word, register),
    fields: fields.map(({ name, low, bits }) => {
      const field: DescriptorField = { name, low, bits, role: 'free' };
      return { name, bits: bitsText(field), value: valueText(field, word) };
    }),
  };
}

/** `write, permission fault, page, domain 1`. */
export function faultText(word: number, register: 'DFSR' | 'IFSR'): string {
  const fault = register === 'DFSR' ? decodeDfsr(word) : decodeIfsr(word);
  if (fault.longFormat) return 'in the long-descriptor format, which these tables are not';
  const access = register === 'IFSR' ? 'fetch' : fault.write ? 'write' : 'read';
  const domain = fault.meaning.hasDomain && register === 'DFSR' ? `, domain ${fault.domain}` : '';
  const maintenance = fault.cacheMaintenance ? ', by a cache maintenance operation' : '';
  return `${access}: ${fault.meaning.text}${domain}${maintenance}`;
}

/** A decoded word as lines: what it is, and a line for each field. */
export function decodeLines(record: DecodeRecord): StyledLine[] {
  const width = Math.max(...record.fields.map((field) => field.name.length));
  return [
    line(`${record.word.slice(2)}  as ${record.as}: ${record.meaning}`, 'heading'),
    ...record.fields.map(({ name, bits, value }) =>
      line(`  ${bits.padStart(6)}  ${name.padEnd(width)}  ${value}`),
    ),
  ];
}

function bitsText(field: DescriptorField): string {
  const high = field.low + field.bits - 1;
  return high === field.low ? `${high}` : `${high}..${field.low}`;
}

/** A field's value: binary where it is short, hexadecimal where it is an address. */
function valueText(field: DescriptorField, word: number): string {
  const value = fieldValue(field, word);
  return field.bits > 4
    ? hex(value, Math.ceil(field.bits / 4))
    : value.toString(2).padStart(field.bits, '0');
}
