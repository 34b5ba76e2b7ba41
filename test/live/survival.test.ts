import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { fifo } from '../../src/domain/index.js';
import { LiveMachine, LiveSystem } from '../../src/live/index.js';
import { Trap, Word } from '../../src/live/mailbox-layout.js';
import { SKIPS, title } from '../oracle/tools.js';
import { programOf, type RunOptions, runLive } from '../support/live-programs.js';

/** `b .`: computes for ever and asks nothing. */
const BUSY = programOf(0xeaff_fffe);
/** Maps a page, writes to it, unmaps it, again and again: faults for ever. */
const FAULTING = programOf(
  ...[0xe3a0_0000, 0xe3a0_1a01, 0xe3a0_2003, 0xe3a0_3000, 0xe3a0_70c0, 0xef00_0000], // mmap2
  ...[0xe1a0_4000, 0xe584_4000], // mov r4, r0; str r4, [r4]
  ...[0xe1a0_0004, 0xe3a0_1a01, 0xe3a0_705b, 0xef00_0000], // munmap(r4, 4096)
  0xeaff_fff2, // b to the beginning
);
const CLI = 'dist/bin/pagewright.js';
const MAILBOX = 0x4020_0000;

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(holds: () => boolean, milliseconds = 20_000): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!holds() && performance.now() < end) await sleep(20);
  return holds();
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended and was not waited for yet is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Processes whose parent is `pid` and whose name begins with `name`. */
function childrenOf(pid: number | undefined, name: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((each) => {
      try {
        const status = readFileSync(`/proc/${each}/status`, 'utf8');
        return (
          new RegExp(`^PPid:\\s+${pid}$`, 'm').test(status) &&
          new RegExp(`^Name:\\s+${name}`, 'm').test(status)
        );
      } catch {
        return false;
      }
    });
}

/** Files that hold the RAM of guests. */
function litter(): string[] {
  return ['/dev/shm', tmpdir()].flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => /^pagewright-.*\.ram$/.test(name));
    } catch {
      return [];
    }
  });
}

/** What a run ends in. */
async function endOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return 'an end';
  } catch (error) {
    return error instanceof VmError ? error.code : String(error);
  }
}

