/**
 * Reading and checking. In this process:
 *
 *   show.full4GiB     all 4 GiB by small pages, 4096 level-2 tables, from the words in memory to the
 *                     map as lines of text. Each page has its own address (one row), or a frame far
 *                     from its neighbours' (`.scattered`, folded to one row), or every 16 pages have
 *                     other rights than those before (`.mixed`, 65,536 rows)
 *   check.full4GiB    every rule over the same tables, from the words in memory to the findings
 *   scan.256MiB       the root tables in a dump of 256 MiB: of noise with 64 root tables between, of
 *                     words as kernels have them (`.pointers`), and of zeros (`.zeros`)
 *
 * And from start to end of a process of its own, of the package as `npm run build` left it:
 *
 *   cli.help          `pagewright --help`; `cli.nothing` is Node itself with nothing to do
 *   cli.show.linux    `pagewright show` of the Linux fixture
 *   cli.show.2GiB, cli.scan.2GiB
 *                     `pagewright show` and `scan` of a raw dump of 2 GiB with the tables of the Linux
 *                     fixture in 64 MiB of noise, and zeros behind; `.rss` is the peak of its memory
 *                     in bytes, not time
 *   cli.show.live     `pagewright show gdb:…` of a running Linux in QEMU, where one can be had
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MIB } from '../src/base/index.js';
import {
  AddressSpace,
  checkSpace,
  mapLines,
  mapRows,
  Names,
  plainText,
  Regions,
  type SpaceInput,
  scanForRoots,
} from '../src/inspect/index.js';
import { EXTERNAL_ABORT } from '../src/machine/index.js';
import { debianLinux, READY } from '../test/support/debian-linux.js';
import { CODE, DATA, fullSpace } from '../test/support/tables.js';
import { type Case, nanosecondsPer, Unavailable } from './measure.js';

const PAGES = 2 ** 20;

/** What the 4 GiB of small pages may hold; each with the frame of a page. */
const SPACES = {
  identity: () => fullSpace((page) => page, DATA).input,
  // 0x9e375 is odd, so that each frame is used once, and no neighbours are.
  scattered: () => fullSpace((page) => Math.imul(page, 0x9_e375) & (PAGES - 1), DATA).input,
  mixed: () => mixedSpace(),
} as const;

/** Code and data in turn, 16 pages each. */
function mixedSpace(): SpaceInput {
  const tables = fullSpace((page) => page, DATA);
  const code = fullSpace((page) => page, CODE);
  for (let page = 0; page < PAGES; page += 1) {
    if (Math.floor(page / 16) % 2 === 0) continue;
    const at = code.table((page >>> 8) * MIB) + (page & 255) * 4;
    tables.memory.writeWord(at, code.memory.readWord(at));
  }
  return tables.input;
}

/** What was measured must have been done. */
function want(done: boolean): void {
  if (!done) throw new Error('the case does not do what it measures');
}

function showing(name: keyof typeof SPACES): () => number {
  const input = SPACES[name]();
  return () =>
    nanosecondsPer(1, () => {
      const regions = new Regions(new AddressSpace(input));
      const lines = mapLines(regions.space, mapRows(regions), { source: 'bench' });
      let letters = 0;
      for (const each of lines) letters += plainText(each).length;
      want(letters > 300);
    });
}

function checking(name: keyof typeof SPACES): () => number {
  const input = SPACES[name]();
  return () =>
    nanosecondsPer(1, () => {
      const space = new AddressSpace(input);
      const context = { space, regions: new Regions(space), names: new Names(), kernel: [] };
      want(checkSpace(context, { today: '2026-01-01' }).findings.length > 0);
    });
}

const DUMP_BASE = 0x6000_0000;
const DUMP_BYTES = 256 * MIB;

/** Pseudo-random words, the same on each run. */
function noise(words: Uint32Array, seed = 1): Uint32Array {
  let state = seed;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state >>> 0;
  }
  return words;
}

const DUMPS = {
  noise: () => withRoots(noise(new Uint32Array(DUMP_BYTES / 4))),
  pointers: () => {
    const words = noise(new Uint32Array(DUMP_BYTES / 4), 7);
    // Half of it zero, half addresses of this memory and small numbers.
    for (let at = 0; at < words.length; at += 1) {
      const kind = words[at] >>> 30;
      if (kind < 2) words[at] = 0;
      else if (kind === 2) words[at] = 0xc000_0000 | (words[at] & 0x0fff_fffc);
      else words[at] &= 0xfff;
    }
    return withRoots(words);
  },
  zeros: () => new Uint32Array(DUMP_BYTES / 4),
} as const;

/** 64 root tables of sections, each with some pointers to zeros. */
function withRoots(words: Uint32Array): Uint32Array {
  for (let root = 0; root < 64; root += 1) {
    const first = root * MIB;
    words.fill(0, first, first + 4096);
    for (let index = 0; index < 768; index += 1) {
      words[first + 0xc00 + index] = (DUMP_BASE + index * MIB + 0x1140e) >>> 0;
    }
  }
  return words;
}

function scanning(name: keyof typeof DUMPS): () => number {
  const roots = name === 'zeros' ? 0 : 64;
  const words = DUMPS[name]();
  const bytes = new Uint8Array(words.buffer);
  const memory = {
    ranges: [{ pa: DUMP_BASE, bytes: DUMP_BYTES }],
    readWord: (pa: number) => words[(pa - DUMP_BASE) >>> 2] ?? EXTERNAL_ABORT,
    readBytes: (pa: number, length: number) =>
      bytes.subarray(pa - DUMP_BASE, pa - DUMP_BASE + length),
  };
  return () =>
    nanosecondsPer(1, () => {
      want(scanForRoots(memory).length === roots);
    });
}

