export * from './cpu-profile.js';
export * from './short-descriptor.js';
export * from './table-format.js';
