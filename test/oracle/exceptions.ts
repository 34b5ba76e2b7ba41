/**
 * Where QEMU 7.2 does not do what the manual says, and we know it: every such place has a name here,
 * a rule that says what QEMU does instead, and a test in `exceptions.test.ts` that pins it. Anything
 * else is a disagreement.
 */

import {
  DomainAccess,
  domainAccess,
  effectiveRights,
  FaultStatus,
  isFetch,
  isPrivileged,
  Kind,
  tableAttributesOf,
} from '../../src/format/index.js';
import { Sctlr, type TranslationRegisters, type Walk } from '../../src/machine/index.js';

/** What a translation came to: a physical address, or a fault. */
export interface Translation {
  readonly pa: number;
  /** FS[4:0], 0 for none. */
  readonly status: number;
  readonly domain: number;
}

/** Names of the exceptions, with what QEMU does. */
export const QEMU_EXCEPTIONS = {
  'domain-before-level-2':
    'the domain of a table entry is checked before the L2 entry is read, so that a domain fault ' +
    'comes where the manual has a translation fault or an external abort (Arm ARM B3.12.3)',
  'domain-before-access-flag':
    'the domain is checked before the access flag; the manual has the access flag first',
  'manager-ignores-access-flag':
    'with SCTLR.AFE a manager of the domain takes no access flag fault; the manual exempts a ' +
    'manager from permissions only (Arm ARM B3.7.1)',
  'xn-before-access-flag':
    'XN and PXN are checked before the access flag, so that a fetch takes a permission fault',
  'wxn-ignored': 'SCTLR.WXN and UWXN change nothing in the short-descriptor format',
  'device-takes-unaligned':
    'an unaligned access to Device or Strongly-ordered memory is no alignment fault, although the ' +
    'processor has the Virtualization Extensions (Arm ARM A3.2.2)',
  'nothing-is-zero':
    'vexpress-a9 reads 0 and swallows writes where nothing answers, instead of an external abort',
  'unaligned-abort-address':
    'an unaligned read where nothing answers aborts with a DFAR rounded down to the size of the ' +
    'access, an address that was not accessed',
  'split-read-in-order':
    'a read over a page border reads its first part before it translates the second, so that an ' +
    'external abort of the first hides a fault of the second; the manual leaves the order open',
  'ifsr-has-domain': 'IFSR[7:4], which is UNK/SBZP, holds the domain of the fault',
  'par-without-attributes': 'PAR of a successful translation has no memory attributes',
  'par-without-high-bits': 'PAR of a supersection has no PA[39:32]',
  'at-abort-without-wnr':
    'an external abort on the walk of an address translation operation leaves DFSR.WnR 0; the ' +
    'manual has it read 1 for such operations (Arm ARM B4.1.52)',
  'code-outlives-large-leaf':
    "maintenance by address for a leaf larger than QEMU's own pages (4 KiB, 1 KiB on vexpress-a9) " +
    'drops its translations, but code that was executed on its other pages is still found there',
} as const;

/** The name of a known difference. */
export type ExceptionName = keyof typeof QEMU_EXCEPTIONS;

/** What the rules look at. */
export interface RuleInput {
  readonly walk: Walk;
  readonly registers: TranslationRegisters;
}

/** Rules about translation, in the order in which QEMU comes to them. */
const TRANSLATION_RULES: readonly (readonly [
  ExceptionName,
  (input: RuleInput) => Translation | undefined,
])[] = [
  ['domain-before-level-2', domainBeforeLevel2],
  ['domain-before-access-flag', domainBeforeAccessFlag],
  ['manager-ignores-access-flag', managerIgnoresAccessFlag],
  ['xn-before-access-flag', xnBeforeAccessFlag],
  ['wxn-ignored', wxnIgnored],
];

/** What QEMU makes of a walk, and the exception that it falls under where it is another thing. */
export function qemuTranslation(input: RuleInput): {
  readonly translation: Translation;
  readonly exception: ExceptionName | undefined;
} {
  for (const [exception, rule] of TRANSLATION_RULES) {
    const translation = rule(input);
    if (translation !== undefined) return { translation, exception };
  }
  return { translation: translationOf(input.walk), exception: undefined };
}

/** What a walk comes to. */
export function translationOf(walk: Walk): Translation {
  if (walk.fault === undefined) return { pa: walk.leaf?.pa ?? 0, status: 0, domain: 0 };
  return { pa: 0, status: walk.fault.status, domain: walk.fault.domain };
}

function fault(status: number, domain: number): Translation {
  return { pa: 0, status, domain };
}

function forbids(dacr: number, domain: number): boolean {
  const access = domainAccess(dacr, domain);
  return access !== DomainAccess.CLIENT && access !== DomainAccess.MANAGER;
}

function domainBeforeLevel2({ walk, registers }: RuleInput): Translation | undefined {
  const [first, second] = walk.steps;
  if (first?.kind !== Kind.TABLE || walk.leaf !== undefined || second === undefined) return;
  const { domain } = tableAttributesOf(first.word ?? 0);
  return forbids(registers.dacr, domain) ? fault(FaultStatus.DOMAIN_L2, domain) : undefined;
}

function domainBeforeAccessFlag({ walk, registers }: RuleInput): Translation | undefined {
  const leaf = walk.leaf;
  if (leaf === undefined || !leaf.accessFlagFault) return;
  const { domain } = leaf.attributes;
  if (!forbids(registers.dacr, domain)) return;
  return fault(walk.steps.length === 2 ? FaultStatus.DOMAIN_L2 : FaultStatus.DOMAIN_L1, domain);
}

function managerIgnoresAccessFlag({ walk }: RuleInput): Translation | undefined {
  const leaf = walk.leaf;
  if (leaf === undefined || !leaf.accessFlagFault) return;
  if (leaf.domainAccess !== DomainAccess.MANAGER) return;
  return { pa: leaf.pa, status: 0, domain: 0 };
}

function xnBeforeAccessFlag({ walk }: RuleInput): Translation | undefined {
  const leaf = walk.leaf;
  if (leaf === undefined || !leaf.accessFlagFault || !isFetch(walk.access)) return;
  const { xn, pxn, domain } = leaf.attributes;
  if (!xn && !(pxn && isPrivileged(walk.access))) return;
  const page = walk.steps.length === 2;
  return fault(page ? FaultStatus.PERMISSION_L2 : FaultStatus.PERMISSION_L1, domain);
}

function wxnIgnored({ walk, registers }: RuleInput): Translation | undefined {
  const leaf = walk.leaf;
  if (leaf === undefined || walk.fault === undefined || leaf.accessFlagFault) return;
  const afe = (registers.sctlr & Sctlr.AFE) !== 0;
  const controls = { afe, wxn: false, uwxn: false };
  const rights = effectiveRights(leaf.attributes, controls, leaf.domainAccess);
  if (((rights >>> walk.access) & 1) === 0) return;
  return { pa: leaf.pa, status: 0, domain: 0 };
}
