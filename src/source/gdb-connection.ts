/**
 * A conversation with a gdbstub: requests in order, answers in the same order, each within its time.
 * What a stub sends without being asked (a stop when we connect, console output) is kept apart, since
 * it would otherwise be taken for the answer to the next request.
 */

import type { Socket } from 'node:net';
import { VmError } from '../base/index.js';
import { encodePacket, type GdbMessage, LONGEST_PACKET, PacketParser } from './gdb-packets.js';
import { connectTo } from './target-socket.js';

/** An answer with the console output (`O` packets) that came before it. */
export interface GdbAnswer {
  readonly payload: string;
  readonly output: string;
}

interface Pending {
  readonly payload: string;
  readonly takesStop: boolean;
  readonly resolve: (answer: GdbAnswer) => void;
  readonly reject: (error: VmError) => void;
  output: string;
}

/** A stop reply, which no other answer of a stub looks like. */
const STOP_REPLY = /^[TSWX][0-9a-f]{2}/;
const CONSOLE_OUTPUT = /^O[0-9a-fA-F]{2}/;
/** Requests under way at once where the stub takes them without acknowledgement. */
const WINDOW = 16;
/** How often a packet is asked for again. */
const RETRIES = 3;

/** A connection to a gdbstub. */
export class GdbConnection {
  /** Stop replies that came unasked. */
  stops = 0;
  private readonly socket: Socket;
  private readonly place: string;
  private readonly milliseconds: number;
  private readonly parser = new PacketParser();
  private readonly pending: Pending[] = [];
  private timer: NodeJS.Timeout | undefined;
  private acknowledges = true;
  private retries = 0;
  private failure: VmError | undefined;

  private constructor(socket: Socket, place: string, milliseconds: number) {
    this.socket = socket;
    this.place = place;
    this.milliseconds = milliseconds;
    socket.on('data', (chunk) => {
      for (const message of this.parser.push(chunk)) this.take(message);
    });
    socket.on('error', ({ message }) => this.lose(`the connection broke off: ${message}`));
    socket.on('close', () => this.lose('the stub closed the connection'));
    // A debugger acknowledges what may have been sent before; OpenOCD waits for it.
    socket.write('+');
  }

  /**
   * Connects to the stub at `place`.
   *
   * @param milliseconds how long each answer may take.
   *
   * Errors: those of `connectTo`.
   */
  static async open(place: string, milliseconds: number): Promise<GdbConnection> {
    return new GdbConnection(await connectTo(place, milliseconds), place, milliseconds);
  }

  /**
   * The answer to a request; empty where the stub does not know it.
   *
   * Errors: SOURCE_ERR_TARGET_TIMEOUT — it did not come in time. SOURCE_ERR_TARGET_LOST — the
   * connection ended. SOURCE_ERR_TARGET_PROTOCOL — what came is no packet.
   */
  async request(payload: string): Promise<string> {
    return (await this.send(payload, false)).payload;
  }

  /** The answer to a monitor command, with what it printed. Errors: those of {@link request}. */
  async monitor(command: string): Promise<GdbAnswer> {
    const answer = await this.send(`qRcmd,${Buffer.from(command).toString('hex')}`, false);
    const isText = answer.payload.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(answer.payload);
    if (!isText) return answer;
    const printed = Buffer.from(answer.payload, 'hex').toString('latin1');
    return { payload: 'OK', output: answer.output + printed };
  }

  /** Why the target stands still. Errors: those of {@link request}. */
  async stopReason(): Promise<string> {
    return (await this.send('?', true)).payload;
  }

  /** The answers to many requests, several of them under way at once if the stub allows it. */
  async requestAll(payloads: readonly string[]): Promise<string[]> {
    const answers: string[] = [];
    const window = this.acknowledges ? 1 : WINDOW;
    const underWay: Promise<GdbAnswer>[] = [];
    for (const payload of payloads) {
      const sent = this.send(payload, false);
      // It is awaited below, in its turn; until then its failure is nobody's surprise.
      sent.catch(() => {});
      underWay.push(sent);
      if (underWay.length >= window)
        answers.push((await (underWay.shift() as typeof sent)).payload);
    }
    for (const sent of underWay) answers.push((await sent).payload);
    return answers;
  }

  /** Agrees with the stub to send no acknowledgements, if it knows how. Errors: as {@link request}. */
  async stopAcknowledging(): Promise<void> {
    if ((await this.request('QStartNoAckMode')) === 'OK') this.acknowledges = false;
  }

  /** Ends the connection; whatever is under way fails. */
  close(): void {
    this.lose('the connection was closed');
    this.socket.destroy();
  }

  private send(payload: string, takesStop: boolean): Promise<GdbAnswer> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.pending.push({ payload, takesStop, resolve, reject, output: '' });
      this.socket.write(encodePacket(payload), 'latin1');
      if (this.pending.length === 1) this.startTimer();
    });
  }

  private take(message: GdbMessage): void {
    if (this.failure !== undefined) return;
    if (message.kind === 'acknowledgement') {
      if (!message.good) this.retry('the stub asks for the same packet again', false);
    } else if (message.kind === 'broken') {
      if (this.acknowledges) this.retry(message.reason, true);
      else this.fail(`sent ${message.reason}`);
    } else {
      if (this.acknowledges) this.socket.write('+');
      this.deliver(message.payload);
    }
  }

  /** Asks for the last packet again, or sends ours again. */
  private retry(reason: string, ask: boolean): void {
    this.retries += 1;
    const head = this.pending[0];
    if (this.retries > RETRIES) this.fail(`sent ${reason}, and again ${RETRIES} times`);
    else if (ask) this.socket.write('-');
    else if (head !== undefined) this.socket.write(encodePacket(head.payload), 'latin1');
  }

  private deliver(payload: string): void {
    const head = this.pending[0];
    if (STOP_REPLY.test(payload) && head?.takesStop !== true) {
      this.stops += 1;
      return;
    }
    if (head === undefined) return;
    if (CONSOLE_OUTPUT.test(payload)) {
      head.output += Buffer.from(payload.slice(1), 'hex').toString('latin1');
      if (head.output.length > LONGEST_PACKET) this.fail('prints without end');
      return;
    }
    this.retries = 0;
    this.pending.shift();
    this.startTimer();
    head.resolve({ payload, output: head.output });
  }

  /** Gives the request that is next to be answered its time. */
  private startTimer(): void {
    clearTimeout(this.timer);
    const head = this.pending[0];
    if (head === undefined) return;
    this.timer = setTimeout(() => {
      const what = head.payload.slice(0, 40);
      const after = `${this.milliseconds / 1000} s`;
      const hint = 'is another debugger attached?';
      const text = `${this.place} did not answer ${what} within ${after}; ${hint}`;
      this.end(new VmError('SOURCE_ERR_TARGET_TIMEOUT', text));
    }, this.milliseconds);
  }

  private lose(reason: string): void {
    this.end(new VmError('SOURCE_ERR_TARGET_LOST', `${this.place}: ${reason}`));
  }

  private fail(what: string): void {
    this.end(
      new VmError('SOURCE_ERR_TARGET_PROTOCOL', `${this.place} ${what}: this is no gdbstub`),
    );
  }

  /** Fails everything that is under way, and whatever follows. */
  private end(error: VmError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    clearTimeout(this.timer);
    this.socket.destroy();
    for (const { reject } of this.pending.splice(0)) reject(error);
  }
}
