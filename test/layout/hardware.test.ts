import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_BYTES } from '../../src/base/index.js';
import { ACCESS_NAMES, isFetch } from '../../src/format/index.js';
import { emitObject } from '../../src/layout/emit-object.js';
import { emitAssembly } from '../../src/layout/emit-source.js';
import { type Build, buildLayout } from '../../src/layout/index.js';
import { emitStub } from '../../src/layout/startup-stub.js';
import { walk } from '../../src/machine/index.js';
import { layoutOf } from '../support/example-layouts.js';

/**
 * Tables that were built are linked with their start-up stub by the cross toolchain and tried by a
 * guest on QEMU: every region, with every access that it should and should not allow.
 */

const GUEST = fileURLToPath(new URL('../../guest/', import.meta.url));
const TOOLS = ['qemu-system-arm', 'arm-none-eabi-as', 'arm-none-eabi-ld', 'arm-none-eabi-objcopy'];
const missing = TOOLS.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
// On CI a tool that is missing is a failure, never a skip.
const skipped = missing.length > 0 && process.env['CI'] !== 'true';

/** A machine to try tables on. */
interface Trial {
  readonly name: string;
  readonly machine: string;
  /** A range of its RAM where QEMU puts nothing of its own. */
  readonly ram: number;
  readonly layout: string;
}

