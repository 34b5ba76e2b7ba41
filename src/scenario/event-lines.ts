/** What the machine recorded, one line an event. */
import { hex } from '../base/index.js';
import { ACCESS_NAMES, faultMeaning, faultStatusOf, KIND_NAMES } from '../format/index.js';
import { line, type StyledLine } from '../inspect/index.js';
import { CAP_TYPE_NAMES } from '../kernel/index.js';
import type { MachineEvent } from '../machine/index.js';

const NAME_COLUMNS = 14;
const SCOPES = ['all', 'address', 'address-all-asids', 'asid'];

const named = (names: readonly string[]) => (value: number) => names[value] ?? `${value}`;
const addressOrFault = (value: number): string =>
  value >= 0 ? hex(value) : `(${faultMeaning(faultStatusOf(value)).text})`;

/** How the numbers of events are written; those that are not here are plain counts. */
const WRITTEN: Readonly<Record<string, (value: number) => string>> = {
  va: (value) => hex(value),
  far: (value) => hex(value),
  fsr: (value) => hex(value, 3),
  pa: addressOrFault,
  access: named(ACCESS_NAMES),
  kind: named(KIND_NAMES),
  type: named(CAP_TYPE_NAMES),
  scope: named(SCOPES),
  source: (value) => hex(value, 4),
  destination: (value) => hex(value, 4),
  cap: (value) => hex(value, 4),
  mapping: (value) => hex(value, 4),
};

/** An event behind `indent` blanks. */
export function eventLine(event: MachineEvent, indent: number): StyledLine {
  const number = `#${event.sequence}`.padStart(indent - 1);
  return line(`${number} ${eventName(event).padEnd(NAME_COLUMNS)} ${eventFields(event)}`, 'quiet');
}

/** What happened, in small letters: `tlb-fill`. */
export function eventName({ kind }: MachineEvent): string {
  return kind.toLowerCase().replaceAll('_', '-');
}

/** The numbers of an event, each with its name: `va=10000000 asid=1`. */
export function eventFields({ fields }: MachineEvent): string {
  return Object.entries(fields)
    .map(([field, value]) => `${field}=${WRITTEN[field]?.(value) ?? value}`)
    .join(' ');
}
