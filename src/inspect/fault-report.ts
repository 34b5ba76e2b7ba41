/**
 * What is known of a fault: the fault registers, or what a kernel printed when it took the fault.
 *
 * One reader takes the dumps of Linux, Zephyr, U-Boot, OP-TEE, the Xilinx and FreeRTOS handlers, and
 * anything that prints `DFSR` and `DFAR`, or `FSR` and `FAR`, with a number behind them. It looks for
 * lines that it knows and passes over everything else, so that a whole console log can be given.
 */

import type { FaultName } from '../format/index.js';
import type { TranslationRegisters } from '../machine/index.js';

/** One fault. What nobody said is undefined. */
export interface FaultReport {
  /** Who printed it: `Linux`, `Zephyr`, …; `registers` where they were given by themselves. */
  readonly origin: string;
  /** A prefetch abort is an instruction fetch: IFSR and IFAR. */
  readonly kind: 'data' | 'prefetch';
  /** DFSR or IFSR. */
  readonly fsr: number | undefined;
  /** DFAR or IFAR. */
  readonly far: number | undefined;
  /** The kind of fault in words, where no register tells it. */
  readonly fault: FaultName | undefined;
  /** Whether it was a write, where no register tells it. */
  readonly write: boolean | undefined;
  /** Whether PL1 made the access. */
  readonly privileged: boolean | undefined;
  /** The instruction that was executed. */
  readonly pc: number | undefined;
  /** The registers that the dump tells. */
  readonly registers: Readonly<Partial<TranslationRegisters>>;
  /** Linux's `*pgd`: the first of the two level-1 entries of the 2 MiB around the address. */
  readonly pgd: number | undefined;
  /** Linux's `*ppte`: the hardware's level-2 entry of the address. */
  readonly pte: number | undefined;
}

/** A report that is being read. */
type Draft = { -readonly [Key in keyof FaultReport]?: FaultReport[Key] } & {
  registers: { -readonly [Key in keyof TranslationRegisters]?: number };
};

/** A line that says something about a fault. */
interface Pattern {
  readonly expression: RegExp;
  /** Whether such a line begins a new report when one is being read that has its address already. */
  readonly begins?: boolean;
  take(draft: Draft, match: RegExpExecArray): void;
}

const hexOf = (text: string | undefined): number => Number.parseInt(text ?? '', 16) >>> 0;
/** Linux tells a prefetch abort by bit 31 of the status that it prints. */
const LINUX_PREFETCH = 0x8000_0000;
const USER_MODE = 0x10;
const MODE_MASK = 0x1f;

const FAULT_WORDS: readonly (readonly [RegExp, FaultName])[] = [
  [/translation/i, 'translation'],
  [/permission/i, 'permission'],
  [/domain/i, 'domain'],
  [/access flag/i, 'access-flag'],
  [/alignment/i, 'alignment'],
  [/asynchronous external/i, 'asynchronous-external'],
  [/external/i, 'external'],
];

function setStatus(draft: Draft, text: string | undefined): void {
  const word = hexOf(text);
  if ((word & LINUX_PREFETCH) !== 0) draft.kind = 'prefetch';
  draft.fsr = (word & ~LINUX_PREFETCH) >>> 0;
}

function setAddress(draft: Draft, text: string | undefined): void {
  draft.far ??= hexOf(text);
}

