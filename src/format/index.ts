export * from './access-permissions.js';
export * from './cpu-profile.js';
export * from './descriptor.js';
export * from './descriptor-fields.js';
export * from './fault-status.js';
export * from './memory-attributes.js';
export * from './short-descriptor.js';
export * from './table-format.js';
