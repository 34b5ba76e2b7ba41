/** What `build` and `convert` do: read a layout, build it, tell what came of it, write it. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { VmError } from '../base/index.js';
import { CPU_PROFILES } from '../format/index.js';
import { isSnapshot, line, mapLines, mapRows } from '../inspect/index.js';
import {
  type Build,
  buildLayout,
  costText,
  EMITTERS,
  type Layout,
  type LayoutFailure,
  layoutKind,
  layoutMapLines,
  layoutOfSpace,
  readLayout,
} from '../layout/index.js';
import type { BuildFlags, ConvertFlags, Format, LayoutFlags } from './build-flags.js';
import { Exit, type ExitCode } from './exit-code.js';
import { decodeText, readAtMost } from './input-file.js';
import type { Output } from './output.js';
import { makeFolder, writeWholeFile } from './output-file.js';
import { printLines } from './printing.js';
import type { Session } from './session.js';
import { openSubject, regionsOf } from './subject.js';

const MOST_LAYOUT_BYTES = 4 * 2 ** 20;
const MOST_PROGRAM_BYTES = 64 * 2 ** 20;
/** What tells a text from a dump. */
const HEAD_BYTES = 64 * 1024;
/** Where tables would lie if anybody asked before `--tables` is missed. */
const NOWHERE = 0;

/**
 * Builds the layout at `path`, prints its map, and writes the forms that were asked for.
 * Errors: those of `readLayout` and `buildLayout`; `USAGE_ERR` --tables is missing;
 * `SOURCE_ERR_READ` something cannot be read; `SOURCE_ERR_WRITE` or written.
 */
export async function buildTables(
  session: Session,
  path: string,
  flags: BuildFlags,
): Promise<ExitCode> {
  const { out, talk } = session;
  const build = built(readLayoutAt(path, flags), talk);
  if (build === undefined) return Exit.INPUT;
  const { space, map, names, layout } = build;
  if (!session.quiet) {
    const rows = mapRows(map, { names });
    await printLines(out, mapLines(space, rows, { source: layout.file }, names));
  }
  out.print(line(costText(build)));
  const stem = path === '-' ? 'layout' : basename(path, extname(path));
  if (flags.emit !== undefined) makeFolder(flags.output);
  for (const format of flags.emit ?? []) {
    const { suffix, emit } = EMITTERS[format];
    const file = join(flags.output, `${stem}${suffix}`);
    const command = commandOf('build', path, flags, `--emit ${format}`);
    const content = emit({ build, command });
    writeWholeFile(file, content);
    talk.print(line(`${file}: ${Buffer.byteLength(content)} bytes`, 'quiet'));
  }
  return Exit.FINE;
}

/**
 * Writes what `word` names in another form, to a file or to standard output.
 * Errors: as {@link buildTables}, and those of sources; `USAGE_ERR` bytes without a file for them.
 */
export async function convertTables(
  session: Session,
  word: string,
  flags: ConvertFlags,
): Promise<ExitCode> {
  const { out, talk } = session;
  const binary: readonly Format[] = ['bin', 'obj'];
  if (flags.output === undefined && binary.includes(flags.to)) {
    throw new VmError('USAGE_ERR', `--to ${flags.to} is not text: say where it goes with -o FILE`);
  }
  const layout = isLayoutFile(word)
    ? readLayoutAt(word.replace(/^layout:/, ''), flags)
    : await readTables(session, word, flags);
  const build = built(layout, talk);
  if (build === undefined) return Exit.INPUT;
  const command = commandOf('convert', word, flags, `--to ${flags.to}`);
  const content = EMITTERS[flags.to].emit({ build, command });
  if (flags.output === undefined) out.write(String(content));
  else writeWholeFile(flags.output, content);
  return Exit.FINE;
}

