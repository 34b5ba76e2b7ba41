/**
 * `quiz`: questions about tables that are made up from a seed, with their answers worked out by the
 * same walk that everything else uses.
 */

import { hex } from '../base/index.js';
import {
  ACCESS_NAMES,
  addressBits,
  cortexA15,
  faultMeaning,
  KIND_NAMES,
  Kind,
  kindOf,
  type LeafAttributes,
  leafPattern,
  TYPE_FIELDS,
  tableAddressBits,
  tablePattern,
} from '../format/index.js';
import {
  EXTERNAL_ABORT,
  Sctlr,
  type TranslationRegisters,
  type WordReader,
} from '../machine/index.js';
import type { SpaceInput } from './address-space.js';
import { decodeEntry, decodeLines } from './decode-view.js';
import { line, type StyledLine } from './styled-text.js';
import { walkAddress, walkLines } from './walk-view.js';

/** A question with its answer. */
export interface Question {
  readonly seed: number;
  readonly kind: 'translate' | 'gate' | 'word' | 'kind';
  readonly text: readonly string[];
  /** What a right answer says; hexadecimal without 0x. */
  readonly answer: string;
  /** The answers that there are to choose from; none where a word is asked for. */
  readonly choices: readonly string[];
  /** What the question is about, for who draws it. */
  readonly about: QuestionAbout;
  /** How one gets there. */
  readonly solution: readonly StyledLine[];
}

/** What a question is about: an access of a small space, or the word of one entry. */
export type QuestionAbout =
  | {
      readonly kind: 'walk';
      readonly input: SpaceInput;
      readonly va: number;
      readonly access: number;
    }
  | { readonly kind: 'entry'; readonly word: number; readonly level: 1 | 2 };

/** Numbers from a seed: the same ones everywhere (Mulberry32). */
class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A whole number from 0 up to, not including, `sides`. */
  roll(sides: number): number {
    this.state = (this.state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sides);
  }

  /** One of `choices`. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T;
  }
}

const ROOT = 0x6000_4000;
const TABLE = 0x6001_0c00;
const APS = [0b001, 0b010, 0b011, 0b101, 0b111] as const;
const TYPES = ['normal-wbwa', 'device', 'normal-nc'] as const;
const GATES = ['none', 'translation', 'access-flag', 'domain', 'permission'] as const;
const ENTRY_KINDS = ['fault', 'table', 'section', 'supersection', 'large', 'small'] as const;
const QUESTION_KINDS = ['translate', 'gate', 'word', 'kind'] as const;

/** The question that `seed` stands for. */
export function quizQuestion(seed: number): Question {
  const dice = new Dice(seed);
  const kind = dice.pick(QUESTION_KINDS);
  switch (kind) {
    case 'translate':
      return { seed, kind, ...translateQuestion(dice) };
    case 'gate':
      return { seed, kind, ...gateQuestion(dice) };
    case 'word':
      return { seed, kind, ...wordQuestion(dice) };
    case 'kind':
      return { seed, kind, ...kindQuestion(dice) };
  }
}

/** Whether `answer` is right: case, a leading `0x` or zeros, and blanks do not count. */
export function isRight(question: Question, answer: string): boolean {
  const plain = (text: string): string =>
    text
      .trim()
      .toLowerCase()
      .replaceAll(/\s+/g, ' ')
      .replace(/^0x/, '')
      .replace(/^0+(?=.)/, '');
  return plain(answer) === plain(question.answer);
}

type Body = Omit<Question, 'seed' | 'kind'>;

/** A space of one root entry, and a level-2 entry below it where the leaf is a page. */
interface SmallSpace {
  readonly input: SpaceInput;
  readonly va: number;
  /** The entries that are shown: address and word. */
  readonly entries: readonly { readonly address: number; readonly word: number }[];
}

function attributesFrom(dice: Dice, kind: number): LeafAttributes {
  const type = TYPE_FIELDS[dice.pick(TYPES)];
  return {
    ap: dice.pick(APS),
    xn: dice.roll(2) === 1,
    pxn: false,
    ...type,
    s: dice.roll(2) === 1,
    ng: dice.roll(2) === 1,
    ns: false,
    domain: kind === Kind.SECTION ? dice.roll(3) : 0,
  };
}

const LEAF_PAGES: Readonly<Record<number, number>> = {
  [Kind.SECTION]: 256,
  [Kind.SUPERSECTION]: 4096,
  [Kind.LARGE]: 16,
  [Kind.SMALL]: 1,
};

/** Memory in which only the words of some entries answer. */
class EntryWords implements WordReader {
  private readonly words: ReadonlyMap<number, number>;

  constructor(words: ReadonlyMap<number, number>) {
    this.words = words;
  }

  readWord(pa: number): number {
    return this.words.get(pa) ?? EXTERNAL_ABORT;
  }
}

