/** A boot as one JSON object, for a program to read. */
import { hex0x } from '../base/index.js';
import { ACCESS_NAMES } from '../format/index.js';
import type { FaultEvent, LiveMachine, LiveObserver, LiveProgram } from '../live/index.js';
import type { BootFlags } from './boot-flags.js';
import { registerNames } from './boot-lines.js';

/** What the JSON of a boot calls itself; the version rises when something in it changes its meaning. */
const BOOT_SCHEMA = 'pagewright/boot';
const BOOT_SCHEMA_VERSION = 1;

/** Collects what happens. Addresses and words are hexadecimal strings, sizes numbers. */
export class BootJson {
  readonly observer: LiveObserver;
  private readonly live: LiveMachine;
  private readonly flags: BootFlags;
  private readonly outputs = new Map<
    LiveProgram,
    { decoder: InstanceType<typeof TextDecoder>; text: string }
  >();
  private readonly events: unknown[] = [];

  constructor(live: LiveMachine, flags: BootFlags) {
    this.live = live;
    this.flags = flags;
    this.observer = {
      output: (program, bytes) => {
        const known = this.outputs.get(program);
        const output = known ?? { decoder: new TextDecoder('utf-8'), text: '' };
        output.text += output.decoder.decode(bytes, { stream: true });
        this.outputs.set(program, output);
      },
      ...(flags.events === true ? { fault: (event) => this.events.push(eventRecord(event)) } : {}),
    };
  }

  /** The object. */
  result(programs: readonly LiveProgram[], milliseconds: number): unknown {
    const { live, flags } = this;
    const { frames, policy, stack, events } = flags;
    return {
      schema: BOOT_SCHEMA,
      version: BOOT_SCHEMA_VERSION,
      machine: {
        cpu: live.machine.profile.name,
        board: live.board.machine,
        qemu: live.version,
        ramBytes: flags.ram,
        access: live.access,
        bootMilliseconds: live.bootMilliseconds,
      },
      paging: {
        frames: frames ?? null,
        policy: frames === undefined ? null : policy,
        stackBytes: stack,
      },
      milliseconds,
      programs: programs.map((program) => this.programRecord(program)),
      ...(events === true ? { events: this.events } : {}),
    };
  }

  private programRecord(program: LiveProgram): unknown {
    const { name, domain, faults, systemCalls, resident, evicted, stackBytes } = program;
    return {
      name,
      number: domain.number,
      output: this.outputs.get(program)?.text ?? '',
      end: endRecord(program),
      faults,
      evicted,
      resident,
      stackBytes,
      systemCalls,
    };
  }
}

function endRecord({ end }: LiveProgram): unknown {
  if (end === undefined) return null;
  if (end.kind === 'exit') return end;
  const values = registerNames().map((name, index) => [name, hex0x(end.registers[index] ?? 0, 8)]);
  const registers: unknown = Object.fromEntries(values);
  if (end.kind === 'undefined') return { kind: end.kind, registers };
  const { error, record } = end;
  const messages: string[] = [];
  for (let at: typeof error | undefined = error; at !== undefined; at = at.cause) {
    messages.push(at.message);
  }
  return { kind: end.kind, codes: error.chain(), messages, registers, explanation: record };
}

function eventRecord(event: FaultEvent): unknown {
  const { program, number, abort, pc, answer, region, offset, pa, evicted, microseconds } = event;
  return {
    program: program.name,
    number,
    access: ACCESS_NAMES[abort.access],
    fault: abort.meaning.text,
    fsr: hex0x(abort.fsr, 3),
    va: hex0x(abort.va, 8),
    pc: hex0x(pc, 8),
    region: region ?? null,
    offset: region === undefined ? null : offset,
    answer,
    pa: pa === undefined ? null : hex0x(pa, 8),
    stackGrew: event.stackGrew,
    evicted,
    microseconds,
  };
}
