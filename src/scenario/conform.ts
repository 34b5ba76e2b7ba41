/**
 * Conformance: replays recorded vectors of the original through our pmap and kernel, and compares
 * error chains, sizes, offsets, counts and the final table words.
 */
import { type ErrorName, PAGE_BYTES, VmError } from '../base/index.js';
import { type Pmap, toPagingFlags } from '../domain/index.js';
import { ConformEnvironment } from './conform-environment.js';
import { parseVector, type TableWord, type Vector, type VectorResult } from './conform-vector.js';

/** One thing in which a replay and its vector part. */
export interface ConformFailure {
  readonly sequence: string;
  /** The number of the operation from 0, or null for the final tables. */
  readonly operation: number | null;
  readonly text: string;
  readonly expected: string;
  readonly got: string;
}

/** What an operation of ours did, in the vectors' terms. */
interface Outcome {
  readonly ok: boolean;
  readonly errors: readonly ErrorName[];
  readonly retsize?: number | undefined;
  readonly retoff?: number | undefined;
  readonly retaddr?: number | undefined;
  readonly mapping?: Readonly<Record<string, number>> | undefined;
}

const FIELDS = ['retsize', 'retoff', 'retaddr'] as const;
const COUNTS = ['slots', 'pt', 'leaves', 'l2'] as const;

/**
 * Replays the vector in one line of JSON; answers where it parts from ours, nothing when it conforms.
 * Errors: `CONFORM_ERR_VECTOR` the line, or an operation in it, is malformed; `where` says which.
 */
export function replayLine(line: string, where: string): ConformFailure[] {
  return replayVector(parseVector(line, where));
}

/** Replays one vector; answers the first operation that parts, or the final tables if those do. */
function replayVector(vector: Vector): ConformFailure[] {
  const environment = new ConformEnvironment(vector.mode);
  for (const [index, text] of vector.ops.entries()) {
    const before = environment.injection.armed ? stateOf(environment) : undefined;
    const outcome = perform(environment, text);
    environment.spend(1 + (outcome.retsize ?? 0) / PAGE_BYTES);
    const expected = vector.expected[index] ?? null;
    const part =
      expected === null
        ? checkUnchanged(environment, outcome, before)
        : compare(environment, text, expected, outcome, vector.extraSlots);
    if (part !== undefined) {
      return [{ sequence: vector.id, operation: index, text, ...part }];
    }
  }
  const part = vector.tables === null ? undefined : compareTables(environment, vector.tables);
  return part === undefined
    ? []
    : [{ sequence: vector.id, operation: null, text: 'final tables', ...part }];
}

type Part = { readonly expected: string; readonly got: string };

/** Where the outcome is up to us, a failure must at least have changed nothing. */
function checkUnchanged(
  environment: ConformEnvironment,
  outcome: Outcome,
  before: string | undefined,
): Part | undefined {
  if (outcome.ok || before === undefined) return undefined;
  const after = stateOf(environment);
  return after === before ? undefined : { expected: `unchanged: ${before}`, got: after };
}

function compare(
  environment: ConformEnvironment,
  text: string,
  expected: VectorResult,
  outcome: Outcome,
  extraSlots: number,
): Part | undefined {
  const chain = rightChain(text, expected.errors);
  const wanted: Record<string, unknown> = { ok: expected.ok, errors: chain.join(' ') };
  const got: Record<string, unknown> = { ok: outcome.ok, errors: outcome.errors.join(' ') };
  for (const field of FIELDS) {
    if (expected[field] === undefined) continue;
    wanted[field] = expected[field];
    got[field] = outcome[field];
  }
  const counts = countsOf(environment, extraSlots);
  for (const count of COUNTS) {
    if (expected[count] === undefined) continue;
    wanted[count] = expected[count];
    got[count] = counts[count];
  }
  if (expected.mapping !== undefined) {
    wanted['mapping'] = JSON.stringify(expected.mapping);
    const facts = Object.keys(expected.mapping).map((key) => [key, outcome.mapping?.[key]]);
    got['mapping'] = JSON.stringify(Object.fromEntries(facts));
  }
  const same = Object.keys(wanted).every((key) => wanted[key] === got[key]);
  return same ? undefined : { expected: describe(wanted), got: describe(got) };
}

/** Slots, tables, Mappings and L2 tables, by the names that vectors have for them. */
function countsOf(
  { pmap, tables }: ConformEnvironment,
  extraSlots: number,
): Record<(typeof COUNTS)[number], number> {
  const { slots, tables: records, mappings } = pmap.measure();
  return { slots: slots + extraSlots, pt: records.used, leaves: mappings, l2: tables.tableCount };
}

/**
 * Defect 35: the original pushed `LIB_ERR_PMAP_UNMAP` for a failed change of flags. Vectors of
 * injected environment failures recorded that; `LIB_ERR_PMAP_MODIFY_FLAGS` is right, here as there.
 */
function rightChain(text: string, errors: readonly string[]): readonly string[] {
  const last = errors.length - 1;
  if (!text.startsWith('modify') || errors[last] !== 'LIB_ERR_PMAP_UNMAP') return errors;
  return [...errors.slice(0, last), 'LIB_ERR_PMAP_MODIFY_FLAGS'];
}

