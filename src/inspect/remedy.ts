/**
 * The smallest change that would allow an access that was refused: which word would become which,
 * tried out by walking again with that one word changed.
 */

import { hex, hex0x } from '../base/index.js';
import { Access, type Descriptor, DomainAccess, encode, rightsText } from '../format/index.js';
import { Sctlr, Ttbcr, type Walk, walk } from '../machine/index.js';
import type { SpaceInput } from './address-space.js';

/** A change that allows the access. */
export interface Remedy {
  /** What to do, in words. */
  readonly text: string;
  /** The entry to change, where one word does it. */
  readonly entry?: { readonly address: number; readonly from: number; readonly to: number };
  /** The DACR to change, where that does it. */
  readonly dacr?: { readonly from: number; readonly to: number };
  /** Rights that others gain or lose by it, or that the access needs nothing else. */
  readonly sideEffect: string | undefined;
}

/** The smallest change that lets `refused` through; undefined where nothing needs to change. */
export function smallestChange(input: SpaceInput, refused: Walk): Remedy | undefined {
  if (refused.fault === undefined) return undefined;
  switch (refused.fault.meaning.name) {
    case 'translation':
      return toMap(input, refused);
    case 'domain':
      return toChangeDacr(input, refused);
    case 'access-flag':
      return toSetFlag(input, refused);
    case 'permission':
      return toChangeEntry(input, refused);
    default:
      return undefined;
  }
}

function toMap(input: SpaceInput, refused: Walk): Remedy {
  const { root, va } = refused;
  if (root?.disabled === true) {
    const bit = root.register === 'TTBR0' ? 'PD0' : 'PD1';
    const ttbcr = input.registers.ttbcr & ~Ttbcr[bit];
    const text = `clear TTBCR.${bit} (TTBCR ${hex0x(ttbcr >>> 0)}), so that ${root.register} is walked`;
    return { text, sideEffect: `everything that ${root.register} maps becomes reachable` };
  }
  const entry = refused.steps.at(-1);
  const where = entry === undefined ? '' : ` @${hex(entry.entryAddress)}`;
  const page = hex(va - (va % 4096));
  const text =
    entry?.level === 2
      ? `map the page ${page}: its entry is L2[0x${hex(entry.index, 2)}]${where}`
      : `map the page ${page}: a section or a table for L1[0x${hex(entry?.index ?? 0, 3)}]${where}`;
  return { text, sideEffect: undefined };
}

function toChangeDacr(input: SpaceInput, refused: Walk): Remedy | undefined {
  const domain = refused.leaf?.attributes.domain ?? 0;
  const from = input.registers.dacr;
  const shift = domain * 2;
  const to = ((from & ~(3 << shift)) | (DomainAccess.CLIENT << shift)) >>> 0;
  const registers = { ...plain(input), dacr: to };
  const after = again({ ...input, registers }, refused);
  const still = after.fault === undefined ? '' : `, and then: ${after.fault.reason}`;
  return {
    text: `make domain ${domain} a client: DACR ${hex(from)} → ${hex(to)}${still}`,
    dacr: { from, to },
    sideEffect: `all that is in domain ${domain} becomes accessible as its entries say`,
  };
}

function toSetFlag(input: SpaceInput, refused: Walk): Remedy | undefined {
  const step = refused.steps.at(-1);
  const { descriptor, word: from } = step ?? {};
  if (step === undefined || from === undefined || descriptor === undefined) return undefined;
  if (!('ap' in descriptor)) return undefined;
  const to = encode(step.level, { ...descriptor, ap: descriptor.ap | 1 });
  const address = step.entryAddress;
  const after = again(patched(input, address, to), refused);
  const still = after.fault === undefined ? '' : `, and then: ${after.fault.reason}`;
  return {
    text: `set the access flag AP[0]: @${hex(address)} ${hex(from)} → ${hex(to)}${still}`,
    entry: { address, from, to },
    sideEffect: undefined,
  };
}

/** One way to change a leaf. */
interface Candidate {
  readonly descriptor: Descriptor;
  readonly changes: readonly string[];
}

