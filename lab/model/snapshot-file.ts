/**
 * A subject as a file and back: a snapshot, which every command of Pagewright reads, with the names
 * beside it.
 */

import { VmError } from '../../src/base/index.js';
import { CPU_PROFILES } from '../../src/format/index.js';
import {
  type NamedRange,
  parseSnapshot,
  type Snapshot,
  snapshotReader,
  snapshotText,
  tableMemory,
} from '../../src/inspect/index.js';
import type { TranslationRegisters } from '../../src/machine/index.js';
import { Subject } from './subject.js';

const REGISTERS = [
  'ttbr0',
  'ttbr1',
  'ttbcr',
  'dacr',
  'sctlr',
  'prrr',
  'nmrr',
  'contextidr',
] as const satisfies readonly (keyof TranslationRegisters)[];

/** The tables and registers of a subject as the text of a snapshot. */
export function snapshotOf(subject: Subject): string {
  const { input, provenance } = subject;
  return snapshotText({
    source: provenance.source,
    ...(provenance.table === undefined ? {} : { table: provenance.table }),
    cpu: input.profile.name,
    registers: REGISTERS.map((name) => ({
      name,
      value: input.registers[name],
      origin: provenance.origins?.[name] ?? provenance.source,
    })),
    memory: tableMemory(input),
  });
}

/** How a snapshot is to be called, and what is known beside it. */
export interface SnapshotLabels {
  readonly title: string;
  /** The word that the command line would name it by. */
  readonly word: string;
  readonly names?: readonly NamedRange[];
}

/**
 * The subject in the text of a snapshot.
 *
 * Errors: SOURCE_ERR_FORMAT — it is none, or its processor is not known. SOURCE_ERR_ROOT — it does not
 * say where the root table lies.
 */
export function subjectOfSnapshot(text: string, labels: SnapshotLabels): Subject {
  const snapshot = parseSnapshot(text);
  const profile = CPU_PROFILES[snapshot.cpu];
  if (profile === undefined) {
    const known = Object.keys(CPU_PROFILES).join(', ');
    throw new VmError(
      'SOURCE_ERR_FORMAT',
      `${labels.title} is of a ${JSON.stringify(snapshot.cpu)}; known are ${known}`,
    );
  }
  const { values, origins } = registersOf(snapshot, labels.title);
  return new Subject({
    title: labels.title,
    input: { reader: snapshotReader(snapshot.memory), registers: values, profile },
    names: labels.names ?? [],
    provenance: {
      source: labels.word,
      ...(snapshot.table === undefined ? {} : { table: snapshot.table }),
      origins,
    },
  });
}

function registersOf(
  snapshot: Snapshot,
  title: string,
): { values: TranslationRegisters; origins: Partial<Record<keyof TranslationRegisters, string>> } {
  const given = new Map(snapshot.registers.map((each) => [each.name, each]));
  if (!given.has('ttbr0')) {
    throw new VmError('SOURCE_ERR_ROOT', `${title} has no TTBR0, which says where its tables are`);
  }
  const values = Object.fromEntries(
    REGISTERS.map((name) => [name, given.get(name)?.value ?? 0]),
  ) as unknown as TranslationRegisters;
  const origins = Object.fromEntries(
    REGISTERS.map((name) => [name, given.get(name)?.origin ?? 'not told']),
  );
  return { values, origins };
}
