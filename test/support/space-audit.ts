import { OK, PAGE_BYTES } from '../../src/base/index.js';
import { type Domain, MappingInfo, type Pmap, VRegionFlags } from '../../src/domain/index.js';
import { addressBits, type Descriptor, decode, Kind, kindOf } from '../../src/format/index.js';
import { CapType, type Kernel, Rights } from '../../src/kernel/index.js';
import type { TranslationTable } from '../../src/kernel/translation-tables.js';
import { tablesOf } from './kernel-audit.js';

const { READ, WRITE, EXECUTE, NOCACHE, GUARD, WRITE_COMBINING, OLD } = VRegionFlags;
const ROOT_KINDS: ReadonlySet<number> = new Set([Kind.SECTION, Kind.SUPERSECTION]);
const KIND_NAME: Readonly<Record<number, Descriptor['kind']>> = {
  [Kind.SECTION]: 'section',
  [Kind.SUPERSECTION]: 'supersection',
  [Kind.LARGE]: 'large',
  [Kind.SMALL]: 'small',
};

/** What entries of a mapping with these region flags allow a user to do, by the policies' documentation. */
export function expectedAccess(
  policy: string,
  flags: number,
  device: boolean,
): { readonly r: boolean; readonly w: boolean; readonly x: boolean } {
  if ((flags & GUARD) !== 0) return { r: false, w: false, x: false };
  const w = (flags & WRITE) !== 0;
  if (policy === 'original') {
    const r = w || (flags & READ) !== 0;
    return { r, w, x: r };
  }
  const r = w || (flags & (READ | EXECUTE)) !== 0;
  return { r, w, x: (flags & EXECUTE) !== 0 && !device };
}

/** The rights that a capability needs so that it can be mapped with these region flags. */
export function neededRights(policy: string, flags: number): number {
  const { r, w, x } = expectedAccess(policy, flags, false);
  return (r ? Rights.READ : 0) | (w ? Rights.WRITE : 0) | (x ? Rights.EXECUTE : 0);
}

/** TEX, C and B of an entry, by the policies' documentation; the original knew no write combining. */
function expectedType(policy: string, leaves: string, flags: number, device: boolean): string {
  const uncached = (flags & NOCACHE) !== 0 && (flags & GUARD) === 0;
  if (policy === 'original') return uncached ? '0 0 1' : '0 1 1';
  if (uncached) return '0 0 0';
  if (device) return '0 0 1';
  const combining = (flags & WRITE_COMBINING) !== 0 && (flags & GUARD) === 0;
  return combining && leaves !== 'original' ? '1 0 0' : '1 1 1';
}

/** An address space, who manages it, and the hardware table that it really is. */
export interface AuditedSpace {
  readonly kernel: Kernel;
  readonly pmap: Pmap;
  readonly manager: Domain;
  /** The number of the domain that runs in it. */
  readonly number: number;
}

/**
 * I1 and I4: every record is in the tables as the flags and the policy have it, every valid entry has
 * a record, and each leaf is backed by a capability of the manager with at least these rights. What is
 * not so, one line each.
 */
export function auditSpace(space: AuditedSpace): string[] {
  const { kernel, pmap, number } = space;
  const root = kernel.rootTable(number);
  if (root === undefined) return [`domain ${number} has no root table`];
  const wrong: string[] = [];
  const tables = new Map(tablesOf(kernel).map((table) => [table.kibibyte * 1024, table]));
  const seen = new Map<TranslationTable, Uint8Array>();
  const look = new MappingInfo();
  const policy = kernel.state.tables.attributes.policy.name;
  const judged = judgements(`${policy} ${pmap.core.policy.name}`);
  let mappings = 0;
  for (const mapping of pmap.mappings()) {
    mappings += 1;
    const end = mapping.address + mapping.bytes;
    const { leafBytes } = mapping;
    const backing = backingOf(space, mapping);
    if (typeof backing === 'string') {
      wrong.push(`${mapping.address.toString(16)}: ${backing}`);
      continue;
    }
    for (let address = mapping.address; address < end; ) {
      const leaf = pmap.lookup(address, look);
      const name = address.toString(16);
      if (leaf === undefined || leaf.page !== mapping.page || leaf.mapping !== mapping.mapping) {
        wrong.push(`${name}: the records of one Mapping disagree`);
        break;
      }
      const problem = leafProblem(space, tables, seen, root, address, leaf, backing, judged);
      if (problem !== undefined) wrong.push(`${name}: ${problem}`);
      address += leafBytes;
    }
  }
  const measured = pmap.measure();
  if (measured.mappings !== mappings) {
    wrong.push(`${mappings} Mappings found, ${measured.mappings} counted`);
  }
  auditTables(space, tables, seen, root, wrong);
  return wrong;
}

