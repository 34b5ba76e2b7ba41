/** What every written form of tables begins with: how it was made, what it needs, and the map. */
import { hex, hex0x } from '../base/index.js';
import { mapLines, mapRows, plainLines } from '../inspect/index.js';
import type { Build } from './build.js';

/** A build, and what is to be told of where it comes from. */
export interface Emission {
  readonly build: Build;
  /** The command line that made it, for whoever wants to make it again. */
  readonly command: string;
}

/** The alignment that the tables need, in bytes. */
export const TABLES_ALIGNMENT = 16 * 1024;

/** The registers of a build that whoever uses the tables has to load, with their values. */
export function registerValues({ registers, layout }: Build): [name: string, value: number][] {
  const { ttbr0, ttbr1, ttbcr, dacr, sctlr, prrr, nmrr } = registers;
  const values: [string, number][] = [['ttbr0', ttbr0]];
  if (layout.mmu.split > 0) values.push(['ttbr1', ttbr1]);
  values.push(['ttbcr', ttbcr], ['dacr', dacr], ['sctlr', sctlr]);
  if (layout.mmu.texRemap) values.push(['prrr', prrr], ['nmrr', nmrr]);
  return values;
}

/** The map of a build as `show` draws it. */
export function buildMap(build: Build): string {
  const { map, names, space, layout } = build;
  return plainLines(mapLines(space, mapRows(map, { names }), { source: layout.file }, names));
}

/** What a build costs, in a line. */
export function costText({ cost }: Build): string {
  const kinds = Object.entries(cost.leaves)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  return (
    `${cost.tables} L2 table${cost.tables === 1 ? '' : 's'}, ${cost.bytes} bytes of tables, ` +
    `${cost.tlbEntries} TLB entries (${kinds === '' ? 'nothing mapped' : kinds})`
  );
}

/** The lines that stand above tables in a language with comments. */
export function headLines({ build, command }: Emission): string[] {
  const { image, layout } = build;
  return [
    ...(layout.title === '' ? [] : [layout.title, '']),
    `Made by: ${command}`,
    '',
    `The tables lie at physical address ${hex0x(image.base, 8)}, and must be put there: their`,
    `entries hold physical addresses. They take ${image.words.byteLength} bytes, aligned to ${TABLES_ALIGNMENT}.`,
    `Cost: ${costText(build)}.`,
    '',
    ...buildMap(build).trimEnd().split('\n'),
  ];
}

/** What begins in the tables at which word, and what it is called. */
export interface TablePart {
  readonly symbol: string;
  /** The first word, and how many there are. */
  readonly at: number;
  readonly words: number;
  readonly what: string;
}

/** The root tables and the level-2 tables of a build, in the order in which they lie. */
export function tableParts({ image, roots, level2, layout }: Build): TablePart[] {
  const parts: TablePart[] = roots.map(({ register, base, bytes }) => ({
    symbol: register === 'TTBR0' ? 'pagewright_l1' : 'pagewright_l1_ttbr1',
    at: (base - image.base) / 4,
    words: bytes / 4,
    what: layout.mmu.split === 0 ? 'level 1' : `level 1, ${register}`,
  }));
  if (level2.count > 0) {
    const at = (level2.base - image.base) / 4;
    const words = image.words.length - at;
    parts.push({ symbol: 'pagewright_l2', at, words, what: 'level 2, 256 entries each' });
  }
  return parts;
}

/** A run of words: eight that are written out, or many that are 0. */
export interface WordRun {
  readonly at: number;
  readonly words: Uint32Array;
  readonly isZero: boolean;
}

const WORDS_OF_A_LINE = 8;

/** The words of `image` from `from` up to `to` in runs for one line each. */
export function* wordRuns(image: Uint32Array, from: number, to: number): Generator<WordRun> {
  for (let at = from; at < to; ) {
    let end = at;
    while (end < to && image[end] === 0) end += 1;
    if (end - at >= WORDS_OF_A_LINE || (end === to && end > at)) {
      yield { at, words: image.subarray(at, end), isZero: true };
      at = end;
      continue;
    }
    end = Math.min(to, at + WORDS_OF_A_LINE);
    yield { at, words: image.subarray(at, end), isZero: false };
    at = end;
  }
}

/** Words as a list: `0x00000c02, 0x00100c02`. */
export function wordList(words: Uint32Array): string {
  return [...words].map((word) => `0x${hex(word)}`).join(', ');
}
