import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.js';
import {
  hasMachine,
  type Machine,
  PATIENCE,
  removeFolder,
  startMachine,
  VIRT,
} from '../support/attach-machine.js';
import { buildFirmware, hasToolchain } from '../support/firmware.js';
import { coreFile, writeLimeDump, writeRawDump } from '../support/linux-dump.js';
import { linuxMemory, linuxTables } from '../support/linux-fixture.js';

const DOCUMENT = readFileSync('docs/sources.md', 'utf8');
const FIXTURE = resolve('test/fixtures/linux-armv7-short');

/** A command of the document, and the lines that it is shown to print. */
interface Example {
  readonly command: string;
  readonly printed: readonly string[];
}

const examples: Example[] = [...DOCUMENT.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(
  ([, text = '']) =>
    text
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...printed] = part.trimEnd().split('\n');
        return { command, printed };
      }),
);

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
const home = process.cwd();
let machine: Machine | undefined;

beforeAll(async () => {
  const path = (name: string): string => join(folder, name);
  symlinkSync(FIXTURE, path('linux'));
  symlinkSync(join(FIXTURE, 'registers.json'), path('registers.json'));
  writeRawDump(path('dump.bin'));
  writeLimeDump(path('memory.lime'));
  const memory = linuxMemory();
  const loads = linuxTables.frames.map(Number).map((pa) => {
    return { pa, bytes: 4096, data: memory.readBytes(pa, 4096) as Uint8Array };
  });
  writeFileSync(path('vmcore'), coreFile({ bits: 32, loads }));
  writeFileSync(path('names.txt'), '00010000+0x2000 shell text\nbefdf000..beffffff stack\n');
  const mapped = 'va 0x0e100000..0x0e101fff pa 0x0e100000..0x0e101fff size 0x00002000 (smallpg)';
  writeFileSync(path('boot.txt'), `D/TC:0 0 dump_mmap_table:737 type TEE_RAM_RX ${mapped}\n`);
  if (hasToolchain) {
    mkdirSync(path('build'));
    symlinkSync(buildFirmware(path('build'), 'executable'), path('firmware.elf'));
  }
  if (hasMachine) machine = await startMachine(VIRT);
});

afterAll(async () => {
  process.chdir(home);
  await machine?.stop();
  removeFolder();
  rmSync(folder, { recursive: true });
});

/** Runs a command line; what it wrote to both streams, and its exit code. */
async function run(command: string): Promise<{ code: number; text: string }> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  let text = '';
  const stream = {
    isTTY: false,
    columns: 120,
    write: (part: string): boolean => {
      text += part;
      return true;
    },
  };
  process.chdir(folder);
  try {
    const streams = { stdout: stream, stderr: stream, variables: {} };
    return { code: await runCommandLine(words.slice(1), streams as never), text };
  } finally {
    process.chdir(home);
  }
}

/** What a command needs that is not installed here, if anything. */
function lacks(command: string): boolean {
  if (command.includes('firmware.elf')) return !hasToolchain;
  return /gdb:|qmp:/.test(command) && !hasMachine;
}

describe('docs/sources.md', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(8);
  });

  it.each(examples.filter(({ command }) => !lacks(command)))('$command', async (example) => {
    const command = example.command
      .replace('127.0.0.1:1234', machine?.gdb ?? '')
      .replace('/run/qemu.sock', machine?.qmp ?? '');
    const patience = /gdb:|qmp:/.test(example.command) ? ` --timeout ${PATIENCE}` : '';
    const { code, text } = await run(`${command}${patience}`);
    expect([code, text]).toEqual([0, expect.not.stringContaining('_ERR_')]);
    const lines = text.split('\n');
    let at = 0;
    for (const expected of example.printed.filter((line) => line !== '…')) {
      const found = lines.indexOf(expected, at);
      expect([expected, found >= at]).toEqual([expected, true]);
      at = found + 1;
    }
    if (machine !== undefined) expect(await machine.status()).toBe('running');
  });

  it('names every source that there is', async () => {
    const { text } = await run('pagewright show jtag:x');
    const known = [...text.matchAll(/\b([a-z]+):[\w./-]/g)].map(([, prefix]) => prefix);
    for (const prefix of known.filter((each) => each !== 'jtag')) {
      expect(DOCUMENT).toContain(`\`${prefix}:`);
    }
    expect(known.length).toBeGreaterThan(8);
  });

  it('shows a program that runs', async () => {
    const program = /^```js\n([\s\S]*?)^```$/m.exec(DOCUMENT)?.[1] ?? '';
    const { openSource } = await import('../../src/source/index.js');
    const { AddressSpace, Regions } = await import('../../src/inspect/index.js');
    const body = program.replace(/^import .*$/gm, '').replaceAll('tables:linux', FIXTURE);
    const printed: unknown[][] = [];
    const console = { log: (...words: unknown[]) => printed.push(words) };
    const parameters = ['openSource', 'AddressSpace', 'Regions', 'console'];
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    await new AsyncFunction(...parameters, body)(openSource, AddressSpace, Regions, console);
    expect(printed).toEqual([
      [
        '71 frames of tables out of 64.0 MiB at 0x40000000',
        expect.any(Number),
        'there is one bank only',
      ],
    ]);
  });
});