/** Regions of every kind above the guest's MiB, `at` in the first GiB of RAM. */
const regionsAt = (ram: number, pxn: boolean): string => {
  const hex = (offset: number): string => `0x${(ram + offset).toString(16)}`;
  const lines = [
    `{name: guest, va: ${hex(0)}, size: 1M, rights: rwx}`,
    `{name: read, va: 0x1000, pa: ${hex(0x200000)}, size: 4K, rights: r}`,
    `{name: write, va: 0x2000, pa: ${hex(0x201000)}, size: 8K, rights: rw, memory: normal-nc}`,
    `{name: code, va: 0x4000, pa: ${hex(0x204000)}, size: 4K, rights: r-x, memory: normal-wt}`,
    `{name: large, va: 0x1_0000, pa: ${hex(0x210000)}, size: 128K, rights: {pl1: rw, pl0: rw}}`,
    `{name: large-code, va: 0x4_0000, pa: ${hex(0x240000)}, size: 64K, rights: {pl1: rx, pl0: rx}}`,
    `{name: mixed, va: 0x7_0000, pa: ${hex(0x270000)}, size: 200K, rights: {pl1: r, pl0: r}}`,
    `{name: section, va: 0x10_0000, pa: ${hex(0x300000)}, size: 2M, rights: {pl1: rwx, pl0: rwx}}`,
    `{name: high, va: 0xfff0_0000, pa: ${hex(0x300000)}, size: 1M, rights: {pl1: rw, pl0: r}}`,
    `{name: super, va: 0x8000_0000, pa: ${hex(0x1000000)}, size: 16M, rights: {pl1: r, pl0: r}}`,
    `{name: device, va: 0x500_0000, pa: ${hex(0x500000)}, size: 1M, memory: device}`,
    `{name: strong, va: 0x510_0000, pa: ${hex(0x600000)}, size: 4K, memory: strongly}`,
    `{name: closed, va: 0x600_0000, pa: ${hex(0x700000)}, size: 1M, rights: rw, domain: 2}`,
    `{name: free, va: 0x700_0000, pa: ${hex(0x700000)}, size: 1M, rights: r, domain: 15}`,
    `{name: client, va: 0x800_0000, pa: ${hex(0x700000)}, size: 64K, rights: {pl1: rw, pl0: rw}, domain: 1}`,
    `{name: guard, va: 0x900_0000, size: 4K, rights: none}`,
  ];
  if (pxn) {
    lines.push(
      `{name: user-code, va: 0x1000_0000, pa: ${hex(0x800000)}, size: 4K, rights: {pl1: r, pl0: rx}}`,
      `{name: user-section, va: 0x1010_0000, pa: ${hex(0x300000)}, size: 1M, rights: {pl1: rw, pl0: rwx}}`,
      `{name: user-super, va: 0x2000_0000, pa: ${hex(0x1000000)}, size: 16M, rights: {pl1: rw, pl0: rwx}}`,
    );
  }
  return `tables: {at: ${hex(0x100000)}, size: 64K}\nregions:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
};

const MMU = '{clients: [0, 1], managers: [15]';
const TRIALS: readonly Trial[] = [
  {
    name: 'a Cortex-A15',
    machine: 'virt',
    ram: 0x4100_0000,
    layout: `cpu: cortex-a15\nmmu: ${MMU}}\n${regionsAt(0x4100_0000, true)}`,
  },
  {
    name: 'a Cortex-A7 with TTBCR.N = 3, TEX remap and the access flag',
    machine: 'virt',
    ram: 0x4100_0000,
    // The access flag leaves no encoding for what PL1 may write and PL0 only read.
    layout: `cpu: cortex-a7\nmmu: ${MMU}, split: 3, texRemap: true, accessFlag: true}\n${regionsAt(
      0x4100_0000,
      true,
    ).replace('{pl1: rw, pl0: r}', '{pl1: rw, pl0: rw}')}`,
  },
  {
    name: 'a Cortex-A9',
    machine: 'vexpress-a9',
    ram: 0x6000_0000,
    layout: `cpu: cortex-a9\nmmu: ${MMU}}\n${regionsAt(0x6000_0000, false)}`,
  },
];

/** One access, and what our walk of the tables says will come of it. */
interface Check {
  readonly va: number;
  readonly access: number;
  readonly answer: number;
}

const DATA_ABORT = 0x8000_0000;
const PREFETCH_ABORT = 0x4000_0000;
/** QEMU leaves the domain of the fault in IFSR[7:4], which is UNK/SBZP (see test/oracle). */
const IFSR_DOMAIN = 0xf0;

function checksOf({ regions, placement, space }: Build): Check[] {
  const { reader, registers, profile } = space.input;
  const addresses = new Set<number>();
  for (const { va, bytes } of placement.regions) {
    for (const at of [va - PAGE_BYTES, va, va + bytes - PAGE_BYTES, va + bytes]) {
      if (at >= 0 && at < 2 ** 32) addresses.add(at);
    }
  }
  const guest = regions.find(({ name }) => name === 'guest');
  const list = [...addresses].filter(
    (va) => guest === undefined || va < guest.va || va >= guest.va + guest.bytes,
  );
  return list.flatMap((va) =>
    ACCESS_NAMES.map((_, access) => {
      const { fault } = walk(reader, registers, profile, va, access);
      const abort = isFetch(access) ? PREFETCH_ABORT : DATA_ABORT;
      return { va, access, answer: fault === undefined ? 0 : (abort | fault.fsr) >>> 0 };
    }),
  );
}

/** The checks and the pages that they reach, as a source for the assembler. */
function checkSource(build: Build, checks: readonly Check[]): string {
  const { reader, registers, profile } = build.space.input;
  const pages = new Set<number>();
  for (const { va } of checks) {
    const { leaf } = walk(reader, registers, profile, va, 0);
    if (leaf !== undefined) pages.add(leaf.pa);
  }
  return [
    '.section .checks, "a"',
    '.balign 4',
    '.global checks, checks_end, pages, pages_end',
    'checks:',
    ...checks.map(({ va, access }) => `.word 0x${va.toString(16)}, ${access}`),
    'checks_end:',
    'pages:',
    ...[...pages].map((pa) => `.word 0x${pa.toString(16)}`),
    'pages_end:',
    '',
  ].join('\n');
}

describe.skipIf(skipped)('tables on the hardware that QEMU is', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const assemble = (name: string, text: string): string => {
    writeFileSync(path(`${name}.S`), text);
    const object = path(`${name}.o`);
    execFileSync('arm-none-eabi-as', ['--fatal-warnings', '-o', object, path(`${name}.S`)]);
    return object;
  };

  beforeAll(() => {
    if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`);
    folder = mkdtempSync(join(tmpdir(), 'pagewright-built-'));
  });
  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  it.each(TRIALS)('allow and forbid what they should on $name', (trial) => {
    const build = buildLayout(layoutOf(trial.layout));
    const checks = checksOf(build);
    const emission = { build, command: 'a test' };
    writeFileSync(path('tables.o'), emitObject(build));
    const objects = [
      assemble('guest', readFileSync(join(GUEST, 'built.S'), 'utf8')),
      assemble('stub', emitStub(emission)),
      assemble('checks', checkSource(build, checks)),
      path('tables.o'),
    ];
    const image = path('guest.elf');
    execFileSync('arm-none-eabi-ld', [
      ...['-T', join(GUEST, 'built.ld'), '--no-warn-rwx-segments', '-o', image],
      `--defsym=guest_base=${trial.ram}`,
      `--defsym=tables_base=${build.image.base}`,
      ...objects,
    ]);
    const qemu = spawnSync(
      'qemu-system-arm',
      [
        ...['-machine', trial.machine, '-cpu', build.layout.profile.name, '-m', '128M'],
        ...['-semihosting-config', 'enable=on,target=native', '-display', 'none'],
        ...['-serial', 'none', '-monitor', 'none', '-nic', 'none', '-no-reboot'],
        ...['-device', `loader,file=${image},cpu-num=0`, '-audiodev', 'none,id=silent'],
      ],
      { encoding: 'utf8', timeout: 30_000, env: { ...process.env, QEMU_AUDIO_DRV: 'none' } },
    );
    const words = `${qemu.stdout}${qemu.stderr}`;
    const said = words.split('\n').filter((line) => /^[0-9a-f]{8}$/.test(line));
    expect(said, words).toHaveLength(checks.length);
    const wrong = checks.flatMap(({ va, access, answer }, index) => {
      const word = Number.parseInt(said[index] ?? '', 16);
      const got = (word & PREFETCH_ABORT) === 0 ? word : (word & ~IFSR_DOMAIN) >>> 0;
      if (got === answer) return [];
      const [wanted, found] = [answer, word].map((each) => `0x${each.toString(16)}`);
      return [`${ACCESS_NAMES[access]} of 0x${va.toString(16)}: ${found}, expected ${wanted}`];
    });
    expect(wrong).toEqual([]);
    // Everything is there: what is allowed, and each kind of fault.
    const kinds = new Set(checks.map(({ answer }) => answer & ~0x8f0));
    expect(kinds.size).toBeGreaterThanOrEqual(8);
  });

  it.each(TRIALS)('are the same words in every form for $name', (trial) => {
    const build = buildLayout(layoutOf(trial.layout));
    const object = assemble('assembly', emitAssembly({ build, command: 'a test' }));
    writeFileSync(path('object.o'), emitObject(build));
    const words = new Uint8Array(build.image.words.buffer);
    for (const form of [object, path('object.o')]) {
      const section = path('section.bin');
      const only = ['-O', 'binary', '--only-section=.pagewright_tables', form, section];
      execFileSync('arm-none-eabi-objcopy', only);
      expect(new Uint8Array(readFileSync(section))).toEqual(words);
    }
  });
});
