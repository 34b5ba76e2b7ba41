/** A program on a live machine: its domain, its registers, and what became of it. */
import type { VmError } from '../base/index.js';
import type { Domain, GrowingStack, MemoryStore, Pager } from '../domain/index.js';
import type { StyledLine } from '../inspect/index.js';
import { CONTEXT_WORDS } from './mailbox-layout.js';

/** A fault that nobody resolved, explained as the tables were then. */
export interface FatalFault {
  /** The error, whose causes say why and whose evidence is the walk. */
  readonly error: VmError;
  /** The explanation as lines, and for JSON. */
  readonly lines: readonly StyledLine[];
  readonly record: Readonly<Record<string, unknown>>;
}

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: 'exit'; readonly status: number }
  | ({ readonly kind: 'fault'; readonly registers: Uint32Array } & FatalFault)
  | { readonly kind: 'undefined'; readonly registers: Uint32Array };

/** What a program is made of. */
export interface ProgramParts {
  readonly name: string;
  readonly domain: Domain;
  /** Memory of the domain, in bytes. */
  readonly ramBytes: number;
  readonly stack: GrowingStack;
  readonly pager: Pager | undefined;
  /** Where its pages are that were evicted. */
  readonly store: MemoryStore;
  /** Gives back what its domain had. */
  readonly kill: () => void;
}

/** One program. */
export class LiveProgram {
  readonly parts: ProgramParts;
  readonly name: string;
  readonly domain: Domain;
  /** r0 to r14, pc, cpsr while another program runs. */
  readonly context = new Uint32Array(CONTEXT_WORDS);
  end: ProgramEnd | undefined;
  faults = 0;
  systemCalls = 0;
  private readonly last = new Uint32Array(CONTEXT_WORDS);
  private repeated = 0;
  private residentAtEnd = 0;

  constructor(parts: ProgramParts) {
    this.parts = parts;
    this.name = parts.name;
    this.domain = parts.domain;
  }

  /** Pages that were evicted so far. */
  get evicted(): number {
    return this.parts.pager?.counts.evicted ?? 0;
  }

  /** Pages that it has in memory, or had when it ended. */
  get resident(): number {
    return this.end === undefined ? this.domain.pool.usedPages : this.residentAtEnd;
  }

  /** Bytes of its stack. */
  get stackBytes(): number {
    return this.parts.stack.bytes;
  }

  /** Ends the program and gives back what it had. */
  finish(end: ProgramEnd): void {
    this.residentAtEnd = this.domain.pool.usedPages;
    this.end = end;
    this.parts.kill();
  }

  /** Notes a system call: the program goes on. */
  noteCall(): void {
    this.systemCalls += 1;
    this.repeated = 0;
  }

  /** Notes a fault with these registers; answers how many there were with just the same ones in a row. */
  noteFault(registers: Uint32Array): number {
    this.faults += 1;
    const { last } = this;
    for (let index = CONTEXT_WORDS - 1; index >= 0; index -= 1) {
      if (last[index] === registers[index]) continue;
      last.set(registers);
      this.repeated = 0;
      break;
    }
    this.repeated += 1;
    return this.repeated;
  }
}