describe.skipIf(SKIPS)(title('a live machine survives'), () => {
  it('a guest that is killed while it computes', async () => {
    const during = (live: LiveMachine): void => {
      setTimeout(() => process.kill(live.pid, 'SIGKILL'), 100);
    };
    expect(await endOf(runLive([BUSY], { during }))).toBe('LIVE_ERR_ENDED');
  });

  it('a guest that is killed while it faults', async () => {
    const during = (live: LiveMachine): void => {
      setTimeout(() => process.kill(live.pid, 'SIGKILL'), 100);
    };
    expect(await endOf(runLive([FAULTING], { during, frames: 8 }))).toBe('LIVE_ERR_ENDED');
  });

  it('a guest that faults for ever, without keeping anybody else from their work', async () => {
    let ticks = 0;
    const clock = setInterval(() => {
      ticks += 1;
    }, 10);
    let faults = 0;
    const during = (live: LiveMachine, system: LiveSystem): void => {
      setTimeout(() => {
        faults = system.programs[0]?.faults ?? 0;
        live.stop();
      }, 1000);
    };
    await runLive([FAULTING], { during, frames: 8 });
    clearInterval(clock);
    expect(faults).toBeGreaterThan(100);
    expect(ticks).toBeGreaterThan(10);
  });

  it('a domain that says that it has resolved a fault, and has not', async () => {
    const during = (_live: LiveMachine, { programs }: LiveSystem): void => {
      programs[0]?.domain.faults.install('liar', () => true);
    };
    const { programs } = await runLive([BUSY], { during });
    const end = programs[0]?.end;
    if (end?.kind !== 'fault') throw new Error('it did not end by a fault');
    expect(end.error.chain()).toEqual(['LIB_ERR_PAGEFAULT', 'LIB_ERR_PAGEFAULT_LOOP']);
  });

  it('a TLB that is told nothing: the same fault again and again is a loop', async () => {
    // The walk finds the page that our side mapped; the guest does not, since its table is another.
    const during = (live: LiveMachine): void => {
      const { cpu } = live.machine;
      const handler = cpu.abortHandler;
      let first = true;
      cpu.abortHandler = (abort) => {
        if (!first) return true;
        first = false;
        return handler?.(abort) ?? false;
      };
    };
    const { programs } = await runLive([programOf(0xe3a0_0000, 0xe590_0000)], { during });
    const end = programs[0]?.end;
    if (end?.kind !== 'fault') throw new Error('it did not end by a fault');
    expect(end.error.chain()).toEqual(['LIB_ERR_PAGEFAULT_LOOP']);
    expect(programs[0]?.faults).toBeLessThan(100);
  });

  const lies: readonly (readonly [string, (live: LiveMachine) => void])[] = [
    [
      'a request that is not due',
      (live) => live.machine.memory.writeWord(MAILBOX + Word.REQUEST, 99),
    ],
    [
      'a fault that there is not',
      (live) => {
        const { memory } = live.machine;
        memory.writeWord(MAILBOX + Word.REQUEST + 4, Trap.DATA_ABORT);
        memory.writeWord(MAILBOX + Word.REQUEST + 8, 0);
        const last = memory.readWord(MAILBOX + Word.REQUEST);
        memory.writeWord(MAILBOX + Word.REQUEST, last + 1);
      },
    ],
    [
      'an exception of the runtime',
      (live) => {
        const { memory } = live.machine;
        memory.writeWord(MAILBOX + Word.REQUEST + 4, Trap.PANIC);
        const last = memory.readWord(MAILBOX + Word.REQUEST);
        memory.writeWord(MAILBOX + Word.REQUEST, last + 1);
      },
    ],
  ];
  it.each(lies)('a guest that lies in its mailbox: %s', async (_what, lie) => {
    // What the test writes into the guest's mailbox, the guest could have written.
    const during = (live: LiveMachine): void => {
      setTimeout(() => lie(live), 100);
    };
    expect(await endOf(runLive([BUSY], { during }))).toBe('LIVE_ERR_PROTOCOL');
  });

  it.each(['mapped', 'file'] as const)('two machines side by side (%s)', async (access) => {
    const options: RunOptions = { access, frames: 10 };
    const [one, other] = await Promise.all([
      runLive(['fork'], { ...options, cpu: 'a7' }),
      runLive(['carousel'], { ...options, cpu: 'a9' }),
    ]);
    expect(one.output.match(/16 pages as expected/g)).toHaveLength(2);
    expect(other.output).toBe('40 rounds, f5875800 as expected\n');
  });

  it('one program after another on the same machine', async () => {
    const live = await LiveMachine.start({ ramBytes: 64 * 2 ** 20 });
    try {
      const system = new LiveSystem(live, { policy: fifo, stackBytes: 2 ** 16 });
      const file = programOf(0xe3a0_0007, 0xe3a0_7001, 0xef00_0000);
      system.load([{ name: 'seven', file, argv: ['seven'] }]);
      await system.run();
      expect(system.programs[0]?.end).toEqual({ kind: 'exit', status: 7 });
      expect(live.isRunning).toBe(true);
    } finally {
      await live.stop();
    }
    expect(live.isRunning).toBe(false);
  });

  it('programs that compute: nobody here is busy meanwhile', async () => {
    let spent = 0;
    const during = (live: LiveMachine): void => {
      setTimeout(() => {
        const before = process.cpuUsage();
        setTimeout(() => {
          const { user, system } = process.cpuUsage(before);
          spent = (user + system) / 1e6;
          live.stop();
        }, 1000);
      }, 200);
    };
    await runLive([BUSY], { during });
    // A second of waiting: looking at the mailbox all the time would take the second.
    expect(spent).toBeLessThan(0.5);
  });

  it('a machine without QEMU: a named error with the package', async () => {
    expect(await endOf(LiveMachine.start({ program: 'qemu-system-nowhere' }))).toBe(
      'LIVE_ERR_TOOL',
    );
    await expect(LiveMachine.start({ program: 'qemu-system-nowhere' })).rejects.toThrow(
      /apt-get install .*qemu-system-arm/,
    );
  });

  it('what it cannot be: another processor, other RAM', async () => {
    expect(await endOf(LiveMachine.start({ cpu: 'z80' }))).toBe('USAGE_ERR');
    expect(await endOf(LiveMachine.start({ ramBytes: 1000 }))).toBe('USAGE_ERR');
  });
});

describe.skipIf(SKIPS)(title('pagewright boot as a process'), () => {
  let child: ChildProcess | undefined;

  afterEach(() => {
    child?.kill('SIGKILL');
  });

  /** Starts it with a program that takes its time; answers the number of its QEMU. */
  async function start(): Promise<{ process: ChildProcess; qemu: number }> {
    const args = [CLI, 'boot', 'examples/live/sum.elf', '--frames', '8'];
    child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    const { pid } = child;
    await until(() => childrenOf(pid, 'qemu-system').length === 1);
    const [qemu = 0] = childrenOf(pid, 'qemu-system');
    expect(qemu).toBeGreaterThan(0);
    await sleep(300);
    return { process: child, qemu };
  }

  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
    'leaves nothing behind after %s, and can be started afresh',
    { timeout: 120_000 },
    async (signal) => {
      const { process: victim, qemu } = await start();
      const ended = new Promise((resolve) => victim.once('exit', (_code, by) => resolve(by)));
      victim.kill(signal);
      expect(await ended).toBe(signal);
      expect(await until(() => !isAlive(qemu))).toBe(true);
      expect(await until(() => litter().length === 0)).toBe(true);
      const { programs } = await runLive(['carousel'], { frames: 8 });
      expect(programs[0]?.end).toEqual({ kind: 'exit', status: 0 });
    },
  );
});
