export * from './address-space-source.js';
export type { CaptureProgress, ProgressListener } from './capture.js';
export { ChunkFile } from './chunk-file.js';
export type { EvidenceRegion } from './evidence-regions.js';
export { FileStore } from './file-store.js';
export { openSource } from './open-source.js';
export {
  type RegisterName,
  TRANSLATION_NAMES,
  type TranslationName,
  type World,
} from './register-banks.js';
export { parseRegisterValue } from './register-file.js';
export { readNames } from './side-files.js';
export { takeSnapshot } from './snapshot-source.js';
export type { FilePosition, MemoryRange, SourceMemory } from './source-memory.js';
export type { SourceOptions } from './source-options.js';
export {
  type RegisterFact,
  registerText,
  type SourceCpu,
  type SourceRegisters,
} from './source-registers.js';
export type { SourceKind } from './source-word.js';
