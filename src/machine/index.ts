export * from './cost-counters.js';
export * from './events.js';
export * from './physical-memory.js';
