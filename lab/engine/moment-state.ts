/** The state of a machine at one moment, as the screens ask for it. It never changes. */

import type { Region } from '../../src/domain/index.js';
import { CPU_PROFILES, type CpuProfile, type LeafInfo } from '../../src/format/index.js';
import {
  AddressSpace,
  type Snapshot,
  type SpaceInput,
  tableMemory,
} from '../../src/inspect/index.js';
import {
  type CapabilityImage,
  type ObjectImage,
  objectImages,
  type SlotImage,
  slotImages,
} from '../../src/kernel/index.js';
import {
  COST_NAMES,
  type CostName,
  EXTERNAL_ABORT,
  Sctlr,
  type TlbEntry,
  type TranslationRegisters,
  Ttbcr,
  type WordReader,
} from '../../src/machine/index.js';
import type { NamedFrame } from '../../src/scenario/index.js';
import {
  DOMAIN_NUMBERS,
  type DomainNumber,
  type DomainPlace,
  GLOBAL_ASID,
  type PoolPiece,
  REGISTERS,
  type StateLayout,
  type TablePlace,
} from './state-layout.js';

/** What a domain has that only its steps change: it is kept once a step. */
export interface DomainNotes {
  readonly name: string;
  /** Lowest first. */
  readonly regions: readonly Region[];
  /** The frames that steps have given names. */
  readonly frames: ReadonlyMap<string, NamedFrame>;
}

/** What else is known about a moment. */
export interface MomentFacts {
  readonly moment: number;
  /** Steps that had ended. */
  readonly stepsDone: number;
  /** The name of the CPU profile. */
  readonly cpu: string;
  /** The name of the scenario, for snapshots. */
  readonly source: string;
  readonly notes: readonly DomainNotes[];
}

/** A domain at a moment. */
export interface DomainState {
  readonly name: string;
  /** As the kernel counts. */
  readonly number: number;
  /** The physical address of its root table. */
  readonly root: number;
  /** The object of its L1 CNode. */
  readonly cspace: number;
  readonly numbers: Readonly<Record<DomainNumber, number>>;
  readonly regions: readonly Region[];
  readonly frames: ReadonlyMap<string, NamedFrame>;
}

const NO_FRAMES: ReadonlyMap<string, NamedFrame> = new Map();

/** The state at one moment. */
export class MomentState {
  readonly facts: MomentFacts;
  readonly registers: Readonly<Record<(typeof REGISTERS)[number], number>>;
  /** Everything that was counted since the machine was made. */
  readonly costs: Readonly<Record<CostName, number>>;
  /** The domains that there are, in the order in which they came. */
  readonly domains: readonly DomainState[];
  private readonly words: Uint32Array;
  private readonly layout: StateLayout;
  private readonly spaces = new Map<string, AddressSpace>();
  private image: CapabilityImage | undefined;

  /** `words` is the state of that moment, which is this object's own from now on. */
  constructor(words: Uint32Array, layout: StateLayout, facts: MomentFacts) {
    this.words = words;
    this.layout = layout;
    this.facts = facts;
    this.registers = this.named(REGISTERS, layout.registers);
    this.costs = Object.fromEntries(
      COST_NAMES.map((name, index) => {
        const at = layout.costs + index * 2;
        return [name, this.word(at) + this.word(at + 1) * 2 ** 32];
      }),
    ) as Record<CostName, number>;
    this.domains = layout.domains.flatMap((place) => this.domainAt(place));
  }

  /** The domain of this name; undefined where there is none (yet, or any more). */
  domain(name: string): DomainState | undefined {
    return this.domains.find((domain) => domain.name === name);
  }

  /** The domain whose space the CPU runs in. */
  get running(): DomainState | undefined {
    const base = this.registers.ttbr0 & ~0x3fff;
    return this.domains.find(({ root }) => root === base >>> 0);
  }

  /** What the inspecting functions take to look at the space of a domain. */
  input(domain: DomainState): SpaceInput {
    return {
      reader: this.reader(),
      registers: this.registersOf(domain),
      profile: CPU_PROFILES[this.facts.cpu] as CpuProfile,
    };
  }

  /** Whether the tables and the registers of another moment are the very same. */
  hasTablesOf(other: MomentState): boolean {
    const { layout, words } = this;
    if (other.layout !== layout) return false;
    const isSame = (from: number, count: number): boolean => {
      for (let at = from; at < from + count; at += 1) {
        if (words[at] !== other.words[at]) return false;
      }
      return true;
    };
    return (
      isSame(layout.registers, REGISTERS.length) &&
      layout.tables.every(
        ({ living, place, words: count }) => isSame(living, 1) && isSame(place, count),
      )
    );
  }

