import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RUNTIME_WORDS, runtimeImage } from '../../src/live/runtime-image.js';
import { SKIPS, title } from '../oracle/tools.js';

/** The words of `guest/live.S`, assembled. */
function assemble(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pagewright-runtime-'));
  const path = (name: string): string => join(folder, name);
  try {
    const run = (program: string, ...args: string[]): unknown => execFileSync(program, args);
    run('arm-none-eabi-as', '--fatal-warnings', '-o', path('live.o'), 'guest/live.S');
    run('arm-none-eabi-ld', '-T', 'guest/live.ld', '-o', path('live.elf'), path('live.o'));
    run('arm-none-eabi-objcopy', '-O', 'binary', '-j', '.text', path('live.elf'), path('bytes'));
    const bytes = readFileSync(path('bytes'));
    const words = Array.from({ length: bytes.length / 4 }, (_, index) =>
      bytes
        .readUInt32LE(index * 4)
        .toString(16)
        .padStart(8, '0'),
    );
    const rows = words.map((word, index) => `${index % 8 === 0 ? '\n  ' : ' '}${word}`);
    return `${rows.join('')}\n`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the runtime of a live machine', () => {
  it.skipIf(SKIPS)(title('is what guest/live.S says'), () => {
    expect(RUNTIME_WORDS).toBe(assemble());
  });

  it('starts at its first word, with a branch', () => {
    const { entry, segments, file } = runtimeImage(0x4010_0000);
    expect(entry).toBe(0x4010_0000);
    expect(segments).toEqual([{ address: entry, fileOffset: 0, fileBytes: file.length }]);
    expect(file[3]).toBe(0xea);
  });
});
