import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { AddressSpace } from '../../src/inspect/index.js';
import { openSource, type SourceOptions, type TableSource } from '../../src/source/index.js';
import { rejectionOf } from '../support/errors.js';
import { linuxInput, linuxMemory, linuxRegisters } from '../support/linux-fixture.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A command as it arrives. */
interface Command {
  readonly execute: string;
  readonly arguments?: Record<string, unknown>;
}

/** What is returned for a command, or the words of an error. */
type Reply = { readonly return: unknown } | { readonly error: { readonly desc: string } };

interface FakeQmp {
  readonly place: string;
  readonly commands: Command[];
}

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}';

/** Listens; each connection is served as told. */
async function listen(serve: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** A QMP server that answers each command by `answer`; undefined is no answer. */
async function qmp(
  answer: (command: Command, socket: Socket) => Reply | undefined,
): Promise<FakeQmp> {
  const commands: Command[] = [];
  const place = await listen((socket) => {
    socket.write(`${GREETING}\r\n`);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const command = JSON.parse(text.slice(0, end)) as Command;
        text = text.slice(end + 1);
        commands.push(command);
        const reply = answer(command, socket);
        if (reply !== undefined) {
          socket.write('{"event": "RESUME", "data": {}}\r\n');
          socket.write(`${JSON.stringify(reply)}\r\n`);
        }
      }
    });
  });
  return { place, commands };
}

const memory = linuxMemory();

/** How a QEMU behaves behind QMP. */
interface QemuLike {
  readonly status?: string;
  /** Whether it can write where we say. */
  readonly writes?: 'yes' | 'elsewhere' | 'refuses' | 'short';
  readonly chardev?: string;
}

/** A QEMU whose gdbstub nobody can use: registers come by hand. */
function qemuLike(options: QemuLike = {}): (command: Command) => Reply {
  const {
    status = 'running',
    writes = 'yes',
    chardev = 'tcp:0.0.0.0:1234,server=on <-> x',
  } = options;
  return ({ execute, arguments: args = {} }) => {
    if (execute === 'query-status') return { return: { status, running: status === 'running' } };
    if (execute === 'query-chardev') return { return: [{ label: 'gdb', filename: chardev }] };
    if (execute === 'pmemsave') {
      if (writes === 'refuses') return { error: { desc: 'Could not open file' } };
      const { val, size, filename } = args as { val: number; size: number; filename: string };
      const words = Uint32Array.from({ length: size / 4 }, (_, index) =>
        Math.max(0, memory.readWord(val + 4 * index)),
      );
      const bytes = new Uint8Array(words.buffer).subarray(0, writes === 'short' ? 5 : undefined);
      if (writes !== 'elsewhere') writeFileSync(filename, bytes);
      return { return: {} };
    }
    if (execute === 'human-monitor-command') {
      const xp = /^xp \/(\d+)wx (0x[0-9a-f]+)$/.exec(String(args['command-line']));
      if (xp === null) return { return: '' };
      let text = '';
      for (let at = 0; at < Number(xp[1]); at += 1) {
        const pa = Number(xp[2]) + 4 * at;
        if (at % 4 === 0) text += `${at === 0 ? '' : '\r\n'}${pa.toString(16).padStart(16, '0')}:`;
        text += ` 0x${Math.max(0, memory.readWord(pa)).toString(16).padStart(8, '0')}`;
      }
      return { return: `${text}\r\n` };
    }
    return { return: {} };
  };
}

const byHand: SourceOptions = {
  registers: { ttbr0: linuxRegisters.ttbr0, ttbr1: linuxRegisters.ttbr1 },
  cpu: 'cortex-a7',
};

async function open(place: string, options = byHand): Promise<TableSource> {
  const source = await openSource(`qmp:${place}`, options);
  if (source.evidence !== 'tables') throw new Error('no tables');
  return source;
}

function expectLinux(source: TableSource): void {
  const [ours, theirs] = [new AddressSpace(source.input()), new AddressSpace(linuxInput())];
  expect(ours.rootWords).toEqual(theirs.rootWords);
  expect(ours.tableWords).toEqual(theirs.tableWords);
}

const names = (target: FakeQmp): string[] => target.commands.map(({ execute }) => execute);

