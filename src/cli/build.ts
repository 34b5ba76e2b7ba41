/** `pagewright build` and `pagewright convert`: tables from a layout, and every form they can have. */
import { type Command, Option } from 'commander';
import { parseAddress, parseBytes } from '../base/addresses.js';
import { VmError } from '../base/errors.js';
import { type BuildFlags, type ConvertFlags, FORMATS, type Format } from './build-flags.js';
import type { DefineCommand } from './session.js';
import { addSourceOptions, collect } from './source-flags.js';

const FORMAT_HELP = `Forms: bin (the bytes), c, asm, obj (ELF, with the symbols pagewright_l1 …), rust, stub (assembly that
  turns the MMU on), json, csv, md, ptdump, vmprint, svg (the map), yaml (a layout with every address
  given), region-csv (for arm64-pgtable-tool).`;

const INPUT_HELP = `A layout is YAML (docs/building.md), a CSV of arm64-pgtable-tool in either dialect, or C with region
  macros of TF-A, Zephyr or U-Boot; its content tells which. The last two do not say where the tables
  lie: --tables does.`;

export const defineBuild: DefineCommand = (program, perform) => {
  const command = program
    .command('build')
    .description('build translation tables from a layout, and prove them page by page')
    .argument('<layout>', 'a layout file, or - for standard input')
    .addOption(
      new Option(
        '--emit <forms>',
        'what to write, as c,stub; without it only the map is printed',
      ).argParser(formatList),
    )
    .option('-o, --output <folder>', 'where to write it', '.');
  addLayoutOptions(command)
    .option('--cpu <name>', 'the processor, instead of that of the layout')
    .addHelpText(
      'after',
      `
${INPUT_HELP}

${FORMAT_HELP}

Every build is read back and compared with the layout, page by page, before anything is written. The
same layout gives the same bytes. A layout that cannot be built ends with exit code 3: all that is
wrong is told, and the map is drawn.

Examples:
  pagewright build examples/layouts/zynq-board.yaml
  pagewright build board.yaml --emit obj,stub -o build
  pagewright build mmap.c --tables 80000000 -D DEVICE0_BASE=0x1c000000 --emit yaml`,
    )
    .action((layout: string, flags: BuildFlags) =>
      perform(async (session) => {
        const { buildTables } = await import('./build-report.js');
        return buildTables(session, layout, flags);
      }),
    );
};

export const defineConvert: DefineCommand = (program, perform) => {
  const command = program
    .command('convert')
    .description('write a layout, a list of regions or tables that exist in another form')
    .argument('<in>', 'a layout in any form, or a source')
    .addOption(new Option('--to <form>', 'what to write').choices(FORMATS).makeOptionMandatory())
    .option('-o, --output <file>', 'where to write it; standard output, if not said');
  addLayoutOptions(command);
  addSourceOptions(command)
    .addHelpText(
      'after',
      `
${INPUT_HELP}
Tables that exist, in a dump or a live target, are read, and built anew where their root lies.

${FORMAT_HELP}

Examples:
  pagewright convert mmap.csv --tables 80000000 --to yaml
  pagewright convert elf:fsbl.elf#MMUTable --to c -o tables.c`,
    )
    .action((word: string, flags: ConvertFlags) =>
      perform(async (session) => {
        const { convertTables } = await import('./build-report.js');
        return convertTables(session, word, flags);
      }),
    );
};

function addLayoutOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--tables <hex>', 'the physical address of the tables').argParser(tablesAddress),
    )
    .addOption(
      new Option('--budget <size>', 'the most that the tables may take').argParser(budgetBytes),
    )
    .addOption(
      new Option('-D, --define <name=value>', 'the value of a name that a list uses').argParser(
        collect,
      ),
    );
}

function formatList(text: string): readonly Format[] {
  return text.split(',').map((word) => {
    const name = word.trim();
    const format = FORMATS.find((each) => each === name);
    if (format !== undefined) return format;
    throw new VmError('USAGE_ERR', `--emit ${text}: \`${name}\` is none of ${FORMATS.join(', ')}`);
  });
}

function tablesAddress(text: string): number {
  const address = parseAddress(text);
  if (address !== undefined && address < 2 ** 32) return address;
  throw new VmError('USAGE_ERR', `--tables ${text}: give a hexadecimal address of 32 bits`);
}

function budgetBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw new VmError('USAGE_ERR', `--budget ${text}: give a size, like 64K`);
}
