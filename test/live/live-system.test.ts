import { describe, expect, it } from 'vitest';
import { clock, fifo, lfu, lru, random, secondChance } from '../../src/domain/index.js';
import { Access } from '../../src/format/index.js';
import type { FaultEvent, LiveMachine } from '../../src/live/index.js';
import { SKIPS, title } from '../oracle/tools.js';
import { programOf, runLive } from '../support/live-programs.js';

const SLOW = 600_000;

describe.skipIf(SKIPS)(title('programs on a live machine'), () => {
  it('sum the same in 32 frames as with all memory, with every number as it was written', {
    timeout: SLOW,
  }, async () => {
    const all = await runLive(['sum']);
    const few = await runLive(['sum'], { frames: 32 });
    expect(few.output).toBe('sum 27800000 as expected, 0 numbers are not what was written\n');
    expect(all.output).toBe(few.output);
    const [program] = few.programs;
    expect(program?.end).toEqual({ kind: 'exit', status: 0 });
    expect(program?.resident).toBe(32);
    expect(program?.evicted).toBeGreaterThan(2 * 16_384 - 100);
    expect(all.programs[0]?.faults).toBeGreaterThan(16_384);
    expect(all.programs[0]?.evicted).toBe(0);
  });

  it.each([fifo, clock, secondChance, lru(), lfu(), random(3)])(
    'sort the same under $name as with all memory',
    { timeout: SLOW },
    async (policy) => {
      const { output, programs } = await runLive(['quicksort'], { frames: 16, policy });
      expect(output).toBe('65536 numbers, 0 in the wrong order, sum 97148000 as before\n');
      expect(programs[0]?.end).toEqual({ kind: 'exit', status: 0 });
      expect(programs[0]?.evicted).toBeGreaterThan(100);
    },
  );

  it.each(['a7', 'a15', 'a9'])('write apart after a fork, on an %s', async (cpu) => {
    const events: FaultEvent[] = [];
    const observer = { fault: (event: FaultEvent) => events.push(event) };
    const { output, programs } = await runLive(['fork'], { cpu, frames: 12, observer });
    expect(output.split('\n').sort()).toEqual([
      '',
      'child: 16 pages as expected',
      'parent: 16 pages as expected',
    ]);
    expect(programs.map(({ end }) => end)).toEqual([
      { kind: 'exit', status: 0 },
      { kind: 'exit', status: 0 },
    ]);
    const copied = events.filter(({ answer, region }) => answer === 'copied' && region === 'bss');
    expect(copied.length).toBeGreaterThanOrEqual(16);
  });

  it.each(['mapped', 'file'] as const)(
    'find the code that belongs there, in frames that held other code (%s)',
    { timeout: SLOW },
    async (access) => {
      const all = await runLive(['carousel'], { access });
      const few = await runLive(['carousel'], { access, frames: 8 });
      expect(few.output).toBe('40 rounds, f5875800 as expected\n');
      expect(all.output).toBe(few.output);
      expect(few.programs[0]?.evicted).toBeGreaterThan(1000);
    },
  );

  it.each(['mapped', 'file'] as const)(
    'execute what we write over code that was executed (%s)',
    async (access) => {
      const program = programOf(
        0xeb00_0008, // bl f
        ...[0xe3a0_0001, 0xe3a0_1801, 0xe3a0_2004, 0xe3a0_7004, 0xef00_0000], // write(1, 10000, 4)
        0xeb00_0002, // bl f
        ...[0xe200_00ff, 0xe3a0_7001, 0xef00_0000], // exit(r0)
        ...[0xe3a0_000b, 0xe12f_ff1e], // f: mov r0, #11; bx lr
      );
      let machine: LiveMachine | undefined;
      const { programs } = await runLive([program], {
        access,
        during: (live) => {
          machine = live;
        },
        observer: {
          output: () => {
            if (machine === undefined) return;
            const { cpu, memory } = machine.machine;
            const pa = cpu.mmu.translateAfresh(0x1_0028, Access.USER_FETCH);
            expect(memory.readWord(pa)).toBe(0xe3a0_000b);
            memory.writeWord(pa, 0xe3a0_0016); // mov r0, #22
          },
        },
      });
      expect(programs[0]?.end).toEqual({ kind: 'exit', status: 22 });
    },
  );

  it('are stopped by the guard below their stack, which grew up to it', async () => {
    const events: FaultEvent[] = [];
    const observer = { fault: (event: FaultEvent) => events.push(event) };
    const { programs } = await runLive(['overflow'], { stackBytes: 64 * 1024, observer });
    const end = programs[0]?.end;
    if (end?.kind !== 'fault') throw new Error('it did not end by a fault');
    expect(end.error.chain()).toEqual(['LIB_ERR_PAGEFAULT', 'LIB_ERR_VREGION_GUARD']);
    expect(end.error.message).toMatch(/^user write of 4 bytes at 0x4040/);
    expect(end.registers[15]).toBeGreaterThanOrEqual(0x1_0000);
    expect(programs[0]?.stackBytes).toBe(64 * 1024);
    expect(events.filter(({ stackGrew }) => stackGrew)).toHaveLength(15);
    expect(events.at(-1)).toMatchObject({ answer: 'fatal', region: 'stack guard' });
  });

  it('may execute what they wrote once they no longer can write it, and never before', async () => {
    const { output, programs } = await runLive(['wx']);
    expect(output.match(/called: \d+/g)).toEqual(['called: 111', 'called: 222', 'called: 333']);
    const end = programs[0]?.end;
    if (end?.kind !== 'fault') throw new Error('it did not end by a fault');
    expect(end.error.chain()).toEqual(['LIB_ERR_PAGEFAULT', 'LIB_ERR_VREGION_RIGHTS']);
    expect(end.record).toMatchObject({
      kind: 'prefetch',
      gate: expect.stringContaining('XN is set'),
      remedy: { text: expect.stringContaining('clear XN') },
      agreement: 'agree',
    });
  });

  it('run beside others, taking turns', async () => {
    const { output, programs } = await runLive(['fork', 'carousel', 'fork'], { frames: 10 });
    expect(programs.map(({ name, end }) => [name, end])).toEqual(
      ['fork', 'carousel', 'fork', 'fork.4', 'fork.5'].map((name) => [
        name,
        { kind: 'exit', status: 0 },
      ]),
    );
    expect(output.match(/16 pages as expected/g)).toHaveLength(4);
    expect(output).toContain('f5875800 as expected');
  });

  // The operand of MOV for 0x1000, and svc 0 with the number in r7.
  const PAGE = 0xa01;
  const call = (number: number, ...registers: readonly number[]): number[] => [
    ...registers.map((value, index) => (0xe3a0_0000 | (index << 12) | value) >>> 0),
    (0xe3a0_7000 | number) >>> 0,
    0xef00_0000,
  ];
  const exitWithR0 = [0xe200_00ff, 0xe3a0_7001, 0xef00_0000];

  it.each([
    ['that is not there', call(99), -38],
    ['to write what is not theirs', call(4, 1, 0, 16), -14],
    ['to write nowhere', call(4, 9, 0, 16), -9],
    ['to unmap nothing', call(91, 0, 0), -22],
    ['to protect what is not mapped', call(125, PAGE, PAGE, 3), -12],
    ['to map nothing', call(192, 0, 0, 3, 0), -22],
  ])('get an error for a call %s', async (_what, words, error) => {
    const { programs } = await runLive([programOf(...words, ...exitWithR0)]);
    expect(programs[0]?.end).toEqual({ kind: 'exit', status: error & 0xff });
  });

  it.each([
    [
      'reads what is nowhere',
      [0xe3a0_0000, 0xe590_0000],
      'LIB_ERR_VSPACE_REGION_NOT_FOUND',
      /of 4 by/,
    ],
    [
      'reads a byte of the runtime',
      [0xe3a0_0102, 0xe5d0_0000],
      'LIB_ERR_VSPACE_REGION_NOT_FOUND',
      /of 1 by/,
    ],
    ['writes its text', [0xe58f_f000], 'LIB_ERR_VREGION_RIGHTS', /user write of 4 by/],
    ['jumps to nowhere', [0xe3a0_f000], 'LIB_ERR_VSPACE_REGION_NOT_FOUND', /user fetch/],
  ] as const)('are ended when one %s', async (_what, words, code, message) => {
    const { programs } = await runLive([programOf(...words)]);
    const end = programs[0]?.end;
    if (end?.kind !== 'fault') throw new Error('it did not end by a fault');
    expect(end.error.chain()).toEqual(['LIB_ERR_PAGEFAULT', code]);
    expect(end.error.message).toMatch(message);
  });

  it('are ended at instructions that there are not, and at those of the kernel', async () => {
    // udf #0, then mcr p15, 0, r0, c8, c7, 0 (TLBIALL) in a second one.
    const { programs } = await runLive([programOf(0xe7f0_00f0), programOf(0xee08_0f17)]);
    expect(programs.map(({ end }) => end?.kind)).toEqual(['undefined', 'undefined']);
    const end = programs[1]?.end;
    expect(end?.kind === 'undefined' && end.registers[15]).toBe(0x1_0000);
  });

  it('are told when there is no memory left, by errors and by the fault that nobody can answer', async () => {
    // Forks until there is no room: each child ends at once. exit(-errno).
    const forks = programOf(
      ...[0xe3a0_7002, 0xef00_0000, 0xe350_0000, 0x0a00_0001], // fork(); cmp r0, #0; beq exit
      ...[0xcaff_fffa, 0xe260_0000], // bgt again; rsb r0, r0, #0
      ...[0xe3a0_7001, 0xef00_0000],
    );
    const { programs } = await runLive([forks], { ramBytes: 16 * 2 ** 20 });
    expect(programs[0]?.end).toEqual({ kind: 'exit', status: 12 });
    expect(programs.length).toBeGreaterThan(2);
    const { programs: full } = await runLive(['touch'], { ramBytes: 16 * 2 ** 20 });
    const end = full[0]?.end;
    if (end?.kind !== 'fault') throw new Error('it did not end by a fault');
    expect(end.error.chain()).toContain('LIB_ERR_FRAME_ALLOC');
  });

  it('must not be executables for another machine', async () => {
    await expect(runLive([new Uint8Array(100)])).rejects.toMatchObject({ code: 'ELF_ERR_HEADER' });
  });

  it('must have frames enough for one instruction', async () => {
    await expect(runLive(['wx'], { frames: 5 })).rejects.toMatchObject({
      code: 'LIB_ERR_PAGER_BUDGET',
      message: expect.stringContaining('6 pages'),
    });
  });
});
