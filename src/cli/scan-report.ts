/** What `scan` does: looks through all memory of a source. */
import { formatBytes, hex0x, VmError } from '../base/index.js';
import { type Candidate, line, type StyledLine, scanForRoots } from '../inspect/index.js';
import { Ttbcr, ttbr0Base } from '../machine/index.js';
import type { TableSource } from '../source/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import { fitted } from './printing.js';
import { Progress } from './progress.js';
import type { ScanFlags } from './scan-flags.js';
import type { Session } from './session.js';
import { openWord } from './subject.js';

/** Looks for root tables. Errors: those of the source. */
export async function scanSource(
  session: Session,
  word: string,
  flags: ScanFlags,
): Promise<ExitCode> {
  const source = await openWord(session, word, flags);
  if (source.evidence !== 'tables') {
    throw new VmError(
      'SOURCE_ERR_FORMAT',
      `${word} tells of regions: it has no memory to look through`,
    );
  }
  await source.load(source.searchable);
  const progress = new Progress(session.talk);
  const total = source.searchable.reduce((sum, range) => sum + range.bytes, 0);
  const { memory } = source;
  const candidates = scanForRoots(
    {
      ranges: source.searchable,
      readWord: (pa) => memory.readWord(pa),
      readBytes: (pa, bytes) => memory.readBytes(pa, bytes),
    },
    knownRoots(source),
    (bytes) => progress.tell(() => `looking through  ${formatBytes(bytes)}/${formatBytes(total)}`),
    splitOf(source),
  );
  progress.end();
  const best = candidates.slice(0, flags.most);
  if (formatOf(flags) === 'json')
    session.out.write(`${JSON.stringify(recordOf(word, best), undefined, 2)}\n`);
  else
    session.out.print(
      ...fitted(session.out, candidateLines(best, candidates.length - best.length), 17),
    );
  return candidates.length > 0 ? Exit.FINE : Exit.NO;
}

/** The roots that registers of the source name. */
function knownRoots(source: TableSource): Map<number, string> {
  const { values } = source.registers;
  if (values === undefined) return new Map();
  return new Map([
    [ttbr0Base(values.ttbr1, 0), 'TTBR1'],
    [ttbr0Base(values.ttbr0, splitOf(source)), 'TTBR0'],
  ]);
}

/** TTBCR.N, as far as anybody gave it. */
function splitOf({ registers }: TableSource): number {
  const ttbcr = registers.facts.find(({ name }) => name === 'ttbcr')?.value ?? 0;
  return (ttbcr & Ttbcr.EAE) === 0 ? ttbcr & Ttbcr.N_MASK : 0;
}

function recordOf(source: string, candidates: readonly Candidate[]): Record<string, unknown> {
  return {
    schema: 'pagewright/candidates',
    version: 1,
    source,
    candidates: candidates.map(({ address, score, reasons }) => ({
      address: hex0x(address, 8),
      score,
      reasons,
    })),
  };
}

function* candidateLines(best: readonly Candidate[], more: number): Generator<StyledLine> {
  if (best.length === 0) yield line('nothing here looks like a root table', 'bad');
  for (const { address, score, reasons } of best) {
    yield [
      { text: hex0x(address, 8), style: 'heading' },
      { text: `  ${String(score).padStart(3)}  `, style: score >= 80 ? 'good' : 'selected' },
      { text: reasons.join('; ') },
    ];
  }
  if (more > 0) yield line(`${more} more; --most tells them`, 'quiet');
}
