/** What importers have in common: what a foreign file does not say, and how its errors are told. */
import { type ErrorName, PAGE_BYTES, roundDown, roundUp, VmError } from '../base/index.js';
import { type CpuProfile, cortexA15, DomainAccess } from '../format/index.js';
import {
  type Layout,
  type LayoutRegion,
  MOST_REGIONS,
  NO_RIGHTS,
  type PrivilegeRights,
} from './layout.js';
import { PLAIN_REMAP } from './region-bits.js';
import type { FileProblem } from './yaml-tree.js';

/** What a foreign file does not say. */
export interface ImportOptions {
  /** The physical address of the tables. */
  readonly tables: number;
  /** The most that they may take; no limit where it is left out. */
  readonly budget?: number;
  /** The processor; one with PXN where it is left out. */
  readonly profile?: CpuProfile;
  /** Values of names that the file uses, as they would stand in it. */
  readonly defines?: ReadonlyMap<string, string>;
}

/** Characters of the largest file that is imported. */
const MOST_IMPORT_BYTES = 4 * 1024 * 1024;
const MOST_PROBLEMS = 10;

/** The problems of a file, collected while it is read. */
export class ImportProblems {
  private readonly file: string;
  private readonly lines: readonly string[];
  private readonly found: { readonly code: ErrorName; readonly problem: FileProblem }[] = [];

  /** Errors: `IMPORT_ERR_SYNTAX` the file is too large. */
  constructor(file: string, text: string) {
    this.file = file;
    this.lines = text.length > MOST_IMPORT_BYTES ? [] : text.split('\n');
    if (text.length > MOST_IMPORT_BYTES) {
      this.tell('IMPORT_ERR_SYNTAX', 1, `more than ${MOST_IMPORT_BYTES} characters are not read`);
      this.throwAny();
    }
  }

  tell(code: ErrorName, line: number, message: string): void {
    const source = (this.lines[line - 1] ?? '').slice(0, 400);
    const column = Math.max(1, source.search(/\S/) + 1);
    this.found.push({ code, problem: { file: this.file, line, column, message, source } });
  }

  /** Throws what has been told, if anything has. */
  throwAny(): void {
    const [first] = this.found;
    if (first === undefined) return;
    const { code, problem } = first;
    const more = this.found.length > 1 ? ` (and ${this.found.length - 1} more)` : '';
    throw new VmError(code, `${problem.file}:${problem.line}: ${problem.message}${more}`, {
      evidence: this.found.slice(0, MOST_PROBLEMS).map((each) => each.problem),
    });
  }
}

/** What an importer knows of a region. */
export interface ImportedRegion {
  readonly name: string;
  readonly line: number;
  readonly pa: number;
  /** `auto` where the file lets the address be chosen. */
  readonly va: number | 'auto';
  readonly bytes: number;
  readonly privileged: PrivilegeRights;
  readonly user?: PrivilegeRights;
  readonly memory: string;
  readonly shareable: boolean;
  readonly global?: boolean;
  readonly nonSecure?: boolean;
}

/**
 * The layout of regions that were read elsewhere, in `file`. Errors: as {@link importedLayout}, but those
 * of the text.
 */
export function importRegions(
  file: string,
  regions: readonly ImportedRegion[],
  options: ImportOptions,
): Layout {
  return importedLayout(file, regions, new ImportProblems(file, ''), options);
}

/**
 * The layout of imported regions. Regions that are not whole pages grow to them, as the tools that
 * read these formats do; a name that is there twice gets a number.
 *
 * Errors: `IMPORT_ERR_SYNTAX` there is no region, or there are too many.
 */
export function importedLayout(
  file: string,
  regions: readonly ImportedRegion[],
  problems: ImportProblems,
  options: ImportOptions,
): Layout {
  problems.throwAny();
  if (regions.length === 0) problems.tell('IMPORT_ERR_SYNTAX', 1, 'the file has no region');
  if (regions.length > MOST_REGIONS) {
    const message = `the file has ${regions.length} regions, at most ${MOST_REGIONS} are built`;
    problems.tell('IMPORT_ERR_SYNTAX', 1, message);
  }
  problems.throwAny();
  const seen = new Map<string, number>();
  return {
    file,
    title: '',
    profile: options.profile ?? cortexA15,
    mmu: {
      accessFlag: false,
      texRemap: false,
      prrr: PLAIN_REMAP.prrr,
      nmrr: PLAIN_REMAP.nmrr,
      dacr: DomainAccess.CLIENT,
      split: 0,
    },
    tables: { from: { file, line: 1 }, at: options.tables, budget: options.budget },
    memories: [],
    automatic: { from: 2 ** 20, to: 2 ** 32 },
    regions: regions.map((region) => madeRegion(file, region, seen)),
  };
}

function madeRegion(file: string, region: ImportedRegion, seen: Map<string, number>): LayoutRegion {
  const inPage = region.pa % PAGE_BYTES;
  const { va } = region;
  const plain = region.name.replace(/[^A-Za-z0-9_.$-]+/g, '-').replace(/^(?=[0-9-])|^$/, '_');
  const name = plain.slice(0, 48);
  const times = (seen.get(name) ?? 0) + 1;
  seen.set(name, times);
  return {
    name: times === 1 ? name : `${name}.${times}`,
    from: { file, line: region.line },
    virtual: typeof va === 'number' ? roundDown(va, PAGE_BYTES) : va,
    physical: region.pa - inPage,
    bytes: roundUp(inPage + region.bytes, PAGE_BYTES),
    alignment: PAGE_BYTES,
    privileged: region.privileged,
    user: region.user ?? NO_RIGHTS,
    memory: region.memory,
    shareable: region.shareable,
    global: region.global ?? true,
    nonSecure: region.nonSecure ?? false,
    domain: 0,
    leaves: 'largest',
  };
}
