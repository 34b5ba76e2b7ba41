import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MIB, PAGE_BYTES, VmError } from '../../src/base/index.js';
import { clock, Domain, Pager } from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';
import { FileStore } from '../../src/source/index.js';

test('a domain pages to a file, and every byte comes back', () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  try {
    const machine = new Machine({
      banks: [{ name: 'ram', base: 0x8000_0000, bytes: 16 * MIB, kind: 'ram' }],
      profile: 'cortex-a7',
    });
    const domain = Domain.boot(new Kernel(machine), 8 * MIB);
    const store = new FileStore(join(folder, 'pages'));
    const pager = new Pager(domain.pool, { frames: 4, policy: clock, store });
    domain.kernel.run(domain.number);
    const { base, bytes } = domain.vspace.mapAnonymous(64 * PAGE_BYTES);
    for (let at = base; at < base + bytes; at += 1024) machine.cpu.store(at, 4, at);
    for (let at = base; at < base + bytes; at += 1024) expect(machine.cpu.load(at, 4)).toBe(at);
    expect(pager.counts.evicted).toBeGreaterThan(60);
    expect(() => store.read(10_000, new Uint8Array(PAGE_BYTES))).toThrow(/ends before slot 10000/);
    store.close();
    expect(() => store.write(0, new Uint8Array(PAGE_BYTES))).toThrow(VmError);
    expect(() => new FileStore(join(folder, 'no', 'such', 'folder'))).toThrow(VmError);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
