/**
 * Reading a scenario file: what follows the schema, with one verb a step, and uses only names that it
 * defines before.
 */
import * as v from 'valibot';
import { schemaProblems } from '../layout/schema-problems.js';
import { type FileProblem, YamlFile } from '../layout/yaml-tree.js';
import { nameProblems } from './names.js';
import type { Scenario, ScenarioStep } from './scenario.js';
import { type Expectation, type ScenarioFile, ScenarioSchema, VERBS, type Verb } from './schema.js';
import { argumentProblems } from './step-problems.js';

const CODES = { syntax: 'SCENARIO_ERR_SYNTAX', limit: 'SCENARIO_ERR_LIMIT' } as const;

/**
 * The scenario in `text`; `file` is its name in messages.
 *
 * Errors: `SCENARIO_ERR_LIMIT` too large or too deep. `SCENARIO_ERR_SYNTAX` not YAML, or YAML that
 * is not taken (anchors, aliases, tags, a key twice). `SCENARIO_ERR_SCHEMA` something is missing,
 * unknown, or not what belongs there. `SCENARIO_ERR_REFERENCE` a name that is not defined, or twice.
 * All carry {@link FileProblem}s as evidence.
 */
export function parseScenario(text: string, file: string): Scenario {
  const tree = new YamlFile(file, text, CODES);
  const checked = v.safeParse(ScenarioSchema, tree.value ?? {});
  if (!checked.success) {
    throw tree.error('SCENARIO_ERR_SCHEMA', schemaProblems(tree, ScenarioSchema, checked.issues));
  }
  const content = checked.output;
  const problems: FileProblem[] = [];
  const steps = readSteps(tree, content, problems);
  if (problems.length > 0) throw tree.error('SCENARIO_ERR_SCHEMA', problems);
  const { title, about, machine, kernel, domains } = content;
  const scenario: Scenario = { file, title, about, machine, kernel, domains, steps };
  const unknown = nameProblems(scenario).map(({ path, message }) => tree.problem(path, message));
  if (unknown.length > 0) throw tree.error('SCENARIO_ERR_REFERENCE', unknown);
  return scenario;
}

/** What may be expected of which steps, beside an error and costs. */
const EXPECTATIONS = {
  fault: ['load', 'store', 'fetch', 'touch', 'read', 'write'],
  faults: ['load', 'store', 'fetch', 'touch', 'read', 'write'],
  value: ['load', 'fetch'],
  contents: ['read', 'flush'],
  count: ['trim', 'revoke', 'clone'],
} as const satisfies Partial<Record<keyof Expectation, readonly Verb[]>>;

function readSteps(tree: YamlFile, content: ScenarioFile, problems: FileProblem[]): ScenarioStep[] {
  const steps: ScenarioStep[] = [];
  let current = content.domains[0]?.name ?? '';
  for (const [index, step] of content.steps.entries()) {
    const path = ['steps', index];
    const verbs = VERBS.filter((verb) => Object.hasOwn(step, verb));
    const [verb] = verbs;
    if (verb === undefined || verbs.length > 1) {
      const found = verb === undefined ? 'none' : verbs.join(' and ');
      const message = `a step has exactly one verb, here ${found}; verbs are ${VERBS.join(', ')}`;
      problems.push(tree.problem(path, message));
      continue;
    }
    if (step.switch !== undefined) current = step.switch;
    for (const [key, allowed] of Object.entries(EXPECTATIONS)) {
      if (!Object.hasOwn(step.expect ?? {}, key) || allowed.some((name) => name === verb)) continue;
      const message = `\`${key}\` can only be expected of ${allowed.join(', ')}`;
      problems.push(tree.problem([...path, 'expect', key], message, true));
    }
    for (const { key, message } of argumentProblems(verb, step[verb])) {
      const at = key === undefined ? [...path, verb] : [...path, verb, key];
      problems.push(tree.problem(at, message, key !== undefined));
    }
    steps.push({
      verb,
      args: step[verb],
      number: index + 1,
      line: tree.lineOf(path),
      domain: step.domain ?? current,
      say: step.say ?? '',
      expect: step.expect,
    } as ScenarioStep);
  }
  return steps;
}
