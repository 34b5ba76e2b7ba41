import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { parseExecutable } from '../../src/domain/index.js';
import { GuestMemory } from '../../src/live/guest-memory.js';
import { type QemuOptions, QemuProcess } from '../../src/live/qemu-process.js';
import { SKIPS, title } from '../oracle/tools.js';
import { build } from '../support/elf-file.js';

const BASE = 0x4000_0000;
const MIB = 2 ** 20;
/** A branch to itself. */
const BUSY = 0xeaff_fffe;

/** A program that does nothing, at the second MiB of RAM. */
function options(more: Partial<QemuOptions> = {}): QemuOptions {
  const file = build([{ vaddr: BASE + MIB }], { entry: BASE + MIB });
  const view = new DataView(file.buffer);
  view.setUint32(0x1000, BUSY, true);
  const image = parseExecutable(file);
  return {
    machine: 'virt',
    cpu: 'cortex-a15',
    ramBase: BASE,
    ramBytes: 16 * MIB,
    image,
    ...more,
  };
}

/** What the process with that number has left where RAM files are made. */
function litter(pid = process.pid): string[] {
  const of = (folder: string): string[] => {
    try {
      return readdirSync(folder).filter((name) => name.startsWith(`pagewright-${pid}-`));
    } catch {
      return [];
    }
  };
  return [...of('/dev/shm'), ...of(tmpdir())];
}

async function until(holds: () => boolean, milliseconds = 10_000): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!holds() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return holds();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the memory of a guest', () => {
  it('reads what was written, and takes room only for that', () => {
    const memory = GuestMemory.create(BASE, 64 * MIB);
    memory.writeWord(BASE + 5 * MIB, 0xdead_beef);
    memory.write(BASE + 64 * MIB - 4, Uint8Array.of(1, 2, 3, 4));
    expect(memory.readWord(BASE + 5 * MIB)).toBe(0xdead_beef);
    expect(memory.readWord(BASE + 64 * MIB - 4)).toBe(0x0403_0201);
    expect(memory.readWord(BASE)).toBe(0);
    expect(memory.residentBytes()).toBeLessThan(MIB);
    memory.close();
    expect(litter()).toEqual([]);
  });

  it.each([
    ['before it', BASE - 4],
    ['over its end', BASE + 64 * MIB - 2],
    ['behind it', BASE + 64 * MIB],
  ])('refuses what lies %s', (_name, pa) => {
    const memory = GuestMemory.create(BASE, 64 * MIB);
    expect(() => memory.readWord(pa)).toThrow(/LIVE_ERR_MEMORY|lies from 0x40000000 to 0x43ffffff/);
    expect(() => memory.writeWord(pa, 1)).toThrow(/of the guest's RAM: it lies from/);
    memory.close();
    expect(() => memory.readWord(BASE)).toThrow('it is closed');
  });
});

describe.skipIf(SKIPS)(title('a QEMU'), () => {
  const started: QemuProcess[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map((qemu) => qemu.stop()));
  });

  const start = async (more: Partial<QemuOptions> = {}): Promise<QemuProcess> => {
    const qemu = await QemuProcess.start(options(more));
    started.push(qemu);
    return qemu;
  };

  it('runs what lies in its RAM, which has no name, and is gone when it was stopped', async () => {
    const qemu = await start();
    expect(qemu.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(qemu.ram.readWord(BASE + MIB)).toBe(BUSY);
    expect(litter()).toEqual([]);
    expect(isAlive(qemu.pid)).toBe(true);
    expect(await qemu.stop()).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(qemu.pid)).toBe(false);
  });

  it('tells when it was killed by somebody else', async () => {
    const qemu = await start();
    process.kill(qemu.pid, 'SIGKILL');
    expect(await qemu.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  it('runs beside another one, each with its own memory', async () => {
    const [one, other] = await Promise.all([start(), start({ cpu: 'cortex-a7' })]);
    one?.ram.writeWord(BASE + 8 * MIB, 1);
    other?.ram.writeWord(BASE + 8 * MIB, 2);
    expect(one?.ram.readWord(BASE + 8 * MIB)).toBe(1);
  });

  it('is a named error where it is not installed', async () => {
    const program = 'qemu-system-nowhere';
    await expect(start({ program })).rejects.toMatchObject({
      code: 'LIVE_ERR_TOOL',
      message: expect.stringContaining('apt-get install'),
    });
  });

  it('is a named error with its own words where it does not start', async () => {
    await expect(start({ cpu: 'cortex-a99' })).rejects.toMatchObject({
      code: 'LIVE_ERR_START',
      message: expect.stringMatching(/status 1, saying: .*cortex-a99/s),
    });
  });

  it('is a named error where the image is no RAM', async () => {
    await expect(start({ ramBytes: MIB })).rejects.toMatchObject({ code: 'LIVE_ERR_MEMORY' });
    expect(litter()).toEqual([]);
  });

  it('dies with a process that was killed without a word, and leaves nothing', async () => {
    // The victim starts a watched process as QemuProcess does, says its number, and is killed.
    const source = new URL('../../src/live/qemu-process.ts', import.meta.url).pathname;
    const script = `
      const { createServer } = await import('vite');
      const server = await createServer({ configFile: false, server: { middlewareMode: true, ws: false },
        appType: 'custom', logLevel: 'silent', optimizeDeps: { noDiscovery: true } });
      const { QemuProcess } = await server.ssrLoadModule(${JSON.stringify(source)});
      const image = { entry: ${BASE + MIB}, segments: [], file: new Uint8Array() };
      const qemu = await QemuProcess.start({ machine: 'virt', cpu: 'cortex-a15',
        ramBase: ${BASE}, ramBytes: ${16 * MIB}, image });
      console.log(qemu.pid);`;
    const victim = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) => {
      victim.stdout.once('data', (bytes: Buffer) => resolve(Number(bytes.toString())));
    });
    expect(isAlive(pid)).toBe(true);
    victim.kill('SIGKILL');
    expect(await until(() => !isAlive(pid))).toBe(true);
    expect(litter(victim.pid)).toEqual([]);
  });
});
