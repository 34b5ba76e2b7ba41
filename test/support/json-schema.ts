type Json = unknown;
type Schema = Readonly<Record<string, Json>>;

/** Keywords that say nothing about what is valid. */
const COMMENTS = new Set(['description', 'default', 'title', '$schema', 'id', 'definitions']);

/**
 * Where `value` breaks the JSON schema `root` (draft 4): one line each. A keyword that this reader
 * does not know is an error of the test, not of the value.
 */
export function schemaErrors(root: Schema, value: Json): string[] {
  return check(root, root, value, '$');
}

function check(root: Schema, schema: Schema, value: Json, at: string): string[] {
  const errors: string[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    if (COMMENTS.has(keyword)) continue;
    const test = TESTS[keyword];
    if (test === undefined) throw new Error(`the schema keyword ${keyword} is not known`);
    errors.push(...test({ root, schema, value, at }, rule));
  }
  return errors;
}

interface Place {
  readonly root: Schema;
  readonly schema: Schema;
  readonly value: Json;
  readonly at: string;
}

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

const fails = (condition: boolean, { at }: Place, what: string): string[] =>
  condition ? [`${at}: ${what}`] : [];

const TESTS: Readonly<Record<string, (place: Place, rule: Json) => string[]>> = {
  $ref({ root, value, at }, rule) {
    let target: Json = root;
    for (const step of String(rule).split('/').slice(1)) target = (target as Schema)[step];
    return check(root, target as Schema, value, at);
  },
  type(place, rule) {
    const { value } = place;
    const wanted = [rule].flat() as string[];
    const matches = wanted.some((type) =>
      type === 'integer' ? Number.isInteger(value) : typeOf(value) === type,
    );
    return fails(!matches, place, `is ${typeOf(value)}, not ${wanted.join(' or ')}`);
  },
  required(place, rule) {
    const { value } = place;
    if (!isObject(value)) return [];
    return (rule as string[]).flatMap((key) => fails(!(key in value), place, `lacks ${key}`));
  },
  properties({ root, value, at }, rule) {
    if (!isObject(value)) return [];
    return Object.entries(rule as Record<string, Schema>).flatMap(([key, schema]) =>
      key in value ? check(root, schema, value[key], `${at}.${key}`) : [],
    );
  },
  additionalProperties(place, rule) {
    const { root, schema, value, at } = place;
    if (!isObject(value) || rule === true) return [];
    const known = (schema['properties'] ?? {}) as object;
    const others = Object.keys(value).filter((key) => !(key in known));
    return others.flatMap((key) =>
      rule === false
        ? [`${at}: ${key} is not known`]
        : check(root, rule as Schema, value[key], `${at}.${key}`),
    );
  },
  items({ root, value, at }, rule) {
    if (!Array.isArray(value)) return [];
    return value.flatMap((item, index) => check(root, rule as Schema, item, `${at}[${index}]`));
  },
  minItems: (place, rule) =>
    fails(Array.isArray(place.value) && place.value.length < Number(rule), place, 'too few items'),
  uniqueItems(place, rule) {
    const { value } = place;
    if (!Array.isArray(value) || rule !== true) return [];
    const texts = value.map((item) => JSON.stringify(item));
    return fails(new Set(texts).size < texts.length, place, 'holds an item twice');
  },
  enum: (place, rule) =>
    fails(!(rule as Json[]).includes(place.value), place, `is ${String(place.value)}`),
  minimum: (place, rule) =>
    fails(typeof place.value === 'number' && place.value < Number(rule), place, 'too small'),
  maximum: (place, rule) =>
    fails(typeof place.value === 'number' && place.value > Number(rule), place, 'too large'),
  pattern: (place, rule) =>
    fails(
      typeof place.value === 'string' && !new RegExp(String(rule)).test(place.value),
      place,
      `does not match ${String(rule)}`,
    ),
  format(place, rule) {
    const { value } = place;
    if (typeof value !== 'string') return [];
    const isUri = rule === 'uri' || rule === 'uri-reference';
    const bad = isUri && (/[\s<>"{}|\\^`]/.test(value) || (rule === 'uri' && !/^\w+:/.test(value)));
    return fails(bad, place, `${JSON.stringify(value)} is no ${String(rule)}`);
  },
  anyOf({ root, value, at }, rule) {
    const all = (rule as Schema[]).map((schema) => check(root, schema, value, at));
    return all.some((errors) => errors.length === 0) ? [] : [`${at}: fits none of anyOf`];
  },
  oneOf({ root, value, at }, rule) {
    const all = (rule as Schema[]).map((schema) => check(root, schema, value, at));
    const fitting = all.filter((errors) => errors.length === 0).length;
    return fitting === 1 ? [] : [`${at}: fits ${fitting} of oneOf`];
  },
};
