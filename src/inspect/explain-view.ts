/**
 * An explanation as lines and as JSON.
 */

import { hex, hex0x } from '../base/index.js';
import { rightsText } from '../format/index.js';
import type { SpaceInput } from './address-space.js';
import { attemptText, type Explanation, reportedText } from './explain.js';
import type { MapRow } from './map-rows.js';
import { type Names, nameWithOffset } from './names.js';
import { rowLine } from './show-map.js';
import { line, type Style, type StyledLine } from './styled-text.js';
import { walkLines, walkRecord } from './walk-view.js';

const AGREEMENTS: Readonly<Record<Explanation['agreement'], readonly [string, Style]>> = {
  agree: ['registers and tables agree', 'good'],
  disagree: ['registers and tables do not agree', 'bad'],
  unknown: ['nothing to compare the tables with', 'quiet'],
};

/** The explanation as lines: what happened, the walk, the region, the remedy, the verdict. */
export function explainLines(
  input: SpaceInput,
  explanation: Explanation,
  names?: Names,
): StyledLine[] {
  const { report, walk, gate, region, below, above, remedy } = explanation;
  const reported = reportedText(explanation);
  const status =
    report.fsr === undefined ? '' : ` (${statusName(explanation)} ${hex0x(report.fsr, 3)})`;
  const origin = report.origin === 'registers' ? '' : `, told by ${report.origin}`;
  const lines: StyledLine[] = [
    line(`${attemptText(explanation)}: ${reported ?? 'a fault'}${status}${origin}`, 'heading'),
  ];
  if (report.pc !== undefined) {
    const name = names?.at('virtual', report.pc);
    const at = name === undefined ? '' : `  ${nameWithOffset(name, report.pc)}`;
    lines.push(line(`at the instruction ${hex(report.pc)}${at}`));
  }
  if (walk === undefined) {
    lines.push(line('no address: give --dfar (or --ifar) to look it up in the tables', 'bad'));
    return lines;
  }
  lines.push(...walkLines(input, walk, walk.access, names), line(''));
  if (gate !== undefined) lines.push(labelled('refused by', gate, 'bad'));
  else
    lines.push(labelled('refused by', 'nothing that the tables say: they allow the access', 'bad'));
  lines.push(...regionLines('region', region));
  if (region?.type === undefined)
    lines.push(...regionLines('below', below), ...regionLines('above', above));
  if (remedy !== undefined) {
    const side = remedy.sideEffect === undefined ? '' : ` (${remedy.sideEffect})`;
    lines.push(labelled('to allow it', `${remedy.text}${side}`, 'good'));
  }
  for (const hint of explanation.hints) lines.push(labelled('note', hint, 'selected'));
  const [text, style] = AGREEMENTS[explanation.agreement];
  lines.push(labelled('verdict', text, style));
  for (const cause of explanation.causes) lines.push(labelled('cause', cause.text, 'selected'));
  return lines;
}

function statusName(explanation: Explanation): string {
  return explanation.report.kind === 'data' ? 'DFSR' : 'IFSR';
}

function labelled(label: string, text: string, style: Style): StyledLine {
  return [
    { text: `${label.padEnd(12)}`, style: 'quiet' },
    { text, style },
  ];
}

function regionLines(label: string, row: MapRow | undefined): StyledLine[] {
  if (row === undefined) return [];
  const [body, ...marks] = rowLine(row);
  if (body === undefined) return [];
  return [
    [{ text: label.padEnd(12), style: 'quiet' }, { ...body, text: body.text.trim() }, ...marks],
  ];
}

/** An explanation for JSON. */
export function explainRecord(
  input: SpaceInput,
  explanation: Explanation,
  names?: Names,
): Record<string, unknown> {
  const { report, walk, remedy, reported } = explanation;
  return {
    schema: 'pagewright/explanation',
    version: 1,
    origin: report.origin,
    kind: report.kind,
    va: explanation.va === undefined ? null : hex0x(explanation.va, 8),
    pc: report.pc === undefined ? null : hex0x(report.pc, 8),
    fsr: report.fsr === undefined ? null : hex0x(report.fsr, 8),
    fault: explanation.fault ?? null,
    level: reported?.meaning.level ?? null,
    domain: reported?.meaning.hasDomain === true ? reported.domain : null,
    attempt: attemptText(explanation),
    privilegeKnown: explanation.privilegeKnown,
    walk: walk === undefined ? null : walkRecord(input, walk, names),
    gate: explanation.gate ?? null,
    region: placeRecord(explanation.region),
    below: placeRecord(explanation.below),
    above: placeRecord(explanation.above),
    remedy:
      remedy === undefined
        ? null
        : {
            text: remedy.text,
            sideEffect: remedy.sideEffect ?? null,
            entry:
              remedy.entry === undefined
                ? null
                : {
                    address: hex0x(remedy.entry.address, 8),
                    from: hex0x(remedy.entry.from, 8),
                    to: hex0x(remedy.entry.to, 8),
                  },
          },
    agreement: explanation.agreement,
    causes: explanation.causes,
    hints: explanation.hints,
  };
}

function placeRecord(row: MapRow | undefined): Record<string, unknown> | null {
  if (row === undefined) return null;
  return {
    va: hex0x(row.va, 8),
    bytes: row.bytes,
    kind: row.kind,
    pa: row.pa === undefined ? null : hex0x(row.pa, 8),
    pl1: row.type === undefined ? null : rightsText(row.rights, true),
    pl0: row.type === undefined ? null : rightsText(row.rights, false),
    name: row.name,
  };
}
