/**
 * Building: a domain of its own maps every region through a pmap, the kernel writes the tables, and
 * what comes out is read back and held against the layout before anybody gets it.
 *
 *     layout ─► place ─► attributes ─► pmap.map of every region ─► image ─► walk of every page
 *
 * The level-2 tables are made where they will lie, since the root's entries hold their addresses; the
 * root is made elsewhere and copied, since with TTBCR.N it becomes two tables of other sizes.
 */
import { type CapRef, KIB, MIB, OK, PAGE_BYTES, roundUp, VmError } from '../base/index.js';
import { Domain, Pmap, RamAllocator, TableAllocator } from '../domain/index.js';
import { KIND_NAMES, SHORT_DESCRIPTORS } from '../format/index.js';
import { AddressSpace, isLeaf, meaningKind, Names, Regions } from '../inspect/index.js';
import { CapType, Kernel, WellKnown } from '../kernel/index.js';
import {
  EXTERNAL_ABORT,
  Machine,
  type PhysicalMemory,
  Sctlr,
  type SystemRegisters,
  type TranslationRegisters,
  type WordReader,
} from '../machine/index.js';
import { type AttributePlan, type MappedRegion, planAttributes } from './attribute-plan.js';
import type { Layout, LayoutMmu } from './layout.js';
import { lineText } from './layout.js';
import {
  type LayoutProblem,
  type PlacedRegion,
  type Placement,
  placeLayout,
  sizeText,
} from './place-regions.js';
import { proveBuild, walkEveryPage } from './prove-build.js';

/** One root table of a build. */
export interface BuiltRoot {
  readonly register: 'TTBR0' | 'TTBR1';
  /** Its physical address, and its size. */
  readonly base: number;
  readonly bytes: number;
}

/** What a build takes of the machine that uses it. */
export interface BuildCost {
  /** Level-2 tables. */
  readonly tables: number;
  /** Bytes of all tables, roots among them, with the gaps between them. */
  readonly bytes: number;
  /** How many leaves there are, which is how many TLB entries would hold all translations. */
  readonly tlbEntries: number;
  /** Leaves by the name of their kind. */
  readonly leaves: Readonly<Record<string, number>>;
  /** Bytes of address space that are mapped. */
  readonly mappedBytes: number;
}

/** Tables that say what a layout says. */
export interface Build {
  readonly layout: Layout;
  readonly placement: Placement;
  readonly regions: readonly MappedRegion[];
  /** The tables, from the physical address `base` on. */
  readonly image: { readonly base: number; readonly words: Uint32Array };
  readonly roots: readonly BuiltRoot[];
  /** The physical address of the first level-2 table, and how many there are; 1 KiB each. */
  readonly level2: { readonly base: number; readonly count: number };
  /** The registers under which the tables are to be used. */
  readonly registers: TranslationRegisters;
  /** The tables as the inspector reads them back. */
  readonly space: AddressSpace;
  readonly map: Regions;
  /** The names of the regions. */
  readonly names: Names;
  readonly cost: BuildCost;
}

/** What a layout that cannot be built is told with: all that is wrong, and where things are. */
export interface LayoutFailure {
  readonly problems: readonly LayoutProblem[];
  readonly placement: Placement;
}

const L1_BYTES = SHORT_DESCRIPTORS.levels[0]?.tableBytes ?? 0;
const L2_BYTES = SHORT_DESCRIPTORS.levels[1]?.tableBytes ?? 0;
const MOST_TABLES = SHORT_DESCRIPTORS.levels[0]?.entries ?? 0;
const ADDRESS_SPACE = 2 ** 32;
/** Memory that the builder keeps its books in; only what is written of it is stored. */
const WORKSHOP_BYTES = 64 * MIB;
const METADATA_BYTES = 16 * MIB;

/**
 * Builds the tables of a layout.
 *
 * Errors: `LAYOUT_ERR_ALIGNMENT`, `…RANGE`, `…OVERLAP`, `…NO_ROOM`, `…RIGHTS`, `…LEAF`, `…CONFLICT`,
 * `…LIMIT`, `…SCHEMA` the layout contradicts itself or the hardware; `LAYOUT_ERR_BUDGET` its tables
 * take more than they may; all with a {@link LayoutFailure} as evidence. `LAYOUT_ERR_VERIFY` what was
 * built is not what was asked for, which is a fault of this program.
 */
