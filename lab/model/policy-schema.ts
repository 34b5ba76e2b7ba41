/** What may be written in a policy, for the completion of its editor. */

import { RULES, SEVERITIES } from '../../src/inspect/index.js';
import type { JsonSchema } from '../editor/complete.js';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const severity: JsonSchema = { enum: SEVERITIES, description: 'how bad it is' };
const rules = Object.entries(RULES);

/** The schema. */
export const POLICY_SCHEMA: JsonSchema = {
  required: ['version'],
  properties: {
    version: { enum: [1], description: 'the version of the file' },
    kernel: { items: text('a range'), description: "addresses that are the kernel's" },
    rules: {
      description: 'what must and must not be',
      items: {
        properties: {
          forbid: text('nothing in the range may fit: w and x'),
          allow: text('whatever is mapped in the range must fit'),
          expect: text('all of the range must be mapped, and fit'),
          in: text('a range, or the name of regions'),
          reason: text('why'),
          severity,
        },
      },
    },
    severity: {
      description: 'severities that differ from the usual',
      properties: Object.fromEntries(
        rules.map(([id, { name, finds }]) => [
          id,
          { enum: [...SEVERITIES, 'off'], description: `${name}: ${finds}` },
        ]),
      ),
    },
    waivers: {
      description: 'what is excused',
      items: {
        required: ['rule', 'reason'],
        properties: {
          rule: { enum: rules.map(([id]) => id), description: 'the rule' },
          in: text('the addresses; all where it is left out'),
          reason: text('why it is excused'),
          until: text('the last day, YYYY-MM-DD'),
        },
      },
    },
  },
};
