export type { AttributePlan, LeafStyle, MappedRegion } from './attribute-plan.js';
export * from './build.js';
export * from './layout.js';
export * from './parse-layout.js';
export {
  type LayoutProblem,
  type PlacedRegion,
  type Placement,
  placeLayout,
} from './place-regions.js';
export { MEMORY_NAMES, type RegionBits } from './region-bits.js';
export type { FileProblem } from './yaml-tree.js';
