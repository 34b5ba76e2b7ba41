/** Boot logs and page-table dumps in text: regions that a system printed of itself. */

import { formatBytes, VmError } from '../base/index.js';
import { type ByteFile, readWhole } from './byte-file.js';
import type { EvidenceRegion } from './evidence-regions.js';
import { parseOpteeLine } from './optee-log.js';
import { PtdumpReader } from './ptdump-log.js';
import { textLines } from './text-lines.js';

const LARGEST_BYTES = 64 * 2 ** 20;
/** More runs of pages than a 32-bit kernel's half has pages. */
const MOST_REGIONS = 2 ** 19;

/**
 * The regions that the log `file` tells of, in the order of its lines: OP-TEE's `dump_mmap_table`
 * and Linux's page-table dump, wherever they stand in it.
 *
 * Errors: SOURCE_ERR_FORMAT — no line tells of a region, or too many do.
 */
export function readLog(file: ByteFile): EvidenceRegion[] {
  const text = new TextDecoder().decode(readWhole(file, LARGEST_BYTES, 'a log'));
  const regions = parseLog(text);
  if (regions.length > 0 && regions.length <= MOST_REGIONS) return regions;
  if (regions.length > MOST_REGIONS) {
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name} has more than ${MOST_REGIONS} regions`);
  }
  const is = `no line of ${file.name} (${formatBytes(file.bytes)}) tells of a mapped region`;
  const want = "known are OP-TEE's dump_mmap_table and Linux's kernel_page_tables";
  throw new VmError('SOURCE_ERR_FORMAT', `${is}; ${want}`);
}

/** The regions that `text` tells of; no more than one over what {@link readLog} takes. */
export function parseLog(text: string): EvidenceRegion[] {
  const regions: EvidenceRegion[] = [];
  const ptdump = new PtdumpReader();
  for (const line of textLines(text)) {
    const region = parseOpteeLine(line) ?? ptdump.read(line);
    if (region !== undefined) regions.push(region);
    if (regions.length > MOST_REGIONS) break;
  }
  return regions;
}
