/** What `boot` does: starts a machine, lets the programs run, and tells what happens. */
import { VmError } from '../base/index.js';
import { line } from '../inspect/index.js';
import { LiveMachine, type LiveObserver, type LiveProgram, LiveSystem } from '../live/index.js';
import type { BootFlags } from './boot-flags.js';
import { bootPolicy, readProgram, requireFrames } from './boot-input.js';
import { BootJson } from './boot-json.js';
import { endLines, faultLine, statusText } from './boot-lines.js';
import { Exit, type ExitCode } from './exit-code.js';
import { Progress } from './progress.js';
import type { Session } from './session.js';

const STATUS_MILLISECONDS = 100;
/** What ends us in order; each is passed on when the machine is gone. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Boots the programs at `paths`.
 * Errors: `USAGE_ERR` too few frames; `SOURCE_ERR_READ` one cannot be read; those of
 * `LiveMachine.start`, `LiveSystem.load` and `LiveSystem.run`; `LIVE_ERR_TIMEOUT` they run longer than
 * they may.
 */
export async function bootGuests(
  session: Session,
  paths: readonly string[],
  flags: BootFlags,
): Promise<ExitCode> {
  requireFrames(flags.frames);
  const files = paths.map((path) => readProgram(path, flags.arg));
  const interrupt = new Interrupt();
  try {
    const live = await LiveMachine.start({
      cpu: flags.cpu,
      ramBytes: flags.ram,
      access: flags.access,
    });
    interrupt.machine = live;
    try {
      if (interrupt.wasCalled) return Exit.TARGET;
      return await run(session, live, files, flags, interrupt);
    } finally {
      await live.stop();
    }
  } finally {
    interrupt.end();
  }
}

async function run(
  session: Session,
  live: LiveMachine,
  files: Parameters<LiveSystem['load']>[0],
  flags: BootFlags,
  interrupt: Interrupt,
): Promise<ExitCode> {
  const { out } = session;
  const json = flags.json === true ? new BootJson(live, flags) : undefined;
  const progress = new Progress(session.talk);
  const observer = json?.observer ?? textObserver(session, progress, flags.events === true);
  const options = {
    policy: bootPolicy(flags.policy),
    stackBytes: flags.stack,
    ...(flags.frames === undefined ? {} : { frames: flags.frames }),
  };
  const system = new LiveSystem(live, options, observer);
  const started = performance.now();
  system.load(files);
  let late = false;
  const status = setInterval(() => {
    progress.tell(() => statusText(system.programs, performance.now() - started));
  }, STATUS_MILLISECONDS);
  const deadline = setTimeout(
    () => {
      late = flags.timeout !== undefined;
      if (late) live.stop();
    },
    (flags.timeout ?? 1) * 1000,
  );
  try {
    await system.run();
  } finally {
    clearInterval(status);
    clearTimeout(deadline);
    progress.end();
  }
  if (interrupt.wasCalled) return Exit.TARGET;
  if (late) throw tooLate(system.programs, flags.timeout as number);
  const milliseconds = performance.now() - started;
  if (json !== undefined) {
    out.write(`${JSON.stringify(json.result(system.programs, milliseconds), null, 2)}\n`);
  } else session.talk.print(line(closing(live, milliseconds), 'quiet'));
  const fine = system.programs.every(({ end }) => end?.kind === 'exit' && end.status === 0);
  return fine || flags.exitZero === true ? Exit.FINE : Exit.NO;
}

function textObserver({ out, talk }: Session, progress: Progress, events: boolean): LiveObserver {
  return {
    output: (_program, bytes) => {
      progress.end();
      out.write(bytes);
    },
    ended: (program) => {
      progress.end();
      talk.print(...endLines(program));
    },
    ...(events
      ? {
          fault: (event) => {
            progress.end();
            talk.print(faultLine(event));
          },
        }
      : {}),
  };
}

function closing(live: LiveMachine, milliseconds: number): string {
  const seconds = (milliseconds / 1000).toFixed(2);
  const boot = Math.round(live.bootMilliseconds);
  const { profile } = live.machine;
  return (
    `${profile.name} on QEMU ${live.version}, RAM reached by ${live.access === 'mapped' ? 'mapping' : 'file'}, ` +
    `booted in ${boot} ms, ran ${seconds} s`
  );
}

function tooLate(programs: readonly LiveProgram[], seconds: number): VmError {
  const running = programs.filter(({ end }) => end === undefined).map(({ name }) => name);
  return new VmError(
    'LIVE_ERR_TIMEOUT',
    `${running.join(', ')} had not ended after ${seconds} s (--timeout)`,
  );
}

/** Somebody interrupts us: the machine is ended first, and then we are, by the same signal. */
class Interrupt {
  machine: LiveMachine | undefined;
  private signal: NodeJS.Signals | undefined;
  private readonly call = (signal: NodeJS.Signals): void => {
    this.signal = signal;
    this.machine?.stop();
  };

  constructor() {
    for (const signal of SIGNALS) process.once(signal, this.call);
  }

  get wasCalled(): boolean {
    return this.signal !== undefined;
  }

  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.call);
    if (this.signal !== undefined) process.kill(process.pid, this.signal);
  }
}
