/** What may be written at a place of a scenario or a layout, by its published JSON Schema. */

import { yamlPlace } from './yaml-place.js';

/** As much of a JSON Schema as ours use. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly default?: unknown;
}

/** One thing that may be written. */
export interface Completion {
  readonly text: string;
  /** What it means. */
  readonly about: string;
  /** What it replaces begins here. */
  readonly from: number;
}

const MOST = 12;

/** What fits at `offset` of `text` and begins as the word there does. */
export function completions(schema: JsonSchema, text: string, offset: number): Completion[] {
  const { path, isKey, word, from } = yamlPlace(text, offset);
  const found = path.reduce<readonly JsonSchema[]>(inside, alternatives(schema));
  const offered = isKey ? keysOf(found) : valuesOf(found);
  const begun = word.toLowerCase();
  return offered
    .filter(({ text: offer }) => offer.toLowerCase().startsWith(begun) && offer.trim() !== word)
    .slice(0, MOST)
    .map((offer) => ({ ...offer, from }));
}

/** The schemas of `name` in each of `schemas`. */
function inside(schemas: readonly JsonSchema[], name: string): readonly JsonSchema[] {
  return schemas.flatMap((schema) => {
    const next = name === '[]' ? schema.items : schema.properties?.[name];
    return next === undefined ? [] : alternatives(next);
  });
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf === undefined ? [schema] : [schema, ...schema.anyOf.flatMap(alternatives)];
}

function keysOf(schemas: readonly JsonSchema[]): Omit<Completion, 'from'>[] {
  return schemas.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties)
      .filter(([name]) => !name.startsWith('$'))
      .map(([name, { description = '' }]) => ({
        text: `${name}: `,
        about: required.includes(name) ? `needed. ${description}` : description,
      })),
  );
}

function valuesOf(schemas: readonly JsonSchema[]): Omit<Completion, 'from'>[] {
  const about = schemas.find(({ description }) => description !== undefined)?.description ?? '';
  return schemas.flatMap((schema) => {
    const values = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : []);
    return values.map((value) => ({
      text: String(value),
      about: value === schema.default ? `usual. ${about}` : about,
    }));
  });
}