const PATTERNS: readonly Pattern[] = [
  {
    expression:
      /Unable to handle kernel .*? at virtual address ([0-9a-f]{8})(?: when (read|write|execute))?/i,
    begins: true,
    take(draft, match) {
      draft.origin = 'Linux';
      draft.privileged ??= true;
      draft.far = hexOf(match[1]);
      if (match[2] !== undefined) draft.write = match[2] === 'write';
      if (match[2] === 'execute') draft.kind = 'prefetch';
    },
  },
  {
    expression: /unhandled page fault \(\d+\) at 0x([0-9a-f]{1,8}), code 0x([0-9a-f]{1,8})/i,
    begins: true,
    take(draft, match) {
      draft.origin = 'Linux';
      draft.privileged = false;
      draft.far = hexOf(match[1]);
      setStatus(draft, match[2]);
    },
  },
  {
    expression:
      /Unhandled (fault|prefetch abort): .*?\(0x([0-9a-f]{1,8})\) at (?:0x)?([0-9a-f]{1,8})/i,
    begins: true,
    take(draft, match) {
      draft.origin = 'Linux';
      if (match[1]?.startsWith('p') === true) draft.kind = 'prefetch';
      setStatus(draft, match[2]);
      draft.far = hexOf(match[3]);
    },
  },
  {
    expression: /Internal error: Oops(?: - [^:]*)?: ([0-9a-f]{1,8})\b/i,
    take: (draft, match) => setStatus(draft, match[1]),
  },
  {
    expression: /\[([0-9a-f]{8})\] \*pgd=([0-9a-f]{8})/i,
    take(draft, match) {
      setAddress(draft, match[1]);
      draft.pgd = hexOf(match[2]);
    },
  },
  {
    expression: /\*ppte=([0-9a-f]{8})/i,
    take(draft, match) {
      draft.pte = hexOf(match[1]);
    },
  },
  {
    expression: /Control: ([0-9a-f]{8})\s+Table: ([0-9a-f]{8})\s+DAC: ([0-9a-f]{8})/i,
    take(draft, match) {
      const [, sctlr, ttbr0, dacr] = match;
      Object.assign(draft.registers, {
        sctlr: hexOf(sctlr),
        ttbr0: hexOf(ttbr0),
        dacr: hexOf(dacr),
      });
    },
  },
  {
    expression: /\b[cx]?psr[ :]+(?:0x)?([0-9a-f]{8})/i,
    take(draft, match) {
      draft.privileged = (hexOf(match[1]) & MODE_MASK) !== USER_MODE;
    },
  },
  {
    expression: /(?:^|\s)pc : \[<([0-9a-f]{8})>\]|\bPC(?: is at|:) (?:0x)?([0-9a-f]{8})\b/i,
    take(draft, match) {
      draft.pc ??= hexOf(match[1] ?? match[2]);
    },
  },
  {
    expression: /\*{4,} (DATA|PREFETCH) ABORT \*{4,}/,
    begins: true,
    take(draft, match) {
      draft.origin = 'Zephyr';
      draft.kind = match[1] === 'DATA' ? 'data' : 'prefetch';
    },
  },
  {
    expression: /\b([A-Z][A-Za-z ]*?(?:Fault|Abort)) @ 0x([0-9a-f]{8})/,
    take(draft, match) {
      draft.origin ??= 'Zephyr';
      draft.far = hexOf(match[2]);
      draft.fault = FAULT_WORDS.find(([words]) => words.test(match[1] ?? ''))?.[1];
    },
  },
  {
    expression: /Faulting instruction address.*?0x([0-9a-f]{8})/i,
    take(draft, match) {
      draft.pc = hexOf(match[1]);
    },
  },
  {
    expression: /^(data|prefetch) abort$/,
    begins: true,
    take(draft, match) {
      draft.origin = 'U-Boot';
      draft.privileged = true;
      draft.kind = match[1] === 'data' ? 'data' : 'prefetch';
    },
  },
  {
    expression: /(User|Core|Kernel)\b.*?\b(data|prefetch)-abort at address 0x([0-9a-f]{1,8})/i,
    begins: true,
    take(draft, match) {
      draft.origin = 'OP-TEE';
      draft.privileged = match[1]?.toLowerCase() !== 'user';
      draft.kind = match[2]?.toLowerCase() === 'data' ? 'data' : 'prefetch';
      draft.far = hexOf(match[3]);
    },
  },
  {
    expression: /\bfsr 0x([0-9a-f]{8})\s+ttbr0 0x([0-9a-f]{8})\s+ttbr1 0x([0-9a-f]{8})/i,
    take(draft, match) {
      setStatus(draft, match[1]);
      Object.assign(draft.registers, { ttbr0: hexOf(match[2]), ttbr1: hexOf(match[3]) });
    },
  },
  {
    expression:
      /(Data|Prefetch) abort with (?:Data|Instruction) Fault Status Register\s+(?:0x)?([0-9a-f]{1,8})/i,
    begins: true,
    take(draft, match) {
      draft.origin = 'Xilinx';
      draft.kind = match[1]?.toLowerCase() === 'data' ? 'data' : 'prefetch';
      setStatus(draft, match[2]);
    },
  },
  {
    // The names of the registers written out, as many handlers of FreeRTOS programs have them.
    expression:
      /\b(Data|Instruction) Fault (Status|Address)(?: Register)?(?:\s*\([^)]*\))?\s*[:=]?\s*(?:0x)?([0-9a-f]{1,8})\b/i,
    take(draft, match) {
      const isStatus = match[2]?.toLowerCase() === 'status';
      const kind = match[1]?.toLowerCase() === 'data' ? 'data' : 'prefetch';
      if (draft.fsr !== undefined && draft.kind !== kind) return;
      draft.kind = kind;
      if (isStatus) setStatus(draft, match[3]);
      else setAddress(draft, match[3]);
    },
  },
  {
    expression: /Address of Inst\w+ causing \w+ abort(?: is:)?\s+(?:0x)?([0-9a-f]{1,8})/i,
    take(draft, match) {
      draft.pc = hexOf(match[1]);
    },
  },
  {
    expression:
      /(?:Address of Memory whose access caused the data abort is:|(?:Write Fault to|Read Fault from))\s+(?:0x)?([0-9a-f]{1,8})/i,
    take: (draft, match) => setAddress(draft, match[1]),
  },
  {
    expression: /\b(DFSR|IFSR)\b(?:\s*\([^)]*\))?\s*[:=]?\s*(?:0x)?([0-9a-f]{1,8})\b/i,
    take(draft, match) {
      if (match[1]?.toUpperCase() === 'IFSR' && draft.fsr !== undefined) return;
      draft.kind = match[1]?.toUpperCase() === 'DFSR' ? 'data' : 'prefetch';
      setStatus(draft, match[2]);
    },
  },
  {
    expression: /\b(DFAR|IFAR)\b(?:\s*\([^)]*\))?\s*[:=]?\s*(?:0x)?([0-9a-f]{1,8})\b/i,
    take: (draft, match) => setAddress(draft, match[2]),
  },
  {
    // By its bare name only with a sign: `far` is a word as well.
    expression: /\bFSR\b\s*(?:[:=]\s*(?:0x)?|0x)([0-9a-f]{1,8})\b/i,
    take(draft, match) {
      if (draft.fsr === undefined) setStatus(draft, match[1]);
    },
  },
  {
    expression: /\bFAR\b\s*(?:[:=]\s*(?:0x)?|0x)([0-9a-f]{1,8})\b/i,
    take: (draft, match) => setAddress(draft, match[1]),
  },
];

