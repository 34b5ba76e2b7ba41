/**
 * `walk`: what an address is translated to, with every entry on the way, and what may be done there.
 */

import { formatBytes, hex, hex0x } from '../base/index.js';
import {
  ACCESS_NAMES,
  Access,
  type MemoryType,
  memoryTypeName,
  rightsText,
} from '../format/index.js';
import { type Walk, type WalkStep, walk } from '../machine/index.js';
import type { SpaceInput, TableEntry } from './address-space.js';
import { domainText, entryMeaning, entryPlace } from './entry-text.js';
import { type Names, nameWithOffset } from './names.js';
import { line, type Span, type Style, type StyledLine } from './styled-text.js';

/** Walks for one access, of `Access`; reads by PL1 fail only where nothing is mapped at all. */
export function walkAddress(input: SpaceInput, va: number, access?: number): Walk {
  const { reader, registers, profile } = input;
  return walk(reader, registers, profile, va, access ?? Access.PRIVILEGED_READ);
}

/** Whether a walk found what was asked for: the access, or if none was named any translation. */
export function walkSucceeds(result: Walk, access: number | undefined): boolean {
  return access === undefined ? result.leaf !== undefined : result.fault === undefined;
}

/** A walk as lines: one for each entry, and the verdict. */
export function walkLines(
  input: SpaceInput,
  result: Walk,
  access?: number,
  names?: Names,
): StyledLine[] {
  const indent = ' '.repeat(10);
  const lines: StyledLine[] = result.steps.map((step, index) => {
    const entry = entryOf(step);
    const start = index === 0 ? `${hex(result.va)}  ` : indent;
    return line(`${start}${entryPlace(entry)}  ${entryMeaning(entry, input)}`);
  });
  const start = lines.length === 0 ? `${hex(result.va)}  ` : indent;
  lines.push([{ text: start }, ...verdict(input, result, access, names)]);
  return lines;
}

/** `= 60201004  page 60201000 (4.0 K small)   read PL1 ✓ PL0 ✗   write ✓ ✗   execute ✗ ✗`. */
function verdict(
  input: SpaceInput,
  result: Walk,
  access: number | undefined,
  names: Names | undefined,
): Span[] {
  const { leaf, fault } = result;
  const why =
    fault === undefined || (leaf !== undefined && access === undefined)
      ? []
      : [faultSpan(result, fault)];
  if (leaf === undefined) return why;
  const page = leaf.pa - (leaf.pa % leaf.bytes);
  const size = leaf.kind === 'flat' ? 'MMU off' : `${formatBytes(leaf.bytes)} ${leaf.kind}`;
  const name = names?.at('virtual', result.va) ?? names?.at('physical', leaf.pa);
  const named =
    name === undefined
      ? ''
      : `  ${nameWithOffset(name, name.space === 'virtual' ? result.va : leaf.pa)}`;
  const spans: Span[] = [{ text: `= ${hex(leaf.pa)}  page ${hex(page)} (${size})`, style: 'good' }];
  spans.push({ text: `${named}   `, style: 'heading' }, ...rightsSpans(leaf.rights));
  if (leaf.accessFlagFault) spans.push({ text: '   access flag clear', style: 'bad' });
  else if (leaf.rights === 0) {
    spans.push({ text: `   ${domainText(leaf.attributes.domain, input.registers)}`, style: 'bad' });
  }
  return why.length === 0 ? spans : [...spans, { text: '   ' }, ...why];
}

function faultSpan(result: Walk, fault: NonNullable<Walk['fault']>): Span {
  const register = result.access % 3 === Access.PRIVILEGED_FETCH ? 'IFSR' : 'DFSR';
  const fsr = `${register} ${hex0x(fault.fsr, 3)}`;
  return { text: `✗ ${fault.meaning.text} (${fsr}): ${fault.reason}`, style: 'bad' };
}

/** `read PL1 ✓ PL0 ✗   write ✓ ✗   execute ✗ ✗`. */
function rightsSpans(rights: number): Span[] {
  const mark = (access: number): Span => {
    const allowed = ((rights >>> access) & 1) === 1;
    const style: Style = allowed ? 'good' : 'bad';
    return { text: allowed ? '✓' : '✗', style };
  };
  return [
    { text: 'read PL1 ' },
    mark(Access.PRIVILEGED_READ),
    { text: ' PL0 ' },
    mark(Access.USER_READ),
    { text: '   write ' },
    mark(Access.PRIVILEGED_WRITE),
    { text: ' ' },
    mark(Access.USER_WRITE),
    { text: '   execute ' },
    mark(Access.PRIVILEGED_FETCH),
    { text: ' ' },
    mark(Access.USER_FETCH),
  ];
}

/** A step of a walk as an entry of a space. */
export function entryOf(step: WalkStep): TableEntry {
  const { index, entryAddress: address, word, kind } = step;
  return { level: step.level === 1 ? 1 : 2, index, address, word, kind };
}

/** A walk for JSON. */
export interface WalkRecord {
  readonly va: string;
  /** Null where nothing is mapped. */
  readonly pa: string | null;
  readonly page: string | null;
  readonly pageBytes: number | null;
  readonly kind: string | null;
  readonly pl1: string | null;
  readonly pl0: string | null;
  readonly type: string | null;
  readonly shareability: MemoryType['shareability'] | null;
  readonly domain: number | null;
  readonly notGlobal: boolean | null;
  readonly name: string | null;
  readonly root: { readonly register: string; readonly address: string } | null;
  readonly steps: readonly {
    readonly level: number;
    readonly index: number;
    readonly entry: string;
    readonly word: string | null;
    readonly meaning: string;
  }[];
  /** Why the access is refused, for the access that was asked about; a PL1 read if none was. */
  readonly fault: {
    readonly access: string;
    readonly status: number;
    readonly name: string;
    readonly level: number;
    readonly fsr: string;
    readonly reason: string;
  } | null;
}

/** {@link WalkRecord} of a walk. */
export function walkRecord(input: SpaceInput, result: Walk, names?: Names): WalkRecord {
  const { leaf, fault, root } = result;
  const name = names?.at('virtual', result.va) ?? (leaf && names?.at('physical', leaf.pa));
  return {
    va: hex0x(result.va, 8),
    pa: leaf === undefined ? null : hex0x(leaf.pa, 8),
    page: leaf === undefined ? null : hex0x(leaf.pa - (leaf.pa % leaf.bytes), 8),
    pageBytes: leaf?.bytes ?? null,
    kind: leaf?.kind ?? null,
    pl1: leaf === undefined ? null : rightsText(leaf.rights, true),
    pl0: leaf === undefined ? null : rightsText(leaf.rights, false),
    type: leaf === undefined ? null : memoryTypeName(leaf.type),
    shareability: leaf?.type.shareability ?? null,
    domain: leaf?.attributes.domain ?? null,
    notGlobal: leaf?.attributes.ng ?? null,
    name: name?.name ?? null,
    root: root === undefined ? null : { register: root.register, address: hex0x(root.base, 8) },
    steps: result.steps.map((step) => {
      const entry = entryOf(step);
      return {
        level: entry.level,
        index: entry.index,
        entry: hex0x(entry.address, 8),
        word: entry.word === undefined ? null : hex0x(entry.word, 8),
        meaning: entryMeaning(entry, input),
      };
    }),
    fault:
      fault === undefined
        ? null
        : {
            access: ACCESS_NAMES[result.access] ?? '',
            status: fault.status,
            name: fault.meaning.name,
            level: fault.meaning.level,
            fsr: hex0x(fault.fsr, 3),
            reason: fault.reason,
          },
  };
}