export function buildLayout(layout: Layout): Build {
  const placement = placeLayout(layout);
  const plan = planAttributes(placement);
  const problems = [...placement.problems, ...plan.problems];
  if (problems.length > 0) throw layoutError(problems, placement);
  const roots = rootsOf(layout.mmu, placement.tables);
  const lastRoot = roots.reduce((end, root) => Math.max(end, root.base + root.bytes), 0);
  const level2Base = roundUp(lastRoot, PAGE_BYTES);
  const tablesEnd = Math.min(level2Base + MOST_TABLES * L2_BYTES, ADDRESS_SPACE);
  const made = makeTables(layout, plan, level2Base, tablesEnd - level2Base);
  const count = made.level2.length / (L2_BYTES / 4);
  const bytes = (count === 0 ? lastRoot : level2Base + count * L2_BYTES) - placement.tables;
  checkBudget(layout, placement, bytes, made.tablesOf);
  const words = new Uint32Array(bytes / 4);
  for (const root of roots) {
    const at = (root.base - placement.tables) / 4;
    words.set(rootWords(made.root, root, layout.mmu.split), at);
  }
  words.set(made.level2, (level2Base - placement.tables) / 4);
  const image = { base: placement.tables, words };
  const registers = registersOf(layout, roots);
  const space = new AddressSpace({ reader: readerOf(image), registers, profile: layout.profile });
  const map = new Regions(space);
  proveBuild(plan.regions, map);
  walkEveryPage(map);
  return {
    layout,
    placement,
    regions: plan.regions,
    image,
    roots,
    level2: { base: level2Base, count },
    registers,
    space,
    map,
    names: namesOf(placement.regions),
    cost: costOf(map, count, bytes),
  };
}

/** The error for a layout with problems, of which there is at least one. */
export function layoutError(problems: readonly LayoutProblem[], placement: Placement): VmError {
  const [first] = problems as [LayoutProblem, ...LayoutProblem[]];
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const evidence: LayoutFailure = { problems, placement };
  return new VmError(first.code, first.message + more, { evidence });
}

/** The root tables: TTBR1's first, since it is the larger. */
function rootsOf({ split }: LayoutMmu, base: number): BuiltRoot[] {
  if (split === 0) return [{ register: 'TTBR0', base, bytes: L1_BYTES }];
  return [
    { register: 'TTBR1', base, bytes: L1_BYTES },
    { register: 'TTBR0', base: base + L1_BYTES, bytes: L1_BYTES >>> split },
  ];
}

/** The part of the whole root that `root` translates; the lower part of TTBR1's table is not used. */
function rootWords(whole: Uint32Array, root: BuiltRoot, split: number): Uint32Array {
  if (root.register === 'TTBR0') return whole.subarray(0, root.bytes / 4);
  const words = whole.slice();
  words.fill(0, 0, MOST_TABLES >>> split);
  return words;
}

/** What pmap and kernel have written. */
interface MadeTables {
  /** The root for all 4 GiB. */
  readonly root: Uint32Array;
  /** The level-2 tables, one after the other. */
  readonly level2: Uint32Array;
  /** How many tables each region was the first to need. */
  readonly tablesOf: ReadonlyMap<MappedRegion, number>;
}

/** Maps every region in a machine of its own, the level-2 tables in [base, base + bytes). */
function makeTables(layout: Layout, plan: AttributePlan, base: number, bytes: number): MadeTables {
  const overlapsLow = base < WORKSHOP_BYTES;
  const workshop = overlapsLow ? ADDRESS_SPACE / 2 : 0;
  const machine = new Machine({
    banks: [
      { name: 'workshop', base: workshop, bytes: WORKSHOP_BYTES, kind: 'ram' },
      // A window of its own, so that the kernel does not take it for its own objects.
      { name: 'tables', base, bytes: Math.max(PAGE_BYTES, bytes), kind: 'device' },
    ],
    profile: layout.profile,
    tlb: 'none',
  });
  applyRegisters(machine.cpu.registers, registersOf(layout, []));
  const kernel = new Kernel(machine, { attributes: plan.attributes, memoryOffset: ADDRESS_SPACE });
  const domain = Domain.boot(kernel, WORKSHOP_BYTES / 2, {
    name: 'builder',
    metadata: { base: 1024 * MIB, bytes: METADATA_BYTES },
  });
  const { invocations, slots } = domain;
  const root = slotFor(domain);
  const rootBase = need(domain.ram.allocate(L1_BYTES, L1_BYTES));
  const place = domain.ram.place(rootBase);
  const object = {
    type: CapType.VNODE_ARM_L1,
    offset: place.offset,
    objectBytes: L1_BYTES,
    count: 1,
  };
  must(invocations.retype(place.cap, object, root));
  const ramCap = slotFor(domain);
  const tableBytes = Math.max(PAGE_BYTES, bytes);
  const window = { type: CapType.RAM, offset: 0, objectBytes: tableBytes, count: 1 };
  must(invocations.retype(WellKnown.DEVICES, window, ramCap));
  const ram = new RamAllocator(invocations);
  must(ram.add(ramCap));
  const frame = slotFor(domain);
  must(kernel.grant(domain.number, frame, CapType.FRAME, 0, 2 ** 40));
  const pmap = Pmap.init(
    {
      invocations,
      root,
      slots,
      tables: new TableAllocator(invocations, ram),
      policy: plan.leaves,
      events: machine.events,
      domain: domain.number,
      memoryOffset: ADDRESS_SPACE,
    },
    domain.metadata,
  );
  const tablesOf = new Map<MappedRegion, number>();
  for (const region of plan.regions) {
    tablesOf.set(
      region,
      pmap.planMap(region.va, frame, region.pa, region.bytes, region.flags).tables,
    );
    pmap.map(region.va, frame, region.pa, region.bytes, region.flags);
  }
  const end = pmap.tableAddresses().reduce((last, at) => Math.max(last, at + L2_BYTES), base);
  return {
    root: readWords(machine.memory, rootBase, L1_BYTES),
    level2: readWords(machine.memory, base, end - base),
    tablesOf,
  };
}