function spaceFrom(dice: Dice, registers: Partial<TranslationRegisters>): SmallSpace {
  const kind = dice.pick([Kind.SECTION, Kind.SUPERSECTION, Kind.LARGE, Kind.SMALL]);
  const pages = LEAF_PAGES[kind] as number;
  const frame = 0x6_2000 + dice.roll(64) * Math.max(pages, 16);
  const aligned = frame - (frame % pages);
  const va = (0x1000_0000 + dice.roll(0x4000_0000 / 4) * 4) >>> 0;
  const leaf = (leafPattern(kind, attributesFrom(dice, kind)) | addressBits(kind, aligned)) >>> 0;
  const rootAddress = ROOT + (va >>> 20) * 4;
  const isPage = kind === Kind.LARGE || kind === Kind.SMALL;
  const domain = dice.roll(3);
  const table =
    (tablePattern({ domain, pxn: false, ns: false }) | tableAddressBits(TABLE / 1024)) >>> 0;
  const entries = isPage
    ? [
        { address: rootAddress, word: table },
        { address: TABLE + ((va >>> 12) & 255) * 4, word: leaf },
      ]
    : [{ address: rootAddress, word: leaf }];
  const words = new Map(entries.map(({ address, word }) => [address, word]));
  const input = {
    reader: new EntryWords(words),
    registers: {
      ttbr0: ROOT,
      ttbr1: 0,
      ttbcr: 0,
      dacr: 0x5555_5555,
      sctlr: Sctlr.M,
      prrr: 0,
      nmrr: 0,
      contextidr: 0,
      ...registers,
    },
    profile: cortexA15,
  };
  return { input, va, entries };
}

function given({ input, entries }: SmallSpace): string[] {
  const { ttbr0, dacr } = input.registers;
  return [
    `TTBR0 = ${hex(ttbr0)}, TTBCR.N = 0, DACR = ${hex(dacr)}, SCTLR.AFE = 0, SCTLR.TRE = 0`,
    ...entries.map(({ address, word }) => `the word at ${hex(address)} is ${hex(word)}`),
  ];
}

function translateQuestion(dice: Dice): Body {
  const space = spaceFrom(dice, {});
  const walk = walkAddress(space.input, space.va);
  return {
    text: [...given(space), `What physical address does ${hex(space.va)} have?`],
    answer: hex(walk.leaf?.pa ?? 0),
    choices: [],
    about: { kind: 'walk', input: space.input, va: space.va, access: walk.access },
    solution: walkLines(space.input, walk),
  };
}

function gateQuestion(dice: Dice): Body {
  const space = spaceFrom(dice, { dacr: dice.pick([0x5555_5555, 0x5555_5545, 0x5555_5551]) });
  const access = dice.roll(6);
  const walk = walkAddress(space.input, space.va, access);
  const status = walk.fault?.status;
  return {
    text: [
      ...given(space),
      `A ${ACCESS_NAMES[access]} of ${hex(space.va)}: which gate refuses it? (none, translation,`,
      'access-flag, domain or permission)',
    ],
    answer: status === undefined ? 'none' : faultMeaning(status).name,
    choices: GATES,
    about: { kind: 'walk', input: space.input, va: space.va, access },
    solution: walkLines(space.input, walk, access),
  };
}

function wordQuestion(dice: Dice): Body {
  const kind = dice.pick([Kind.SECTION, Kind.SMALL]);
  const type = dice.pick(TYPES);
  const attributes = { ...attributesFrom(dice, kind), ...TYPE_FIELDS[type] };
  const frame = kind === Kind.SECTION ? (0x600 + dice.roll(64)) * 256 : 0x6_0000 + dice.roll(4096);
  const word = (leafPattern(kind, attributes) | addressBits(kind, frame)) >>> 0;
  const level = kind === Kind.SECTION ? 1 : 2;
  const fields = [
    `AP ${attributes.ap.toString(2).padStart(3, '0')}`,
    `XN ${attributes.xn ? 1 : 0}`,
    `S ${attributes.s ? 1 : 0}`,
    `nG ${attributes.ng ? 1 : 0}`,
    ...(kind === Kind.SECTION ? [`domain ${attributes.domain}`] : []),
  ];
  const { registers, profile } = spaceFrom(dice, {}).input;
  return {
    text: [
      `What word maps ${hex(frame * 4096)} as a ${KIND_NAMES[kind]} in a level-${level} table, as ${type}`,
      `(SCTLR.TRE = 0), with ${fields.join(', ')}?`,
    ],
    answer: hex(word),
    choices: [],
    about: { kind: 'entry', word, level },
    solution: decodeLines(decodeEntry(word, level, registers, profile)),
  };
}

function kindQuestion(dice: Dice): Body {
  const level = dice.pick([1, 2] as const);
  const kind = dice.pick([Kind.SECTION, Kind.SUPERSECTION, Kind.LARGE, Kind.SMALL]);
  const attributes = { ...attributesFrom(dice, kind), domain: 0 };
  const word = (leafPattern(kind, attributes) | addressBits(kind, 0x6_0000)) >>> 0;
  const { registers, profile } = spaceFrom(dice, {}).input;
  const answer = KIND_NAMES[kindOf(level, word, true)] ?? 'fault';
  return {
    text: [
      `What is the word ${hex(word)} in a level-${level} table? (fault, table, section,`,
      'supersection, large, small)',
    ],
    answer,
    choices: ENTRY_KINDS,
    about: { kind: 'entry', word, level },
    solution: decodeLines(decodeEntry(word, level, registers, profile)),
  };
}

/** A question as lines; with its solution where that is wanted. */
export function questionLines(question: Question, solve: boolean): StyledLine[] {
  const lines = [
    line(`question ${question.seed}`, 'heading'),
    ...question.text.map((text) => line(`  ${text}`)),
  ];
  if (!solve) return lines;
  const indented = question.solution.map((each) => [{ text: '    ' }, ...each]);
  return [...lines, line(`  answer: ${question.answer}`, 'good'), ...indented];
}
