export { Asids } from './asids.js';
export * from './attribute-policy.js';
export {
  type CapabilityImage,
  type MappingImage,
  type ObjectImage,
  objectImages,
  type SlotImage,
  slotImages,
} from './capability-image.js';
export * from './capability-types.js';
export { capRefOf, cnodeOf, rootSlotRef, slotOf } from './cspace.js';
export { Identity, MappingIdentity } from './identity.js';
export { type CSpaces, Invocations } from './invocations.js';
export * from './kernel.js';
export type { RetypeRequest } from './retype.js';
export { leafBytes, type MappingObserver } from './translation-tables.js';
