export type { FaultAnswer, FaultEvent } from './fault-event.js';
export { LiveMachine, type LiveOptions, type MemoryAccess } from './live-machine.js';
export type { FatalFault, LiveProgram, ProgramEnd } from './live-program.js';
export {
  FEWEST_LIVE_FRAMES,
  type LiveObserver,
  LiveSystem,
  type PagingOptions,
  type ProgramFile,
  programRanges,
} from './live-system.js';
