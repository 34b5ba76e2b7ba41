/**
 * The map for programs: JSON, lines of JSON, CSV and Markdown. Addresses and words are hexadecimal
 * strings, sizes are numbers, and every row carries the entry that it comes from.
 */

import { hex0x } from '../base/index.js';
import { DOMAIN_ACCESS_NAMES, domainAccess, memoryTypeName, rightsText } from '../format/index.js';
import type { TranslationRegisters } from '../machine/index.js';
import type { AddressSpace } from './address-space.js';
import { nonSecureOf } from './leaf-meaning.js';
import type { MapRow } from './map-rows.js';
import { MapTotals } from './show-map.js';
import type { Provenance } from './space-header.js';

/** What the JSON of a map calls itself. */
export const MAP_SCHEMA = 'pagewright/map';
export const MAP_SCHEMA_VERSION = 1;

/** A row of the map as it stands in JSON. */
export interface MapRecord {
  readonly va: string;
  /** The last address. */
  readonly last: string;
  readonly bytes: number;
  readonly kind: string;
  readonly leaves: number;
  /** Null in a hole, and where the frames are scattered. */
  readonly pa: string | null;
  readonly scattered: boolean;
  readonly missingPages: number;
  readonly pl1: string | null;
  readonly pl0: string | null;
  readonly type: string | null;
  readonly shareability: string | null;
  readonly domain: number | null;
  readonly domainAccess: string | null;
  readonly notGlobal: boolean | null;
  readonly nonSecure: boolean | null;
  readonly name: string;
  readonly marks: readonly string[];
  readonly rules: readonly string[];
  /** The entry that maps the first page: level, index, address and word. */
  readonly level: number;
  readonly index: number;
  readonly entry: string;
  readonly word: string | null;
}

/** A row for JSON. */
export function mapRecord(row: MapRow, registers: TranslationRegisters): MapRecord {
  const { entry, type } = row;
  const ifMapped = <T>(value: T): T | null => (type === undefined ? null : value);
  return {
    va: hex0x(row.va, 8),
    last: hex0x(row.va + row.bytes - 1, 8),
    bytes: row.bytes,
    kind: row.kind,
    leaves: row.leaves,
    pa: row.pa === undefined ? null : hex0x(row.pa, 8),
    scattered: row.scattered,
    missingPages: row.missing,
    pl1: ifMapped(rightsText(row.rights, true)),
    pl0: ifMapped(rightsText(row.rights, false)),
    type: type === undefined ? null : memoryTypeName(type),
    shareability: type?.shareability ?? null,
    domain: ifMapped(row.domain),
    domainAccess: ifMapped(DOMAIN_ACCESS_NAMES[domainAccess(registers.dacr, row.domain)] ?? ''),
    notGlobal: ifMapped(row.notGlobal),
    nonSecure: ifMapped(nonSecureOf(row.meaning)),
    name: row.name,
    marks: row.marks.map((mark) => mark.text),
    rules: row.marks.flatMap((mark) => mark.rule ?? []),
    level: entry.level,
    index: entry.index,
    entry: hex0x(entry.address, 8),
    word: entry.word === undefined ? null : hex0x(entry.word, 8),
  };
}

/** The registers for JSON, each with its origin where it is known. */
export function registerRecord(
  registers: TranslationRegisters,
  provenance: Provenance,
): Record<string, { value: string; origin: string | null }> {
  return Object.fromEntries(
    REGISTER_NAMES.map((name) => [
      name,
      { value: hex0x(registers[name], 8), origin: provenance.origins?.[name] ?? null },
    ]),
  );
}

/** The registers that decide what tables mean, in the order they are told. */
const REGISTER_NAMES: readonly (keyof TranslationRegisters)[] = [
  'ttbr0',
  'ttbr1',
  'ttbcr',
  'sctlr',
  'dacr',
  'prrr',
  'nmrr',
  'contextidr',
];

/** The whole map as one JSON document, piece by piece so that a large one needs no memory. */
export function* mapJson(
  space: AddressSpace,
  rows: Iterable<MapRow>,
  provenance: Provenance,
): Generator<string> {
  const { registers, profile } = space.input;
  const head = {
    schema: MAP_SCHEMA,
    version: MAP_SCHEMA_VERSION,
    source: provenance.source,
    table: provenance.table ?? null,
    cpu: profile.name,
    mmuOn: space.mmuOn,
    registers: registerRecord(registers, provenance),
    roots: space.roots.map((root) => ({
      register: root.register,
      address: hex0x(root.base, 8),
      disabled: root.disabled,
      firstVa: hex0x(root.first * 2 ** 20, 8),
    })),
  };
  const totals = new MapTotals();
  let separator = `${JSON.stringify(head).slice(0, -1)},"rows":[\n`;
  for (const row of rows) {
    totals.add(row);
    yield `${separator}${JSON.stringify(mapRecord(row, registers))}`;
    separator = ',\n';
  }
  const tail = {
    mappedBytes: totals.mappedBytes,
    tables: space.tableKibibytes.length,
    tableBytes: space.tableBytes(),
    rules: [...totals.rules].toSorted(),
  };
  yield `\n],"totals":${JSON.stringify(tail)}}\n`;
}

/** The map as lines of JSON, one a row. */
export function* mapNdjson(
  rows: Iterable<MapRow>,
  registers: TranslationRegisters,
): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(mapRecord(row, registers))}\n`;
}

/** The columns of CSV and Markdown. */
const COLUMNS = [
  'va',
  'last',
  'bytes',
  'kind',
  'leaves',
  'pa',
  'missingPages',
  'pl1',
  'pl0',
  'type',
  'shareability',
  'domain',
  'domainAccess',
  'notGlobal',
  'nonSecure',
  'name',
  'marks',
  'entry',
  'word',
] as const satisfies readonly (keyof MapRecord)[];

/** The map as CSV (RFC 4180), with a line of titles. */
export function* mapCsv(
  rows: Iterable<MapRow>,
  registers: TranslationRegisters,
): Generator<string> {
  yield `${COLUMNS.join(',')}\n`;
  for (const row of rows) {
    const record = mapRecord(row, registers);
    yield `${COLUMNS.map((column) => csvField(fieldText(record[column]))).join(',')}\n`;
  }
}

/** The map as a Markdown table. */
export function* mapMarkdown(
  rows: Iterable<MapRow>,
  registers: TranslationRegisters,
): Generator<string> {
  yield `| ${COLUMNS.join(' | ')} |\n|${COLUMNS.map(() => ' --- |').join('')}\n`;
  for (const row of rows) {
    const record = mapRecord(row, registers);
    const texts = COLUMNS.map((column) => fieldText(record[column]).replaceAll('|', '\\|'));
    yield `| ${texts.join(' | ')} |\n`;
  }
}

function fieldText(value: MapRecord[keyof MapRecord]): string {
  if (value === null) return '';
  return typeof value === 'object' ? value.join(' ') : String(value);
}

function csvField(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
