import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { AddressSpace } from '../../src/inspect/index.js';
import { encodePacket } from '../../src/source/gdb-packets.js';
import {
  type CaptureProgress,
  openSource,
  registerText,
  type SourceOptions,
  type TableSource,
} from '../../src/source/index.js';
import { rejectionOf } from '../support/errors.js';
import {
  type Answerer,
  type FakeStub,
  hexText,
  hexWord,
  monitorCommand,
  startStub,
} from '../support/fake-stub.js';
import { linuxInput, linuxMemory, linuxRegisters } from '../support/linux-fixture.js';

const stubs: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.close();
});

async function stub(answer: Answerer, greet?: (socket: Socket) => void): Promise<FakeStub> {
  const started = await startStub(answer, greet);
  stubs.push(started);
  return started;
}

async function open(place: string, options: SourceOptions = {}): Promise<TableSource> {
  const source = await openSource(`gdb:${place}`, options);
  if (source.evidence !== 'tables') throw new Error('no tables');
  return source;
}

const memory = linuxMemory();
const values: readonly (readonly [string, number])[] = [
  ['TTBR0_EL1', linuxRegisters.ttbr0],
  ['TTBR1_EL1', linuxRegisters.ttbr1],
  ['TTBCR', linuxRegisters.ttbcr],
  ['SCTLR', linuxRegisters.sctlr],
  ['DACR', linuxRegisters.dacr],
  ['MAIR0', linuxRegisters.prrr],
  ['MAIR1', linuxRegisters.nmrr],
  ['CONTEXTIDR_EL1', linuxRegisters.contextidr],
  ['MIDR', 0x410f_c075],
];

/** Memory as a stub sends it; what is not there reads as zero, as with QEMU. */
function memoryHex(pa: number, bytes: number): string {
  let text = '';
  for (let at = 0; at < bytes; at += 4) text += hexWord(Math.max(0, memory.readWord(pa + at)));
  return text;
}

/** The target description in two files, with registers numbered from 100 on. */
function description(names: readonly (readonly [string, number])[]): Record<string, string> {
  const rows = names.map(([name], index) => {
    return `<reg name="${name}" bitsize="32"${index === 0 ? ' regnum="100"' : ''}/>`;
  });
  return {
    'target.xml':
      '<?xml version="1.0"?><target><architecture>arm</architecture>' +
      '<xi:include href="arm-core.xml"/><xi:include href="system-registers.xml"/></target>',
    'arm-core.xml': '<feature name="core"><reg name="r0" bitsize="32" regnum="0"/></feature>',
    'system-registers.xml': `<feature name="sys">${rows.join('')}</feature>`,
  };
}

/** A stub like QEMU's; it forgets nothing that is asked of it. */
function qemuLike(
  registers = values,
  extra: Answerer = () => [],
): { answer: Answerer; physical: { mode: string } } {
  const files = description(registers);
  const physical = { mode: '0' };
  const answer: Answerer = (request, socket) => {
    const own = extra(request, socket);
    if (own.length > 0) return own;
    if (request.startsWith('qSupported')) return ['PacketSize=1000;qXfer:features:read+'];
    if (request === 'QStartNoAckMode' || request === 'D') return ['OK'];
    if (request === 'qqemu.PhyMemMode') return [physical.mode];
    const mode = /^Qqemu\.PhyMemMode:([01])$/.exec(request);
    if (mode !== null) {
      physical.mode = mode[1] as string;
      return ['OK'];
    }
    const xml = /^qXfer:features:read:([^:]+):([0-9a-f]+),([0-9a-f]+)$/.exec(request);
    if (xml !== null) {
      const text = files[xml[1] as string];
      if (text === undefined) return ['E00'];
      const from = Number.parseInt(xml[2] as string, 16);
      // In pieces of 100, so that there are several.
      const part = text.slice(from, from + 100);
      return [`${from + 100 < text.length ? 'm' : 'l'}${part}`];
    }
    const register = /^p([0-9a-f]+)$/.exec(request);
    if (register !== null) {
      const value = registers[Number.parseInt(register[1] as string, 16) - 100];
      return [value === undefined ? 'E01' : hexWord(value[1])];
    }
    const read = /^m([0-9a-f]+),([0-9a-f]+)$/.exec(request);
    if (read !== null) {
      const [pa, bytes] = [read[1], read[2]].map((digits) => Number.parseInt(digits as string, 16));
      if (physical.mode !== '1' || (bytes as number) > 2048) return ['E14'];
      return [memoryHex(pa as number, bytes as number)];
    }
    return [''];
  };
  return { answer, physical };
}

