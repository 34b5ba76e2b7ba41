/** What the schemas of layouts and scenarios are put together from. */
import * as v from 'valibot';

/** `text` for whoever reads the schema in an editor. */
export const about = <T>(text: string) => v.description<T, string>(text);

/** One of these words. */
export const oneOf = <const T extends readonly string[]>(...values: T) =>
  v.picklist(values, `must be one of ${values.join(', ')}`);

/** A map with these keys and no other. Unlike the library's, it is no list, not even an empty one. */
export function map<const E extends v.ObjectEntries>(
  entries: E,
): v.StrictObjectSchema<E, undefined> {
  const schema = v.strictObject(entries);
  return {
    ...schema,
    '~run': (dataset, config) =>
      schema['~run'](Array.isArray(dataset.value) ? { value: null } : dataset, config),
  };
}

/** Text of a reasonable length. */
export const Text = v.pipe(
  v.string('must be text'),
  v.maxLength(1_000, 'is at most 1,000 characters'),
);
