import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import {
  type GivenRegister,
  parseRegisterName,
  RegisterBanks,
} from '../../src/source/register-banks.js';
import { parseRegisters, parseRegisterValue } from '../../src/source/register-file.js';
import { readRegisterFile } from '../../src/source/side-files.js';
import {
  chooseCpu,
  chooseRegisters,
  registerOrigins,
  registerText,
  requireRegisters,
  type SourceRegisters,
} from '../../src/source/source-registers.js';
import { errorOf, rejectionOf } from '../support/errors.js';

const given = (values: Record<string, number>, origin = 'test'): GivenRegister[] =>
  Object.entries(values).map(([name, value]) => ({ name, value, origin }));

interface Layers {
  readonly flags?: Record<string, number>;
  readonly file?: Record<string, number>;
  readonly source?: Record<string, number>;
}

const choose = (layers: Layers, world: 'auto' | 'secure' | 'normal' = 'auto'): SourceRegisters =>
  chooseRegisters(
    {
      flags: new RegisterBanks(
        Object.entries(layers.flags ?? {}).map(([name, value]) => ({
          name,
          value,
          origin: `--${name}`,
        })),
      ),
      file: new RegisterBanks(given(layers.file ?? {}, 'file')),
      source: new RegisterBanks(given(layers.source ?? {}, 'source')),
    },
    world,
  );

describe('names of registers', () => {
  it.each([
    ['TTBR0', 'ttbr0', undefined],
    ['ttbr0_el1', 'ttbr0', undefined],
    ['TTBR0_EL1_S', 'ttbr0', 'secure'],
    ['TTBR0_S', 'ttbr0', 'secure'],
    ['TTBR0_NS', 'ttbr0', 'normal'],
    ['MAIR0', 'prrr', undefined],
    ['MAIR1_S', 'nmrr', 'secure'],
    ['PRRR', 'prrr', undefined],
    ['CONTEXTIDR_S', 'contextidr', 'secure'],
    ['CONTEXTIDR_EL1', 'contextidr', undefined],
    ['MIDR_S', 'midr', 'secure'],
    ['r15', 'pc', undefined],
  ])('%s', (name, register, world) => {
    expect(parseRegisterName(name)).toMatchObject({ register, world });
  });

  it.each(['r0', 'TTBR2', 'TTBR0_EL2', 'constructor', '__proto__', '', 'TTBR0 ', 'MAIR2'])(
    '%s is none',
    (name) => {
      expect(parseRegisterName(name)).toBeUndefined();
    },
  );

  it('may come as a 64-bit and a 32-bit view, of which the second counts', () => {
    for (const values of [
      { TTBR0: 1, TTBR0_EL1: 2 },
      { TTBR0_EL1: 2, TTBR0: 1 },
    ]) {
      expect(new RegisterBanks(given(values)).get('ttbr0', 'normal')?.value).toBe(2);
    }
  });

  it('may not be given twice', () => {
    const twice = [...given({ TTBR0: 1 }, 'a:1'), ...given({ ttbr0: 2 }, 'a:2')];
    const error = errorOf(() => new RegisterBanks(twice));
    expect(error.code).toBe('SOURCE_ERR_REGISTER');
    expect(error.message).toBe('ttbr0 is given twice: 0x1 (a:1) and 0x2 (a:2)');
  });
});

