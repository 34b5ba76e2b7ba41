/** How a command prints: `--format`, and `--json` that is short for it. */
import { type Command, Option } from 'commander';

/** The formats of what is one document. */
export const RECORD_FORMATS = ['table', 'json'] as const;

/** What these options hold. */
export interface FormatFlags<Format extends string> {
  readonly format: Format;
  readonly json?: boolean;
}

/** Adds the options to a command whose first choice is what it prints by itself. */
export function addFormatOptions(
  command: Command,
  choices: readonly string[],
  text = 'how to print',
): Command {
  return command
    .addOption(new Option('--format <which>', text).choices(choices).default(choices[0]))
    .option('-j, --json', 'short for --format json');
}

/** The format that was asked for. */
export function formatOf<Format extends string>(flags: FormatFlags<Format>): Format | 'json' {
  return flags.json === true ? 'json' : flags.format;
}