/** The tables of a layout; undefined where it cannot be built, which is told with its map. */
function built(layout: Layout, talk: Output): Build | undefined {
  try {
    return buildLayout(layout);
  } catch (error) {
    const failure =
      error instanceof VmError ? (error.evidence as LayoutFailure | undefined) : undefined;
    if (!(error instanceof VmError) || failure?.placement === undefined) throw error;
    for (const { message } of failure.problems) {
      talk.print([{ text: 'pagewright: ', style: 'bad' }, { text: message }]);
    }
    talk.print(line(''), ...layoutMapLines(failure.placement));
    const codes = [...new Set(failure.problems.map(({ code }) => code))];
    talk.print(line(`[${codes.join(', ')}]`, 'quiet'));
    return undefined;
  }
}

function readLayoutAt(path: string, flags: LayoutFlags): Layout {
  const name = path === '-' ? 'standard input' : path;
  const text = decodeText(name, readAtMost(path, MOST_LAYOUT_BYTES));
  const folder = path === '-' ? '.' : dirname(path);
  const kind = layoutKind(text);
  if (kind !== 'yaml' && flags.tables === undefined) {
    const what = kind === 'csv' ? 'a CSV' : 'a list of C macros';
    const message = `${name} is ${what}, which does not say where the tables lie: give --tables ADDRESS`;
    throw new VmError('USAGE_ERR', message);
  }
  const layout = readLayout(
    text,
    name,
    (file) => readAtMost(join(folder, file), MOST_PROGRAM_BYTES),
    { tables: flags.tables ?? NOWHERE, defines: definesOf(flags) },
  );
  return adjusted(layout, flags);
}

/** The layout with what the command line says anew. Errors: USAGE_ERR — there is no such processor. */
function adjusted(layout: Layout, { tables, budget, cpu }: LayoutFlags): Layout {
  const profile = cpu === undefined ? layout.profile : CPU_PROFILES[cpu];
  if (profile === undefined) {
    const known = Object.keys(CPU_PROFILES).join(', ');
    throw new VmError('USAGE_ERR', `--cpu ${cpu}: known are ${known}`);
  }
  return {
    ...layout,
    profile,
    tables: {
      ...layout.tables,
      at: tables ?? layout.tables.at,
      budget: budget ?? layout.tables.budget,
    },
  };
}

function definesOf({ define }: LayoutFlags): ReadonlyMap<string, string> {
  return new Map(
    (define ?? []).map((text) => {
      const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? [];
      if (name === undefined) {
        throw new VmError(
          'USAGE_ERR',
          `-D ${text}: write NAME=VALUE, like -D UART_BASE=0x1c090000`,
        );
      }
      return [name, value ?? '1'] as const;
    }),
  );
}

/** Whether `word` is a file that describes regions, rather than one that holds tables. */
function isLayoutFile(word: string): boolean {
  if (word === '-' || /^layout:/.test(word)) return true;
  if (!existsSync(word) || !statSync(word).isFile()) return /\.ya?ml$/.test(word);
  const head = readAtMost(word, HEAD_BYTES);
  if (head.includes(0)) return false;
  const text = new TextDecoder().decode(head);
  if (isSnapshot(text)) return false;
  return /\.ya?ml$/.test(word) || layoutKind(text) !== 'yaml';
}

/** The layout that existing tables say. */
async function readTables(session: Session, word: string, flags: ConvertFlags): Promise<Layout> {
  const subject = await openSubject(session, word, flags);
  try {
    const { layout, notes } = layoutOfSpace(regionsOf(subject), subject.names, word);
    session.talk.print(...notes.map((note) => line(note, 'quiet')));
    return adjusted(layout, flags);
  } finally {
    subject.source?.close();
  }
}

/** The command line, as far as it decides what is written. */
function commandOf(verb: string, input: string, flags: LayoutFlags, form: string): string {
  const { tables, budget, cpu, define = [] } = flags;
  const words = [
    ...(tables === undefined ? [] : [`--tables 0x${tables.toString(16)}`]),
    ...(budget === undefined ? [] : [`--budget 0x${budget.toString(16)}`]),
    ...(cpu === undefined ? [] : [`--cpu ${cpu}`]),
    ...define.map((text) => `-D ${quoted(text)}`),
  ];
  return ['pagewright', verb, quoted(input), ...words, form].join(' ').trimEnd();
}

function quoted(text: string): string {
  return /^[\w@%+=:,./#-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