describe('files of registers', () => {
  it('are JSON', () => {
    const text = '{"r0": "0x1", "TTBR0_EL1": "0x4020406a", "DACR": 85, "SCTLR": "10c5387d"}';
    expect(parseRegisters(text, 'regs.json')).toEqual([
      { name: 'TTBR0_EL1', value: 0x4020406a, origin: 'regs.json: TTBR0_EL1' },
      { name: 'DACR', value: 85, origin: 'regs.json: DACR' },
      { name: 'SCTLR', value: 0x10c5387d, origin: 'regs.json: SCTLR' },
    ]);
  });

  it('are lines', () => {
    const text = [
      '# of the board in the lab',
      'TTBR0=0x4020406a',
      '  ttbcr = 0  # N',
      'DACR: 55',
      'SCTLR_S\t10c5_387d\r',
      'CONTEXTIDR_EL1   0x14d               333',
      'r0 12',
    ].join('\n');
    expect(parseRegisters(text, 'regs')).toEqual([
      { name: 'TTBR0', value: 0x4020406a, origin: 'regs:2' },
      { name: 'ttbcr', value: 0, origin: 'regs:3' },
      { name: 'DACR', value: 0x55, origin: 'regs:4' },
      { name: 'SCTLR_S', value: 0x10c5387d, origin: 'regs:5' },
      { name: 'CONTEXTIDR_EL1', value: 0x14d, origin: 'regs:6' },
    ]);
  });

  it('may hold 64-bit values, of which the low word counts', () => {
    expect(parseRegisterValue('TTBR0', '0x004d0000425155c0', 'x')).toBe(0x425155c0);
  });

  it.each([
    ['{', 'SOURCE_ERR_FORMAT', /is not JSON/],
    ['{}', 'SOURCE_ERR_FORMAT', /names no translation register/],
    ['', 'SOURCE_ERR_FORMAT', /names no translation register/],
    ['hello', 'SOURCE_ERR_FORMAT', /names no translation register/],
    ['{"TTBR0": -1}', 'SOURCE_ERR_REGISTER', /TTBR0 is -1/],
    ['{"TTBR0": [1]}', 'SOURCE_ERR_REGISTER', /TTBR0 is \[1\]/],
    ['{"TTBR0": "here"}', 'SOURCE_ERR_REGISTER', /TTBR0 is here/],
    ['TTBR0=12345678901234567', 'SOURCE_ERR_REGISTER', /regs:1: TTBR0 is 12345678901234567,/],
    ['TTBR0=0x', 'SOURCE_ERR_REGISTER', /TTBR0 is 0x/],
    ['TTBR0=_', 'SOURCE_ERR_REGISTER', /TTBR0 is _/],
  ])('are not %j', (text, code, message) => {
    const error = errorOf(() => parseRegisters(text, 'regs'));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('have a named error for whatever else they are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.json(),
          fc.string({ maxLength: 40 }).map((value) => `TTBR0=${value}`),
        ),
        (text) => {
          try {
            parseRegisters(text, 'regs');
          } catch (error) {
            expect(error).toBeInstanceOf(VmError);
          }
        },
      ),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it('are read from the disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'regs.txt');
    writeFileSync(path, 'TTBR0 = 0x4000\n');
    expect(await readRegisterFile(path)).toEqual([
      { name: 'TTBR0', value: 0x4000, origin: `${path}:1` },
    ]);
    writeFileSync(path, new Uint8Array(2 ** 20 + 1));
    expect((await rejectionOf(readRegisterFile(path))).code).toBe('SOURCE_ERR_FORMAT');
    expect((await rejectionOf(readRegisterFile(join(folder, 'none')))).message).toContain(
      'there is no such file',
    );
    expect((await rejectionOf(readRegisterFile(folder))).message).toContain('is a directory');
  });
});

