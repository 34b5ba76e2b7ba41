/** What `boot` prints of faults, of how programs are doing, and of how they ended. */
import { formatBytes, hex, hex0x, VmError } from '../base/index.js';
import { ACCESS_NAMES } from '../format/index.js';
import { line, type StyledLine } from '../inspect/index.js';
import type { FaultEvent, LiveProgram, ProgramEnd } from '../live/index.js';
import { counted } from '../scenario/index.js';
import { errorLines } from './error-report.js';

const ACCESS_COLUMNS = 6;
const PLACE_COLUMNS = 22;
const ANSWER_COLUMNS = 14;
const REGISTERS_OF_LINE = 4;

/** `   12 sum      write 00412000  bss+0x3ff000         zeros          → 42112000  31 evicted    4.1 µs`. */
export function faultLine(event: FaultEvent): StyledLine {
  const { program, number, abort, answer, region, offset, pa, evicted, microseconds } = event;
  const access = (ACCESS_NAMES[abort.access] ?? '').replace('user ', '').padEnd(ACCESS_COLUMNS);
  const place = (region === undefined ? 'nowhere' : `${region}+${hex0x(offset)}`).padEnd(
    PLACE_COLUMNS,
  );
  const where = pa === undefined ? '          ' : `→ ${hex(pa)}`;
  const gone = evicted === 0 ? '' : `, ${evicted} evicted`;
  const grew = event.stackGrew ? ', stack grew' : '';
  return [
    { text: `${String(number).padStart(6)} ${program.name}  `, style: 'quiet' },
    { text: `${access} ${hex(abort.va)}  ${place} ` },
    { text: answer.padEnd(ANSWER_COLUMNS), style: answer === 'fatal' ? 'bad' : 'good' },
    { text: ` ${where}${gone}${grew}` },
    { text: `  ${microseconds.toFixed(1)} µs`, style: 'quiet' },
  ];
}

/** `12,345 faults  2,410/s  resident 32  evicted 12,301  sum`. */
export function statusText(programs: readonly LiveProgram[], milliseconds: number): string {
  const sum = (value: (program: LiveProgram) => number): number =>
    programs.reduce((total, program) => total + value(program), 0);
  const faults = sum((program) => program.faults);
  const rate = Math.round(faults / Math.max(milliseconds / 1000, 0.001));
  const running = programs.filter(({ end }) => end === undefined);
  return [
    `${count(faults)} faults`,
    `${count(rate)}/s`,
    `resident ${count(sum((program) => (program.end === undefined ? program.resident : 0)))}`,
    `evicted ${count(sum((program) => program.evicted))}`,
    running.map(({ name }) => name).join(', '),
  ].join('  ');
}

/** How a program ended: one line, and more where it was ended by a fault. */
export function endLines(program: LiveProgram): StyledLine[] {
  const { name, end } = program;
  if (end === undefined) return [];
  const fine = end.kind === 'exit' && end.status === 0;
  const facts = [
    counted(program.faults, 'fault'),
    ...(program.parts.pager === undefined ? [] : [`${count(program.evicted)} evicted`]),
    `${count(program.resident)} pages resident`,
    `stack ${formatBytes(program.stackBytes)}`,
    counted(program.systemCalls, 'system call'),
  ];
  return [
    [
      { text: `${fine ? '✓' : '✗'} ${name} ${endText(end)}`, style: fine ? 'good' : 'bad' },
      { text: `  ${facts.join(' · ')}`, style: 'quiet' },
    ],
    ...(end.kind === 'fault' ? faultLines(end) : []),
    ...(end.kind === 'exit' ? [] : registerLines(end.registers)),
  ];
}

/** `exited with 0`. */
function endText(end: ProgramEnd): string {
  switch (end.kind) {
    case 'exit':
      return `exited with ${end.status}`;
    case 'fault':
      return 'was ended by a fault that nobody resolves';
    default:
      return `was ended at ${hex(end.registers[15] ?? 0)}: no such instruction, or one that user mode or this machine does not have (there is no VFP)`;
  }
}

function faultLines(end: Extract<ProgramEnd, { kind: 'fault' }>): StyledLine[] {
  const { error, lines } = end;
  const why = error.cause instanceof VmError ? errorLines(error.cause) : [];
  const chain = line(`[${error.chain().join(' › ')}]`, 'quiet');
  return [...indented(lines), ...indented([...why.slice(0, -1), chain])];
}

function indented(lines: readonly StyledLine[]): StyledLine[] {
  return lines.map((each) => [{ text: '  ' }, ...each]);
}

/** r0 to r12, sp, lr, pc and cpsr, four in a line. */
function registerLines(registers: Uint32Array): StyledLine[] {
  const texts = registerNames().map(
    (name, index) => `${name.padStart(4)} ${hex(registers[index] ?? 0)}`,
  );
  const lines: StyledLine[] = [];
  for (let at = 0; at < texts.length; at += REGISTERS_OF_LINE) {
    lines.push(line(`  ${texts.slice(at, at + REGISTERS_OF_LINE).join('  ')}`));
  }
  return lines;
}

/** The names of a program's registers, in their order. */
export function registerNames(): string[] {
  return [...Array.from({ length: 13 }, (_, index) => `r${index}`), 'sp', 'lr', 'pc', 'cpsr'];
}

function count(value: number): string {
  return value.toLocaleString('en');
}