/** Lines are looked at up to here; what is behind belongs to no dump. */
const LONGEST_LINE = 1024;

/**
 * The faults that a console log tells of, in its order. A report has at least a status or an address;
 * a prefetch abort that has no address was at its program counter.
 */
export function parseFaultReports(text: string): FaultReport[] {
  const drafts: Draft[] = [];
  let draft: Draft = { registers: {} };
  for (const whole of text.split(/\r?\n/)) {
    const line = whole.slice(0, LONGEST_LINE);
    for (const pattern of PATTERNS) {
      const match = pattern.expression.exec(line);
      if (match === null) continue;
      if (pattern.begins === true && isReport(draft)) {
        drafts.push(draft);
        draft = { registers: {} };
      }
      pattern.take(draft, match);
    }
  }
  drafts.push(draft);
  return drafts.filter(isReport).map(reportOf);
}

function isReport(draft: Draft): boolean {
  const hasStatus = draft.fsr !== undefined || draft.fault !== undefined;
  return hasStatus || draft.far !== undefined || draft.kind !== undefined;
}

function reportOf(draft: Draft): FaultReport {
  const kind = draft.kind ?? 'data';
  return {
    origin: draft.origin ?? 'a register dump',
    kind,
    fsr: draft.fsr,
    far: draft.far ?? (kind === 'prefetch' ? draft.pc : undefined),
    fault: draft.fault,
    write: draft.write,
    privileged: draft.privileged,
    pc: draft.pc,
    registers: draft.registers,
    pgd: draft.pgd,
    pte: draft.pte,
  };
}

/** The report that fault registers are by themselves. */
export function registerReport(
  kind: FaultReport['kind'],
  fsr: number | undefined,
  far: number | undefined,
  privileged?: boolean,
): FaultReport {
  return {
    origin: 'registers',
    kind,
    fsr,
    far,
    fault: undefined,
    write: undefined,
    privileged,
    pc: undefined,
    registers: {},
    pgd: undefined,
    pte: undefined,
  };
}