describe('the registers of a source', () => {
  it('come from the command line before the file before the source', () => {
    const registers = choose({
      flags: { ttbr0: 1 },
      file: { TTBR0: 2, DACR: 3 },
      source: { TTBR0: 4, DACR: 5, TTBCR: 6 },
    });
    expect(registerOrigins(registers)).toMatchObject({
      ttbr0: '--ttbr0',
      dacr: 'file',
      ttbcr: 'source',
      sctlr: 'assumed',
    });
    expect(registers.values).toBeUndefined();
    const text = registers.facts.map(registerText);
    expect(text).toContain('DACR 0x00000003 (file)');
    expect(text).toContain('CONTEXTIDR 0x00000000 (assumed: ASID 0)');
  });

  it('are assumed where nobody says anything', () => {
    expect(choose({ flags: { ttbr0: 0x4000 } }).values).toEqual({
      ttbr0: 0x4000,
      ttbr1: 0,
      ttbcr: 0,
      sctlr: 1,
      dacr: 0x5555_5555,
      prrr: 0,
      nmrr: 0,
      contextidr: 0,
    });
  });

  it('have TEX remap where PRRR is given, and the registers of Linux where SCTLR asks for them', () => {
    const remapped = choose({ flags: { ttbr0: 0x4000, prrr: 0x98aa } }).values;
    expect(remapped).toMatchObject({ sctlr: 0x1000_0001, prrr: 0x98aa, nmrr: 0x40e0_40e0 });
    const linux = choose({ flags: { ttbr0: 0x4000 }, file: { SCTLR: 0x10c5_387d } }).values;
    expect(linux).toMatchObject({ prrr: 0xff0a_81a8, nmrr: 0x40e0_40e0 });
  });

  it('need a root, and a second one where TTBCR.N asks for it', () => {
    const none = errorOf(() => requireRegisters(choose({}), 'core:vmcore'));
    expect(none.code).toBe('SOURCE_ERR_ROOT');
    expect(none.message).toMatch(/^core:vmcore does not tell TTBR0: give --ttbr0 ADDRESS/);
    const half = errorOf(() =>
      requireRegisters(choose({ flags: { ttbr0: 0, ttbcr: 1 } }), 'ram:x@0'),
    );
    expect(half.message).toMatch(/TTBR1, which TTBCR\.N brings into play: give --ttbr1/);
    const both = choose({ flags: { ttbr0: 0, ttbcr: 1, ttbr1: 0x4000 } });
    expect(requireRegisters(both, 'ram:x@0')).toMatchObject({ ttbr1: 0x4000 });
  });

  it('have the MMU on where a table is named by hand, and only the source says that it is off', () => {
    const off = { source: { SCTLR: 0xc50078, TTBR0: 0 } };
    expect(choose(off).values?.sctlr).toBe(0xc50078);
    const named = choose({ ...off, flags: { ttbr0: 0x4000 } });
    expect(named.values?.sctlr).toBe(0xc50079);
    expect(named.facts.map(registerText)).toContain(
      'SCTLR 0x00c50079 (source: MMU taken to be on, since --ttbr0 names a table)',
    );
    const byHand = choose({ ...off, flags: { ttbr0: 0x4000, sctlr: 0 } });
    expect(byHand.values?.sctlr).toBe(0);
  });

  it.each([
    ['secure', 1, 0, undefined, 'its MMU is on, that of the normal world is off'],
    ['normal', 0, 1, undefined, 'its MMU is on, that of the secure world is off'],
    ['normal', 1, 1, undefined, 'both MMUs are on: assumed'],
    ['secure', 1, 1, 0, 'both MMUs are on, and SCR.NS says that it is at work'],
    ['normal', 1, 1, 1, 'both MMUs are on, and SCR.NS says that it is at work'],
    ['secure', 0, 0, 0, 'neither MMU is on, and SCR.NS says that it is at work'],
  ] as const)('are of the %s world with SCTLR_S %d, SCTLR %d, SCR %s', (world, s, ns, scr, why) => {
    const source = {
      SCTLR_S: s,
      SCTLR: ns,
      TTBR0_EL1_S: 0x4000,
      TTBR0_EL1: 0x8000,
      DACR: 0x11,
      DFSR_S: 5,
      DFSR: 7,
      ...(scr === undefined ? {} : { SCR: scr }),
    };
    const registers = choose({ source });
    expect(registers).toMatchObject({ world, worldReason: why });
    const isSecure = world === 'secure';
    expect(registers.values).toMatchObject({ ttbr0: isSecure ? 0x4000 : 0x8000, dacr: 0x11 });
    expect(registers.others.get('dfsr')?.value).toBe(isSecure ? 5 : 7);
  });

  it('are of the world that is asked for', () => {
    const source = { SCTLR_S: 1, SCTLR: 1, TTBR0_S: 1, TTBR0: 2 };
    expect(choose({ source }, 'secure')).toMatchObject({
      world: 'secure',
      worldReason: 'as asked',
    });
    expect(choose({ source }, 'secure').values?.ttbr0).toBe(1);
    expect(choose({ source }, 'normal').values?.ttbr0).toBe(2);
    const single = choose({ source: { TTBR0: 2 } }, 'secure');
    expect(single.worldReason).toBe('as asked, though there is one bank only');
    expect(single.values?.ttbr0).toBe(2);
  });
});

describe('the processor of a source', () => {
  it.each([
    [0x410f_c075, 'cortex-a7', 'cortex-a7 by MIDR 0x410fc075 (source)'],
    [0x413f_c090, 'cortex-a9', 'cortex-a9 by MIDR 0x413fc090 (source)'],
    [0x414f_c0f0, 'cortex-a15', 'cortex-a15 by MIDR 0x414fc0f0 (source)'],
    [0x413f_c082, 'cortex-a9', 'cortex-a8 by MIDR 0x413fc082 (source)'],
    [0x410f_d034, 'cortex-a15', 'assumed'],
  ])('with MIDR 0x%s', (midr, profile, origin) => {
    const cpu = chooseCpu(choose({ source: { MIDR: midr } }), undefined, undefined);
    expect([cpu.profile.name, cpu.origin]).toEqual([profile, origin]);
  });

  it('may be named by the file or by the user', () => {
    const registers = choose({});
    expect(chooseCpu(registers, 'Cortex-A9', undefined)).toMatchObject({
      profile: { name: 'cortex-a9' },
      origin: 'cortex-a9 by the file',
    });
    expect(chooseCpu(registers, 'cortex-a9', 'cortex-a7')).toMatchObject({
      profile: { name: 'cortex-a7' },
      origin: 'as asked',
    });
    const error = errorOf(() => chooseCpu(registers, undefined, 'toString'));
    expect(error.message).toBe(
      'no processor is called toString; known: cortex-a7, cortex-a9, cortex-a15',
    );
  });
});
