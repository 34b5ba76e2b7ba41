/**
 * A machine: memory, one CPU with its TLB, and what watches them.
 */

import { VmError } from '../base/index.js';
import { CPU_PROFILES, type CpuProfile } from '../format/index.js';
import { CostCounters } from './cost-counters.js';
import { Cpu } from './cpu.js';
import { EventRing } from './events.js';
import { type MemoryBank, PhysicalMemory } from './physical-memory.js';
import { SystemRegisters } from './registers.js';
import { SetAssociativeTlb } from './set-associative-tlb.js';
import { StrictTlb } from './strict-tlb.js';
import { TableWalker } from './table-walker.js';
import { NoTlb, type Tlb } from './tlb.js';

/** Which TLB a machine has; `profile` is the main TLB of its processor. */
export type TlbConfig =
  | 'none'
  | 'profile'
  | 'strict'
  | { readonly sets: number; readonly ways: number };

/** What a machine is made of. */
export interface MachineConfig {
  /** The banks of new memory; left out where the memory is given. */
  readonly banks?: readonly MemoryBank[];
  /** Memory that is there already: that of a live machine. */
  readonly memory?: PhysicalMemory;
  /** The processor, or its name. */
  readonly profile: CpuProfile | string;
  /** Default: `profile`. */
  readonly tlb?: TlbConfig;
  /** How many events the ring keeps; it is off until `events.on` is set. Default: 65,536. */
  readonly eventCapacity?: number;
  /** Whether the CPU runs in the secure state. Default: no. */
  readonly secure?: boolean;
}

/** One machine. */
export class Machine {
  readonly profile: CpuProfile;
  readonly memory: PhysicalMemory;
  readonly counters = new CostCounters();
  readonly events: EventRing;
  readonly tlb: Tlb;
  readonly cpu: Cpu;

  /**
   * Errors: MACHINE_ERR_BANK — the banks are empty, unaligned or overlap. MACHINE_ERR_REGISTER — no
   * such processor, or no such TLB.
   */
  constructor(config: MachineConfig) {
    this.profile = profileOf(config.profile);
    this.memory = config.memory ?? new PhysicalMemory(config.banks ?? []);
    this.events = new EventRing(config.eventCapacity);
    const registers = new SystemRegisters(this.profile);
    this.tlb = this.makeTlb(config.tlb ?? 'profile', registers);
    this.cpu = new Cpu({
      profile: this.profile,
      memory: this.memory,
      registers,
      tlb: this.tlb,
      counters: this.counters,
      events: this.events,
      secure: config.secure ?? false,
    });
  }

  private makeTlb(config: TlbConfig, registers: SystemRegisters): Tlb {
    const { counters, events, memory, profile } = this;
    if (config === 'none') return new NoTlb(counters, events);
    if (config === 'strict') {
      const walker = new TableWalker(memory, profile.hasPxn);
      return new StrictTlb(registers, walker, counters, events);
    }
    const sets = config === 'profile' ? profile.tlbSets : config.sets;
    const ways = config === 'profile' ? profile.tlbWays : config.ways;
    return new SetAssociativeTlb(sets, ways, registers.micro, counters, events);
  }
}

function profileOf(profile: CpuProfile | string): CpuProfile {
  if (typeof profile !== 'string') return profile;
  const found = CPU_PROFILES[profile];
  if (found !== undefined) return found;
  const known = Object.keys(CPU_PROFILES).join(', ');
  throw new VmError('MACHINE_ERR_REGISTER', `no processor is called ${profile}; known: ${known}`);
}
