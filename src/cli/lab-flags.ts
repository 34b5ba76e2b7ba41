/** What `pagewright lab` takes: apart from the command, so that what it loads late can know it too. */
import type { BootFlags } from './boot-flags.js';
import type { SourceFlags } from './source-flags.js';

/** The options of the command. */
export interface LabFlags extends SourceFlags {
  readonly port: number;
  /** False with --no-open. */
  readonly open: boolean;
  readonly every: number;
  /** Page frames of a program that is booted, and which page goes. */
  readonly frames?: number;
  readonly policy: BootFlags['policy'];
}

/** Milliseconds between two looks at a live target, unless told otherwise. */
export const USUAL_INTERVAL = 1000;
