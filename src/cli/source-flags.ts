/** The options that every command with a source takes, and what they mean for opening it. */
import { type Command, Option } from 'commander';
import { parseAddress, VmError } from '../base/index.js';

/** What a live target may be left doing. */
const LEAVE_CHOICES = ['as-found', 'running', 'halted'] as const;

/** What the options of a source hold, as the parser gives them. */
export interface SourceFlags {
  readonly ttbr0?: number;
  readonly ttbr1?: number;
  readonly ttbcr?: number;
  readonly sctlr?: number;
  readonly dacr?: number;
  readonly prrr?: number;
  readonly nmrr?: number;
  readonly contextidr?: number;
  readonly regs?: string;
  readonly world: 'auto' | 'secure' | 'normal';
  readonly cpu?: string;
  readonly names: readonly string[];
  readonly elf: readonly string[];
  readonly timeout?: number;
  readonly leave?: (typeof LEAVE_CHOICES)[number];
  readonly save?: string;
}

const REGISTERS = [
  ['ttbr0', 'translation table base 0'],
  ['ttbr1', 'translation table base 1'],
  ['ttbcr', 'translation table base control'],
  ['sctlr', 'system control: M, WXN, TRE, AFE'],
  ['dacr', 'domain access control'],
  ['prrr', 'primary region remap'],
  ['nmrr', 'normal memory remap'],
  ['contextidr', 'context: the ASID'],
] as const;

const GROUP = 'Source:';

/** The forms of a source, for the help of every command. */
const SOURCE_HELP = `A source is one word: layout:board.yaml  elf:fw.elf#MMUTable  ram:dump.bin@0x60000000
  core:vmcore  lime:mem.lime  tables:DIR  snap:state.json  log:boot.txt  gdb:HOST:PORT  qmp:SOCKET  -
  The prefix may be left out where the content of the file tells. Addresses are hexadecimal.`;

/** Adds the options of a source to a command. */
export function addSourceOptions(command: Command): Command {
  for (const [name, text] of REGISTERS) {
    command.addOption(
      new Option(`--${name} <hex>`, `${text}, instead of the source's`)
        .argParser((value: string) => registerValue(name, value))
        .helpGroup(GROUP),
    );
  }
  const options = [
    new Option('--regs <file>', 'registers from a file: JSON, or lines NAME VALUE'),
    new Option('--world <which>', 'the bank of registers')
      .choices(['auto', 'secure', 'normal'])
      .default('auto'),
    new Option('--cpu <name>', 'the processor: cortex-a7, cortex-a9, cortex-a15'),
    new Option('--names <file>', 'names of addresses: ELF, SVD, devicetree, mtree or lines')
      .argParser(collect)
      .default([], 'none'),
    new Option('--elf <file>', 'the same as --names, for a program')
      .argParser(collect)
      .default([], 'none'),
    new Option('--timeout <ms>', 'how long a live target may take to answer').argParser(
      positiveNumber('timeout'),
    ),
    new Option('--leave <state>', 'what a live target does afterwards').choices(LEAVE_CHOICES),
    new Option('--save <file>', 'keep a snapshot of registers and tables, to look at later'),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command.addHelpText('after', `\n${SOURCE_HELP}`);
}

/** The value of a register. Errors: USAGE_ERR — it is no 32-bit hexadecimal number. */
export function registerValue(name: string, text: string): number {
  const value = parseAddress(text);
  if (value !== undefined && value < 2 ** 32) return value;
  throw new VmError('USAGE_ERR', `--${name} ${text}: give a hexadecimal number of 32 bits`);
}

/** Reads the number above 0 that `option` takes. Errors: USAGE_ERR. */
export function positiveNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new VmError('USAGE_ERR', `--${option} ${text}: give a whole number above 0`);
  };
}

/** The longest time that a timer can wait for, in seconds. */
const MOST_SECONDS = 2 ** 31 / 1000 - 1;

/** Reads the time in seconds that `option` takes; parts of one are fine. Errors: USAGE_ERR. */
export function positiveSeconds(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > 0 && value <= MOST_SECONDS) return value;
    const most = Math.floor(MOST_SECONDS);
    throw new VmError('USAGE_ERR', `--${option} ${text}: give seconds above 0, up to ${most}`);
  };
}

/** An option that may be given again and again. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
