import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExecutable } from '../../src/domain/elf.js';

const FOLDER = 'examples/live';
const PROGRAMS = ['sum', 'quicksort', 'fork', 'overflow', 'wx', 'carousel', 'touch'];

/** What a loader would put into memory. */
function loadable(folder: string, name: string): unknown {
  const image = parseExecutable(new Uint8Array(readFileSync(join(folder, `${name}.elf`))));
  return image.segments.map(({ fileOffset, fileBytes, ...segment }) => ({
    ...segment,
    bytes: Buffer.from(image.file.subarray(fileOffset, fileOffset + fileBytes)).toString('hex'),
  }));
}

const missing = spawnSync('arm-none-eabi-gcc', ['--version']).error !== undefined;

// On a developer's machine without the cross compiler the executables are taken as they are; CI has
// to have it, and fails without.
describe.skipIf(missing && process.env['CI'] !== 'true')('the live programs, built anew', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pagewright-live-'));
    execFileSync('make', ['-C', FOLDER, `OUT=${folder}`], { stdio: 'pipe' });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(PROGRAMS)('%s loads the same bytes', (name) => {
    expect(loadable(folder, name)).toEqual(loadable(FOLDER, name));
  });

  it('are all there are', () => {
    const { stdout } = spawnSync('make', ['-C', FOLDER, '-n', '-B', `OUT=${folder}`], {
      encoding: 'utf8',
    });
    expect([...stdout.matchAll(/ (\w+)\.c -lgcc/g)].map(([, name]) => name)).toEqual(PROGRAMS);
  });
});