function slotFor(domain: Domain): CapRef {
  return need(domain.slots.allocate()) as CapRef;
}

/** An answer that is the negative of an error where there is none. */
function need(answer: number): number {
  if (answer < 0) must(-answer);
  return answer;
}

function must(error: number): void {
  if (error !== OK) throw VmError.from(error, 'the workshop of the builder is too small');
}

function readWords(memory: PhysicalMemory, base: number, bytes: number): Uint32Array {
  return Uint32Array.from({ length: bytes / 4 }, (_, index) => memory.readWord(base + index * 4));
}

function checkBudget(
  layout: Layout,
  placement: Placement,
  bytes: number,
  tablesOf: ReadonlyMap<MappedRegion, number>,
): void {
  const { budget, from } = layout.tables;
  const room = ADDRESS_SPACE - placement.tables;
  if (bytes <= (budget ?? room) && bytes <= room) return;
  const greedy = [...tablesOf].filter(([, count]) => count > 0);
  const most = greedy
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, 3)
    .map(([{ name, from }, count]) => `\`${name}\` (${lineText(from)}) needs ${count}`)
    .join(', ');
  const why = most === '' ? '' : `; of the level-2 tables ${most}`;
  const message =
    `${lineText(from)}: the tables take ${sizeText(roundUp(bytes, KIB))}, they may take ` +
    `${sizeText(Math.min(budget ?? room, room))}${why}. Larger leaves need fewer tables: align regions to 1M`;
  throw layoutError([{ code: 'LAYOUT_ERR_BUDGET', from, message }], placement);
}

/** The registers that a layout wants, with these root tables. */
function registersOf(layout: Layout, roots: readonly BuiltRoot[]): TranslationRegisters {
  const { accessFlag, texRemap, prrr, nmrr, dacr, split } = layout.mmu;
  const base = (register: string): number =>
    roots.find((root) => root.register === register)?.base ?? 0;
  const sctlr = Sctlr.M | (accessFlag ? Sctlr.AFE : 0) | (texRemap ? Sctlr.TRE : 0);
  return {
    ttbr0: base('TTBR0'),
    ttbr1: base('TTBR1'),
    ttbcr: split,
    dacr,
    sctlr: sctlr >>> 0,
    prrr: texRemap ? prrr : 0,
    nmrr: texRemap ? nmrr : 0,
    contextidr: 0,
  };
}

/** Everything but the roots: the builder's own space is not this one. */
function applyRegisters(to: SystemRegisters, from: TranslationRegisters): void {
  to.dacr = from.dacr;
  to.sctlr = from.sctlr & ~Sctlr.M;
  to.prrr = from.prrr;
  to.nmrr = from.nmrr;
}

/** A memory that holds the image and nothing else. */
function readerOf({ base, words }: Build['image']): WordReader {
  return {
    readWord(pa) {
      const index = (pa - base) / 4;
      return index >= 0 && index < words.length ? (words[index] as number) : EXTERNAL_ABORT;
    },
  };
}

function namesOf(regions: readonly PlacedRegion[]): Names {
  return new Names(
    regions.map(({ name, va, bytes, from }) => ({
      name,
      base: va,
      bytes,
      space: 'virtual',
      role: 'region',
      origin: lineText(from),
    })),
  );
}

function costOf(map: Regions, tables: number, bytes: number): BuildCost {
  const leaves: Record<string, number> = {};
  let tlbEntries = 0;
  let mappedBytes = 0;
  for (let region = 0; region < map.count; region += 1) {
    const meaning = map.meaningOf[region] as number;
    if (!isLeaf(meaning)) continue;
    const kind = KIND_NAMES[meaningKind(meaning)] ?? '';
    const count = map.leaves(region);
    leaves[kind] = (leaves[kind] ?? 0) + count;
    tlbEntries += count;
    mappedBytes += (map.lengths[region] ?? 0) * PAGE_BYTES;
  }
  return { tables, bytes, tlbEntries, leaves, mappedBytes };
}