interface Backing {
  readonly base: number;
  readonly bytes: number;
  readonly rights: number;
  readonly device: boolean;
}

function backingOf({ pmap }: AuditedSpace, mapping: MappingInfo): Backing | string {
  const { invocations } = pmap.core;
  if (invocations.identifyFrame(mapping.frame) !== OK) return 'the frame of the record is gone';
  const { base, bytes, rights, type } = invocations.identity;
  if (mapping.offset < 0 || mapping.offset + mapping.bytes > bytes) return 'leaves its frame';
  const device = type === CapType.DEV_FRAME;
  const name = invocations.typeName(mapping.mapping);
  if (name !== (device ? 'DevFrame_Mapping' : 'Frame_Mapping')) return `its slot holds a ${name}`;
  return { base, bytes, rights, device };
}

/** Why the entries of one leaf are not what its record says. */
function leafProblem(
  { kernel, pmap }: AuditedSpace,
  tables: ReadonlyMap<number, TranslationTable>,
  seen: Map<TranslationTable, Uint8Array>,
  root: number,
  address: number,
  leaf: MappingInfo,
  backing: Backing,
  judged: Map<number, string>,
): string | undefined {
  const policy = kernel.state.tables.attributes.policy.name;
  const inRoot = ROOT_KINDS.has(leaf.kind);
  const rootTable = tables.get(root);
  const table = inRoot ? rootTable : tables.get(tableOf(rootTable?.words[address >>> 20] ?? 0));
  if (table === undefined) return 'no table serves it';
  const first = inRoot ? address >>> 20 : (address >>> 12) & 255;
  const entries = leaf.kind === Kind.LARGE || leaf.kind === Kind.SUPERSECTION ? 16 : 1;
  const word = table.words[first] ?? 0;
  for (let entry = first + 1; entry < first + entries; entry += 1) {
    if (table.words[entry] !== word) return 'its entries are not alike';
  }
  mark(seen, table, first, entries);
  if ((neededRights(policy, leaf.flags) & ~backing.rights) !== 0) {
    return 'more rights than its capability has';
  }
  // What is left when the right address is taken out: its attributes, if the address is that one.
  const frame = (backing.base + leaf.offset + (address - leaf.address)) / PAGE_BYTES;
  const rest = (word ^ addressBits(leaf.kind, frame)) >>> 0;
  const key = ((rest * 2 + (backing.device ? 1 : 0)) * 8 + leaf.kind) * 8192 + leaf.flags;
  let judgement = judged.get(key);
  if (judgement === undefined) {
    const { flags, kind } = leaf;
    const found = decode(inRoot ? 1 : 2, rest, kernel.machine.profile);
    judgement = judge(found, kind, policy, pmap.core.policy.name, flags, backing.device);
    judged.set(key, judgement);
  }
  return judgement === '' ? undefined : judgement;
}

/** Judgements of leaves, by what they depend on: the same few words come again and again. */
const JUDGEMENTS = new Map<string, Map<number, string>>();

function judgements(policies: string): Map<number, string> {
  let judged = JUDGEMENTS.get(policies);
  if (judged === undefined) {
    judged = new Map();
    JUDGEMENTS.set(policies, judged);
  }
  return judged;
}

