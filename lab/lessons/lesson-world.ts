/** Opens what a lesson looks at. */

import { CPU_PROFILES, type CpuProfile } from '../../src/format/index.js';
import { AddressSpace, parseSnapshot, snapshotReader } from '../../src/inspect/index.js';
import { buildLayout, parseLayout } from '../../src/layout/index.js';
import type { TranslationRegisters } from '../../src/machine/index.js';
import { TRANSLATION_NAMES } from '../../src/source/register-banks.js';
import { LabSession } from '../engine/lab-session.js';
import type { Lesson, LessonWorld } from './lesson.js';

/** The world of a lesson, its scenario run to the end. */
export function lessonWorld({ id, source }: Lesson): LessonWorld {
  switch (source.kind) {
    case 'scenario': {
      const session = new LabSession(source.text, { name: `${id}.yaml` });
      session.finish();
      const state = session.at(session.lastMoment);
      const [domain] = state.domains;
      if (domain === undefined) throw new Error(`lesson ${id} has no domain`);
      return { session, space: state.space(domain) };
    }
    case 'layout': {
      const layout = parseLayout(source.text, source.path, () => new Uint8Array());
      return { session: undefined, space: buildLayout(layout).space };
    }
    case 'trace':
      return { session: undefined, space: undefined };
    case 'snapshot':
      return { session: undefined, space: spaceOfSnapshot(source.text) };
  }
}

function spaceOfSnapshot(text: string): AddressSpace {
  const { memory, registers, cpu } = parseSnapshot(text);
  const values = new Map(registers.map(({ name, value }) => [name, value]));
  return new AddressSpace({
    reader: snapshotReader(memory),
    registers: Object.fromEntries(
      TRANSLATION_NAMES.map((name) => [name, values.get(name) ?? 0]),
    ) as unknown as TranslationRegisters,
    profile: CPU_PROFILES[cpu] as CpuProfile,
  });
}
