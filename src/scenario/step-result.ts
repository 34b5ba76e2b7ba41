/** What a step did, and how it ended. */
import type { ErrorName } from '../base/index.js';
import type { CostName, MachineEvent, TlbViolation, Walk } from '../machine/index.js';
import type { PagingCounts } from './paging-counts.js';
import type { ScenarioStep } from './scenario.js';

/** Leaves of one size in a mapping. */
export interface LeafRun {
  /** `small`, `large`, `section` or `supersection`. */
  readonly kind: string;
  readonly count: number;
}

/** A mapping that was made. Addresses and sizes in bytes. */
export interface MadeMapping {
  /** The name of the region. */
  readonly region: string;
  readonly va: number;
  readonly bytes: number;
  /** Where the memory lies that is visible at `va`. */
  readonly pa: number;
  /** Region flags. */
  readonly flags: number;
  /** Whether the domain chose the address. */
  readonly placed: boolean;
  readonly leaves: readonly LeafRun[];
}

/** A region that was made, whose pages come when they are used. Addresses and sizes in bytes. */
export interface MadeRegion {
  /** The name of the region. */
  readonly region: string;
  readonly va: number;
  readonly bytes: number;
  /** Region flags, and the most of them that it can have. */
  readonly flags: number;
  readonly maxFlags: number;
  /** Whether the domain chose the address. */
  readonly placed: boolean;
}

/** What a step that succeeded did. */
export type StepFacts =
  | {
      readonly verb: 'allocate';
      readonly frame: string;
      readonly pa: number;
      readonly bytes: number;
      readonly device?: string;
    }
  | { readonly verb: 'map'; readonly frame: string; readonly mapping: MadeMapping }
  | { readonly verb: 'map'; readonly object: string; readonly region: MadeRegion }
  | { readonly verb: 'unmap'; readonly va: number; readonly bytes: number }
  | {
      readonly verb: 'protect';
      readonly va: number;
      readonly bytes: number;
      readonly flags: number;
      readonly before: number;
    }
  | {
      readonly verb: 'split';
      readonly va: number;
      /** The leaves of each Mapping that is there now. */
      readonly leaves: readonly LeafRun[];
    }
  | { readonly verb: 'promote'; readonly va: number; readonly bytes: number }
  | { readonly verb: 'trim'; readonly count: number }
  | {
      readonly verb: 'share';
      readonly frame: string;
      readonly with: string;
      readonly as: string;
      readonly rights: number;
      readonly mapping?: MadeMapping;
    }
  | {
      readonly verb: 'share';
      readonly object: string;
      readonly with: string;
      readonly as: string;
      readonly rights: number;
      readonly region?: MadeRegion;
    }
  | { readonly verb: 'revoke'; readonly frame: string; readonly count: number }
  | {
      readonly verb: 'revoke';
      readonly object: string;
      readonly from: string;
      readonly count: number;
    }
  | {
      readonly verb: 'free';
      readonly frame: string;
      readonly count: number;
      readonly bytes: number;
    }
  | {
      readonly verb: 'load' | 'store' | 'fetch';
      readonly va: number;
      readonly pa: number;
      readonly bytes: number;
      readonly value: number;
    }
  | {
      readonly verb: 'touch';
      readonly va: number;
      readonly bytes: number;
      readonly access: 'read' | 'write' | 'fetch';
      readonly count: number;
    }
  | {
      readonly verb: 'create';
      readonly object: string;
      readonly kind: string;
      readonly bytes: number;
    }
  | {
      readonly verb: 'fill' | 'unfill' | 'append' | 'pin' | 'unpin' | 'evict';
      readonly object: string;
      readonly bytes: number;
    }
  | {
      readonly verb: 'flush';
      readonly object: string;
      readonly bytes: number;
      readonly contents: string;
    }
  | { readonly verb: 'budget'; readonly frames: number }
  | { readonly verb: 'reserve' | 'guard'; readonly region: MadeRegion }
  | {
      readonly verb: 'stack';
      readonly va: number;
      readonly bytes: number;
      readonly most: number;
    }
  | { readonly verb: 'heap' | 'malloc'; readonly va: number; readonly bytes: number }
  | { readonly verb: 'release'; readonly va: number }
  | {
      readonly verb: 'read' | 'write';
      readonly va: number;
      readonly bytes: number;
      /** Two hexadecimal digits a byte. */
      readonly contents: string;
    }
  | {
      readonly verb: 'transfer';
      readonly frame: string;
      readonly to: string;
      readonly as: string;
      readonly pa: number;
      readonly bytes: number;
    }
  | {
      readonly verb: 'clone';
      readonly as: string;
      /** Regions that the clone has. */
      readonly count: number;
      readonly bytes: number;
    }
  | {
      readonly verb: 'exit' | 'kill';
      readonly domain: string;
      /** Why pages or files could not be kept, in words: none, most often. */
      readonly lost: readonly string[];
    }
  | { readonly verb: 'switch'; readonly domain: string };

/** How a step ended. */
export type StepOutcome =
  | { readonly kind: 'done'; readonly facts: StepFacts }
  | {
      readonly kind: 'fault';
      /** The name of the fault, such as `permission`. */
      readonly fault: string;
      readonly va: number;
      /** DFSR, or IFSR for a fetch. */
      readonly fsr: number;
      readonly walk: Walk;
      readonly message: string;
      /** Why the domain's own handler did not solve it; empty where it does not say. */
      readonly handler: string;
      /** The error's codes, outermost first. */
      readonly codes: readonly ErrorName[];
    }
  | {
      readonly kind: 'error';
      readonly message: string;
      /** The error's codes, outermost first. */
      readonly codes: readonly ErrorName[];
    };

/** A fault that an access took. */
export interface TakenFault {
  readonly fault: string;
  readonly va: number;
  readonly fsr: number;
  /** The region that the address lies in; empty for none. */
  readonly region: string;
  /** Whether the domain's handler solved it. */
  readonly solved: boolean;
  /** How; empty where it did not. */
  readonly solution: string;
}

/** A fault with its place in the run. */
export interface TimedFault extends TakenFault {
  /** The number of the step, and whose it is. */
  readonly step: number;
  readonly domain: string;
}

/** One step, performed. */
export interface StepResult {
  readonly step: ScenarioStep;
  readonly outcome: StepOutcome;
  /** The first faults that the step took. */
  readonly faults: readonly TakenFault[];
  readonly costs: Readonly<Record<CostName, number>>;
  /** What happened to pages, in all domains. */
  readonly paging: PagingCounts;
  /** Pages of the domain that are in a frame afterwards. */
  readonly resident: number;
  /** What the event ring recorded meanwhile and still has; empty when it is off. */
  readonly events: readonly MachineEvent[];
  /** What the strict TLB reported meanwhile. */
  readonly violations: readonly TlbViolation[];
  /** What did not go as the scenario expects, one sentence each. */
  readonly unmet: readonly string[];
}