/** What is wrong with a leaf whose right address was taken out of its word; nothing where it is well. */
function judge(
  found: Descriptor,
  kind: number,
  attributes: string,
  leaves: string,
  flags: number,
  device: boolean,
): string {
  const text = `for flags ${flags.toString(16)}`;
  if (found.kind !== KIND_NAME[kind] || !('ap' in found))
    return `a ${found.kind}, not kind ${kind}`;
  if (found.address !== 0) return 'leads somewhere else';
  const access = expectedAccess(attributes, flags, device);
  const original = attributes === 'original';
  const rights = access.w ? 3 : access.r ? (original ? 2 : 7) : 0;
  // An old leaf has its access flag clear where there is one, and gives no rights elsewhere.
  const used = (flags & OLD) === 0 || original;
  const ap = used ? rights : attributes === 'access-flag' ? rights & ~1 : 0;
  if (found.ap !== ap) return `AP ${found.ap} ${text}`;
  if (found.xn !== (!original && !access.x)) return `XN ${found.xn} ${text}`;
  const type = `${found.tex} ${found.c ? 1 : 0} ${found.b ? 1 : 0}`;
  if (type !== expectedType(attributes, leaves, flags, device)) return `type ${type} ${text}`;
  return found.ng === original ? `nG ${found.ng}` : '';
}

function tableOf(word: number): number {
  return (word & 3) === 1 ? (word & 0xffff_fc00) >>> 0 : 0;
}

function mark(
  seen: Map<TranslationTable, Uint8Array>,
  table: TranslationTable,
  entry: number,
  count: number,
): void {
  let bits = seen.get(table);
  if (bits === undefined) {
    bits = new Uint8Array(table.words.length);
    seen.set(table, bits);
  }
  bits.fill(1, entry, entry + count);
}

/** What stands in the tables and in no record; tables and their records. */
function auditTables(
  { kernel, pmap }: AuditedSpace,
  tables: ReadonlyMap<number, TranslationTable>,
  seen: ReadonlyMap<TranslationTable, Uint8Array>,
  root: number,
  wrong: string[],
): void {
  const { hasPxn } = kernel.machine.profile;
  const rootTable = tables.get(root);
  if (rootTable === undefined) {
    wrong.push('the root is no table');
    return;
  }
  const recorded = new Set(pmap.tableAddresses());
  const { words } = rootTable;
  const marks = seen.get(rootTable);
  let installed = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as number;
    if (word === 0 || marks?.[index] === 1) continue;
    const name = `L1[${index.toString(16)}]`;
    if (kindOf(1, word, hasPxn) !== Kind.TABLE) {
      wrong.push(`${name} is ${word.toString(16)} without a record`);
      continue;
    }
    installed += 1;
    const table = tables.get(tableOf(word));
    if (table === undefined || !recorded.has(tableOf(word))) {
      wrong.push(`${name} has a table without a record`);
      continue;
    }
    const entries = seen.get(table);
    for (let entry = 0; entry < 256; entry += 1) {
      if (table.words[entry] !== 0 && entries?.[entry] !== 1) {
        wrong.push(`${name} L2[${entry}] is valid without a record`);
      }
    }
  }
  if (installed !== recorded.size) {
    wrong.push(`${installed} tables are installed, ${recorded.size} recorded`);
  }
}

/** Every page of physical memory that some table maps, by its number, with where. */
export function reachableFrames(kernel: Kernel): Map<number, string> {
  const found = new Map<number, string>();
  const { profile } = kernel.machine;
  for (const table of tablesOf(kernel)) {
    for (let entry = 0; entry < table.words.length; entry += 1) {
      const word = table.words[entry] as number;
      if (word === 0) continue;
      const descriptor = decode(table.level, word, profile);
      if (!('ap' in descriptor)) continue;
      const pages = { section: 256, supersection: 4096, large: 16, small: 1 }[descriptor.kind];
      const first = descriptor.address / PAGE_BYTES;
      found.set(first, `table ${table.number} entry ${entry}`);
      for (let page = 1; page < pages; page += 1) {
        found.set(first + page, `table ${table.number} entry ${entry}`);
      }
    }
  }
  return found;
}

/** The slots that a domain has taken and not given back. */
export function slotsInUse(domain: Domain): number {
  const { cnodeCount, freeCount } = domain.slots;
  return cnodeCount * 256 - freeCount;
}
