/** What `explain` does: finds the fault, and joins it with the tables. */
import { hex0x, VmError } from '../base/index.js';
import {
  type Alternative,
  explainFault,
  explainLines,
  explainRecord,
  type FaultReport,
  line,
  parseFaultReports,
  registerReport,
  type SpaceInput,
} from '../inspect/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import type { ExplainFlags } from './explain-flags.js';
import { formatOf } from './format-options.js';
import { decodeText, readAtMost } from './input-file.js';
import { fitted } from './printing.js';
import type { Session } from './session.js';
import { openQuietly, openSubject, type Subject } from './subject.js';

const LARGEST_LOG_BYTES = 64 * 2 ** 20;
const BASE_MASK = 0xffff_c000;

/** Explains the fault that the flags, the log or the source tell of. Errors: those of the source. */
export async function explainSource(
  session: Session,
  word: string,
  flags: ExplainFlags,
): Promise<ExitCode> {
  const subject = await openSubject(session, word, flags);
  const { names } = subject;
  const reports = reportsFrom(subject, flags);
  const [report] = reports;
  if (report === undefined) throw noFault(subject, word, flags);
  const { input, taken } = asDumped(subject.input, report, flags);
  if (taken.length > 0) session.talk.print(line(`${taken.join(', ')} as in the dump`, 'quiet'));
  if (reports.length > 1) {
    const more = `${reports.length - 1} more faults follow; the first is explained`;
    session.talk.print(line(more, 'quiet'));
  }
  const alternatives = [...otherRoots(input, report), ...(await otherWorld(subject, flags))];
  const explanation = explainFault(input, report, { names, alternatives });
  if (formatOf(flags) === 'json') {
    const record = explainRecord(input, explanation, names);
    session.out.write(`${JSON.stringify(record, undefined, 2)}\n`);
  } else session.out.print(...fitted(session.out, explainLines(input, explanation, names), 12));
  return Exit.FINE;
}

function reportsFrom(subject: Subject, flags: ExplainFlags): FaultReport[] {
  const { dfsr, dfar, ifsr, ifar, log } = flags;
  const privileged = flags.privileged === true ? true : flags.user === true ? false : undefined;
  if (log !== undefined) {
    const text = decodeText(log, readAtMost(log, LARGEST_LOG_BYTES));
    return parseFaultReports(text).map((report) =>
      privileged === undefined ? report : { ...report, privileged },
    );
  }
  if (dfsr !== undefined || dfar !== undefined) {
    return [registerReport('data', dfsr, dfar, privileged)];
  }
  if (ifsr !== undefined || ifar !== undefined) {
    return [registerReport('prefetch', ifsr, ifar, privileged)];
  }
  const others = subject.source?.registers.others;
  const value = (name: 'dfsr' | 'dfar' | 'ifsr' | 'ifar'): number | undefined =>
    others?.get(name)?.value;
  // No fault has the status 0: the register is as it was at reset.
  if ((value('dfsr') ?? 0) !== 0) {
    return [registerReport('data', value('dfsr'), value('dfar'), privileged)];
  }
  if ((value('ifsr') ?? 0) === 0) return [];
  return [registerReport('prefetch', value('ifsr'), value('ifar'), privileged)];
}

/**
 * The space under the registers that the dump tells: a kernel takes domains away and gives them back,
 * so that those of the moment of the fault are not those of the source. What was given by hand counts
 * more, and another root table is another space.
 */
function asDumped(
  input: SpaceInput,
  report: FaultReport,
  flags: ExplainFlags,
): { input: SpaceInput; taken: string[] } {
  const registers = { ...input.registers };
  const taken: string[] = [];
  for (const name of ['dacr', 'sctlr'] as const) {
    const value = report.registers[name];
    if (value === undefined || flags[name] !== undefined || value === registers[name]) continue;
    registers[name] = value;
    taken.push(`${name.toUpperCase()} ${hex0x(value, 8)}`);
  }
  return { input: { ...input, registers }, taken };
}

/** The root that the dump names, and TTBR1, where they are others than the source's. */
function otherRoots(input: SpaceInput, report: FaultReport): Alternative[] {
  const { registers } = input;
  const roots = new Map<number, string>();
  const { ttbr0 } = report.registers;
  if (ttbr0 !== undefined) roots.set(ttbr0, 'the root table that the dump names');
  if (registers.ttbr1 !== 0) roots.set(registers.ttbr1, 'the root table of TTBR1');
  return [...roots].flatMap(([root, what]) => {
    if (((root ^ registers.ttbr0) & BASE_MASK) === 0) return [];
    const { ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr } = registers;
    const other = { ttbr0: root, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr };
    const label = `${what}, ${hex0x((root & BASE_MASK) >>> 0, 8)}`;
    return [{ label, kind: 'root' as const, input: { ...input, registers: other } }];
  });
}

/** The registers of the other world, where the source is a file that has two banks of them. */
async function otherWorld(
  { source, word, input }: Subject,
  flags: ExplainFlags,
): Promise<Alternative[]> {
  if (source === undefined || source.kind === 'gdb' || source.kind === 'qmp') return [];
  if (word === '-' || flags.world !== 'auto') return [];
  const world = source.registers.world === 'secure' ? 'normal' : 'secure';
  const other = await openQuietly(word, { ...flags, world });
  if (other.evidence !== 'tables' || other.registers.values === undefined) return [];
  const label = `the registers of the ${world} world`;
  const { values } = other.registers;
  const isSame = (['ttbr0', 'ttbr1', 'ttbcr', 'dacr', 'sctlr'] as const).every(
    (name) => values[name] === input.registers[name],
  );
  return isSame ? [] : [{ label, kind: 'world', input: { ...input, registers: values } }];
}

function noFault({ source }: Subject, word: string, flags: ExplainFlags): VmError {
  const others = source?.registers.others;
  const isIdle = others?.has('dfsr') === true || others?.has('ifsr') === true;
  const known = isIdle ? 'has taken no fault, its DFSR and IFSR are 0' : 'has no fault registers';
  const where = flags.log === undefined ? `${word} ${known}` : `${flags.log} tells of no fault`;
  return new VmError(
    'USAGE_ERR',
    `${where}: give --dfsr and --dfar, --ifsr and --ifar, or --log FILE`,
  );
}
