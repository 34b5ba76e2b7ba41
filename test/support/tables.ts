import {
  addressBits,
  type CpuProfile,
  cortexA7,
  Kind,
  type LeafAttributes,
  leafPattern,
  NO_ATTRIBUTES,
  tableAddressBits,
  tablePattern,
} from '../../src/format/index.js';
import type { SpaceInput } from '../../src/inspect/address-space.js';
import { PhysicalMemory, type TranslationRegisters } from '../../src/machine/index.js';

/** Normal memory, read and write for everybody, not executable. */
export const DATA: LeafAttributes = { ...NO_ATTRIBUTES, ap: 3, xn: true, tex: 1, c: true, b: true };
/** Normal memory, read and execute for everybody. */
export const CODE: LeafAttributes = { ...NO_ATTRIBUTES, ap: 7, tex: 1, c: true, b: true };
/** A device that only PL1 may read and write. */
export const DEVICE: LeafAttributes = { ...NO_ATTRIBUTES, ap: 1, xn: true, b: true };

const L1 = [Kind.SECTION, Kind.SUPERSECTION] as number[];
const PAGES: Readonly<Record<number, number>> = {
  [Kind.SECTION]: 256,
  [Kind.SUPERSECTION]: 4096,
  [Kind.LARGE]: 16,
  [Kind.SMALL]: 1,
};

/** Tables written word by word, for tests: the root at `base`, level-2 tables behind it. */
export class HandTables {
  readonly memory: PhysicalMemory;
  readonly base: number;
  readonly profile: CpuProfile;
  registers: TranslationRegisters;
  private nextTable: number;
  private readonly tables = new Map<number, number>();

  constructor(
    registers: Partial<TranslationRegisters> = {},
    profile: CpuProfile = cortexA7,
    base = 0x6000_0000,
  ) {
    this.memory = new PhysicalMemory([
      { name: 'ram', base: 0x6000_0000, bytes: 64 << 20, kind: 'ram' },
    ]);
    this.base = base;
    this.profile = profile;
    this.nextTable = 0x6010_0000;
    this.registers = {
      ttbr0: base,
      ttbr1: 0,
      ttbcr: 0,
      dacr: 0x5555_5555,
      sctlr: 1,
      prrr: 0,
      nmrr: 0,
      contextidr: 0,
      ...registers,
    };
  }

  get input(): SpaceInput {
    return { reader: this.memory, registers: this.registers, profile: this.profile };
  }

  /** Sets the root entry of the MiB that holds `va`. */
  root(va: number, word: number): this {
    this.memory.writeWord(this.base + (va >>> 20) * 4, word);
    return this;
  }

  /** The address of the level-2 table of `va`, made if need be. */
  table(va: number, domain = 0, pxn = false): number {
    const index = va >>> 20;
    let address = this.tables.get(index);
    if (address === undefined) {
      address = this.nextTable;
      this.nextTable += 1024;
      this.tables.set(index, address);
      const word = tablePattern({ domain, pxn, ns: false }) | tableAddressBits(address / 1024);
      this.root(va, word >>> 0);
    }
    return address;
  }

  /** Sets the level-2 entry of `va`. */
  page(va: number, word: number): this {
    this.memory.writeWord(this.table(va) + ((va >>> 12) & 255) * 4, word);
    return this;
  }

  /** Maps `count` leaves of `kind` from `va` on to memory from `pa` on. */
  map(kind: number, va: number, pa: number, count: number, attributes: LeafAttributes): this {
    const pages = PAGES[kind] as number;
    const pattern = leafPattern(kind, attributes);
    const step = L1.includes(kind) ? 256 : 1;
    for (let leaf = 0; leaf < count; leaf++) {
      const word = (pattern | addressBits(kind, pa / 4096 + leaf * pages)) >>> 0;
      for (let entry = 0; entry < pages; entry += step) {
        const at = va + (leaf * pages + entry) * 4096;
        if (step === 256) this.root(at, word);
        else this.page(at, word);
      }
    }
    return this;
  }
}

/** All 4 GiB by small pages: 4096 level-2 tables; each frame is `frameOf` its page. */
export function fullSpace(
  frameOf: (page: number) => number,
  attributes: LeafAttributes,
): HandTables {
  const tables = new HandTables();
  const pattern = leafPattern(Kind.SMALL, attributes);
  for (let index = 0; index < 4096; index++) {
    const at = tables.table(index * 2 ** 20);
    for (let entry = 0; entry < 256; entry++) {
      const frame = frameOf(index * 256 + entry);
      tables.memory.writeWord(at + entry * 4, (pattern | addressBits(Kind.SMALL, frame)) >>> 0);
    }
  }
  return tables;
}

/** A space with something of everything: the subject of the golden views. */
export function boardSpace(): HandTables {
  const tables = new HandTables();
  tables
    .map(Kind.SECTION, 0, 0, 3, { ...CODE, ap: 3 })
    .map(Kind.SECTION, 0x0030_0000, 0x0030_0000, 13, DATA)
    .map(Kind.SUPERSECTION, 0x1000_0000, 0x6200_0000, 2, { ...DATA, ap: 1 })
    .map(Kind.SECTION, 0x4000_0000, 0x4000_0000, 2, { ...NO_ATTRIBUTES, ap: 3 })
    .map(Kind.SECTION, 0x4020_0000, 0x4020_0000, 1, DEVICE)
    .map(Kind.LARGE, 0x5000_0000, 0x6110_0000, 2, CODE)
    .map(Kind.SMALL, 0x5002_0000, 0x6112_0000, 5, { ...DATA, ap: 7, ng: true, s: true });
  for (let page = 0; page < 12; page += 2) {
    const pa = 0x6180_0000 + ((page * 5) % 13) * 4096;
    tables.map(Kind.SMALL, 0x5003_0000 + page * 4096, pa, 1, { ...DATA, ng: true });
  }
  tables.map(Kind.SMALL, 0x5010_0000, 0x1000_0000, 1, DEVICE);
  tables.map(Kind.SECTION, 0x6000_0000, 0x6000_0000, 1, { ...DATA, domain: 2 });
  tables.root(0x7000_0000, 0x9000_0001);
  tables.map(Kind.SUPERSECTION, 0xf000_0000, 0x6300_0000, 1, { ...DATA, ap: 5 });
  tables.root(0xf030_0000, 0);
  tables.registers = { ...tables.registers, dacr: 0x0000_0005 };
  return tables;
}
