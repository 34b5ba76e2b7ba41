/**
 * Steps as they are typed, and scenarios with a step more. What is typed becomes a step of the
 * scenario, so that there is one grammar and nothing that a file could not say:
 *
 *     map heap at=0x1000_0000 rights=rx       - map: { frame: heap, at: 0x1000_0000, rights: rx }
 *     load heap+4K domain=second              - load: { at: heap+4K }
 *                                               domain: second
 *     map: { frame: heap }                    - map: { frame: heap }
 */

import { isMap, isSeq, parseDocument } from 'yaml';
import { VmError } from '../../src/base/index.js';
import { STEP_KEYS, type Verb } from '../../src/scenario/index.js';

/** The verbs, in the order of the docs. */
const VERBS = Object.keys(STEP_KEYS) as readonly Verb[];

/** A pair of a word and a value, which may be quoted. */
const WORD = /([^\s="']+)=("[^"]*"|'[^']*'|\S+)|("[^"]*"|'[^']*'|\S+)/gy;
const PLAIN = /^[A-Za-z0-9_.$+\-/]+$/;

/**
 * A typed line as the YAML of one step, without its dash, on one line or more.
 *
 * Errors: `SCENARIO_ERR_SYNTAX` it does not begin with a verb, or a word of it means nothing there.
 */
export function stepOfLine(line: string): string {
  const text = line.trim().replace(/^- +/, '');
  const colon = /^([a-z]+) *:/.exec(text);
  // What is YAML already is left to the parser of scenarios.
  if (colon !== null) return text;
  const [verb = '', ...rest] = text.split(/\s/, 1);
  if (!isVerb(verb)) {
    const given = verb === '' ? 'nothing is written' : `${JSON.stringify(verb)} is no operation`;
    throw refused(`${given}; operations are ${VERBS.join(', ')}`);
  }
  const words = wordsOf([...rest, text.slice(verb.length)].join(' '));
  const keys = STEP_KEYS[verb];
  const domain = words.find(({ key }) => key === 'domain');
  const args = words.filter((word) => word !== domain);
  if (keys.length === 0) return wordStep(verb, args);
  const pairs = args.map(({ key, value }, index) => {
    // The first word without a key is what the step is about.
    const name = key ?? (index === 0 ? keys[0] : undefined);
    if (name !== undefined && keys.includes(name)) return `${name}: ${yamlOf(value)}`;
    const what = name === undefined ? `${value} has no key` : `${name} is no key of ${verb}`;
    throw refused(`${what}; keys are ${keys.join(', ')}, written ${keys.at(-1)}=…`);
  });
  const head = `${verb}: { ${pairs.join(', ')} }`;
  return domain === undefined ? head : `${head}\ndomain: ${yamlOf(domain.value)}`;
}

/** A step whose verb takes one word, or none. */
function wordStep(verb: Verb, args: readonly TypedWord[]): string {
  if (verb === 'trim') return args.length === 0 ? 'trim: {}' : refuse('trim takes nothing');
  const [only] = args;
  if (only === undefined || args.length > 1 || only.key !== undefined) {
    return refuse(`${verb} takes one name`);
  }
  return `${verb}: ${yamlOf(only.value)}`;
}

interface TypedWord {
  readonly key: string | undefined;
  readonly value: string;
}

function wordsOf(text: string): TypedWord[] {
  return [...text.trim().matchAll(new RegExp(WORD.source, 'g'))].map(([, key, value, alone]) => ({
    key: key?.replace(/:$/, ''),
    value: (value ?? alone ?? '').replace(/^(["'])(.*)\1$/, '$2'),
  }));
}

function isVerb(word: string): word is Verb {
  return Object.hasOwn(STEP_KEYS, word);
}

function yamlOf(value: string): string {
  return PLAIN.test(value) ? value : JSON.stringify(value);
}

function refused(message: string): VmError {
  return new VmError('SCENARIO_ERR_SYNTAX', message);
}

function refuse(message: string): never {
  throw refused(message);
}

/** A scenario with `step`, YAML without a dash, behind its steps; everything else stays as written. */
export function withStep(scenario: string, step: string): string {
  const lines = step.split('\n');
  const list = blockSteps(scenario);
  if (list === undefined) return withStepAnew(scenario, step);
  const item = lines.map((line, index) => `${list.indent}${index === 0 ? '- ' : '  '}${line}`);
  const text = scenario.replace(/\s*$/, '\n');
  return `${text}${item.join('\n')}\n`;
}

/** The indentation of the list of steps, where it is a block at the end of the text. */
function blockSteps(scenario: string): { readonly indent: string } | undefined {
  const lines = scenario.replace(/\s*$/, '').split('\n');
  const head = lines.findLastIndex((line) => /^[^\s#-]/.test(line));
  if (!/^steps:\s*(?:#.*)?$/.test(lines[head] ?? '')) return undefined;
  const first = lines.slice(head + 1).find((line) => /^ *- /.test(line));
  return first === undefined ? undefined : { indent: /^ */.exec(first)?.[0] ?? '' };
}

/** As {@link withStep}, where the steps are written otherwise, are not there or not at the end. */
function withStepAnew(scenario: string, step: string): string {
  const document = parseDocument(scenario, { version: '1.2' });
  const value = parseDocument(step).contents;
  const steps = document.get('steps', true);
  if (isMap(document.contents) && isSeq(steps)) steps.add(value);
  else document.set('steps', [value]);
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** A step, YAML without a dash, that is expected to end as it did. */
export function expecting(step: string, expectation: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(expectation).map(([key, value]) => `${key}: ${value}`);
  return `${step}\nexpect: { ${pairs.join(', ')} }`;
}