  /** The space of a domain, read once. */
  space(domain: DomainState): AddressSpace {
    const known = this.spaces.get(domain.name);
    if (known !== undefined) return known;
    const space = new AddressSpace(this.input(domain));
    this.spaces.set(domain.name, space);
    return space;
  }

  /** The space of a domain as the content of a snapshot file. */
  snapshot(domain: DomainState): Snapshot {
    const { moment, source, cpu } = this.facts;
    const origin = `${source}, domain ${domain.name}, moment ${moment}`;
    const registers = this.registersOf(domain);
    return {
      source: origin,
      cpu,
      registers: Object.entries(registers).map(([name, value]) => ({
        name,
        value: value as number,
        origin: source,
      })),
      memory: tableMemory(this.input(domain)),
    };
  }

  /** The entries of the TLB. */
  tlb(): TlbEntry[] {
    return this.layout.tlbRows.flatMap(({ place, set, way }): TlbEntry[] => {
      const bytes = this.word(place + 2);
      if (bytes === 0) return [];
      const asid = this.word(place + 3);
      return [
        {
          va: this.word(place),
          pa: this.word(place + 1) * 4096,
          bytes,
          asid: asid === GLOBAL_ASID ? undefined : asid,
          set,
          way,
          info: this.word(place + 4) as LeafInfo,
        },
      ];
    });
  }

  /** Every memory object of the machine, in the order of the mapping database. */
  objects(): ObjectImage[] {
    return objectImages(this.capabilities());
  }

  /** The slots of a domain that hold something. */
  slots(domain: DomainState): SlotImage[] {
    return slotImages(this.capabilities(), domain.cspace);
  }

  private capabilities(): CapabilityImage {
    this.image ??= {
      slots: this.pool(this.layout.slots),
      objects: this.pool(this.layout.objects),
    };
    return this.image;
  }

  private pool(pieces: readonly PoolPiece[]): Int32Array {
    const last = pieces.at(-1);
    const pool = new Int32Array(last === undefined ? 0 : last.start + last.words);
    for (const { start, words, place } of pieces) {
      if (place + words <= this.words.length) {
        pool.set(this.words.subarray(place, place + words), start);
      }
    }
    return pool;
  }

  private domainAt({ name, number, place }: DomainPlace): DomainState[] {
    const numbers = this.named(DOMAIN_NUMBERS, place);
    if (numbers.rootKibibyte === 0) return [];
    const notes = this.facts.notes.find((each) => each.name === name);
    return [
      {
        name,
        number,
        root: numbers.rootKibibyte * 1024,
        cspace: numbers.cspace,
        numbers,
        regions: notes?.regions ?? [],
        frames: notes?.frames ?? NO_FRAMES,
      },
    ];
  }

  /** The registers under which the machine runs the space of a domain. */
  private registersOf({ root }: DomainState): TranslationRegisters {
    const { ttbr1, ttbcr, dacr, sctlr, prrr, nmrr, contextidr } = this.registers;
    return {
      ttbr0: root,
      ttbr1,
      ttbcr: (ttbcr & ~Ttbcr.PD0) >>> 0,
      dacr,
      sctlr: (sctlr | Sctlr.M) >>> 0,
      prrr,
      nmrr,
      contextidr,
    };
  }

  private reader(): WordReader {
    const { words, layout } = this;
    const tables = layout.tables
      .filter(({ living }) => this.word(living) === 1)
      .sort((left, right) => left.base - right.base);
    let recent: TablePlace | undefined;
    return {
      readWord(pa) {
        if (recent === undefined || pa < recent.base || pa >= recent.base + recent.words * 4) {
          recent = tableAt(tables, pa);
          if (recent === undefined) return EXTERNAL_ABORT;
        }
        return words[recent.place + ((pa - recent.base) >>> 2)] ?? 0;
      },
    };
  }

  private named<Name extends string>(
    names: readonly Name[],
    place: number,
  ): Readonly<Record<Name, number>> {
    return Object.fromEntries(
      names.map((name, index) => [name, this.word(place + index)]),
    ) as Record<Name, number>;
  }

  private word(place: number): number {
    return this.words[place] ?? 0;
  }
}

function tableAt(tables: readonly TablePlace[], pa: number): TablePlace | undefined {
  let low = 0;
  let high = tables.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tables[middle] as TablePlace).base <= pa) low = middle + 1;
    else high = middle;
  }
  const found = tables[low - 1];
  return found !== undefined && pa < found.base + found.words * 4 ? found : undefined;
}
