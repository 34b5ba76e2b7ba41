/** What may be said about a source beside its word, and what follows from it for all of them. */

import type { NamedRange } from '../inspect/index.js';
import type { CaptureWatch, ProgressListener } from './capture.js';
import type { TargetOptions } from './live-target.js';
import {
  RegisterBanks,
  TRANSLATION_NAMES,
  type TranslationName,
  type World,
} from './register-banks.js';
import { requireWord } from './register-file.js';
import { readNames, readRegisterFile } from './side-files.js';
import type { SourceWord } from './source-word.js';

/** How long a target may take for each answer. */
const DEFAULT_TIMEOUT_MILLISECONDS = 3000;

/** Options of `openSource`; each may be left out. */
export interface SourceOptions {
  /** Registers by hand, 32 bits each; they count before all others. */
  readonly registers?: Readonly<Partial<Record<TranslationName, number>>>;
  /** A file of registers; they count before those of the source. */
  readonly registerFile?: string;
  /** Which bank of registers: that of the world whose MMU is on, unless said. */
  readonly world?: World | 'auto';
  /** The name of a CPU profile, where the source does not tell or is not to be believed. */
  readonly cpu?: string;
  /** Files that name addresses. */
  readonly nameFiles?: readonly string[];
  /** How long a live target may take for each answer; 3000 unless said. */
  readonly timeoutMilliseconds?: number;
  /** What a live target does afterwards; what it did before, unless said. */
  readonly leave?: TargetOptions['leave'];
  /** Told how far reading a live target is. */
  readonly onProgress?: ProgressListener;
  /** Ends reading a live target, which is then left as it was found. */
  readonly signal?: AbortSignal;
}

/** Everything that is known before a source that is a file is opened. */
export interface FileContext {
  readonly word: SourceWord;
  readonly flags: RegisterBanks;
  readonly file: RegisterBanks;
  readonly world: World | 'auto';
  readonly cpu: string | undefined;
  readonly names: readonly NamedRange[];
}

/** Everything that is known before the source itself is opened. */
export interface SourceContext extends FileContext {
  readonly target: TargetOptions;
  /** What watches over reading a target. */
  readonly watch: CaptureWatch;
}

/**
 * Reads the files that the options name.
 *
 * Errors: those of `readRegisterFile` and `readNames`; SOURCE_ERR_REGISTER — a register has more than
 * 32 bits.
 */
export async function readContext(
  word: SourceWord,
  options: SourceOptions,
): Promise<SourceContext> {
  const { registerFile, nameFiles = [] } = options;
  const names: NamedRange[] = [];
  for (const path of nameFiles) names.push(...(await readNames(path)));
  return {
    word,
    flags: new RegisterBanks(flagsOf(options)),
    file: new RegisterBanks(registerFile === undefined ? [] : await readRegisterFile(registerFile)),
    world: options.world ?? 'auto',
    cpu: options.cpu,
    names,
    target: {
      timeoutMilliseconds: options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS,
      leave: options.leave ?? 'as-found',
    },
    watch: { onProgress: options.onProgress, signal: options.signal },
  };
}

function flagsOf(options: SourceOptions): { name: string; value: number; origin: string }[] {
  return TRANSLATION_NAMES.flatMap((name) => {
    const value = options.registers?.[name];
    const origin = `--${name}`;
    return value === undefined ? [] : [{ name, value: requireWord(name, value, origin), origin }];
  });
}
