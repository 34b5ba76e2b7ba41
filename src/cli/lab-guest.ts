/** A program on an emulated machine, booted and paged for the pages that look at it. */
import { plainText, pmapSpace, tableMemory } from '../inspect/index.js';
import {
  type FaultEvent,
  LiveMachine,
  type LiveObserver,
  type LiveProgram,
  LiveSystem,
  programRanges,
} from '../live/index.js';
import { TRANSLATION_NAMES } from '../source/index.js';
import { bootPolicy, readProgram, requireFrames } from './boot-input.js';
import { endLines, faultLine } from './boot-lines.js';
import { labDocument } from './lab-document.js';
import type { LabFlags } from './lab-flags.js';
import type { LabServer } from './lab-server.js';
import type { Session } from './session.js';

/** The most that a stack can grow to, in bytes. */
const STACK_BYTES = 2 ** 20;

/**
 * A program that runs while somebody follows it, and stands still while nobody does. It waits for every
 * picture of it, and may take twice as many faults until the next: its first steps are seen one by one,
 * and its end is soon there.
 */
export class LabGuest {
  readonly kind = 'live';
  private readonly live: LiveMachine;
  private readonly system: LiveSystem;
  private readonly path: string;
  private readonly every: number;
  private readonly session: Session;
  private server: LabServer | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private run: Promise<void> = Promise.resolve();
  /** Faults that it may take until the next picture, and those that it took since the last. */
  private allowed = 0;
  private taken = 0;

  private constructor(live: LiveMachine, session: Session, path: string, flags: LabFlags) {
    this.live = live;
    this.session = session;
    this.path = path;
    this.every = flags.every;
    const { frames } = flags;
    const policy = bootPolicy(flags.policy);
    const options = {
      policy,
      stackBytes: STACK_BYTES,
      ...(frames === undefined ? {} : { frames }),
    };
    this.system = new LiveSystem(live, options, this.observer());
    this.system.load([readProgram(path, [])]);
  }

  /**
   * Boots a machine for the program at `path`, which waits for its first instruction.
   *
   * Errors: those of `requireFrames`, `readProgram`, `LiveMachine.start` and `LiveSystem.load`.
   */
  static async boot(session: Session, path: string, flags: LabFlags): Promise<LabGuest> {
    requireFrames(flags.frames);
    const cpu = flags.cpu?.replace(/^cortex-/, '');
    const live = await LiveMachine.start(cpu === undefined ? {} : { cpu });
    try {
      return new LabGuest(live, session, path, flags);
    } catch (error) {
      await live.stop();
      throw error;
    }
  }

  /** The process of the machine. */
  get pid(): number {
    return this.live.pid;
  }

  /** What there is to see before it runs. */
  get document(): string {
    const [program] = this.system.programs;
    return this.documentOf(program as LiveProgram, 'It has not begun to run.');
  }

  /** Lets it run while somebody follows it on `server`. */
  follow(server: LabServer): void {
    this.server = server;
    const { live } = this;
    live.hold();
    this.run = this.system.run().catch((error: unknown) => {
      if (error instanceof Error && 'code' in error) {
        server.complain(String(error.code), error.message);
      } else throw error;
    });
    server.onFollowed = (followed) => {
      clearTimeout(this.timer);
      if (followed) this.goOnSoon();
      else live.hold();
    };
  }

  /** Ends the machine; nothing of it is left. */
  async end(): Promise<void> {
    if (this.server !== undefined) this.server.onFollowed = () => {};
    clearTimeout(this.timer);
    await this.live.stop();
    await this.run;
  }

  private observer(): LiveObserver {
    const decoder = new TextDecoder('utf-8');
    const { out, talk } = this.session;
    return {
      output: (_program, bytes) => out.write(decoder.decode(bytes, { stream: true })),
      fault: (event) => this.onFault(event),
      ending: (program) =>
        this.show(program, `${program.name} ends after ${program.faults} faults.`),
      ended: (program) => talk.print(...endLines(program)),
    };
  }

  private onFault(event: FaultEvent): void {
    this.taken += 1;
    if (this.taken < this.allowed) return;
    this.live.hold();
    this.show(event.program, plainText(faultLine(event)).trim());
    this.goOnSoon();
  }

  private goOnSoon(): void {
    this.timer = setTimeout(() => {
      this.taken = 0;
      this.allowed = Math.max(1, 2 * this.allowed);
      this.live.release();
    }, this.every);
  }

  private show(program: LiveProgram, about: string): void {
    this.server?.show(this.documentOf(program, about));
  }

  private documentOf(program: LiveProgram, about: string): string {
    const { kernel, machine } = this.live;
    const input = pmapSpace(kernel, program.domain.pmap);
    const registers = TRANSLATION_NAMES.map((name) => {
      return { name, value: input.registers[name], origin: `boot:${this.path}` };
    });
    return labDocument({
      word: `boot:${this.path}`,
      title: `boot:${this.path}`,
      about,
      live: true,
      snapshot: {
        source: `boot:${this.path}`,
        cpu: machine.profile.name,
        registers,
        memory: tableMemory(input),
      },
      names: programRanges(program),
    });
  }
}
