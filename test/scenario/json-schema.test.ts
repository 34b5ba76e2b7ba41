import { toJsonSchema } from '@valibot/to-json-schema';
import { expect, test } from 'vitest';
import { ScenarioSchema, VERBS } from '../../src/scenario/schema.js';

/**
 * The published schema, which editors read. It comes from the schema that files are checked with:
 * `npx vitest run test/scenario/json-schema.test.ts -u` writes it anew after a change.
 */
test('schema/scenario.schema.json says what the parser takes', async () => {
  const { $schema, title, ...schema } = toJsonSchema(ScenarioSchema, {
    typeMode: 'input',
    target: 'draft-07',
    ignoreActions: ['check', 'raw_transform', 'transform'],
  });
  const steps = schema.properties?.['steps'];
  if (typeof steps !== 'object' || typeof steps.items !== 'object' || Array.isArray(steps.items)) {
    throw new Error('the schema has no steps');
  }
  // The parser counts the verbs of a step; a schema says so by requiring exactly one of them.
  const items = { ...steps.items, oneOf: VERBS.map((verb) => ({ required: [verb] })) };
  const properties = { ...schema.properties, steps: { ...steps, items } };
  const published = { $schema, title, ...schema, properties };
  await expect(`${JSON.stringify(published, null, 2)}\n`).toMatchFileSnapshot(
    '../../schema/scenario.schema.json',
  );
});
