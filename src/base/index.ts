export * from './addresses.js';
export * from './bit-set.js';
export * from './errors.js';
export * from './region-tree.js';
export * from './seeded-random.js';
