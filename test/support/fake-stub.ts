/** A gdbstub that answers as a test wants it to. */

import { createServer, type Server, type Socket } from 'node:net';
import { encodePacket, type GdbMessage, PacketParser } from '../../src/source/gdb-packets.js';

/**
 * What the stub answers to a request: payloads, each sent as a packet; or nothing at all. It may also
 * write to the socket itself.
 */
export type Answerer = (request: string, socket: Socket) => readonly string[];

export interface FakeStub {
  /** `127.0.0.1:port`. */
  readonly place: string;
  /** Everything that was asked, in order. */
  readonly requests: string[];
  /** How many acknowledgements came. */
  acknowledgements: number;
  close(): Promise<void>;
}

/** Starts a stub; `greet` may write before anything is asked. */
export async function startStub(
  answer: Answerer,
  greet: (socket: Socket) => void = () => {},
): Promise<FakeStub> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    greet(socket);
    const parser = new PacketParser();
    let acknowledges = true;
    const take = (message: GdbMessage): void => {
      if (message.kind === 'acknowledgement') stub.acknowledgements += 1;
      if (message.kind !== 'packet') return;
      requests.push(message.payload);
      if (acknowledges) socket.write('+');
      const answers = answer(message.payload, socket);
      for (const payload of answers) socket.write(encodePacket(payload), 'latin1');
      if (message.payload === 'QStartNoAckMode' && answers[0] === 'OK') acknowledges = false;
    };
    socket.on('data', (chunk) => {
      for (const message of parser.push(chunk)) take(message);
    });
  });
  await listen(server);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const stub: FakeStub = {
    place: `127.0.0.1:${port}`,
    requests,
    acknowledgements: 0,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return stub;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

/** The text of a monitor command, if the request is one. */
export function monitorCommand(request: string): string | undefined {
  const match = /^qRcmd,([0-9a-f]*)$/.exec(request);
  return match === null ? undefined : Buffer.from(match[1] ?? '', 'hex').toString();
}

/** `text` as the hexadecimal that a stub prints. */
export function hexText(text: string): string {
  return Buffer.from(text).toString('hex');
}

/** A 32-bit number as a stub sends a register or memory: little-endian. */
export function hexWord(word: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(word >>> 0);
  return bytes.toString('hex');
}
