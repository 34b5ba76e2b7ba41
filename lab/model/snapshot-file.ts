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
import { TRANSLATION_NAMES } from '../../src/source/register-banks.js';
import { Subject } from './subject.js';

/** The tables and registers of a subject as the text of a snapshot. */
export function snapshotOf(subject: Subject): string {
  const { input, provenance } = subject;
  return snapshotText({
    source: provenance.source,
    ...(provenance.table === undefined ? {} : { table: provenance.table }),
    cpu: input.profile.name,
    registers: TRANSLATION_NAMES.map((name) => ({
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
  /** What there is to say about it. */
  readonly about?: string;
}

/**
 * The subject in the text of a snapshot.
 *
 * Errors: SOURCE_ERR_FORMAT — it is none; and those of {@link subjectOf}.
 */
export function subjectOfSnapshot(text: string, labels: SnapshotLabels): Subject {
  return subjectOf(parseSnapshot(text), labels);
}

/**
 * The subject of a snapshot.
 *
 * Errors: SOURCE_ERR_FORMAT — its processor is not known. SOURCE_ERR_ROOT — it does not say where the
 * root table lies.
 */
export function subjectOf(snapshot: Snapshot, labels: SnapshotLabels): Subject {
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
    ...(labels.about === undefined ? {} : { about: labels.about }),
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
    TRANSLATION_NAMES.map((name) => [name, given.get(name)?.value ?? 0]),
  ) as unknown as TranslationRegisters;
  const origins = Object.fromEntries(
    TRANSLATION_NAMES.map((name) => [name, given.get(name)?.origin ?? 'not told']),
  );
  return { values, origins };
}
