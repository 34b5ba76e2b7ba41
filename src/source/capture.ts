/**
 * Reading the tables of a target that is reached slowly: first the roots, then every level-2 table
 * that they name, neighbours together, and nothing else.
 */

import { formatBytes, roundDown, roundUp, VmError } from '../base/index.js';
import type { CpuProfile } from '../format/index.js';
import { AddressSpace, TABLE_BYTES } from '../inspect/index.js';
import { type TranslationRegisters, Ttbcr } from '../machine/index.js';
import { BLOCK_BYTES, type CapturedMemory } from './captured-memory.js';
import type { LiveTarget } from './live-target.js';
import { joinRanges, type MemoryRange } from './source-memory.js';
import type { MemoryTreeRegion } from './text-names.js';

/** How far reading is. */
export interface CaptureProgress {
  /** What is read: `root tables`, `L2 tables`, `memory`. */
  readonly what: string;
  /** Bytes read so far, and in all. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** Since reading of this began. */
  readonly milliseconds: number;
}

/** Told of each part that was read. */
export type ProgressListener = (progress: CaptureProgress) => void;

/** What watches over a capture. */
export interface CaptureWatch {
  readonly onProgress: ProgressListener | undefined;
  /** Ends the capture when it is aborted. */
  readonly signal: AbortSignal | undefined;
}

/** Bytes that are asked for at once, so that progress can be told. */
const BATCH_BYTES = 64 * 1024;
/** A target must give this much a second, after a time to start with; JTAG gives 60 times as much. */
const SLOWEST_BYTES_PER_SECOND = 1024;
const GRACE_SECONDS = 10;

/**
 * Reads the tables that the registers lead to into `memory`; nothing if they are long descriptors.
 *
 * Errors: those of the target's connection; SOURCE_ERR_TARGET_TIMEOUT — it gives less than 1 KiB a
 * second. SOURCE_ERR_STOPPED — the signal was given.
 */
export async function captureTables(
  target: LiveTarget,
  registers: TranslationRegisters,
  profile: CpuProfile,
  memory: CapturedMemory,
  watch: CaptureWatch,
): Promise<void> {
  if ((registers.ttbcr & Ttbcr.EAE) !== 0) return;
  const input = { reader: memory, registers, profile };
  const roots = new AddressSpace(input).roots
    .filter((root) => !root.disabled)
    .map(({ base, first, end }) => ({ pa: base + 4 * first, bytes: 4 * (end - first) }));
  await captureRanges(target, roots, memory, 'root tables', watch);
  const tables = Array.from(new AddressSpace(input).tableKibibytes, (kibibyte) => ({
    pa: kibibyte * 1024,
    bytes: TABLE_BYTES,
  }));
  await captureRanges(target, tables, memory, 'L2 tables', watch);
}

/**
 * Reads `ranges` into `memory`, as far as they are not there yet; what the target has not stays
 * absent.
 *
 * Errors: as {@link captureTables}.
 */
export async function captureRanges(
  target: LiveTarget,
  ranges: readonly MemoryRange[],
  memory: CapturedMemory,
  what: string,
  watch: CaptureWatch,
): Promise<void> {
  const missing = joinRanges(ranges.flatMap((range) => memory.missing(range)));
  const wanted = backedParts(missing, target.regions);
  const batches = batchesOf(wanted);
  const totalBytes = wanted.reduce((sum, range) => sum + range.bytes, 0);
  const start = performance.now();
  let bytes = 0;
  for (const batch of batches) {
    if (watch.signal?.aborted === true) {
      throw new VmError('SOURCE_ERR_STOPPED', `reading ${what} was ended`);
    }
    const parts = await target.read(batch);
    for (const [index, range] of batch.entries()) {
      const data = parts[index];
      if (data !== undefined) memory.keep(range.pa, data);
      bytes += range.bytes;
    }
    const milliseconds = performance.now() - start;
    watch.onProgress?.({ what, bytes, totalBytes, milliseconds });
    if (milliseconds / 1000 > GRACE_SECONDS + bytes / SLOWEST_BYTES_PER_SECOND) {
      const done = `${formatBytes(bytes)} of ${formatBytes(totalBytes)} of ${what}`;
      const text = `the target gave ${done} in ${(milliseconds / 1000).toFixed(0)} s: too slow`;
      throw new VmError('SOURCE_ERR_TARGET_TIMEOUT', text);
    }
  }
}

/**
 * The parts of `ranges` where a QEMU has memory, in whole blocks. The rest would read as zero, which
 * it is not, or reach a device, which a read may change. All of them where nothing is known.
 */
function backedParts(
  ranges: readonly MemoryRange[],
  regions: readonly MemoryTreeRegion[],
): MemoryRange[] {
  if (regions.length === 0) return [...ranges];
  const memories = regions.filter(({ kind }) => kind !== 'i/o');
  const backed = joinRanges(memories.map(({ base, bytes }) => ({ pa: base, bytes })));
  return ranges.flatMap(({ pa, bytes }) =>
    backed.flatMap((memory) => {
      const from = roundUp(Math.max(pa, memory.pa), BLOCK_BYTES);
      const to = roundDown(Math.min(pa + bytes, memory.pa + memory.bytes), BLOCK_BYTES);
      return from < to ? [{ pa: from, bytes: to - from }] : [];
    }),
  );
}

/** `ranges`, cut and put together so that each batch is about BATCH_BYTES. */
function batchesOf(ranges: readonly MemoryRange[]): MemoryRange[][] {
  const batches: MemoryRange[][] = [];
  let room = 0;
  for (const range of ranges) {
    for (let at = 0; at < range.bytes; ) {
      if (room === 0) {
        batches.push([]);
        room = BATCH_BYTES;
      }
      const bytes = Math.min(range.bytes - at, room);
      batches.at(-1)?.push({ pa: range.pa + at, bytes });
      at += bytes;
      room -= bytes;
    }
  }
  return batches;
}
