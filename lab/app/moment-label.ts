/** What happened at a moment, in a few words. */

import { eventFields, eventName } from '../../src/scenario/index.js';
import type { LabSession } from '../engine/lab-session.js';

/** The step, and the event that the moment is right after. */
export function momentLabel(session: LabSession, moment: number): string {
  const number = session.stepOfMoment(moment);
  const step = session.results[number - 1]?.step;
  if (step === undefined) return 'before the first step';
  const where = `step ${number} ${step.verb}`;
  const event = session.eventAt(moment);
  return event === undefined ? where : `${where}: ${eventName(event)} ${eventFields(event)}`;
}
