/**
 * A walk as a picture: the address as coloured bits, the entries that it leads through, and the gates
 * in a row. Behind the first closed gate nothing is asked, and nothing is coloured.
 */

import { hex } from '../../src/base/index.js';
import { KIND_NAMES } from '../../src/format/index.js';
import type { Gate } from '../../src/inspect/index.js';
import type { Walk, WalkStep } from '../../src/machine/index.js';
import type { Paint, Painter } from './painter.js';
import { OKABE_ITO } from './palette.js';

/** What is drawn. */
export interface WalkScene {
  readonly walk: Walk;
  readonly gates: readonly Gate[];
  /** Whether what comes of it is a question: only the address and the words of the entries are told. */
  readonly isHidden?: boolean;
}

/** A field of the address: what its bits choose. */
interface AddressField {
  readonly text: string;
  readonly bits: number;
  readonly colour: string;
}

const ROOT_COLOUR = OKABE_ITO.sky;
const TABLE_COLOUR = OKABE_ITO.green;
const OFFSET_COLOUR = OKABE_ITO.yellow;
const NARROW = 640;

/** The height that the picture takes at a width. */
export function walkHeight(width: number, { walk, gates }: WalkScene): number {
  const narrow = width < NARROW;
  const cards = narrow ? (walk.steps.length + 2) * (CARD_HEIGHT + 22) : CARD_HEIGHT + 30;
  return BITS_HEIGHT + cards + gateRows(width, gates.length) * GATE_HEIGHT + 16;
}

const BITS_HEIGHT = 92;
const CARD_HEIGHT = 74;
const GATE_HEIGHT = 118;
const GATE_WIDTH = 84;

function gateRows(width: number, gates: number): number {
  const inRow = Math.max(1, Math.floor(width / GATE_WIDTH));
  return Math.ceil(gates / inRow);
}

/** The picture of a walk. */
export function walkPaint(scene: WalkScene): Paint {
  return (painter, { width }) => {
    const fields = scene.isHidden === true ? HIDDEN_FIELDS : fieldsOf(scene.walk);
    paintBits(painter, scene.walk.va, fields, width);
    const top = paintCards(painter, scene, width);
    paintGates(painter, gatesOf(scene), width, top);
  };
}

const HIDDEN_FIELDS: readonly AddressField[] = [
  { text: 'virtual address', bits: 32, colour: OKABE_ITO.yellow },
];

function gatesOf({ gates, isHidden }: WalkScene): readonly Gate[] {
  return isHidden === true ? gates.map((gate) => ({ ...gate, state: 'not asked' })) : gates;
}

function fieldsOf({ steps, leaf, root }: Walk): AddressField[] {
  if (root === undefined) return [{ text: 'its own translation', bits: 32, colour: OFFSET_COLOUR }];
  const isTable = steps[0]?.descriptor?.kind === 'table';
  const unused = 32 - root.addressBits;
  const rootField: AddressField = {
    text: 'L1 index',
    bits: 12 - unused,
    colour: ROOT_COLOUR,
  };
  const above: AddressField[] =
    unused === 0 ? [rootField] : [{ text: 'N', bits: unused, colour: OKABE_ITO.grey }, rootField];
  if (!isTable) return [...above, { text: 'offset', bits: 20, colour: OFFSET_COLOUR }];
  if (leaf?.kind === 'large') {
    return [
      ...above,
      { text: 'L2 index', bits: 8, colour: TABLE_COLOUR },
      { text: 'offset, and four bits of the index', bits: 12, colour: OFFSET_COLOUR },
    ];
  }
  return [
    ...above,
    { text: 'L2 index', bits: 8, colour: TABLE_COLOUR },
    { text: 'offset', bits: 12, colour: OFFSET_COLOUR },
  ];
}

const INK = '#10161f';

