/**
 * Where each field of a descriptor stands, for pictures, for tables of bits and for the tests that
 * hold the codec against it. Every bit of a word belongs to exactly one field.
 */

import { Kind } from './short-descriptor.js';

/** What a field is about. */
export type FieldRole = 'type' | 'address' | 'rights' | 'memory' | 'scope' | 'free';

/** A run of bits in a descriptor. */
export interface DescriptorField {
  /** The manual's name; a field in two parts has the bits of each part in its name. */
  readonly name: string;
  readonly low: number;
  readonly bits: number;
  readonly role: FieldRole;
}

const field = (name: string, low: number, bits: number, role: FieldRole): DescriptorField => ({
  name,
  low,
  bits,
  role,
});

/** Bits 17..0 of sections and supersections, without what differs between them. */
const SECTION_LOW: readonly DescriptorField[] = [
  field('nG', 17, 1, 'scope'),
  field('S', 16, 1, 'memory'),
  field('AP[2]', 15, 1, 'rights'),
  field('TEX', 12, 3, 'memory'),
  field('AP[1:0]', 10, 2, 'rights'),
  field('IMP', 9, 1, 'free'),
];

const SECTION_END: readonly DescriptorField[] = [
  field('XN', 4, 1, 'rights'),
  field('C', 3, 1, 'memory'),
  field('B', 2, 1, 'memory'),
  field('1', 1, 1, 'type'),
  field('PXN', 0, 1, 'rights'),
];

/** The fields of each kind, at its number, highest bit first. */
export const DESCRIPTOR_FIELDS: readonly (readonly DescriptorField[])[] = (() => {
  const fields: DescriptorField[][] = [];
  fields[Kind.FAULT] = [field('ignored', 2, 30, 'free'), field('type', 0, 2, 'type')];
  fields[Kind.TABLE] = [
    field('address', 10, 22, 'address'),
    field('IMP', 9, 1, 'free'),
    field('domain', 5, 4, 'rights'),
    field('SBZ', 4, 1, 'free'),
    field('NS', 3, 1, 'scope'),
    field('PXN', 2, 1, 'rights'),
    field('type', 0, 2, 'type'),
  ];
  fields[Kind.SECTION] = [
    field('address', 20, 12, 'address'),
    field('NS', 19, 1, 'scope'),
    field('0', 18, 1, 'type'),
    ...SECTION_LOW,
    field('domain', 5, 4, 'rights'),
    ...SECTION_END,
  ];
  fields[Kind.SUPERSECTION] = [
    field('address', 24, 8, 'address'),
    field('PA[35:32]', 20, 4, 'address'),
    field('NS', 19, 1, 'scope'),
    field('1', 18, 1, 'type'),
    ...SECTION_LOW,
    field('PA[39:36]', 5, 4, 'address'),
    ...SECTION_END,
  ];
  fields[Kind.LARGE] = [
    field('address', 16, 16, 'address'),
    field('XN', 15, 1, 'rights'),
    field('TEX', 12, 3, 'memory'),
    field('nG', 11, 1, 'scope'),
    field('S', 10, 1, 'memory'),
    field('AP[2]', 9, 1, 'rights'),
    field('SBZ', 6, 3, 'free'),
    field('AP[1:0]', 4, 2, 'rights'),
    field('C', 3, 1, 'memory'),
    field('B', 2, 1, 'memory'),
    field('type', 0, 2, 'type'),
  ];
  fields[Kind.SMALL] = [
    field('address', 12, 20, 'address'),
    field('nG', 11, 1, 'scope'),
    field('S', 10, 1, 'memory'),
    field('AP[2]', 9, 1, 'rights'),
    field('TEX', 6, 3, 'memory'),
    field('AP[1:0]', 4, 2, 'rights'),
    field('C', 3, 1, 'memory'),
    field('B', 2, 1, 'memory'),
    field('1', 1, 1, 'type'),
    field('XN', 0, 1, 'rights'),
  ];
  fields[Kind.RESERVED] = [field('reserved', 2, 30, 'free'), field('type', 0, 2, 'type')];
  return fields;
})();

/** The value of a field in `word`. */
export function fieldValue(field: DescriptorField, word: number): number {
  return (word >>> field.low) & (2 ** field.bits - 1);
}
