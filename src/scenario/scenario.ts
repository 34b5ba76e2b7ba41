/**
 * A scenario: a machine, domains and steps, written down in a file that has been read and found
 * sound.
 */
import type { DomainFile, Expectation, ScenarioFile, StepArguments, Verb } from './schema.js';

/** A step of one kind. */
interface StepOf<V extends Verb> {
  readonly verb: V;
  readonly args: StepArguments<V>;
  /** Its place among the steps, from 1. */
  readonly number: number;
  /** Its line in the file, from 1. */
  readonly line: number;
  /** The name of the domain that it runs in. */
  readonly domain: string;
  /** What is said before it; empty for nothing. */
  readonly say: string;
  /** How it is to end; undefined where it only has to succeed. */
  readonly expect: Expectation | undefined;
}

/** One step. */
export type ScenarioStep = { readonly [V in Verb]: StepOf<V> }[Verb];

/** A scenario that was read. */
export interface Scenario {
  /** The name of the file. */
  readonly file: string;
  readonly title: string;
  readonly about: string;
  readonly machine: ScenarioFile['machine'];
  readonly kernel: ScenarioFile['kernel'];
  readonly domains: readonly DomainFile[];
  readonly steps: readonly ScenarioStep[];
}