/** The 32 bits of the address, each field in the colour of what it chooses. */
function paintBits(
  painter: Painter,
  va: number,
  fields: readonly AddressField[],
  width: number,
): void {
  const cell = Math.min(30, (width - 4) / 32);
  const left = Math.max(2, (width - cell * 32) / 2);
  let bit = 31;
  for (const { text, bits, colour } of fields) {
    const x = left + (31 - bit) * cell;
    const value = (va >>> (bit - bits + 1)) & (2 ** bits - 1);
    painter.rect(x + 0.5, 24, bits * cell - 1, 34, { fill: colour });
    for (let index = 0; index < bits; index++) {
      const at = bit - index;
      painter.text(x + (index + 0.5) * cell, 46, String((va >>> at) & 1), {
        size: Math.min(16, cell * 0.95),
        align: 'center',
        mono: true,
        colour: INK,
      });
    }
    painter.text(x, 16, String(bit), { size: 10, mono: true, colour: painter.colours.quiet });
    const words = [`${text} 0x${value.toString(16)}`, `0x${value.toString(16)}`];
    const fits = words.find(
      (each) => painter.measure(each, { size: 12.5, bold: true }) < bits * cell + 6,
    );
    if (fits !== undefined) {
      painter.text(x + (bits * cell) / 2, 77, fits, { size: 12.5, align: 'center', bold: true });
    }
    bit -= bits;
  }
}

/** One station of the walk. */
interface Card {
  readonly title: string;
  readonly lines: readonly string[];
  readonly colour: string;
  readonly isEnd: boolean;
}

/** Where the name of a leaf is not a word by itself. */
const LEAF_WORDS: Readonly<Record<string, string>> = { small: 'small page', large: 'large page' };

function cardsOf({ walk, isHidden = false }: WalkScene): Card[] {
  const { root, steps, leaf, fault } = walk;
  const cards: Card[] = [];
  if (root !== undefined) {
    cards.push({
      title: root.register,
      lines: [
        hex(root.base),
        root.disabled ? 'walks forbidden' : `translates ${root.addressBits} bits`,
      ],
      colour: OKABE_ITO.grey,
      isEnd: false,
    });
  }
  for (const step of steps) cards.push(cardOf(step, isHidden));
  if (isHidden) {
    cards.push({ title: '?', lines: ['what comes of it?'], colour: '', isEnd: true });
  } else if (fault !== undefined) {
    cards.push({
      title: 'Refused',
      lines: [fault.meaning.text, `status 0x${hex(fault.fsr, 3)}`],
      colour: '',
      isEnd: true,
    });
  } else if (leaf !== undefined) {
    cards.push({
      title: hex(leaf.pa),
      lines: [
        leaf.kind === 'flat' ? 'MMU off' : `in a ${LEAF_WORDS[leaf.kind] ?? leaf.kind}`,
        'the access is made',
      ],
      colour: '',
      isEnd: true,
    });
  }
  return cards;
}

function cardOf({ level, index, entryAddress, word, kind }: WalkStep, isHidden: boolean): Card {
  return {
    title: `L${level}[0x${hex(index, level === 1 ? 3 : 2)}]`,
    lines: [
      `@${hex(entryAddress)}`,
      word === undefined
        ? 'nothing answers'
        : `${hex(word)}${isHidden ? '' : `  ${KIND_NAMES[kind]}`}`,
    ],
    colour: level === 1 ? ROOT_COLOUR : TABLE_COLOUR,
    isEnd: false,
  };
}

/** The stations, side by side or one below the other; answers where they end. */
function paintCards(painter: Painter, scene: WalkScene, width: number): number {
  const cards = cardsOf(scene);
  const refused = scene.walk.fault !== undefined;
  const verdict = scene.isHidden === true ? 'asked' : refused ? 'refused' : 'made';
  const narrow = width < NARROW;
  const gap = narrow ? 22 : 44;
  const wide = narrow
    ? width - 4
    : Math.min(220, (width - 4 - gap * (cards.length - 1)) / cards.length);
  const left = narrow
    ? 2
    : Math.max(2, (width - wide * cards.length - gap * (cards.length - 1)) / 2);
  for (const [index, card] of cards.entries()) {
    const x = narrow ? left : left + index * (wide + gap);
    const y = BITS_HEIGHT + (narrow ? index * (CARD_HEIGHT + gap) : 0);
    if (index > 0) paintArrow(painter, narrow, x, y, gap, wide);
    paintCard(painter, card, verdict, x, y, wide);
  }
  return BITS_HEIGHT + (narrow ? cards.length * (CARD_HEIGHT + gap) : CARD_HEIGHT + 30);
}

const VERDICT_MARKS = { made: '✓ ', refused: '✕ ', asked: '' } as const;