const PAGEWRIGHT = 'dist/bin/pagewright.js';
const FIXTURE = 'test/fixtures/linux-armv7-short';
const LINUX_BASE = 0x4000_0000;

/** Runs Node to its end; errors but "no" are errors of the bench. */
function runNode(args: readonly string[]): string {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0 && status !== 1) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stderr;
}

function running(...args: readonly string[]): () => number {
  return () => nanosecondsPer(1, () => runNode(args));
}

let folder: string | undefined;
/** A folder that goes away with this process. */
function scratch(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'pagewright-bench-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

/** A raw dump of 2 GiB; answers the arguments that read it. */
function largeDump(): readonly string[] {
  const path = join(scratch(), 'dump.bin');
  if (!existsSync(path)) {
    const file = openSync(path, 'w');
    ftruncateSync(file, 2048 * MIB);
    writeSync(file, new Uint8Array(noise(new Uint32Array(16 * MIB)).buffer), 0, 64 * MIB, 0);
    const words = gunzipSync(readFileSync(`${FIXTURE}/tables.bin.gz`));
    const { frames } = JSON.parse(readFileSync(`${FIXTURE}/tables.json`, 'utf8')) as {
      frames: string[];
    };
    for (const [index, frame] of frames.entries()) {
      writeSync(file, words, index * 4096, 4096, Number(frame) - LINUX_BASE);
    }
    closeSync(file);
  }
  return [`ram:${path}@0x${LINUX_BASE.toString(16)}`, '--regs', `${FIXTURE}/registers.json`];
}

/** The peak of a command's memory, in bytes, as the process itself tells it at its end. */
function peakOf(verb: string): () => number {
  const args = largeDump();
  const told = 'process.on("exit",()=>console.error("\\n"+process.resourceUsage().maxRSS))';
  const preload = ['--import', `data:text/javascript,${encodeURIComponent(told)}`];
  return () => {
    const said = runNode([...preload, PAGEWRIGHT, verb, ...args]);
    return Number(said.trim().split('\n').at(-1)) * 1024;
  };
}

/** Boots Linux in QEMU; answers its gdbstub's socket. It ends with this process. */
function bootLinux(image: NonNullable<ReturnType<typeof debianLinux>>): string {
  const serial = join(scratch(), 'serial');
  const gdb = join(scratch(), 'gdb');
  const qemu = spawn(
    'qemu-system-arm',
    [
      ...['-machine', 'virt,highmem=off', '-cpu', 'cortex-a15', '-m', '256M', '-nic', 'none'],
      ...['-nographic', '-audiodev', 'none,id=noaudio', '-monitor', 'none'],
      ...['-serial', `file:${serial}`, '-gdb', `unix:${gdb},server=on,wait=off`],
      ...['-kernel', image.kernel, '-initrd', image.initramfs],
      ...['-append', 'console=ttyAMA0 nokaslr norandmaps panic=-1'],
    ],
    { stdio: 'ignore' },
  );
  process.on('exit', () => qemu.kill('SIGKILL'));
  qemu.unref();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; ; tries += 1) {
    if (existsSync(serial) && readFileSync(serial).includes(READY)) return gdb;
    if (tries > 1200) throw new Error('Linux does not boot');
    Atomics.wait(pause, 0, 0, 100);
  }
}

/** Shows a running Linux, where QEMU and a kernel are to be had. */
function showingLive(): () => number {
  const hasQemu = spawnSync('qemu-system-arm', ['--version']).error === undefined;
  if (!hasQemu) throw new Unavailable('qemu-system-arm is not installed');
  const image = debianLinux();
  if (image === undefined) throw new Unavailable('no Linux for Arm is here; ARMHF=1 fetches it');
  return running(PAGEWRIGHT, 'show', `gdb:${bootLinux(image)}`);
}

const spaces = Object.keys(SPACES) as (keyof typeof SPACES)[];
/** The first of a kind has the name of the kind, the others theirs behind it. */
const nameOf = (kind: string, name: string, first: string): string =>
  name === first ? kind : `${kind}.${name}`;

export const cases: readonly Case[] = [
  ...spaces.map(
    (name): Case => ({
      name: nameOf('show.full4GiB', name, 'identity'),
      unit: 'ns',
      samples: 20,
      prepare: () => showing(name),
    }),
  ),
  ...spaces.map(
    (name): Case => ({
      name: nameOf('check.full4GiB', name, 'identity'),
      unit: 'ns',
      samples: 20,
      prepare: () => checking(name),
    }),
  ),
  ...(Object.keys(DUMPS) as (keyof typeof DUMPS)[]).map(
    (name): Case => ({
      name: nameOf('scan.256MiB', name, 'noise'),
      unit: 'ns',
      samples: 6,
      prepare: () => scanning(name),
    }),
  ),
  { name: 'cli.nothing', unit: 'ns', samples: 20, prepare: () => running('--eval', '0') },
  { name: 'cli.help', unit: 'ns', samples: 20, prepare: () => running(PAGEWRIGHT, '--help') },
  {
    name: 'cli.show.linux',
    unit: 'ns',
    samples: 20,
    prepare: () => running(PAGEWRIGHT, 'show', `tables:${FIXTURE}`),
  },
  ...['show', 'scan'].flatMap((verb): Case[] => [
    {
      name: `cli.${verb}.2GiB`,
      unit: 'ns',
      samples: 4,
      prepare: () => running(PAGEWRIGHT, verb, ...largeDump()),
    },
    { name: `cli.${verb}.2GiB.rss`, unit: 'bytes', samples: 2, prepare: () => peakOf(verb) },
  ]),
  { name: 'cli.show.live', unit: 'ns', samples: 20, prepare: showingLive },
];
