/**
 * `show --view frames`: the map the other way round, from physical memory to the addresses that reach
 * it, with a note where memory is reached from more than one.
 */

import { formatBytes, hex, PAGE_BYTES } from '../base/index.js';
import { memoryTypeName, rightsText } from '../format/index.js';
import { FrameUse } from './frame-use.js';
import { isLeaf, rightsOf } from './leaf-meaning.js';
import { isKernelOnly, rowStyle } from './map-rows.js';
import type { Names } from './names.js';
import type { Regions } from './regions.js';
import { headerLines, type Provenance } from './space-header.js';
import { line, type StyledLine } from './styled-text.js';

const TITLE =
  '  PA                 VA            SIZE  PL1 PL0  TYPE           NAME              USES';

/** One line for each run of memory that is mapped in one piece, by physical address. */
export function* frameLines(
  regions: Regions,
  provenance: Provenance,
  names?: Names,
): Generator<StyledLine> {
  yield* headerLines(regions.space, provenance);
  yield line(TITLE, 'heading');
  const use = new FrameUse(regions);
  for (const region of byFrame(regions)) yield frameLine(regions, region, use, names);
}

/** The regions that map something, by frame and then by address. */
function byFrame(regions: Regions): Uint32Array {
  const mapped: number[] = [];
  for (let region = 0; region < regions.count; region++) {
    if (isLeaf(regions.meaningOf[region] as number)) mapped.push(region);
  }
  const frames = regions.frames;
  return Uint32Array.from(mapped).sort(
    (left, right) => (frames[left] as number) - (frames[right] as number) || left - right,
  );
}

function frameLine(
  regions: Regions,
  region: number,
  use: FrameUse,
  names: Names | undefined,
): StyledLine {
  const meaning = regions.meaningOf[region] as number;
  const rights = rightsOf(meaning);
  const type = regions.meanings.typeOf(meaning);
  const pa = (regions.frames[region] as number) * PAGE_BYTES;
  const bytes = (regions.lengths[region] as number) * PAGE_BYTES;
  const text = [
    `  ${`${hex(pa)}-${hex(pa + bytes - 1)}`.padEnd(17)}`,
    hex((regions.pages[region] as number) * PAGE_BYTES),
    formatBytes(bytes).padStart(9),
    `${rightsText(rights, true)} ${rightsText(rights, false)}`,
    memoryTypeName(type).padEnd(13),
    names?.at('physical', pa)?.name ?? '',
  ].join('  ');
  const uses = mostUses(use, pa / PAGE_BYTES, bytes / PAGE_BYTES);
  const style = rowStyle({ rights, type });
  return [
    { text: text.padEnd(TITLE.indexOf('USES')), style, dim: isKernelOnly({ rights }) },
    { text: uses > 1 ? `${uses} mappings` : '', style: 'selected' },
  ];
}

function mostUses(use: FrameUse, frame: number, frames: number): number {
  let most = 0;
  for (let at = frame; at < frame + frames; at++) most = Math.max(most, use.usesOf(at));
  return most;
}
