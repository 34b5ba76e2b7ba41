/**
 * An address space written down: what a layout file says, with everything that it names looked up.
 * Importers make the same of other formats, so that the rest of the room knows one thing only.
 */
import type { CpuProfile } from '../format/index.js';

/** Where a part of a layout stands in the file that it was read from, for messages. */
export interface SourceLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What one privilege may do. */
export interface PrivilegeRights {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** Which leaves a region is made of: the largest that fit, or one kind for all of it. */
export const LEAF_CHOICES = ['largest', 'small', 'large', 'section', 'supersection'] as const;
/** One of {@link LEAF_CHOICES}. */
export type LeafChoice = (typeof LEAF_CHOICES)[number];

/** The virtual address of a region: given, that of its memory, or to be found. */
export type WantedVirtual = number | 'same' | 'auto';
/** The physical address of a region: given, its virtual one, or to be found in a memory by its name. */
export type WantedPhysical = number | 'same' | { readonly memory: string };

/** A region as it is asked for. */
export interface LayoutRegion {
  readonly name: string;
  readonly from: SourceLine;
  readonly virtual: WantedVirtual;
  readonly physical: WantedPhysical;
  readonly bytes: number;
  /** What both addresses are multiples of, in bytes. */
  readonly alignment: number;
  /** Nothing is mapped in a region that nobody may access: it keeps its addresses free. */
  readonly privileged: PrivilegeRights;
  readonly user: PrivilegeRights;
  /** The memory type by the name that the map shows: `device`, `normal-wbwa`, … */
  readonly memory: string;
  readonly shareable: boolean;
  /** Whether its translations are the same in every ASID. */
  readonly global: boolean;
  readonly nonSecure: boolean;
  /** DACR domain, 0 to 15. */
  readonly domain: number;
  readonly leaves: LeafChoice;
}

/** A range of physical memory that regions and tables can be placed in. */
export interface LayoutMemory {
  readonly name: string;
  readonly from: SourceLine;
  readonly base: number;
  readonly bytes: number;
}

/** Where the tables lie, and how much they may take. */
export interface LayoutTables {
  readonly from: SourceLine;
  /** A physical address, or the name of a memory in which a place is looked for. */
  readonly at: number | string;
  /** At most this many bytes; undefined where there is no limit. */
  readonly budget: number | undefined;
}

/** The registers under which the tables mean what the layout says. */
export interface LayoutMmu {
  /** SCTLR.AFE: AP[0] is the access flag. */
  readonly accessFlag: boolean;
  /** SCTLR.TRE, with the registers that give the eight types their meaning. */
  readonly texRemap: boolean;
  readonly prrr: number;
  readonly nmrr: number;
  /** The DACR. */
  readonly dacr: number;
  /** TTBCR.N: TTBR0 translates the lowest 2^(32-N) bytes, TTBR1 the rest. */
  readonly split: number;
}

/** A whole layout. */
export interface Layout {
  /** The file that it was read from, for messages. */
  readonly file: string;
  readonly title: string;
  readonly profile: CpuProfile;
  readonly mmu: LayoutMmu;
  readonly tables: LayoutTables;
  readonly memories: readonly LayoutMemory[];
  /** Where virtual addresses are looked for. */
  readonly automatic: { readonly from: number; readonly to: number };
  readonly regions: readonly LayoutRegion[];
}

/** The most regions that one layout may have. */
export const MOST_REGIONS = 4096;

/** `board.yaml:14`. */
export function lineText({ file, line }: SourceLine): string {
  return `${file}:${line}`;
}

/** No rights at all. */
export const NO_RIGHTS: PrivilegeRights = { read: false, write: false, execute: false };

/** Rights from the lowest three bits of `Right`: read, write, execute. */
export function rightsOfBits(bits: number): PrivilegeRights {
  return { read: (bits & 1) !== 0, write: (bits & 2) !== 0, execute: (bits & 4) !== 0 };
}

/** Rights from letters of `rwx`. */
export function rightsOfLetters(letters: string): PrivilegeRights {
  return {
    read: letters.includes('r'),
    write: letters.includes('w'),
    execute: letters.includes('x'),
  };
}

/** Whether nobody may do anything: the region keeps its addresses free. */
export function isReserved({
  privileged,
  user,
}: Pick<LayoutRegion, 'privileged' | 'user'>): boolean {
  return [privileged, user].every(({ read, write, execute }) => !read && !write && !execute);
}
