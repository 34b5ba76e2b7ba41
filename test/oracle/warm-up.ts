/** Our side of the oracle before it is asked: work like that of a campaign, for the compiler. */

import { generateCheck, generateSituation } from './generate.js';
import type { OracleMachine } from './machines.js';
import { Model, type ModelOptions } from './model.js';
import { Random } from './random.js';
import { sweepAnswers } from './sweep.js';
import { askModel } from './trial.js';

const SITUATIONS = 150;
const CHECKS = 200;
/** One situation of so many is swept. */
const SWEEP_EVERY = 10;
const SWEPT_MEBIBYTES = 16;

/** Answers checks that nobody else is asked and that are counted nowhere. */
export function warmUp(machine: OracleMachine, options: ModelOptions): void {
  const model = new Model(machine, options);
  const random = new Random(0);
  for (let table = 0; table < SITUATIONS; table += 1) {
    const generated = generateSituation(random, machine, table % 2);
    model.enter(generated.situation);
    for (let check = 0; check < CHECKS; check += 1)
      askModel(model, generateCheck(random, generated));
    if (table % SWEEP_EVERY === 0)
      sweepAnswers(model, generated.mebibytes.slice(0, SWEPT_MEBIBYTES));
  }
}