describe('QEMU behind QMP', () => {
  it('gives its tables, and runs on', async () => {
    const target = await qmp(qemuLike());
    const source = await open(target.place);
    expectLinux(source);
    expect(source.notes).toEqual([
      'a debugger holds the gdbstub of QEMU: give registers with --regs or flags',
    ]);
    expect(names(target).slice(0, 4)).toEqual([
      'qmp_capabilities',
      'query-status',
      'stop',
      'query-chardev',
    ]);
    expect(names(target).at(-1)).toBe('cont');
  });

  it.each(['paused', 'prelaunch', 'guest-panicked'])('stays %s', async (status) => {
    const target = await qmp(qemuLike({ status }));
    await open(target.place);
    expect(names(target)).not.toContain('stop');
    expect(names(target)).not.toContain('cont');
    const running = await qmp(qemuLike({ status }));
    await open(running.place, { ...byHand, leave: 'running' });
    expect(names(running).at(-1)).toBe('cont');
  });

  it.each(['elsewhere', 'refuses', 'short'] as const)(
    'prints its memory where it cannot save it: %s',
    async (writes) => {
      const target = await qmp(qemuLike({ writes }));
      expectLinux(await open(target.place));
      expect(names(target)).toContain('human-monitor-command');
    },
  );

  it('may have a stub that we cannot reach', async () => {
    const target = await qmp(qemuLike({ chardev: 'disconnected:unix:gdb.sock,server=on' }));
    const source = await open(target.place);
    expect(source.notes[0]).toMatch(/^the gdbstub of QEMU is at disconnected:unix:gdb\.sock/);
    const nobody = await qmp(qemuLike({ chardev: 'disconnected:tcp:0.0.0.0:1,server=on' }));
    const error = await rejectionOf(openSource(`qmp:${nobody.place}`));
    expect(error.message).toMatch(/^127\.0\.0\.1:1: nobody listens there/);
    expect(names(nobody).at(-1)).toBe('cont');
  });
});

const failureOf = async (place: string): Promise<VmError> => {
  const start = performance.now();
  const options = { ...byHand, timeoutMilliseconds: 300 };
  const error = await rejectionOf(openSource(`qmp:${place}`, options));
  // A hundred times what it was given: a target that says nothing does not hold us.
  expect(performance.now() - start).toBeLessThan(30_000);
  return error;
};

describe('a hostile QMP', () => {
  it.each([
    ['says nothing', '', 'SOURCE_ERR_TARGET_TIMEOUT'],
    ['is no QMP', 'SSH-2.0-OpenSSH_9.2\r\n', 'SOURCE_ERR_TARGET_PROTOCOL'],
    ['greets with a number', '1\r\n', 'SOURCE_ERR_TARGET_PROTOCOL'],
    ['greets with null', 'null\r\n', 'SOURCE_ERR_TARGET_PROTOCOL'],
    ['greets and is silent', `${GREETING}\r\n`, 'SOURCE_ERR_TARGET_TIMEOUT'],
    ['greets twice', `${GREETING}\r\n{"return":1}\n{"return":1}\n`, 'SOURCE_ERR_TARGET_PROTOCOL'],
  ])('that %s', async (_name, text, code) => {
    expect((await failureOf(await listen((socket) => socket.write(text)))).code).toBe(code);
  });

  it('that hangs up', async () => {
    const place = await listen((socket) => socket.destroy());
    expect((await failureOf(place)).code).toBe('SOURCE_ERR_TARGET_LOST');
  });

  it('that sends one line without end', async () => {
    const place = await listen((socket) => {
      const write = (): void => {
        if (!socket.destroyed) socket.write('x'.repeat(2 ** 18), () => setImmediate(write));
      };
      write();
    });
    expect((await failureOf(place)).code).toBe('SOURCE_ERR_TARGET_PROTOCOL');
  });

  it('that sends events without end', async () => {
    const place = await listen((socket) => {
      const write = (): void => {
        if (!socket.destroyed)
          socket.write('{"event":"X"}\n'.repeat(99), () => setImmediate(write));
      };
      write();
    });
    expect((await failureOf(place)).code).toBe('SOURCE_ERR_TARGET_TIMEOUT');
  });

  it.each(['query-status', 'stop', 'query-chardev', 'pmemsave'])(
    'that refuses %s, and one that dies there',
    async (moment) => {
      const refusing = await qmp((command) =>
        command.execute === moment ? { error: { desc: 'no' } } : qemuLike()(command),
      );
      if (moment === 'pmemsave') expectLinux(await open(refusing.place));
      else {
        const error = await failureOf(refusing.place);
        expect([error.code, error.message]).toEqual([
          'SOURCE_ERR_TARGET_ABILITY',
          `QEMU at ${refusing.place} refuses ${moment}: no`,
        ]);
      }
      const dying = await qmp((command, socket) => {
        if (command.execute !== moment) return qemuLike()(command);
        socket.destroy();
        return undefined;
      });
      expect((await failureOf(dying.place)).code).toBe('SOURCE_ERR_TARGET_LOST');
    },
  );

  it('that prints other memory than was asked for', async () => {
    const target = await qmp((command) => {
      if (command.execute === 'human-monitor-command') return { return: '0: 0x00000000' };
      return qemuLike({ writes: 'refuses' })(command);
    });
    const error = await failureOf(target.place);
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_TARGET_PROTOCOL',
      'QEMU printed 1 of the 1024 words at 0x423b4000',
    ]);
    expect(names(target).at(-1)).toBe('cont');
  });

  it('has a named error for whatever it answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 6 }), async (values) => {
        let next = 0;
        const target = await qmp((command) => {
          next += 1;
          const value = values[next % (values.length + 1)];
          return value === undefined ? qemuLike()(command) : { return: value };
        });
        try {
          await openSource(`qmp:${target.place}`, { ...byHand, timeoutMilliseconds: 500 });
        } catch (error) {
          expect(error).toBeInstanceOf(VmError);
        }
      }),
      { seed: 20261122, numRuns: 40 },
    );
  });
});
