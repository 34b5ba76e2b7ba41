/**
 * What `check` looks for: every rule with its name, how bad it is, what it finds and why it matters.
 */

/** How bad a finding is, the mildest first. */
export const SEVERITIES = ['note', 'warning', 'error'] as const;

/** One of {@link SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** A rule. */
export interface Rule {
  /** The name for people. */
  readonly name: string;
  readonly severity: Severity;
  /** What it finds, in one line. */
  readonly finds: string;
  /** Why that matters. */
  readonly why: string;
}

/** Every rule by its id. VM001 to VM012 are about rights and memory, the others are hygiene. */
export const RULES = {
  VM001: {
    name: 'wx',
    severity: 'error',
    finds: 'memory that can be written and executed',
    why: 'Whoever can write it can run code of his own: W^X is what stops most exploits.',
  },
  VM002: {
    name: 'user-kernel',
    severity: 'error',
    finds: 'addresses of the kernel that PL0 may use',
    why: 'A process could read or change the kernel.',
  },
  VM003: {
    name: 'device-exec',
    severity: 'error',
    finds: 'Device or Strongly-ordered memory that can be executed',
    why: 'The processor may fetch instructions ahead from anything executable, and reading a device has effects (Arm ARM A3.5.7 asks for XN).',
  },
  VM004: {
    name: 'alias-type-mismatch',
    severity: 'error',
    finds: 'memory that is mapped twice with different memory types',
    why: 'Caches and ordering are then unpredictable: writes by one address may not be seen by the other (Arm ARM A3.5.7).',
  },
  VM005: {
    name: 'alias-rights',
    severity: 'warning',
    finds: 'memory that can be written at one address and executed at another',
    why: 'W^X is kept by each mapping and broken by both together.',
  },
  VM006: {
    name: 'domain-manager',
    severity: 'error',
    finds: 'memory in a domain that the DACR makes a manager',
    why: 'A manager is not checked: AP, XN and PXN of its entries count for nothing.',
  },
  VM007: {
    name: 'not-replicated-16',
    severity: 'error',
    finds: 'a supersection or large page whose 16 entries are not equal',
    why: 'What is translated then depends on which entry the walk happens to read.',
  },
  VM008: {
    name: 'unaligned',
    severity: 'error',
    finds: 'a table or a large leaf that is not aligned to its size',
    why: 'The hardware ignores the low address bits and uses other memory than was meant.',
  },
  VM009: {
    name: 'va-wrap',
    severity: 'error',
    finds: 'a mapping that goes over the end of the 4 GiB',
    why: 'An address or a size overflowed: what lies at 0 is not what was meant to be there.',
  },
  VM010: {
    name: 'tables-exposed',
    severity: 'error',
    finds: 'translation tables that PL0 can reach',
    why: 'Who writes the tables owns the machine; who reads them knows where everything is.',
  },
  VM011: {
    name: 'larger-than-peripheral',
    severity: 'warning',
    finds: 'a device mapping that reaches far beyond the peripheral',
    why: 'Accesses beyond it hit other devices, or nothing, which ends in external aborts.',
  },
  VM012: {
    name: 'null-mapped',
    severity: 'warning',
    finds: 'something mapped at address 0',
    why: 'Null pointers do not fault there: a mistake becomes silent damage.',
  },
  VM013: {
    name: 'dead-domain',
    severity: 'warning',
    finds: 'mapped memory in a domain without access',
    why: 'Every access faults: an entry that was changed without its domain, or a domain left over from an earlier mapping.',
  },
  VM014: {
    name: 'split-crossed',
    severity: 'warning',
    finds: 'a user region that crosses from TTBR0 to TTBR1',
    why: 'The part above the split belongs to every process, and is not switched with TTBR0.',
  },
  VM015: {
    name: 'overlap',
    severity: 'warning',
    finds: 'named regions that overlap in part',
    why: 'One of them has silently taken addresses of the other.',
  },
  VM016: {
    name: 'reserved-encoding',
    severity: 'error',
    finds: 'reserved values in AP, in TEX C B, or in the type of an entry',
    why: 'What the processor does with them is unpredictable.',
  },
  VM017: {
    name: 'table-unreadable',
    severity: 'error',
    finds: 'a table where no memory answers',
    why: 'A walk through it ends in an external abort.',
  },
  VM018: {
    name: 'table-overlap',
    severity: 'error',
    finds: 'a level-2 table that lies in a root table',
    why: 'The same words would be read as entries of both levels, which mean different things.',
  },
  VM019: {
    name: 'global-user',
    severity: 'note',
    finds: 'user pages that are global, in a space that uses ASIDs',
    why: 'Their translations stay in the TLB when another process runs.',
  },
  VM090: {
    name: 'policy-forbids',
    severity: 'error',
    finds: 'something that the policy forbids',
    why: 'The policy says so.',
  },
  VM091: {
    name: 'policy-allows-not',
    severity: 'error',
    finds: 'something beside what the policy allows',
    why: 'The policy says what alone may be there.',
  },
  VM092: {
    name: 'policy-expects',
    severity: 'error',
    finds: 'something missing that the policy expects',
    why: 'The policy says what has to be there.',
  },
  VM099: {
    name: 'waiver-expired',
    severity: 'error',
    finds: 'a waiver whose time is over',
    why: 'What it excuses was to be put right by then.',
  },
} as const satisfies Record<string, Rule>;

/** The id of a rule. */
export type RuleId = keyof typeof RULES;

/** The id that `text` names, by itself or by the name of its rule. */
export function ruleId(text: string): RuleId | undefined {
  const wanted = text.trim().toLowerCase();
  for (const id of Object.keys(RULES) as RuleId[]) {
    if (id.toLowerCase() === wanted || RULES[id].name === wanted) return id;
  }
  return undefined;
}
