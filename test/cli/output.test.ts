import { describe, expect, test } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { line } from '../../src/inspect/index.js';

function printed(text: string, color: 'always' | 'never'): string {
  let out = '';
  const stream = {
    write: (part: string) => {
      out += part;
    },
  };
  new Output(stream, color, {}).print(line(text, 'bad'), [{ text }]);
  return out;
}

describe('what is printed', () => {
  test('cannot draw on the terminal, whoever chose its words', () => {
    const hostile = 'a\u001b[31mb\u001b]0;title\u0007c\rd\u0000e\u009b2Jf\u202eg\u2066h\u007f';
    for (const color of ['always', 'never'] as const) {
      const plain = printed(hostile, color).replaceAll(/\p{Cc}\[\d+m/gu, '');
      expect(plain).toBe('a�[31mb�]0;title�c�d�e�2Jf�g�h�\n'.repeat(2));
    }
  });

  test('keeps every letter of every language', () => {
    const text = 'größe · →PA ✓ 虚拟内存 \u{1f600} \tذاكرة';
    expect(printed(text, 'never')).toBe(`${text}\n`.repeat(2));
  });
});