function toChangeEntry(input: SpaceInput, refused: Walk): Remedy | undefined {
  const leaf = refused.leaf;
  const step = refused.steps.at(-1);
  if (leaf === undefined || step?.descriptor === undefined || step.word === undefined) {
    return undefined;
  }
  let best: { cost: number; remedy: Remedy } | undefined;
  for (const candidate of candidates(step.descriptor)) {
    const to = encode(step.level, candidate.descriptor);
    const changed = patched(input, step.entryAddress, to);
    const after = again(changed, refused);
    if (after.fault !== undefined || after.leaf === undefined) continue;
    const gained = after.leaf.rights & ~leaf.rights;
    const lost = leaf.rights & ~after.leaf.rights;
    const cost = bits(lost) * 100 + bits(gained) * 10 + candidate.changes.length;
    if (best !== undefined && best.cost <= cost) continue;
    best = {
      cost,
      remedy: entryRemedy(refused, candidate, step.entryAddress, step.word, to, after),
    };
  }
  return best?.remedy ?? pxnRemedy(refused, input);
}

function entryRemedy(
  refused: Walk,
  candidate: Candidate,
  address: number,
  from: number,
  to: number,
  after: Walk,
): Remedy {
  const before = refused.leaf?.rights ?? 0;
  const now = after.leaf?.rights ?? 0;
  const others = (now & ~before & ~(1 << refused.access)) | (before & ~now);
  const rights = `PL1 ${rightsText(now, true)}, PL0 ${rightsText(now, false)}`;
  return {
    text: `${candidate.changes.join(' and ')}: @${hex(address)} ${hex(from)} → ${hex(to)}`,
    entry: { address, from, to },
    sideEffect: others === 0 ? undefined : `the rights become ${rights}`,
  };
}

/** Every change of the permission bits of a leaf. */
function* candidates(descriptor: Descriptor): Generator<Candidate> {
  if (!('ap' in descriptor)) return;
  for (const ap of APS) {
    const access = ap === descriptor.ap ? [] : [`AP ${binary(descriptor.ap)} → ${binary(ap)}`];
    const executables = descriptor.xn ? [true, false] : [false];
    for (const xn of executables) {
      const changes = xn === descriptor.xn ? access : [...access, 'clear XN'];
      if (changes.length > 0) yield { descriptor: { ...descriptor, ap, xn }, changes };
      if ('pxn' in descriptor && descriptor.pxn) {
        const all = [...changes, 'clear PXN'];
        yield { descriptor: { ...descriptor, ap, xn, pxn: false }, changes: all };
      }
    }
  }
}

/** AP[2:0] without the reserved 100. */
const APS = [0b000, 0b001, 0b010, 0b011, 0b101, 0b110, 0b111];

/** A page has PXN from its table entry. */
function pxnRemedy(refused: Walk, input: SpaceInput): Remedy | undefined {
  const [table] = refused.steps;
  if (refused.access === Access.PRIVILEGED_FETCH && table?.descriptor?.kind === 'table') {
    const { descriptor, entryAddress: address, word: from } = table;
    if (descriptor.pxn && from !== undefined) {
      const to = encode(1, { ...descriptor, pxn: false });
      const after = again(patched(input, address, to), refused);
      if (after.fault === undefined) {
        return {
          text: `clear PXN of the table entry: @${hex(address)} ${hex(from)} → ${hex(to)}`,
          entry: { address, from, to },
          sideEffect: 'PL1 may execute every executable page of that MiB',
        };
      }
    }
  }
  const bit = (input.registers.sctlr & Sctlr.WXN) !== 0 ? 'WXN' : 'UWXN';
  if ((input.registers.sctlr & Sctlr[bit]) === 0) return undefined;
  return {
    text: `clear SCTLR.${bit}, or map the code a second time without the right to write`,
    sideEffect: 'what is writable becomes executable wherever XN is clear',
  };
}

/** The same space with one word changed. */
function patched(input: SpaceInput, address: number, word: number): SpaceInput {
  const readWord = (pa: number): number => (pa === address ? word : input.reader.readWord(pa));
  return { ...input, reader: { readWord } };
}

function again(input: SpaceInput, refused: Walk): Walk {
  return walk(input.reader, input.registers, input.profile, refused.va, refused.access);
}

/** The registers as plain values: those of a live CPU are accessors, which a spread leaves behind. */
function plain(input: SpaceInput): SpaceInput['registers'] {
  const { ttbr0, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr } = input.registers;
  return { ttbr0, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr };
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

function binary(ap: number): string {
  return ap.toString(2).padStart(3, '0');
}