function paintCard(
  painter: Painter,
  card: Card,
  verdict: keyof typeof VERDICT_MARKS,
  x: number,
  y: number,
  wide: number,
): void {
  const { colours } = painter;
  const colour = { made: colours.good, refused: colours.bad, asked: colours.accent }[verdict];
  painter.rect(x, y, wide, CARD_HEIGHT, {
    fill: colours.page,
    stroke: card.isEnd ? colour : colours.line,
    width: card.isEnd ? 2 : 1,
  });
  if (!card.isEnd) painter.rect(x, y, 5, CARD_HEIGHT, { fill: card.colour });
  painter.text(x + 15, y + 25, `${card.isEnd ? VERDICT_MARKS[verdict] : ''}${card.title}`, {
    size: 15,
    bold: true,
    mono: true,
    colour: card.isEnd ? colour : colours.ink,
  });
  for (const [line, text] of card.lines.entries()) {
    painter.text(x + 15, y + 44 + line * 17, text, {
      size: 12,
      mono: !card.isEnd,
      colour: line === 0 && !card.isEnd ? colours.quiet : colours.ink,
    });
  }
}

function paintArrow(
  painter: Painter,
  narrow: boolean,
  x: number,
  y: number,
  gap: number,
  wide: number,
): void {
  const style = { stroke: painter.colours.quiet, width: 1.5 };
  if (narrow) {
    const middle = x + Math.min(40, wide / 2);
    painter.path([middle, y - gap + 3], [[middle, y - 4]], style);
    painter.path(
      [middle - 4, y - 9],
      [
        [middle, y - 4],
        [middle + 4, y - 9],
      ],
      style,
    );
    return;
  }
  const middle = y + CARD_HEIGHT / 2;
  painter.path([x - gap + 5, middle], [[x - 5, middle]], style);
  painter.path(
    [x - 11, middle - 5],
    [
      [x - 5, middle],
      [x - 11, middle + 5],
    ],
    style,
  );
}

/** The gates, from left to right, in as many rows as they need. */
function paintGates(painter: Painter, gates: readonly Gate[], width: number, top: number): void {
  const inRow = Math.max(1, Math.floor(width / GATE_WIDTH));
  const rows = gateRows(width, gates.length);
  const each = Math.min(128, width / Math.min(inRow, Math.max(1, gates.length)));
  for (const [index, gate] of gates.entries()) {
    const row = Math.floor(index / inRow);
    const count = row === rows - 1 ? gates.length - row * inRow : inRow;
    const left = (width - count * each) / 2;
    paintGate(painter, gate, left + (index % inRow) * each, top + row * GATE_HEIGHT, each);
  }
}

function paintGate(
  painter: Painter,
  { title, state }: Gate,
  x: number,
  y: number,
  each: number,
): void {
  const { colours } = painter;
  const colour = { open: colours.good, closed: colours.bad, 'not asked': colours.line }[state];
  const [left, right] = [x + each * 0.24, x + each * 0.76];
  const floor = y + 76;
  // The way through, as far as the access came.
  if (state !== 'not asked') {
    const end = state === 'open' ? x + each : left - 4;
    painter.path([x, floor - 22], [[end, floor - 22]], { stroke: colour, width: 3 });
  } else {
    painter.path([x, floor - 22], [[x + each, floor - 22]], {
      stroke: colour,
      width: 2,
      dash: [3, 5],
    });
  }
  const post = { fill: colour };
  painter.rect(left - 3, y + 18, 6, floor - y - 18, post);
  painter.rect(right - 3, y + 18, 6, floor - y - 18, post);
  painter.rect(left - 7, floor, right - left + 14, 4, post);
  if (state === 'closed') {
    for (const at of [0.25, 0.5, 0.75]) {
      painter.rect(left + (right - left) * at - 2, y + 26, 4, floor - y - 26, post);
    }
    painter.rect(left, y + 38, right - left, 5, post);
    painter.rect(left, y + 62, right - left, 5, post);
  } else {
    // A bar that is raised, or that nobody has touched.
    const up = state === 'open' ? -14 : 8;
    painter.path([left, y + 24], [[right - 4, y + 24 + up]], { stroke: colour, width: 4 });
  }
  const mark = { open: '✓', closed: '✕', 'not asked': '' }[state];
  painter.text((left + right) / 2, y + 12, mark, { size: 15, align: 'center', bold: true, colour });
  painter.text(x + each / 2, floor + 24, title, {
    size: 12,
    align: 'center',
    bold: state === 'closed',
    colour: state === 'not asked' ? colours.quiet : state === 'closed' ? colours.bad : colours.ink,
  });
}
