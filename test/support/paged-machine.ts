import {
  addressBits,
  Kind,
  type LeafAttributes,
  leafPattern,
  leafShape,
  SHORT_DESCRIPTORS,
  tableAddressBits,
  tablePattern,
} from '../../src/format/index.js';
import { Machine, StrictTlb, type TlbConfig } from '../../src/machine/index.js';
import { DATA } from './tables.js';

const RAM = 0x4000_0000;
/** Bytes of tables of one space: its root, and a level-2 table for each MiB. */
const SPACE_BYTES = 0x50_0000;
const TABLES_OFFSET = 0x1_0000;

/** Where the frames that tests map begin; all of it is RAM. */
export const FRAMES = 0x5000_0000;

/** A machine whose tables a test writes word by word, for several address spaces. */
export class PagedMachine {
  readonly machine: Machine;

  constructor(tlb: TlbConfig, profile = 'cortex-a7') {
    this.machine = new Machine({
      banks: [{ name: 'ram', base: RAM, bytes: 0x2000_0000, kind: 'ram' }],
      profile,
      tlb,
    });
    this.run(0);
  }

  get cpu() {
    return this.machine.cpu;
  }

  get tlb() {
    return this.machine.tlb;
  }

  /** The TLB of a machine that was made with a strict one. */
  get strict(): StrictTlb {
    if (this.tlb instanceof StrictTlb) return this.tlb;
    throw new Error('not a strict TLB');
  }

  /** Lets a space run, whose ASID is its number + 1. */
  run(space: number): void {
    this.cpu.switchTo(this.rootOf(space), space + 1);
  }

  rootOf(space: number): number {
    return RAM + space * SPACE_BYTES;
  }

  /** Writes every entry of a leaf, or of its removal, without any maintenance. */
  write(space: number, kind: number, va: number, pa: number | undefined, more = {}): void {
    const attributes: LeafAttributes = { ...DATA, ng: true, ...more };
    const pattern = pa === undefined ? 0 : leafPattern(kind, attributes);
    const bits = pa === undefined ? 0 : addressBits(kind, pa / 4096);
    const { entries, bytes } = leafShape(kind);
    for (let entry = 0; entry < entries; entry++) {
      const at = this.entryOf(space, kind, va + (entry * bytes) / entries);
      this.machine.memory.writeWord(at, (pattern | bits) >>> 0);
    }
  }

  /** The address of the entry for `va`: in the root, or in a table that is made if need be. */
  private entryOf(space: number, kind: number, va: number): number {
    const { memory } = this.machine;
    const root = this.rootOf(space) + (va >>> 20) * 4;
    const inRoot = SHORT_DESCRIPTORS.levels[0]?.leaves.some((leaf) => leaf.kind === kind);
    if (inRoot) return root;
    const table = this.rootOf(space) + TABLES_OFFSET + (va >>> 20) * 1024;
    const word = tablePattern({ domain: 0, pxn: false, ns: false });
    memory.writeWord(root, (word | tableAddressBits(table / 1024)) >>> 0);
    return table + ((va >>> 12) & 0xff) * 4;
  }
}

export const LEAF_KINDS = [Kind.SMALL, Kind.LARGE, Kind.SECTION, Kind.SUPERSECTION] as const;
