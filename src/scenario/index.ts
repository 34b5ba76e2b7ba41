export type { Actor, NamedFrame } from './actor.js';
export { type ConformFailure, replayLine } from './conform.js';
export { eventFields, eventLine, eventName } from './event-lines.js';
export { missRatioSvg } from './miss-ratio-svg.js';
export { namedRanges } from './named-ranges.js';
export { regionLines, timelineLines } from './paging-lines.js';
export { parseScenario } from './parse-scenario.js';
export {
  TRACE_ACCESSES,
  TRACE_UNITS,
  type TraceOptions,
  TraceReader,
} from './parse-trace.js';
export {
  CHUNK_RUNS,
  type ChunkStore,
  findNextUses,
  MemoryChunks,
  REFERENCE_KINDS,
  type ReferenceKind,
  type ReferenceTrace,
  repeatsOfRun,
  TraceBuilder,
  traceOfPages,
} from './reference-trace.js';
export {
  type ReplayReport,
  replayCsv,
  replayJson,
  replayMarkdown,
  replayNdjson,
} from './replay-records.js';
export {
  automaticFrames,
  MOST_FRAMES,
  REPLAY_POLICIES,
  type ReferenceTimes,
  type ReplayPlan,
  type ReplayPolicyName,
  type ReplayProgress,
  type ReplayRow,
  replayTrace,
  startSimulation,
  USUAL_TIMES,
} from './replay-trace.js';
export { type RunOptions, ScenarioRun } from './run-scenario.js';
export type { Scenario, ScenarioStep } from './scenario.js';
export { isScenarioText } from './scenario-text.js';
export { COST_KEYS, type DomainFile, STEP_KEYS, type Verb } from './schema.js';
export { counted, type StepLayout, stepLines } from './step-lines.js';
export type {
  LeafRun,
  MadeMapping,
  MadeRegion,
  StepFacts,
  StepOutcome,
  StepResult,
  TakenFault,
  TimedFault,
} from './step-result.js';
export type { FileReader, World } from './world.js';
