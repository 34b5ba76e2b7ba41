/** What a schema refuses, as problems with a place in the file and a remedy. */
import type * as v from 'valibot';
import { closest } from './spelling.js';
import type { FileProblem, YamlFile, YamlPath } from './yaml-tree.js';

/** The problems of `file` that `issues`, from the check against `schema`, tell of. */
export function schemaProblems(
  file: YamlFile,
  schema: v.GenericSchema,
  issues: readonly v.BaseIssue<unknown>[],
): FileProblem[] {
  return issues.map((issue) => {
    const path = (issue.path ?? []).map((item) => item.key as string | number);
    if (issue.type !== 'strict_object') return file.problem(path, withKey(path, issue.message));
    const key = path.at(-1);
    if (issue.expected === 'Object') {
      const known = knownKeys(schemaAt(schema, path));
      const what = `must be a map with ${known.map((name) => `\`${name}\``).join(', ')}`;
      return file.problem(path, withKey(path, what));
    }
    const known = knownKeys(schemaAt(schema, path.slice(0, -1)));
    if (issue.expected === 'never') return file.problem(path, unknownKey(String(key), known), true);
    return file.problem(path.slice(0, -1), `\`${key}\` is missing`, true);
  });
}

/** The message for a key that is none of `known`. */
function unknownKey(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  const remedy =
    meant === undefined ? `known here: ${known.join(', ')}` : `did you mean \`${meant}\`?`;
  return `\`${key}\` is not known here; ${remedy}`;
}

/** Messages that do not quote what was written begin with the key that it was written for. */
function withKey(path: YamlPath, message: string): string {
  if (!/^(?:must|is|holds) /.test(message)) return message;
  const key = path.findLast((step) => typeof step === 'string');
  return key === undefined ? `the file ${message}` : `\`${key}\` ${message}`;
}

/** The part of `schema` that describes what lies at `path`; undefined where it describes nothing. */
function schemaAt(schema: v.GenericSchema, path: YamlPath): v.GenericSchema | undefined {
  let at: SchemaParts | undefined = schema;
  for (const step of path) {
    at = unwrapped(at);
    at = typeof step === 'number' ? at?.item : at?.entries?.[step];
  }
  return unwrapped(at);
}

/** What schemas of the kinds that are used here are made of. */
interface SchemaParts extends v.GenericSchema {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  readonly options?: readonly unknown[];
}

/** The schema without `optional`, `nullable`, and the choices that are no map. */
function unwrapped(schema: SchemaParts | undefined): SchemaParts | undefined {
  let at = schema;
  while (at?.wrapped !== undefined) at = at.wrapped;
  const choices = (at?.options ?? []).filter((choice) => typeof choice === 'object');
  return (choices as SchemaParts[]).find((choice) => choice.entries !== undefined) ?? at;
}

function knownKeys(schema: SchemaParts | undefined): string[] {
  return Object.keys(schema?.entries ?? {});
}
