/** What a step did, and how it ended. */
import type { ErrorName } from '../base/index.js';
import type { CostName, MachineEvent, TlbViolation, Walk } from '../machine/index.js';
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
  | { readonly verb: 'revoke'; readonly frame: string; readonly count: number }
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
}

/** One step, performed. */
export interface StepResult {
  readonly step: ScenarioStep;
  readonly outcome: StepOutcome;
  /** The first faults that the step took. */
  readonly faults: readonly TakenFault[];
  readonly costs: Readonly<Record<CostName, number>>;
  /** What the event ring recorded meanwhile and still has; empty when it is off. */
  readonly events: readonly MachineEvent[];
  /** What the strict TLB reported meanwhile. */
  readonly violations: readonly TlbViolation[];
  /** What did not go as the scenario expects, one sentence each. */
  readonly unmet: readonly string[];
}
