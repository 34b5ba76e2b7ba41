export { type ConformFailure, replayLine } from './conform.js';
