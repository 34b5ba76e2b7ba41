/** What cannot be in one step together, where the schema of its verb allows each for itself. */
import type { StepArguments, Verb } from './schema.js';

/** What is wrong with the arguments of a step, at one of its keys or as a whole. */
export interface ArgumentProblem {
  readonly key: string | undefined;
  readonly message: string;
}

type CreateArguments = StepArguments<'create'>;
type CreateKey = Exclude<keyof CreateArguments, 'object' | 'kind'>;

/** By kind: the keys that have to be there, and those that may be. */
const KEYS_OF_KIND: Readonly<
  Record<
    CreateArguments['kind'],
    readonly [needed: readonly CreateKey[], allowed: readonly CreateKey[]]
  >
> = {
  anonymous: [['size'], []],
  append: [['size'], []],
  'one-frame': [['frame'], ['size']],
  'one-frame-lazy': [['frame'], ['size', 'chunk']],
  'one-frame-one-map': [['frame'], ['size']],
  pinned: [['size'], []],
  fixed: [['size', 'chunk'], []],
  numa: [['frames'], ['size', 'chunk']],
  file: [[], ['contents', 'file', 'sharing']],
  'copy-on-write': [['of'], []],
};

/** Everything that is wrong with the arguments of a step. */
export function argumentProblems(verb: Verb, given: unknown): ArgumentProblem[] {
  const args = given as object;
  switch (verb) {
    case 'create':
      return createProblems(args as CreateArguments);
    case 'map':
      return [
        ...exactlyOne(args, 'frame', 'object'),
        ...placementProblems(args),
        ...foreignKeys(args, 'object', ['leaves', 'memory'], 'frame'),
        ...foreignKeys(
          args,
          'frame',
          ['above', 'below', 'align', 'replace', 'max', 'inherit'],
          'object',
        ),
      ];
    case 'reserve':
    case 'guard':
      return placementProblems(args);
    case 'share':
      return exactlyOne(args, 'frame', 'object');
    case 'revoke':
      return [
        ...exactlyOne(args, 'frame', 'object'),
        ...revokeProblems(args as StepArguments<'revoke'>),
      ];
    default:
      return [];
  }
}

function createProblems(args: CreateArguments): ArgumentProblem[] {
  const { kind } = args;
  const [needed, allowed] = KEYS_OF_KIND[kind];
  const missing = needed
    .filter((key) => args[key] === undefined)
    .map((key) => whole(`an object of kind ${kind} needs \`${key}\``));
  const known: readonly string[] = ['object', 'kind', ...needed, ...allowed];
  const foreign = Object.keys(args)
    .filter((key) => !known.includes(key))
    .map((key) => ({ key, message: `\`${key}\` is nothing for an object of kind ${kind}` }));
  const source = kind === 'file' ? exactlyOne(args, 'contents', 'file') : [];
  return [...missing, ...foreign, ...source];
}

function placementProblems(args: object): ArgumentProblem[] {
  const given = ['at', 'above', 'below'].filter((key) => key in args);
  const several = given
    .slice(1)
    .map((key) => ({ key, message: `\`${key}\` and \`${given[0]}\` cannot both be` }));
  const replaces = 'replace' in args && args.replace === true && !('at' in args);
  return replaces ? [...several, { key: 'replace', message: '`replace` needs `at`' }] : several;
}

function revokeProblems({ object, from }: StepArguments<'revoke'>): ArgumentProblem[] {
  if (object !== undefined && from === undefined)
    return [whole('to revoke an object needs `from`')];
  if (object === undefined && from !== undefined) {
    return [{ key: 'from', message: '`from` is for objects: a frame is revoked from everybody' }];
  }
  return [];
}

function exactlyOne(args: object, first: string, second: string): ArgumentProblem[] {
  if (first in args && second in args) {
    return [{ key: second, message: `\`${first}\` and \`${second}\` cannot both be` }];
  }
  return first in args || second in args ? [] : [whole(`\`${first}\` or \`${second}\` is missing`)];
}

/** Keys that mean nothing where `present` is said; they are for `other`. */
function foreignKeys(
  args: object,
  present: string,
  keys: readonly string[],
  other: string,
): ArgumentProblem[] {
  if (!(present in args)) return [];
  return keys
    .filter((key) => key in args)
    .map((key) => ({ key, message: `\`${key}\` is for a ${other}, not for a ${present}` }));
}

const whole = (message: string): ArgumentProblem => ({ key: undefined, message });