/** Compares the tables that a target gave with those of the fixture. */
function expectLinux(source: TableSource): void {
  const [ours, theirs] = [new AddressSpace(source.input()), new AddressSpace(linuxInput())];
  expect(ours.rootWords).toEqual(theirs.rootWords);
  expect(ours.tableKibibytes).toEqual(theirs.tableKibibytes);
  expect(ours.tableWords).toEqual(theirs.tableWords);
}

describe('a stub like QEMU’s', () => {
  it('gives registers and tables, and is left stopped as it was', async () => {
    const { answer, physical } = qemuLike();
    const target = await stub(answer);
    const told: CaptureProgress[] = [];
    const source = await open(target.place, { onProgress: (progress) => told.push(progress) });
    expectLinux(source);
    expect(source.registers.facts.map(registerText)).toContain(`PRRR 0xff0a81a8 (gdb MAIR0)`);
    expect(source.cpu.profile.name).toBe('cortex-a7');
    expect(source.coverage).toBe('64.0 KiB read: the tables');
    expect(physical.mode).toBe('0');
    expect(target.requests).not.toContain('D');
    expect(target.requests).not.toContain('?');
    expect(new Set(told.map(({ what }) => what))).toEqual(new Set(['root tables', 'L2 tables']));
    const last = told.at(-1);
    expect(last?.bytes).toBe(last?.totalBytes);
    // Both roots and 48 tables, most of them side by side, in pieces of 2 KiB.
    expect(target.requests.filter((request) => request.startsWith('m')).length).toBeLessThan(60);
    source.close();
  });

  it('is left running where it said that connecting stopped it', async () => {
    const { answer } = qemuLike();
    const greet = (socket: Socket): void => {
      socket.write('$T02thread:01;#04');
    };
    const target = await stub(answer, greet);
    expectLinux(await open(target.place));
    expect(target.requests.slice(-2)).toEqual(['Qqemu.PhyMemMode:0', 'D']);
    const halted = await stub(answer, greet);
    await open(halted.place, { leave: 'halted' });
    expect(halted.requests).not.toContain('D');
    const running = await stub(answer);
    await open(running.place, { leave: 'running' });
    expect(running.requests.at(-1)).toBe('D');
  });

  it('is left as it was where something fails, in its physical mode too', async () => {
    const { answer, physical } = qemuLike(values, (request) =>
      request.startsWith('m') ? ['00'] : [],
    );
    physical.mode = '1';
    const target = await stub(answer, (socket) => {
      socket.write('$T02thread:01;#04');
    });
    const error = await rejectionOf(openSource(`gdb:${target.place}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_PROTOCOL',
      'the stub answers 1 bytes for the 2048 at 0x423b4000',
    ]);
    expect(target.requests.at(-1)).toBe('D');
    expect(physical.mode).toBe('1');
  });

  it.each([
    ['show', 'SIGINT'],
    ['show', 'SIGTERM'],
    ['lab', 'SIGINT'],
    ['lab', 'SIGTERM'],
  ] as const)('is left as it was by %s where %s ends that', async (command, signal) => {
    const { answer, physical } = qemuLike();
    let child: ChildProcess | undefined;
    const slowly: Answerer = (request, socket) => {
      if (!request.startsWith('m') || child?.kill(signal) !== true) return answer(request, socket);
      child = undefined;
      setTimeout(() => {
        for (const payload of answer(request, socket)) socket.write(encodePacket(payload));
      }, 500);
      return [];
    };
    const target = await stub(slowly, (socket) => {
      socket.write('$T02thread:01;#04');
    });
    const args = ['dist/bin/pagewright.js', command, `gdb:${target.place}`];
    if (command === 'lab') args.push('--no-open');
    const started = spawn(process.execPath, args, { stdio: 'ignore', timeout: 20_000 });
    child = started;
    const ended = await new Promise((resolve) => {
      started.once('exit', (_code, by) => resolve(by));
    });
    expect(ended).toBe(signal);
    expect(target.requests.at(-1)).toBe('D');
    expect(physical.mode).toBe('0');
  });

  it('gives more memory when it is asked for', async () => {
    const { answer } = qemuLike();
    const target = await stub(answer, (socket) => {
      socket.write('$T02thread:01;#04');
    });
    const source = await open(target.place);
    expect(source.memory.readWord(0x4000_0000)).toBe(-1);
    await source.load([{ pa: 0x4000_0000, bytes: 5000 }]);
    expect(source.memory.readWord(0x4000_0000)).toBe(0);
    expect(source.memory.readBytes(0x4000_1000, 1024)).toEqual(new Uint8Array(1024));
    expect(target.requests.filter((request) => request === 'D').length).toBe(2);
    const before = target.requests.length;
    await source.load([{ pa: 0x4000_0004, bytes: 4 }]);
    expect(target.requests.length).toBe(before);
    const error = await rejectionOf(source.load([{ pa: 0, bytes: 2 ** 29 }]));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_READ',
      expect.stringMatching(/too much to hold, at most 256 M: save a dump/),
    ]);
  });

  it('without acknowledgement-free mode is asked one thing after the other', async () => {
    const { answer } = qemuLike();
    const target = await stub((request, socket) =>
      request === 'QStartNoAckMode' ? [''] : answer(request, socket),
    );
    expectLinux(await open(target.place));
    expect(target.acknowledgements).toBeGreaterThan(40);
  });

  it('without registers needs them by hand', async () => {
    const { answer } = qemuLike([]);
    const bare = await open((await stub(answer)).place);
    expect(bare.notes).toEqual(['the stub describes no CP15 register: give --regs or flags']);
    expect(bare.registers.values).toBeUndefined();
    expect(bare.coverage).toBe('0 B read: the tables');
    const source = await open((await stub(answer)).place, {
      registers: { ttbr0: linuxRegisters.ttbr0 },
    });
    expect(new AddressSpace(source.input()).rootWords).toEqual(
      new AddressSpace(linuxInput()).rootWords,
    );
  });

  it('reads no tables where they are long descriptors', async () => {
    const lpae = values.map(
      ([name, value]) => [name, name === 'TTBCR' ? 0xb502_3500 : value] as const,
    );
    const source = await open((await stub(qemuLike(lpae).answer)).place);
    expect(source.memory.ranges).toEqual([]);
    const error = await rejectionOf(Promise.resolve().then(() => new AddressSpace(source.input())));
    expect(error.code).toBe('MACHINE_ERR_REGISTER');
  });

  it('is not asked for tables that are not there', async () => {
    const absent: Answerer = (request) => (/^m4[0-9a-f]{7},/.test(request) ? ['E14'] : []);
    const source = await open((await stub(qemuLike(values, absent).answer)).place);
    expect(source.memory.ranges).toEqual([]);
  });

  it('for another processor is refused', async () => {
    const files: Answerer = (request) =>
      request.startsWith('qXfer:features:read:target.xml')
        ? ['l<target><architecture>aarch64</architecture></target>']
        : [];
    const target = await stub(qemuLike(values, files).answer, (socket) => {
      socket.write('$T02thread:01;#04');
    });
    const error = await rejectionOf(openSource(`gdb:${target.place}`));
    expect(target.requests.at(-1)).toBe('D');
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_ABILITY',
      'the target is aarch64; short descriptors are of 32-bit Arm',
    ]);
  });
});

/** How an OpenOCD behaves. */
interface OpenOcd {
  readonly state?: 'halted' | 'running';
  readonly signal?: string;
  /** What `gdb-attach` is set to. */
  readonly handler?: string;
  /** Old versions print through `O` packets, and numbers in decimal. */
  readonly old?: boolean;
  readonly refuses?: RegExp;
}

function openOcdLike(options: OpenOcd): Answerer {
  const { state = 'halted', signal = 'S02', handler = 'halt', old = false } = options;
  const registers: Record<string, number> = {
    '0 0 0': 0x410f_c075,
    '1 0 0': linuxRegisters.sctlr,
    '2 0 0': linuxRegisters.ttbr0,
    '2 0 1': linuxRegisters.ttbr1,
    '2 0 2': linuxRegisters.ttbcr,
    '3 0 0': linuxRegisters.dacr,
    '10 2 0': linuxRegisters.prrr,
    '10 2 1': linuxRegisters.nmrr,
    '13 0 1': linuxRegisters.contextidr,
    '5 0 0': 0x817,
  };
  const run = (command: string): string | undefined => {
    if (options.refuses?.test(command) === true) return undefined;
    if (command === 'version') return 'Open On-Chip Debugger 0.12.0';
    if (command === '[target current] curstate') return state;
    if (command === '[target current] cget -event gdb-attach') return handler;
    if (command === 'halt' || command === 'resume') return '';
    const mrc = /^arm mrc 15 0 (\d+ \d+ \d+)$/.exec(command);
    if (mrc !== null) {
      const value = registers[mrc[1] as string];
      if (value === undefined) return undefined;
      return old ? `${value}` : `0x${value.toString(16)}`;
    }
    const mdw = /^mdw phys (0x[0-9a-f]+) (\d+)$/.exec(command);
    if (mdw === null) return undefined;
    const [pa, count] = [Number(mdw[1]), Number(mdw[2])];
    let text = '';
    for (let at = 0; at < count; at += 1) {
      const word = Math.max(0, memory.readWord(pa + 4 * at))
        .toString(16)
        .padStart(8, '0');
      if (at % 8 === 0) text += `0x${(pa + 4 * at).toString(16).padStart(8, '0')}: `;
      text += at % 8 === 7 || at === count - 1 ? `${word} \n` : `${word} `;
    }
    return text;
  };
  return (request) => {
    if (request.startsWith('qSupported')) return ['PacketSize=4000;QStartNoAckMode+'];
    if (request === 'QStartNoAckMode' || request === 'D') return ['OK'];
    if (request === '?') return [signal];
    const command = monitorCommand(request);
    if (command === undefined) return [''];
    const printed = run(command);
    if (printed === undefined) return [`O${hexText('Error: no\n')}`, 'EFF'];
    if (printed === '') return ['OK'];
    return old ? [`O${hexText(`${printed}\n`)}`, 'OK'] : [hexText(`${printed}\n`)];
  };
}

describe('a stub like OpenOCD’s', () => {
  const commands = (target: FakeStub): string[] =>
    target.requests.map((request) => monitorCommand(request) ?? request);

  it.each([false, true])('gives registers and tables through its monitor, old: %s', async (old) => {
    const target = await stub(openOcdLike({ old }));
    const source = await open(target.place);
    expectLinux(source);
    expect(source.registers.facts.map(registerText)).toContain(
      'PRRR 0xff0a81a8 (OpenOCD arm mrc 15 0 10 2 0)',
    );
    expect(source.registers.others.get('dfsr')?.value).toBe(0x817);
    expect(source.cpu.profile.name).toBe('cortex-a7');
  });

  it('that halts the target when we connect has it running again', async () => {
    const target = await stub(openOcdLike({}));
    const source = await open(target.place);
    expect(commands(target).slice(-2)).toEqual(['resume', 'D']);
    expect(source.notes[0]).toMatch(/^OpenOCD halted the target when we connected.*left running/);
    const halted = await stub(openOcdLike({}));
    await open(halted.place, { leave: 'halted' });
    expect(commands(halted)).not.toContain('resume');
  });

  it.each([
    ['at a breakpoint', { signal: 'T05' }],
    ['by somebody, and does not halt by itself', { handler: '' }],
  ])('has the target halted as it was: %s', async (_name, options) => {
    const target = await stub(openOcdLike(options));
    const source = await open(target.place);
    expect(commands(target)).not.toContain('resume');
    expect(commands(target)).not.toContain('halt');
    expect(source.notes).toEqual([]);
  });

  it('that let the target run is asked to halt it, and to resume', async () => {
    const target = await stub(openOcdLike({ state: 'running', handler: '' }));
    const source = await open(target.place);
    expectLinux(source);
    expect(commands(target)).toContain('halt');
    expect(commands(target).slice(-2)).toEqual(['resume', 'D']);
    expect(source.notes).toEqual([]);
  });

  it('that cannot read CP15 is refused', async () => {
    const target = await stub(openOcdLike({ refuses: /^arm mrc/ }));
    const error = await rejectionOf(openSource(`gdb:${target.place}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_ABILITY',
      'OpenOCD cannot read CP15 of the target: Error: no',
    ]);
    expect(commands(target).slice(-2)).toEqual(['resume', 'D']);
  });

  it('that cannot read some memory leaves it absent', async () => {
    const source = await open((await stub(openOcdLike({ refuses: /^mdw/ }))).place);
    expect(source.memory.ranges).toEqual([]);
  });

  it('that prints other memory than was asked for is refused', async () => {
    const honest = openOcdLike({});
    const target = await stub((request, socket) =>
      monitorCommand(request)?.startsWith('mdw') === true
        ? [hexText('0x00000000: 00000000 \n')]
        : honest(request, socket),
    );
    const error = await rejectionOf(openSource(`gdb:${target.place}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_PROTOCOL',
      'OpenOCD printed 0 of the 1024 words at 0x423b4000',
    ]);
  });
});

/** A server that does with each connection what it is told. */
async function raw(serve: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stubs.push({
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** Opens a hostile target: the code of the error that it ends in, soon after the time it is given. */
async function codeOf(place: string, timeoutMilliseconds = 300): Promise<string> {
  const start = performance.now();
  const error = await rejectionOf(openSource(`gdb:${place}`, { timeoutMilliseconds }));
  // A hundred times what it was given: a target that says nothing does not hold us.
  expect(performance.now() - start).toBeLessThan(100 * timeoutMilliseconds);
  return error.code;
}

/** Writes `chunk` again and again, as fast as it is taken. */
function flood(socket: Socket, chunk: string): void {
  const write = (): void => {
    if (!socket.destroyed) socket.write(chunk, () => setImmediate(write));
  };
  write();
}

describe('a hostile target', () => {
  it.each([
    ['says nothing', () => {}, 'SOURCE_ERR_TARGET_TIMEOUT'],
    ['hangs up', (socket: Socket) => socket.destroy(), 'SOURCE_ERR_TARGET_LOST'],
    ['closes at once', (socket: Socket) => socket.end(), 'SOURCE_ERR_TARGET_LOST'],
    [
      'sends noise',
      (socket: Socket) => flood(socket, 'x'.repeat(9999)),
      'SOURCE_ERR_TARGET_TIMEOUT',
    ],
    [
      'sends one packet without end',
      (socket: Socket) => flood(socket, `${'$'}${'a'.repeat(9999)}`),
      'SOURCE_ERR_TARGET_PROTOCOL',
    ],
    [
      'stops again and again',
      (socket: Socket) => flood(socket, '$T05#b9'),
      'SOURCE_ERR_TARGET_TIMEOUT',
    ],
    [
      'prints without end',
      (socket: Socket) => flood(socket, `$O${'41'.repeat(5000)}#`),
      'SOURCE_ERR_TARGET_PROTOCOL',
    ],
    [
      'has wrong checksums',
      (socket: Socket) => flood(socket, '$OK#00'),
      'SOURCE_ERR_TARGET_PROTOCOL',
    ],
    ['refuses our packets', (socket: Socket) => flood(socket, '-'), 'SOURCE_ERR_TARGET_PROTOCOL'],
    ['knows nothing', (socket: Socket) => flood(socket, '$#00'), 'SOURCE_ERR_TARGET_ABILITY'],
    ['always says OK', (socket: Socket) => flood(socket, '$OK#9a'), 'SOURCE_ERR_TARGET_ABILITY'],
  ] as const)('that %s', async (_name, serve, code) => {
    // What ends by itself has all the time that a busy machine needs to see its end.
    const milliseconds = code === 'SOURCE_ERR_TARGET_TIMEOUT' ? 300 : 20_000;
    expect(await codeOf(await raw(serve), milliseconds)).toBe(code);
  });

  it('is nobody', async () => {
    const error = await rejectionOf(openSource('gdb:127.0.0.1:1'));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_CONNECT',
      '127.0.0.1:1: nobody listens there; is the target running with its stub open?',
    ]);
    const socket = await rejectionOf(openSource('gdb:./none.sock'));
    expect([socket.code, socket.message]).toEqual([
      'SOURCE_ERR_TARGET_CONNECT',
      './none.sock: there is no such socket',
    ]);
  });

  it('whose description has no end', async () => {
    const endless: Answerer = (request) =>
      request.startsWith('qXfer') ? [`m${'<a/>'.repeat(1000)}`] : [];
    const { answer } = qemuLike(values, endless);
    const error = await rejectionOf(openSource(`gdb:${(await stub(answer)).place}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_PROTOCOL',
      'the target description target.xml is longer than 1048576 characters',
    ]);
  });

  it('whose description includes itself and others without end', async () => {
    let count = 0;
    const many: Answerer = (request) => {
      if (!request.startsWith('qXfer')) return [];
      count += 1;
      return [`l<xi:include href="a${count}.xml"/><xi:include href="a${count}#}$.xml"/>`];
    };
    const target = await stub(qemuLike(values, many).answer);
    const source = await open(target.place);
    expect(source.registers.values).toBeUndefined();
    expect(count).toBe(32);
  });

  it.each(['p', 'm', 'D', 'Qqemu.PhyMemMode:0'])('that dies at %s', async (moment) => {
    const { answer } = qemuLike();
    const target = await stub(
      (request, socket) => {
        if (!request.startsWith(moment)) return answer(request, socket);
        socket.destroy();
        return [];
      },
      (socket) => {
        socket.write('$T02thread:01;#04');
      },
    );
    expect(await codeOf(target.place)).toBe('SOURCE_ERR_TARGET_LOST');
  });

  it.each(['p', 'm', 'D'])('that falls silent at %s', async (moment) => {
    const { answer } = qemuLike();
    const target = await stub(
      (request, socket) => (request.startsWith(moment) ? [] : answer(request, socket)),
      (socket) => {
        socket.write('$T02thread:01;#04');
      },
    );
    expect(await codeOf(target.place)).toBe('SOURCE_ERR_TARGET_TIMEOUT');
  });

  it('has a named error for whatever it answers', async () => {
    const reply = fc.oneof(
      fc.constantFrom(
        '',
        'OK',
        'E01',
        '0',
        '1',
        'l',
        'm',
        'mabc',
        'l<reg name="SCTLR"/>',
        'xxxxxxxx',
      ),
      fc.string({ maxLength: 40 }),
      fc.stringMatching(/^[0-9a-f]{0,40}$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 8 }), async (replies) => {
        let next = 0;
        const target = await stub((request, socket) => {
          const known = qemuLike().answer(request, socket);
          next += 1;
          const own = replies[next % (2 * replies.length)];
          return own === undefined ? known : [own];
        });
        try {
          await openSource(`gdb:${target.place}`, { timeoutMilliseconds: 500 });
        } catch (error) {
          expect(error).toBeInstanceOf(VmError);
        } finally {
          await target.close();
        }
      }),
      { seed: 20261122, numRuns: 60 },
    );
  });
});
