/**
 * What the Atlas can be coloured by. A layer gives every page a class, and every class a colour and
 * words; classes are ordered, so that a cell of many pages can show the strongest of them.
 */

import { DOMAIN_ACCESS_NAMES, domainAccess, Kind, memoryTypeName } from '../../src/format/index.js';
import {
  CELL_FILLS,
  CELLS,
  domainNumberOf,
  gridCellOf,
  isLeaf,
  isUserAccessible,
  type Meaning,
  meaningKind,
  ROW_KINDS,
  rightsOf,
  SPACE_PAGES,
} from '../../src/inspect/index.js';
import { OKABE_ITO } from '../draw/palette.js';
import type { Subject } from './subject.js';

/** One class of a layer. */
export interface LayerClass {
  readonly text: string;
  /** A colour, or `hole`, whose colour is the theme's. */
  readonly colour: string;
}

/** Something to colour by. */
export interface Layer {
  readonly id: string;
  readonly title: string;
  /** Class 0 is a hole. */
  readonly classes: readonly LayerClass[];
  /** The class of each page. */
  readonly pages: Uint8Array;
  /** The classes that occur. */
  readonly present: ReadonlySet<number>;
}

/** The names of the layers that every subject has. */
export const LAYER_TITLES = {
  rights: 'rights',
  type: 'memory type',
  domain: 'DACR domain',
  leaf: 'leaf size',
} as const;

/** The name of a layer that every subject has. */
export type LayerId = keyof typeof LAYER_TITLES;

/** Class 0 of every layer. */
export const HOLE: LayerClass = { text: 'nothing', colour: 'hole' };

/** The layer `id` of a subject. */
export function layerOf(subject: Subject, id: LayerId): Layer {
  return { id, title: LAYER_TITLES[id], ...MAKERS[id](subject) };
}

type Made = Pick<Layer, 'classes' | 'pages' | 'present'>;

const MAKERS: Readonly<Record<LayerId, (subject: Subject) => Made>> = {
  rights: (subject) => ({
    classes: CELLS.map(({ text, style }) => ({
      text,
      colour:
        style === 'hole' && text !== 'nothing' ? OKABE_ITO.purple : (CELL_FILLS[style] ?? 'hole'),
    })).map((each, index) => (index === 0 ? HOLE : each)),
    ...classify(subject, (meaning) => gridCellOf(subject.regions, meaning)),
  }),
  type: (subject) =>
    byWord(
      subject,
      (meaning) => memoryTypeName(subject.regions.meanings.typeOf(meaning)),
      TYPE_ORDER,
    ),
  domain: (subject) => ({
    classes: [
      HOLE,
      ...Array.from({ length: 16 }, (_, domain) => ({
        text: `${domain} (${DOMAIN_ACCESS_NAMES[domainAccess(subject.input.registers.dacr, domain)]})`,
        colour: SERIES[domain % SERIES.length] ?? OKABE_ITO.grey,
      })),
    ],
    ...classify(subject, (meaning) => (isLeaf(meaning) ? domainNumberOf(meaning) + 1 : 0)),
  }),
  leaf: (subject) => ({
    classes: [
      HOLE,
      { text: 'supersection, 16 MiB', colour: OKABE_ITO.blue },
      { text: 'section, 1 MiB', colour: OKABE_ITO.sky },
      { text: 'large page, 64 KiB', colour: OKABE_ITO.orange },
      { text: 'small page, 4 KiB', colour: OKABE_ITO.vermillion },
    ],
    ...classify(subject, (meaning) => LEAF_CLASSES[meaningKind(meaning)] ?? 0),
  }),
};

const LEAF_CLASSES: Readonly<Record<number, number>> = {
  [Kind.SUPERSECTION]: 1,
  [Kind.SECTION]: 2,
  [Kind.LARGE]: 3,
  [Kind.SMALL]: 4,
};

/** Colours for what has no order, the best told apart first. */
export const SERIES = [
  OKABE_ITO.sky,
  OKABE_ITO.orange,
  OKABE_ITO.green,
  OKABE_ITO.purple,
  OKABE_ITO.yellow,
  OKABE_ITO.blue,
  OKABE_ITO.vermillion,
  OKABE_ITO.grey,
] as const;

const TYPE_ORDER: Readonly<Record<string, string>> = {
  'normal-wbwa': OKABE_ITO.sky,
  'normal-wb-nwa': OKABE_ITO.blue,
  'normal-wt': OKABE_ITO.green,
  'normal-nc': OKABE_ITO.yellow,
  device: OKABE_ITO.orange,
  strongly: OKABE_ITO.vermillion,
  reserved: OKABE_ITO.grey,
};

/** A layer whose classes are the words that occur. */
function byWord(
  subject: Subject,
  wordOf: (meaning: Meaning) => string,
  colours: Readonly<Record<string, string>>,
): Made {
  const words: string[] = [];
  const classified = classify(subject, (meaning) => {
    if (!isLeaf(meaning)) return 0;
    const word = wordOf(meaning);
    const known = words.indexOf(word);
    return known >= 0 ? known + 1 : words.push(word);
  });
  return {
    classes: [HOLE, ...words.map((text) => ({ text, colour: colours[text] ?? OKABE_ITO.purple }))],
    ...classified,
  };
}

function classify(
  { regions }: Subject,
  classOf: (meaning: Meaning) => number,
): Pick<Layer, 'pages' | 'present'> {
  const pages = new Uint8Array(SPACE_PAGES);
  const known = new Map<Meaning, number>();
  for (let region = 0; region < regions.count; region++) {
    const meaning = regions.meaningOf[region] as number;
    let found = known.get(meaning);
    if (found === undefined) {
      found = classOf(meaning);
      known.set(meaning, found);
    }
    if (found === 0) continue;
    const first = regions.pages[region] as number;
    pages.fill(found, first, first + (regions.lengths[region] as number));
  }
  return { pages, present: new Set(known.values()) };
}

/** What a page is beside its class, for hatch, dots and borders. */
export const PageMark = { DEVICE: 1, SHARED: 2, USER: 4 } as const;

/** The {@link PageMark}s of each page. */
export function pageMarks(subject: Subject): Uint8Array {
  const { meanings } = subject.regions;
  const { pages } = classify(subject, (meaning) => {
    if (!isLeaf(meaning)) return 0;
    const type = meanings.typeOf(meaning);
    const device = type.kind !== 'normal';
    const shared = !device && type.shareability !== 'none';
    return (
      (device ? PageMark.DEVICE : 0) |
      (shared ? PageMark.SHARED : 0) |
      (isUserAccessible(rightsOf(meaning)) ? PageMark.USER : 0)
    );
  });
  return pages;
}

/** The word of a leaf kind as a person says it. */
export function kindText(meaning: Meaning): string {
  return KIND_WORDS[ROW_KINDS[meaningKind(meaning)] ?? 'fault'] ?? '';
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  fault: 'nothing',
  sect: 'section',
  super: 'supersection',
  large: 'large page',
  small: 'small page',
  reserved: 'reserved',
  unreadable: 'unreadable',
};
