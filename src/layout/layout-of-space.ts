/** A layout of tables that exist: read from a dump or a target, to be written down or built anew. */
import { hex, PAGE_BYTES, roundDown } from '../base/index.js';
import { Kind, memoryTypeName } from '../format/index.js';
import {
  domainNumberOf,
  isLeaf,
  meaningKind,
  type Names,
  nonSecureOf,
  notGlobalOf,
  type Regions,
  rightsOf,
} from '../inspect/index.js';
import { Sctlr, Ttbcr } from '../machine/index.js';
import { type Layout, type LayoutRegion, type LeafChoice, rightsOfBits } from './layout.js';

/** A layout, and what of the tables it does not say. */
export interface ReadBackLayout {
  readonly layout: Layout;
  readonly notes: readonly string[];
}

const ROOT_ALIGNMENT = 16 * 1024;
const CHOICES: Readonly<Record<number, LeafChoice>> = {
  [Kind.SECTION]: 'section',
  [Kind.SUPERSECTION]: 'supersection',
  [Kind.LARGE]: 'large',
  [Kind.SMALL]: 'small',
};

/** The layout that the tables `map` was read from say; `file` is where from, for messages. */
export function layoutOfSpace(map: Regions, names: Names, file: string): ReadBackLayout {
  const { registers, profile } = map.space.input;
  const from = { file, line: 1 };
  const regions: LayoutRegion[] = [];
  const notes: string[] = [];
  for (let index = 0; index < map.count; index += 1) {
    const meaning = map.meaningOf[index] as number;
    if (!isLeaf(meaning)) continue;
    const va = (map.pages[index] as number) * PAGE_BYTES;
    const rights = rightsOf(meaning);
    if (rights === 0) {
      notes.push(`${hex(va)} is mapped, but nobody may access it: left out`);
      continue;
    }
    const type = map.meanings.typeOf(meaning);
    regions.push({
      name: nameOf(names, va),
      from,
      virtual: va,
      physical: (map.frames[index] as number) * PAGE_BYTES,
      bytes: (map.lengths[index] as number) * PAGE_BYTES,
      alignment: PAGE_BYTES,
      privileged: rightsOfBits(rights),
      user: rightsOfBits(rights >>> 3),
      memory: memoryTypeName(type),
      shareable: type.shareability !== 'none',
      global: !notGlobalOf(meaning),
      nonSecure: nonSecureOf(meaning),
      domain: domainNumberOf(meaning),
      leaves: CHOICES[meaningKind(meaning)] ?? 'largest',
    });
  }
  const split = registers.ttbcr & Ttbcr.N_MASK;
  const root = map.space.roots.at(-1)?.base ?? 0;
  const layout: Layout = {
    file,
    title: '',
    profile,
    mmu: {
      accessFlag: (registers.sctlr & Sctlr.AFE) !== 0,
      texRemap: (registers.sctlr & Sctlr.TRE) !== 0,
      prrr: registers.prrr,
      nmrr: registers.nmrr,
      dacr: registers.dacr,
      split,
    },
    tables: { from, at: roundDown(root, ROOT_ALIGNMENT), budget: undefined },
    memories: [],
    automatic: { from: 2 ** 20, to: 2 ** 32 },
    regions,
  };
  return { layout, notes };
}

/** The name of the place, with the address, since several regions may lie in what has one name. */
function nameOf(names: Names, va: number): string {
  const known = names.at('virtual', va)?.name.replace(/[^A-Za-z0-9_.$-]+/g, '-') ?? 'at';
  return `${known}-${hex(va)}`.replace(/^(?=[0-9-])/, '_').slice(-64);
}
