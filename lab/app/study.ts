/** The trace that policies race on: an example, a dropped one, or what the machine of this page did. */

import { signal } from '@preact/signals';
import type { PolicyStudy } from '../model/policy-race.js';
import { machine } from './machine.js';
import { choice, text } from './place.js';
import { busy, get, set, tell } from './state.js';

/** Whether the TLB is looked at, or page replacement. */
export const SHOW = choice('show', ['tlb', 'policies']);
/** Which trace: the name of an example, `machine`, or that of a file. */
export const TRACE = text('trace');

/** What the policies make of it; undefined while it is replayed. */
export const study = signal<PolicyStudy | undefined>(undefined);

/** Traces that come with the lab. */
export const TRACES = [
  {
    id: 'belady',
    title: "Belady's anomaly",
    load: () => import('../../examples/traces/belady.txt?raw'),
  },
  {
    id: 'matrix',
    title: 'A matrix by columns',
    load: () => import('../../examples/traces/matrix.txt?raw'),
  },
] as const;

const FIRST = TRACES[0].id;

/** Replays the trace that the address says, if another one is shown. */
export async function openSaidTrace(): Promise<void> {
  const said = get(TRACE) === '' ? FIRST : get(TRACE);
  if (said === 'machine') {
    await openMachineTrace();
    return;
  }
  const example = TRACES.find(({ id }) => id === said) ?? TRACES[0];
  if (study.peek()?.name === example.title || study.peek()?.name === said) return;
  const { default: content } = await example.load();
  await openTrace(example.title, content, example.id);
}

/** Replays the trace in `content`. Whether it could be; what is wrong with it is told. */
export async function openTrace(name: string, content: string, id = name): Promise<boolean> {
  const { traceOfText } = await import('../model/policy-race.js');
  return await replay(id, name, () => traceOfText(name, content));
}

/** Replays what the machine did. */
export async function openMachineTrace(): Promise<void> {
  const session = machine.peek()?.session;
  if (session === undefined) return;
  const { traceOfSession } = await import('../model/policy-race.js');
  const trace = traceOfSession(session);
  if (trace !== undefined)
    await replay('machine', `Accesses of ${session.name}`, async () => trace);
}

type Trace = PolicyStudy['trace'];

async function replay(id: string, name: string, read: () => Promise<Trace>): Promise<boolean> {
  try {
    const { studyOf } = await import('../model/policy-race.js');
    const trace = await read();
    study.value = await studyOf(name, trace, (done, all) => {
      busy.value = `Replaying ${name}: ${Math.round((100 * done) / all)} %`;
    });
    set(TRACE, id === FIRST ? '' : id);
    return true;
  } catch (error) {
    tell(error);
    return false;
  } finally {
    busy.value = undefined;
  }
}
