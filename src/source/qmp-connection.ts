/** A conversation with QEMU's machine protocol: one JSON object a line, answers in order. */

import type { Socket } from 'node:net';
import { VmError } from '../base/index.js';
import { connectTo } from './target-socket.js';

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: VmError) => void;
}

/** The longest line that is taken. */
const LONGEST_LINE = 2 ** 20;

/** A connection to a QMP socket that is ready for commands. */
export class QmpConnection {
  private readonly socket: Socket;
  private readonly place: string;
  private readonly milliseconds: number;
  private readonly pending: Pending[] = [];
  private pieces: string[] = [];
  private length = 0;
  private timer: NodeJS.Timeout | undefined;
  private failure: VmError | undefined;

  private constructor(socket: Socket, place: string, milliseconds: number) {
    this.socket = socket;
    this.place = place;
    this.milliseconds = milliseconds;
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => this.push(chunk as unknown as string));
    socket.on('error', ({ message }) => this.lose(`the connection broke off: ${message}`));
    socket.on('close', () => this.lose('QEMU closed the connection'));
  }

  /**
   * Connects to `place` and takes part in QMP's greeting.
   *
   * @param milliseconds how long each answer may take.
   *
   * Errors: those of `connectTo` and of {@link execute}.
   */
  static async open(place: string, milliseconds: number): Promise<QmpConnection> {
    const socket = await connectTo(place, milliseconds);
    const connection = new QmpConnection(socket, place, milliseconds);
    await connection.await('its greeting');
    await connection.execute('qmp_capabilities');
    return connection;
  }

  /**
   * What QEMU returns for a command.
   *
   * Errors: SOURCE_ERR_TARGET_ABILITY — QEMU refuses the command. SOURCE_ERR_TARGET_TIMEOUT — the
   * answer did not come in time. SOURCE_ERR_TARGET_LOST — the connection ended.
   * SOURCE_ERR_TARGET_PROTOCOL — what came is not QMP.
   */
  execute(command: string, args?: object): Promise<unknown> {
    const message =
      args === undefined ? { execute: command } : { execute: command, arguments: args };
    const answer = this.await(command);
    this.socket.write(`${JSON.stringify(message)}\n`);
    return answer;
  }

  /** What the human monitor prints for a command. Errors: those of {@link execute}. */
  async monitor(command: string): Promise<string> {
    const answer = await this.execute('human-monitor-command', { 'command-line': command });
    return typeof answer === 'string' ? answer : '';
  }

  /** Ends the connection; whatever is under way fails. */
  close(): void {
    this.lose('the connection was closed');
    this.socket.destroy();
  }

  private await(command: string): Promise<unknown> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.pending.push({ command, resolve, reject });
      if (this.pending.length === 1) this.startTimer();
    });
  }

  private push(chunk: string): void {
    let rest = chunk;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      this.pieces.push(rest.slice(0, end));
      rest = rest.slice(end + 1);
      const line = this.pieces.join('').trim();
      this.pieces = [];
      this.length = 0;
      if (line !== '') this.take(line);
    }
    this.pieces.push(rest);
    this.length += rest.length;
    if (this.length > LONGEST_LINE) this.fail('a line without end');
  }

  private take(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      this.fail(`${JSON.stringify(line.slice(0, 40))}`);
      return;
    }
    const {
      return: value,
      error,
      QMP: greeting,
      event,
    } = Object(message) as Record<string, unknown>;
    if (event !== undefined) return;
    const isAnswer = value !== undefined || error !== undefined || greeting !== undefined;
    const head = this.pending[0];
    if (!isAnswer || head === undefined) {
      this.fail(`${line.slice(0, 60)}`);
      return;
    }
    this.pending.shift();
    this.startTimer();
    if (error === undefined) {
      head.resolve(value);
      return;
    }
    const reason = String((Object(error) as { desc?: unknown }).desc).slice(0, 200);
    const text = `QEMU at ${this.place} refuses ${head.command}: ${reason}`;
    head.reject(new VmError('SOURCE_ERR_TARGET_ABILITY', text));
  }

  /** Gives the command that is next to be answered its time. */
  private startTimer(): void {
    clearTimeout(this.timer);
    const head = this.pending[0];
    if (head === undefined) return;
    this.timer = setTimeout(() => {
      const after = `${this.milliseconds / 1000} s`;
      const hint = 'is somebody else connected?';
      const text = `${this.place} did not answer ${head.command} within ${after}; ${hint}`;
      this.end(new VmError('SOURCE_ERR_TARGET_TIMEOUT', text));
    }, this.milliseconds);
  }

  private lose(reason: string): void {
    this.end(new VmError('SOURCE_ERR_TARGET_LOST', `${this.place}: ${reason}`));
  }

  private fail(what: string): void {
    this.end(
      new VmError('SOURCE_ERR_TARGET_PROTOCOL', `${this.place} sent ${what}: this is not QMP`),
    );
  }

  private end(error: VmError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    clearTimeout(this.timer);
    this.socket.destroy();
    for (const { reject } of this.pending.splice(0)) reject(error);
  }
}
