/**
 * Figures of the live machine: what a fault of a program in QEMU costs, and what we do meanwhile.
 *
 *   npm run bench:live               a table for a person
 *   npm run --silent bench:live -- --json   [{name, unit, median, min, p99}]
 *
 * `gap` is from one request of the guest to the next, for a program that does nothing but touch page
 * after page: exception, runtime, mailbox, our service, return, and the access again. `service` is the
 * part of it that is ours, from the request seen to the answer written. Each is the median of the best
 * of several runs, the lowest sample of all, and the 99th percentile of all: other work on the machine
 * makes whole runs slow, since host and guest need a core each.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { VmError } from '../src/base/index.js';
import { fifo, parseExecutable } from '../src/domain/index.js';
import { LiveMachine, LiveSystem, type MemoryAccess } from '../src/live/index.js';
import type { Figure } from './measure.js';

const ROUNDS = 5;
const BUSY_MILLISECONDS = 1000;
const json = process.argv.includes('--json');

interface Samples {
  readonly boot: number[];
  readonly gaps: number[];
  readonly services: number[];
}

/** Boots a program once, and notes the times. Microseconds, the boot in milliseconds. */
async function measure(
  access: MemoryAccess,
  name: string,
  frames: number | undefined,
  samples: Samples,
): Promise<void> {
  const live = await LiveMachine.start({ access });
  samples.boot.push(live.bootMilliseconds);
  let last = 0;
  const options = {
    policy: fifo,
    stackBytes: 2 ** 16,
    ...(frames === undefined ? {} : { frames }),
  };
  const system = new LiveSystem(live, options, {
    served: (from, to) => {
      if (last > 0) samples.gaps.push((from - last) * 1000);
      samples.services.push((to - from) * 1000);
      last = from;
    },
  });
  try {
    const file = new Uint8Array(readFileSync(`examples/live/${name}.elf`));
    system.load([{ name, file, argv: [name] }]);
    await system.run();
  } finally {
    await live.stop();
  }
}

/** A program of one instruction, a branch to itself: `touch` with another beginning. */
function busyProgram(): Uint8Array {
  const file = new Uint8Array(readFileSync('examples/live/touch.elf'));
  const { entry, segments } = parseExecutable(file);
  const text = segments.find(({ executable }) => executable);
  if (text === undefined) throw new Error('touch.elf has no code');
  new DataView(file.buffer).setUint32(text.fileOffset + entry - text.address, 0xeaff_fffe, true);
  return file;
}

/** The share of one core that we use while a program computes and asks nothing. */
async function measureIdle(): Promise<number> {
  const live = await LiveMachine.start();
  const system = new LiveSystem(live, { policy: fifo, stackBytes: 2 ** 16 });
  const file = busyProgram();
  system.load([{ name: 'busy', file, argv: ['busy'] }]);
  let share = 0;
  setTimeout(() => {
    const before = process.cpuUsage();
    const begin = performance.now();
    setTimeout(() => {
      const { user, system: kernel } = process.cpuUsage(before);
      share = (user + kernel) / 1000 / (performance.now() - begin);
      live.stop();
    }, BUSY_MILLISECONDS);
  }, 200);
  await system.run();
  return share;
}

function figure(
  name: string,
  unit: string,
  values: number[],
): Omit<Figure, 'unit'> & { unit: string } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
  return { name, unit, median: at(0.5), min: at(0), p99: at(0.99) };
}

/** Microseconds of several runs: the median is that of the best one. */
function bestOf(name: string, rounds: number[][]): ReturnType<typeof figure> {
  const all = figure(name, 'us', rounds.flat());
  const medians = rounds.map((round) => figure(name, 'us', round).median);
  return { ...all, median: Math.min(...medians) };
}

async function main(): Promise<void> {
  const figures: ReturnType<typeof figure>[] = [];
  const boots: number[] = [];
  for (const access of ['mapped', 'file'] as const) {
    for (const [label, frames] of [
      ['zeros', undefined],
      ['evicting', 64],
    ] as const) {
      const rounds: Samples[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const samples: Samples = { boot: boots, gaps: [], services: [] };
        await measure(access, 'touch', frames, samples);
        rounds.push(samples);
      }
      const name = `live.${label}.${access}`;
      figures.push(
        bestOf(
          `${name}.gap`,
          rounds.map(({ gaps }) => gaps),
        ),
      );
      figures.push(
        bestOf(
          `${name}.service`,
          rounds.map(({ services }) => services),
        ),
      );
    }
  }
  figures.push(figure('live.boot', 'ms', boots));
  figures.push(figure('live.idle', '% of a core', [100 * (await measureIdle())]));
  if (json) {
    console.log(JSON.stringify(figures, null, 2));
    return;
  }
  const load = loadavg()[0]?.toFixed(1) ?? '';
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, node ${process.version}, load ${load}\n`,
  );
  console.log(
    `${'case'.padEnd(34)} ${'median'.padStart(9)} ${'min'.padStart(9)} ${'p99'.padStart(9)}`,
  );
  for (const { name, unit, median, min, p99 } of figures) {
    const columns = [median, min, p99].map((value) => value.toFixed(1).padStart(9));
    console.log(`${name.padEnd(34)} ${columns.join(' ')}  ${unit}`);
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof VmError)) throw error;
  console.error(`bench:live: ${error.message}`);
  process.exitCode = 1;
}
