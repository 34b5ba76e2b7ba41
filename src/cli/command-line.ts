/**
 * The command line: which commands there are, what all of them share, and how each ends.
 *
 * What a command does is loaded when it is called, so that `--help` and `--version` come at once.
 */
import { Command, CommanderError, Option } from 'commander';
import type { StyledLine } from '../inspect/styled-text.js';
import { defineBoot } from './boot.js';
import { defineBuild, defineConvert } from './build.js';
import { defineCheck } from './check.js';
import { defineConform } from './conform.js';
import { defineDecode } from './decode.js';
import { defineDiff } from './diff.js';
import { EXIT_HELP, Exit, type ExitCode, exitCodeOf } from './exit-code.js';
import { defineExplain } from './explain.js';
import { defineLab } from './lab.js';
import { COLOR_CHOICES, type ColorChoice, Output, type TextStream } from './output.js';
import { packageVersion } from './package-version.js';
import { defineQuiz } from './quiz.js';
import { defineReplay } from './replay.js';
import { defineRun } from './run.js';
import { defineScan } from './scan.js';
import type { Action, DefineCommand, Environment, Session } from './session.js';
import { defineShow } from './show.js';
import { defineWalk } from './walk.js';
import { defineWhere } from './where.js';

const COMMANDS: readonly DefineCommand[] = [
  defineRun,
  defineShow,
  defineWalk,
  defineWhere,
  defineExplain,
  defineDecode,
  defineCheck,
  defineDiff,
  defineScan,
  defineBuild,
  defineConvert,
  defineReplay,
  defineBoot,
  defineConform,
  defineQuiz,
  defineLab,
];

/** Runs the command that `args` ask for, and answers the exit code. Errors are printed, not thrown. */
export async function runCommandLine(
  args: readonly string[],
  environment: Environment,
): Promise<ExitCode> {
  const { stdout, stderr, variables } = environment;
  const session = (): Session => {
    const { color, quiet = false } = program.opts<{ color: ColorChoice; quiet?: boolean }>();
    return {
      out: new Output(stdout, color, variables),
      talk: new Output(quiet ? SILENCE : stderr, color, variables),
      quiet,
    };
  };
  const complain = (lines: readonly StyledLine[]): void => {
    const { color } = program.opts<{ color: ColorChoice }>();
    new Output(stderr, color, variables).print(...lines);
  };
  let exit: ExitCode = Exit.FINE;
  const perform = async (action: Action): Promise<void> => {
    exit = await action(session());
  };
  const program = makeProgram(environment);
  for (const define of COMMANDS) define(program, perform);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error, complain);
    const { errorLines } = await import('./error-report.js');
    complain(errorLines(error));
    return exitCodeOf(error);
  }
  return exit;
}

/** Where talk goes that nobody wants. */
const SILENCE: TextStream = { write: () => true };

function makeProgram({ stdout, stderr }: Environment): Command {
  const color = new Option('--color <when>', 'colour the output; NO_COLOR is heeded too')
    .choices(COLOR_CHOICES)
    .default('auto');
  return new Command('pagewright')
    .description('Build, read, explain and check ARM address spaces.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addOption(color)
    .option('-q, --quiet', 'print what was asked for and errors, and nothing else')
    .addHelpText(
      'after',
      `
Examples:
  pagewright run examples/first-domain.yaml     watch a domain build its address space
  pagewright show elf:fsbl.elf#MMUTable         the map of a firmware's address space
  pagewright conform test/fixtures/vectors      replay recorded vectors through the pmap

${EXIT_HELP}`,
    )
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => {},
    })
    .configureHelp({
      showGlobalOptions: true,
      // What a command takes is in its own help; here it would leave no room for what it does.
      subcommandTerm: (command) => [command.name(), ...command.aliases()].join('|'),
    })
    .exitOverride();
}

/** Help and version are no errors; everything else that the parser objects to is a usage error. */
function usageExit(
  error: CommanderError,
  complain: (lines: readonly StyledLine[]) => void,
): ExitCode {
  if (error.exitCode === 0) return Exit.FINE;
  if (error.code !== 'commander.help') {
    const what = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    complain([
      [{ text: 'pagewright: ', style: 'bad' }, { text: what }],
      [{ text: 'Add --help to see what the command takes.', style: 'quiet' }],
    ]);
  }
  return Exit.USAGE;
}
