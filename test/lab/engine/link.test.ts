import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packText, unpackText } from '../../../lab/engine/link.js';
import { rejectionOf } from '../../support/errors.js';

describe('a text in a link', () => {
  it('comes back as it was, and needs no quoting', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 400 }), async (text) => {
        const packed = await packText(text);
        expect(packed).toMatch(/^[\w-]*$/);
        expect(await unpackText(packed)).toBe(text);
      }),
    );
  });

  it('is refused where it is damaged, cut off, or unpacks to too much', async () => {
    const packed = await packText('steps: []\n'.repeat(100));
    for (const wrong of [packed.slice(0, -4), '!', '', 'AAAA', `${packed}x`]) {
      const answer = await unpackText(wrong).catch((error: unknown) => error);
      if (typeof answer === 'string') expect(answer.length).toBeLessThan(2000);
      else expect(answer).toMatchObject({ code: 'SCENARIO_ERR_SYNTAX' });
    }
    const long = await rejectionOf(packText('x'.repeat(200_000)));
    expect(long.code).toBe('SCENARIO_ERR_LIMIT');
  });

  it('cannot be a bomb', async () => {
    const stream = new Blob(['\n'.repeat(2 ** 24)])
      .stream()
      .pipeThrough(new CompressionStream('deflate-raw'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const bomb = Buffer.from(bytes).toString('base64url');
    expect((await rejectionOf(unpackText(bomb))).code).toBe('SCENARIO_ERR_LIMIT');
  });
});
