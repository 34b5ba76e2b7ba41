export type { AttributePlan, LeafStyle, MappedRegion } from './attribute-plan.js';
export * from './build.js';
export { EMITTERS, type Emitter, type EmitterName, imageBytes } from './emitters.js';
export { importRegionCsv } from './import-csv.js';
export { importRegionMacros } from './import-macros.js';
export { type ImportedRegion, type ImportOptions, importRegions } from './imported.js';
export * from './layout.js';
export { type HintKey, type LayoutHint, layoutHints } from './layout-hints.js';
export { layoutMapLines } from './layout-map.js';
export { layoutOfSpace, type ReadBackLayout } from './layout-of-space.js';
export { buildMap, costText, type Emission } from './listing.js';
export * from './parse-layout.js';
export {
  type LayoutProblem,
  type PlacedRegion,
  type Placement,
  placeLayout,
} from './place-regions.js';
export * from './read-layout.js';
export { MEMORY_NAMES, type RegionBits } from './region-bits.js';
export type { FileProblem } from './yaml-tree.js';
