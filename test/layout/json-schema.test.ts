import { toJsonSchema } from '@valibot/to-json-schema';
import { expect, test } from 'vitest';
import { LayoutSchema } from '../../src/layout/schema.js';

/**
 * The published schema, which editors read. It comes from the schema that files are checked with:
 * `npx vitest run test/layout/json-schema.test.ts -u` writes it anew after a change.
 */
test('schema/layout.schema.json says what the reader takes', async () => {
  const { $schema, title, ...schema } = toJsonSchema(LayoutSchema, {
    typeMode: 'input',
    target: 'draft-07',
    ignoreActions: ['check', 'raw_transform', 'transform'],
  });
  const published = { $schema, title, ...schema };
  await expect(`${JSON.stringify(published, null, 2)}\n`).toMatchFileSnapshot(
    '../../schema/layout.schema.json',
  );
});
