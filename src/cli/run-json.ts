/** A run as one JSON object, for a program to read. */
import { hex0x } from '../base/index.js';
import { flagsText, type Region, VRegion } from '../domain/index.js';
import { KIND_NAMES } from '../format/index.js';
import {
  AddressSpace,
  type Disagreement,
  isLeaf,
  machineSpace,
  mapRecord,
  mapRows,
  pmapSpace,
  Regions,
  type SpaceInput,
  walkRecord,
} from '../inspect/index.js';
import {
  COST_NAMES,
  type CostName,
  type MachineEvent,
  type TlbViolation,
} from '../machine/index.js';
import {
  type Actor,
  COST_KEYS,
  type ScenarioRun,
  type StepOutcome,
  type StepResult,
  type World,
} from '../scenario/index.js';
import type { DomainProof, Proof } from './run-proof.js';

/** What the JSON of a run calls itself; the version rises when something in it changes its meaning. */
const RUN_SCHEMA = 'pagewright/run';
const RUN_SCHEMA_VERSION = 1;

/** The run, its results and its proof. Addresses and words are hexadecimal strings, sizes numbers. */
export function runJson(
  run: ScenarioRun,
  proof: Proof,
  startCosts: Readonly<Record<CostName, number>>,
): unknown {
  const { scenario, results, failure, world } = run;
  const now = world.machine.counters.snapshot();
  const space = machineSpace(world.machine);
  const stepCosts = Object.fromEntries(
    COST_NAMES.map((name) => [name, now[name] - startCosts[name]]),
  ) as Record<CostName, number>;
  return {
    schema: RUN_SCHEMA,
    version: RUN_SCHEMA_VERSION,
    scenario: { file: scenario.file, title: scenario.title, steps: scenario.steps.length },
    holds: proof.holds,
    failure:
      failure === undefined
        ? null
        : { step: failure.step.number, line: failure.step.line, unmet: failure.unmet },
    machine: {
      cpu: scenario.machine.cpu,
      tlb: scenario.machine.tlb,
      banks: scenario.machine.banks.map((bank) => inHex(bank)),
      attributes: scenario.kernel.attributes,
      memoryOffset: hex0x(scenario.kernel.memoryOffset),
    },
    steps: results.map((result) => stepJson(result, space)),
    faults: run.timeline.map((fault) => inHex(fault)),
    faultCount: run.faultCount,
    domains: proof.domains.map((each) => domainJson(world, each)),
    costs: { start: costsJson(startCosts), steps: costsJson(stepCosts) },
    tlbViolations: proof.violations,
  };
}

function stepJson(result: StepResult, space: SpaceInput): unknown {
  const { step, outcome, faults, costs, paging, resident, events, violations, unmet } = result;
  return {
    number: step.number,
    line: step.line,
    domain: step.domain,
    verb: step.verb,
    ...outcomeJson(outcome, space),
    asExpected: unmet.length === 0,
    unmet,
    faults: faults.map((fault) => inHex(fault)),
    costs: costsJson(costs),
    paging: { ...paging, resident },
    ...(violations.length === 0 ? {} : { violations: violations.map(violationJson) }),
    ...(events.length === 0 ? {} : { events: events.map(eventJson) }),
  };
}

/** Costs under the keys that a scenario expects them by. */
function costsJson(costs: Readonly<Record<CostName, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(COST_KEYS).map(([key, name]) => [key, costs[name]]));
}

function outcomeJson(outcome: StepOutcome, space: SpaceInput): Readonly<Record<string, unknown>> {
  if (outcome.kind === 'done') {
    const { verb: _, ...facts } = outcome.facts;
    return { outcome: 'done', ...inHex(facts) };
  }
  const { message, codes } = outcome;
  if (outcome.kind === 'error') return { outcome: 'error', message, codes };
  const { fault, va, fsr, walk, handler } = outcome;
  return {
    outcome: 'fault',
    ...inHex({ fault, va, fsr }),
    message,
    handler,
    codes,
    walk: walkRecord(space, walk),
  };
}

function violationJson({ kind, seenAt, va, asid, old, now }: TlbViolation): unknown {
  return {
    kind,
    seenAt,
    va: hex0x(va),
    asid: asid ?? null,
    old: inHex(old),
    now: now === undefined ? null : inHex(now),
  };
}

/** A walk has a kind of its own, that of the leaf which it found; `kind` says what happened. */
function eventJson({ sequence, kind, fields }: MachineEvent): unknown {
  const { kind: leaf, ...rest } = fields;
  const found = leaf === undefined ? {} : { leaf: KIND_NAMES[leaf] };
  return { sequence, kind, ...inHex(rest), ...found };
}

function domainJson({ kernel, actors }: World, { domain, verification }: DomainProof): unknown {
  const paging = actors.find((actor) => actor.domain === domain)?.paging;
  const input = pmapSpace(kernel, domain.pmap);
  const space = new AddressSpace(input);
  const ranges = [...mapRows(new Regions(space))].filter(({ meaning }) => isLeaf(meaning));
  const { pages, leaves, tables, disagreements, first } = verification;
  return {
    name: domain.name,
    root: hex0x(space.roots[0]?.base ?? 0),
    ranges: ranges.map((row) => mapRecord(row, input.registers)),
    regions: domain.vspace.all().map(regionJson),
    pager: pagerJson(paging),
    measure: domain.pmap.measure(),
    proof: { pages, leaves, tables, disagreements, first: first.map(disagreementJson) },
  };
}

function regionJson(region: Region): unknown {
  const { name, base, bytes, backing } = region;
  const plain = { name, base: hex0x(base), bytes, backing };
  if (!(region instanceof VRegion)) return plain;
  const { flags, maxFlags, offset, inheritance, object } = region;
  return {
    ...plain,
    rights: flagsText(flags),
    mostRights: flagsText(maxFlags),
    object:
      object === undefined
        ? null
        : {
            name: object.name,
            kind: object.kind,
            bytes: object.bytes,
            residentBytes: object.residentBytes,
            offset,
          },
    inheritance,
  };
}

function pagerJson(paging: Actor['paging']): unknown {
  if (paging === undefined) return null;
  const { pager, store } = paging;
  return {
    policy: pager.policyName,
    ...pager.counts,
    store: { pages: store.stored, writes: store.writes, reads: store.reads },
  };
}

function disagreementJson({ va, what, shadow, tables }: Disagreement): unknown {
  return { va: hex0x(va), what, shadow, tables };
}

/** Fields that are addresses or words. */
const HEX_KEYS: ReadonlySet<string> = new Set(['va', 'pa', 'base', 'fsr', 'far', 'value']);

/** `fields` with addresses and words as hexadecimal strings, in it and in what it holds. */
function inHex(fields: object): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]: [string, unknown]) => {
    if (typeof value === 'number' && HEX_KEYS.has(key)) {
      return [key, value < 0 ? value : hex0x(value)] as const;
    }
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [key, nested ? inHex(value) : value] as const;
  });
  return Object.fromEntries(entries);
}
