/** The word of one entry as its 32 bits, each field in the colour of what it is about. */

import { hex } from '../../src/base/index.js';
import { DESCRIPTOR_FIELDS, type DescriptorField, type FieldRole } from '../../src/format/index.js';
import type { Paint, Painter } from './painter.js';
import { OKABE_ITO } from './palette.js';

/** What is drawn. */
export interface WordScene {
  readonly word: number;
  /** The `Kind` of the entry, which says where its fields are. */
  readonly kind: number;
  /** What is not told: the bits, what they are, or nothing. */
  readonly hidden: 'bits' | 'fields' | 'nothing';
}

const ROLE_COLOURS: Readonly<Record<FieldRole, string>> = {
  type: OKABE_ITO.purple,
  address: OKABE_ITO.sky,
  rights: OKABE_ITO.orange,
  memory: OKABE_ITO.green,
  scope: OKABE_ITO.yellow,
  free: OKABE_ITO.grey,
};
const INK = '#10161f';
const ROW_HEIGHT = 74;
const NARROW = 560;
const WHOLE: readonly DescriptorField[] = [{ name: '', low: 0, bits: 32, role: 'free' }];

/** The height that the picture takes at a width: narrow ones have two rows of 16 bits. */
export function wordHeight(width: number): number {
  return (width < NARROW ? 2 : 1) * ROW_HEIGHT + 34;
}

/** The picture of a word. */
export function wordPaint({ word, kind, hidden }: WordScene): Paint {
  return (painter, { width }) => {
    const inRow = width < NARROW ? 16 : 32;
    const cell = Math.min(30, (width - 4) / inRow);
    const left = (width - cell * inRow) / 2;
    const fields = hidden === 'nothing' ? (DESCRIPTOR_FIELDS[kind] ?? WHOLE) : WHOLE;
    painter.text(left, 20, hidden === 'bits' ? 'word = ?' : `word = ${hex(word)}`, {
      size: 15,
      bold: true,
      mono: true,
    });
    for (let high = 31; high >= 0; high -= inRow) {
      const low = high - inRow + 1;
      const top = 34 + ((31 - high) / inRow) * ROW_HEIGHT;
      for (const field of fields) paintField(painter, field, { high, low, left, top, cell });
      for (let bit = high; bit >= low; bit--) {
        const x = left + (high - bit + 0.5) * cell;
        const text = hidden === 'bits' ? '?' : String((word >>> bit) & 1);
        const style = { align: 'center', mono: true } as const;
        painter.text(x, top + 32, text, {
          ...style,
          size: Math.min(16, cell * 0.95),
          colour: INK,
        });
        if (bit % 4 === 3 || bit % 16 === 0) {
          painter.text(x, top + 10, String(bit), {
            ...style,
            size: 10,
            colour: painter.colours.quiet,
          });
        }
      }
    }
  };
}

interface Row {
  readonly high: number;
  readonly low: number;
  readonly left: number;
  readonly top: number;
  readonly cell: number;
}

/** As much of a field as lies in a row, with its name below where there is room. */
function paintField(painter: Painter, field: DescriptorField, row: Row): void {
  const { high, low, left, top, cell } = row;
  const last = Math.min(high, field.low + field.bits - 1);
  const first = Math.max(low, field.low);
  if (last < first) return;
  const x = left + (high - last) * cell;
  const wide = (last - first + 1) * cell;
  painter.rect(x + 0.5, top + 14, wide - 1, 26, { fill: ROLE_COLOURS[field.role] });
  const style = { size: 11, align: 'center' } as const;
  if (painter.measure(field.name, style) > wide + 4) return;
  painter.text(x + wide / 2, top + 54, field.name, style);
}
