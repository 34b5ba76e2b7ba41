/** Programs on live machines, as tests run them. */

import { readFileSync } from 'node:fs';
import { fifo } from '../../src/domain/index.js';
import {
  LiveMachine,
  type LiveObserver,
  type LiveOptions,
  type LiveProgram,
  LiveSystem,
  type PagingOptions,
} from '../../src/live/index.js';
import { build } from './elf-file.js';

/** The bytes of a program of `examples/live`. */
function example(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`examples/live/${name}.elf`));
}

const TEXT = 0x1_0000;

/** A program of these ARM words. */
export function programOf(...words: readonly number[]): Uint8Array {
  const file = build([{ vaddr: TEXT }], { entry: TEXT });
  const view = new DataView(file.buffer);
  for (const [index, word] of words.entries()) view.setUint32(0x1000 + index * 4, word, true);
  return file;
}

/** How a run is to be. */
export interface RunOptions extends LiveOptions, Partial<PagingOptions> {
  readonly observer?: LiveObserver;
  /** Called when the programs are loaded. */
  readonly during?: (live: LiveMachine, system: LiveSystem) => void;
}

/** What came of a run. */
export interface RunResult {
  readonly programs: readonly LiveProgram[];
  /** What they wrote, in one. */
  readonly output: string;
}

/** Runs programs, given by name or as bytes, on a machine of their own. */
export async function runLive(
  programs: readonly (string | Uint8Array)[],
  { observer = {}, during, ...options }: RunOptions = {},
): Promise<RunResult> {
  const live = await LiveMachine.start(options);
  try {
    let output = '';
    const system = new LiveSystem(
      live,
      { policy: fifo, stackBytes: 2 ** 20, ...options },
      {
        ...observer,
        output: (program, bytes) => {
          output += new TextDecoder().decode(bytes);
          observer.output?.(program, bytes);
        },
      },
    );
    const files = programs.map((program, index) => {
      const name = typeof program === 'string' ? program : `program${index}`;
      const file = typeof program === 'string' ? example(program) : program;
      return { name, file, argv: [name] };
    });
    system.load(files);
    during?.(live, system);
    await system.run();
    return { programs: system.programs, output };
  } finally {
    await live.stop();
  }
}
