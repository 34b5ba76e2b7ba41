/**
 * Recorded vectors of the original pmap: what a line of a vector file says, and nothing believed.
 */
import { VmError } from '../base/index.js';

/** What one operation of a vector did, or should have done. */
export interface VectorResult {
  readonly ok: boolean;
  /** Codes, innermost first. */
  readonly errors: readonly string[];
  readonly retsize?: number;
  readonly retoff?: number;
  readonly retaddr?: number;
  readonly mapping?: Readonly<Record<string, number>>;
  /** Capability slots, table records, leaf records and L2 tables after the operation. */
  readonly slots?: number;
  readonly pt?: number;
  readonly leaves?: number;
  readonly l2?: number;
}

/** One word of a table: its entry in the root, its entry in an L2 table or null, the word. */
export type TableWord = readonly [number, number | null, number];

/** In whose address space a sequence ran. */
export type VectorMode = 'foreign' | 'current' | 'foreignroot';

/** One sequence of operations on an empty address space. */
export interface Vector {
  readonly id: string;
  readonly mode: VectorMode;
  readonly ops: readonly string[];
  /**
   * Slots that what is expected counts beside those of tables and Mappings: the original's own count has
   * the copy of a root table that lies in another CSpace among them.
   */
  readonly extraSlots: number;
  /** What is right; null where the outcome depends on the implementation. */
  readonly expected: readonly (VectorResult | null)[];
  readonly tables: readonly TableWord[] | null;
}

const MODES: ReadonlySet<string> = new Set<VectorMode>(['foreign', 'current', 'foreignroot']);
const NUMBERS = ['retsize', 'retoff', 'retaddr', 'slots', 'pt', 'leaves', 'l2'] as const;

/** What the original calls its errors; one that we do not know is a difference, not a bad vector. */
const ERROR_NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

/** A sequence longer than this is taken for a mistake. */
const MOST_OPERATIONS = 1_000_000;

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The vector that one line of JSON holds. Where it says what is right (`expected`), that counts;
 * otherwise the recorded `results` do.
 * Errors: `CONFORM_ERR_VECTOR` with `where` and what is wrong.
 */
export function parseVector(line: string, where: string): Vector {
  const refuse = (what: string): never => {
    throw new VmError('CONFORM_ERR_VECTOR', `${where}: ${what}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return refuse('not a line of JSON');
  }
  if (!isObject(json)) return refuse('not an object');
  const { id, mode, ops } = json;
  if (typeof id !== 'string') return refuse('`id` is not a string');
  if (typeof mode !== 'string' || !MODES.has(mode)) {
    return refuse(`\`mode\` is not one of ${[...MODES].join(', ')}`);
  }
  if (!Array.isArray(ops) || !ops.every((op) => typeof op === 'string')) {
    return refuse('`ops` is not a list of strings');
  }
  if (ops.length > MOST_OPERATIONS) return refuse(`more than ${MOST_OPERATIONS} operations`);
  const corrected = 'expected' in json;
  const results = corrected ? json['expected'] : json['results'];
  const tables = corrected ? json['expectedTables'] : json['finalTables'];
  const wanted = results === null ? ops.map(() => null) : results;
  if (!Array.isArray(wanted) || wanted.length !== ops.length) {
    return refuse('there is not one result for each operation');
  }
  return {
    id,
    mode: mode as VectorMode,
    ops,
    extraSlots: mode === 'foreignroot' && !corrected ? 1 : 0,
    expected: wanted.map((result, index) =>
      result === null ? null : (parseResult(result) ?? refuse(`result ${index} is malformed`)),
    ),
    tables:
      tables === null || tables === undefined
        ? null
        : (parseTables(tables) ?? refuse('the table words are malformed')),
  };
}

function parseResult(value: unknown): VectorResult | undefined {
  if (!isObject(value)) return undefined;
  const { ok, errors, mapping } = value;
  if (typeof ok !== 'boolean' || !Array.isArray(errors)) return undefined;
  if (!errors.every((name) => typeof name === 'string' && ERROR_NAME.test(name))) return undefined;
  const numbers: Record<string, number> = {};
  for (const field of NUMBERS) {
    const number = value[field];
    if (number === undefined) continue;
    if (typeof number !== 'number') return undefined;
    numbers[field] = number;
  }
  const facts = mapping === undefined ? {} : numbersOf(mapping);
  if (facts === undefined) return undefined;
  return { ok, errors, ...numbers, ...(mapping === undefined ? {} : { mapping: facts }) };
}

function numbersOf(value: unknown): Record<string, number> | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  if (!entries.every(([, number]) => typeof number === 'number')) return undefined;
  return Object.fromEntries(entries) as Record<string, number>;
}

function parseTables(value: unknown): TableWord[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const isWord = (entry: unknown): entry is TableWord =>
    Array.isArray(entry) &&
    entry.length === 3 &&
    typeof entry[0] === 'number' &&
    (entry[1] === null || typeof entry[1] === 'number') &&
    typeof entry[2] === 'number';
  return value.every(isWord) ? value : undefined;
}