function describe(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value ?? 'none'}`)
    .join(' ');
}

/** The words of the hardware tables, in order of their addresses. */
function* tableWords(environment: ConformEnvironment): Generator<TableWord> {
  const { memory } = environment.machine;
  for (let index = 0; index < 4096; index += 1) {
    const word = memory.readWord(environment.rootAddress + index * 4);
    if (word === 0) continue;
    yield [index, null, word];
    if ((word & 3) !== 1) continue;
    const table = word - (word % 1024);
    for (let entry = 0; entry < 256; entry += 1) {
      const leaf = memory.readWord(table + entry * 4);
      if (leaf !== 0) yield [index, entry, leaf];
    }
  }
}

function compareTables(
  environment: ConformEnvironment,
  expected: readonly TableWord[],
): Part | undefined {
  const key = ([index, entry, word]: TableWord): string =>
    `L1[${index}]${entry === null ? '' : ` L2[${entry}]`}=${word.toString(16)}`;
  const wanted = new Set(expected.map(key));
  const got = new Set([...tableWords(environment)].map(key));
  const missing = [...wanted].filter((word) => !got.has(word));
  const surplus = [...got].filter((word) => !wanted.has(word));
  if (missing.length === 0 && surplus.length === 0) return undefined;
  return { expected: first(missing), got: first(surplus) };
}

function first(words: readonly string[]): string {
  const more = words.length > 4 ? ` and ${words.length - 4} more` : '';
  return words.length === 0 ? 'nothing else' : words.slice(0, 4).join(', ') + more;
}

/** Everything that a failed operation must leave as it was. */
function stateOf(environment: ConformEnvironment): string {
  const { slots, tables, leaves, metadata } = environment.pmap.measure();
  let words = 0;
  let sum = 0;
  for (const [index, entry, word] of tableWords(environment)) {
    words += 1;
    sum = Math.imul(sum ^ word ^ (index << 8) ^ (entry ?? 0), 0x0100_0193) >>> 0;
  }
  environment.spend(4096 + words);
  return describe({
    slots,
    tables: tables.used,
    leaves: leaves.used,
    free: metadata.free,
    l2: environment.tables.tableCount,
    words,
    sum,
    ...environment.resources(),
  });
}

/** Performs one operation as the vectors write it. */
function perform(environment: ConformEnvironment, text: string): Outcome {
  const [verb = '', ...args] = text.split(' ');
  const operation = OPERATIONS[verb];
  if (operation === undefined) throw new VmError('CONFORM_ERR_VECTOR', `no operation ${text}`);
  try {
    return { ok: true, errors: [], ...operation(environment, args) };
  } catch (error) {
    if (!(error instanceof VmError) || error.code === 'CONFORM_ERR_VECTOR') throw error;
    return { ok: false, errors: error.chain().reverse() };
  }
}

type Operation = (environment: ConformEnvironment, args: readonly string[]) => Partial<Outcome>;

function numberAt(args: readonly string[], index: number): number {
  const value = Number(args[index] ?? '0');
  if (!Number.isFinite(value)) {
    throw new VmError('CONFORM_ERR_VECTOR', `${args[index]} is not a number`);
  }
  return value;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  map(environment, args) {
    const options = args.slice(6);
    const type = options.find((option) => option.startsWith('type='))?.slice(5) ?? 'frame';
    const frame = environment.frame(type, numberAt(args, 2), numberAt(args, 1));
    const { pmap } = environment;
    const [address, offset] = [numberAt(args, 0), numberAt(args, 3)];
    const result = pmap.map(address, frame, offset, numberAt(args, 4), numberAt(args, 5));
    return { retsize: result.bytes, retoff: result.offset };
  },
  unmap: ({ pmap }, args) => ({ retsize: pmap.unmap(numberAt(args, 0), numberAt(args, 1)) }),
  modify: ({ pmap }, args) => ({
    retsize: pmap.modifyFlags(numberAt(args, 0), numberAt(args, 1), numberAt(args, 2)),
  }),
  determine_addr: ({ pmap, vspace }, args) => ({
    retaddr: pmap.determineAddr(vspace.tree, numberAt(args, 0), numberAt(args, 1)),
  }),
  determine_addr_raw: ({ pmap }, args) => ({
    retaddr: pmap.determineAddrRaw(numberAt(args, 0), numberAt(args, 1)),
  }),
  vregion({ vspace }, args) {
    const [base, bytes] = [numberAt(args, 0), numberAt(args, 1)];
    vspace.add({ name: 'vregion', base, bytes, flags: 0, backing: 'guard' });
    return {};
  },
  lookup: (environment, args) => ({ mapping: lookup(environment, numberAt(args, 0)) }),
  serialise: ({ pmap }) => ({ retsize: serialisedNodes(pmap) }),
  inject({ injection }, [name = '', nth = '1', ...codes]) {
    injection.arm(name, Number(nth), codes.join(',').split(',').filter(Boolean));
    return {};
  },
};

/** The original's nodes in a serialised pmap: its tables and its Mappings, however many records those take. */
function serialisedNodes(pmap: Pmap): number {
  pmap.serialise();
  const { tables, mappings } = pmap.measure();
  return tables.used + mappings;
}

function lookup(environment: ConformEnvironment, address: number): Record<string, number> {
  const info = environment.pmap.lookup(address);
  if (info === undefined) {
    throw new VmError('LIB_ERR_PMAP_FIND_VNODE', 'nothing is mapped at the address');
  }
  return {
    vaddr: info.address,
    size: info.bytes,
    paddr: environment.physicalAddress(info.frame) + info.offset,
    kpiFlags: toPagingFlags(info.flags),
  };
}
