import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MIB } from '../../src/base/index.js';
import { copyIn, Domain, pageRuns, spawn } from '../../src/domain/index.js';
import { verifyPmap } from '../../src/inspect/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { armhfArchive, mayFetch } from '../support/debian-armhf.js';

const CACHE = resolve('.cache/programs-armhf');
/** Static programs of Debian's, and where they lie in their packages. */
const PROGRAMS = [
  { package: 'busybox-static', path: 'bin/busybox' },
  { package: 'bash-static', path: 'bin/bash-static' },
] as const;

const cached = (path: string): string => join(CACHE, path.replaceAll('/', '-'));

/** Fetches the programs once, and keeps them; whether they are there. */
function fetchPrograms(): boolean {
  if (PROGRAMS.every(({ path }) => existsSync(cached(path)))) return true;
  // Elsewhere than on CI they are fetched with ARMHF=1.
  if (!mayFetch()) return false;
  try {
    mkdirSync(CACHE, { recursive: true });
    const root = armhfArchive(join(CACHE, 'apt')).unpack(PROGRAMS.map((each) => each.package));
    for (const { path } of PROGRAMS) writeFileSync(cached(path), readFileSync(join(root, path)));
    return true;
  } catch (error) {
    process.stderr.write(`programs for armhf cannot be fetched: ${(error as Error).message}\n`);
    return false;
  }
}

const available = fetchPrograms();

test.runIf(process.env['CI'] === 'true')('on CI the programs of Debian are there', () => {
  expect(available).toBe(true);
});

describe.runIf(available)('static programs of Debian for armhf', () => {
  for (const { path } of PROGRAMS) {
    test(`${path} is spawned, and every page of it is right`, { timeout: 180_000 }, () => {
      const file = new Uint8Array(readFileSync(cached(path)));
      const machine = new Machine({
        banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
        profile: 'cortex-a15',
        tlb: 'strict',
      });
      const kernel = new Kernel(machine);
      const parent = Domain.boot(kernel, 128 * MIB);
      const free = parent.ram.freePages;
      const { domain, image, entry, stackPointer, kill } = spawn(parent, file, { argv: [path] });
      kernel.run(domain.number);
      expect(machine.cpu.fetch(entry - (entry % 2), 2)).toBeGreaterThan(0);
      machine.cpu.store(stackPointer - 4, 4, 1);
      for (const run of pageRuns(image)) {
        for (const fill of run.fills) {
          const loaded = copyIn(domain, fill.address, fill.bytes);
          const wanted = file.subarray(fill.fileOffset, fill.fileOffset + fill.bytes);
          expect(Buffer.compare(loaded, wanted)).toBe(0);
        }
        const last = run.address + run.bytes - 1;
        expect(machine.cpu.load(last, 1)).toBeTypeOf('number');
      }
      const proof = verifyPmap(kernel, domain.pmap);
      expect(proof.first).toEqual([]);
      expect(proof.pages).toBeGreaterThan(100);
      kill();
      expect(parent.ram.freePages).toBeGreaterThanOrEqual(free - 16);
    });
  }
});
