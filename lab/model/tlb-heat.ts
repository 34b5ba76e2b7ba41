/** What the TLB did over time: which pages were used when, and which uses missed. */

import type { LabSession } from '../engine/lab-session.js';

/** A picture of time (to the right) and pages (downwards). */
export interface TlbHeat {
  /** The first page of each row, and the pages in a row. */
  readonly rows: readonly { readonly page: number; readonly pages: number }[];
  readonly columns: number;
  /** The moment at which each column ends. */
  readonly moments: readonly number[];
  /** Uses that hit, missed and faulted, of row × columns + column. */
  readonly hits: Uint32Array;
  readonly misses: Uint32Array;
  readonly faults: Uint32Array;
}

const MOST_ROWS = 48;
const MOST_COLUMNS = 160;

/** What was used, and when; undefined where nothing was. */
export function tlbHeat(session: LabSession): TlbHeat | undefined {
  const uses: {
    readonly page: number;
    readonly kind: 'hits' | 'misses' | 'faults';
    readonly moment: number;
  }[] = [];
  for (let index = 0; index < session.eventCount; index += 1) {
    const { kind, fields, moment } = session.event(index);
    const what =
      kind === 'TLB_HIT'
        ? 'hits'
        : kind === 'TLB_MISS'
          ? 'misses'
          : kind === 'FAULT'
            ? 'faults'
            : undefined;
    const va = fields['va'] ?? fields['far'] ?? 0;
    if (what !== undefined) uses.push({ page: Math.floor(va / 4096), kind: what, moment });
  }
  if (uses.length === 0) return undefined;
  const pages = [...new Set(uses.map(({ page }) => page))].sort((left, right) => left - right);
  const perRow = Math.ceil(pages.length / MOST_ROWS);
  const rowOf = new Map(pages.map((page, index) => [page, Math.floor(index / perRow)]));
  const rowCount = Math.ceil(pages.length / perRow);
  const columns = Math.min(MOST_COLUMNS, uses.length);
  const columnOf = (index: number): number => Math.floor((index * columns) / uses.length);
  const heat = {
    hits: new Uint32Array(rowCount * columns),
    misses: new Uint32Array(rowCount * columns),
    faults: new Uint32Array(rowCount * columns),
  };
  const moments = new Array<number>(columns).fill(0);
  for (const [index, { page, kind, moment }] of uses.entries()) {
    const column = columnOf(index);
    const at = (rowOf.get(page) ?? 0) * columns + column;
    heat[kind][at] = (heat[kind][at] as number) + 1;
    moments[column] = moment;
  }
  const rows = Array.from({ length: rowCount }, (_, row) => {
    const part = pages.slice(row * perRow, (row + 1) * perRow);
    return { page: part[0] ?? 0, pages: part.length };
  });
  return { rows, columns, moments, ...heat };
}
