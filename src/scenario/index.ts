export type { Actor, NamedFrame } from './actor.js';
export { type ConformFailure, replayLine } from './conform.js';
export { eventFields, eventLine, eventName } from './event-lines.js';
export { parseScenario } from './parse-scenario.js';
export { type RunOptions, ScenarioRun } from './run-scenario.js';
export type { Scenario, ScenarioStep } from './scenario.js';
export { COST_KEYS, type DomainFile, STEP_KEYS, type Verb } from './schema.js';
export { counted, type StepLayout, stepLines } from './step-lines.js';
export type {
  LeafRun,
  MadeMapping,
  StepFacts,
  StepOutcome,
  StepResult,
  TakenFault,
} from './step-result.js';
export type { FileReader, World } from './world.js';
