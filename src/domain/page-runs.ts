/** What a loader maps for an executable: its segments as runs of whole pages. */

import {
  PAGE_BYTES,
  roundDown,
  roundUp,
  type VirtualAddress,
  virtualAddress,
} from '../base/addresses.js';
import type { ElfImage, SegmentRights } from './elf.js';
import { VRegionFlags } from './vregion-flags.js';

/** Consecutive pages of the same rights: those of all segments that touch the page together. */
export interface PageRun extends SegmentRights {
  readonly address: VirtualAddress;
  readonly bytes: number;
  /** What to copy into the run, by address; everything else in it is zero. */
  readonly fills: readonly PageFill[];
  /** Pages in which segments of different rights meet, so that some bytes get more than they ask. */
  readonly conflicts: readonly VirtualAddress[];
}

/** Bytes of the file that belong into a run. */
export interface PageFill {
  /** The number of the segment's program header. */
  readonly header: number;
  readonly address: VirtualAddress;
  readonly fileOffset: number;
  readonly bytes: number;
}

/** A run that still grows. */
interface Piece {
  address: number;
  end: number;
  rights: SegmentRights;
  conflicts: VirtualAddress[];
}

/** The runs of pages that hold the segments of `image`, by address; neighbours differ in rights. */
export function pageRuns(image: ElfImage): PageRun[] {
  const pieces = join(split(image));
  let next = 0;
  return pieces.map(({ address, end, rights, conflicts }) => {
    const fills: PageFill[] = [];
    for (; next < image.segments.length; next += 1) {
      const segment = image.segments[next];
      if (segment.address >= end) break;
      const from = Math.max(address, segment.address);
      const bytes = Math.min(end, segment.address + segment.fileBytes) - from;
      if (bytes > 0) {
        const fileOffset = segment.fileOffset + (from - segment.address);
        fills.push({ header: segment.header, address: virtualAddress(from), fileOffset, bytes });
      }
      // The segment goes on in the next run.
      if (segment.address + segment.memoryBytes > end) break;
    }
    return { address: virtualAddress(address), bytes: end - address, ...rights, fills, conflicts };
  });
}

/** Bytes from the beginning of a run that the file has something for, in whole pages. */
export function filledBytes(run: PageRun): number {
  const end = run.fills.reduce((last, fill) => Math.max(last, fill.address + fill.bytes), 0);
  return end === 0 ? 0 : Math.ceil((end - run.address) / PAGE_BYTES) * PAGE_BYTES;
}

/** The region flags that a run asks for. */
export function runFlags({ readable, writable, executable }: PageRun): number {
  const { READ, WRITE, EXECUTE } = VRegionFlags;
  return (readable ? READ : 0) | (writable ? WRITE : 0) | (executable ? EXECUTE : 0);
}

/** What a run is called, by its rights. */
export function runName({ writable, executable }: PageRun): string {
  if (executable) return writable ? 'text and data' : 'text';
  return writable ? 'data' : 'read-only data';
}

/** The pages of each segment, and a piece of its own for each page that segments share. */
function split(image: ElfImage): Piece[] {
  const pieces: Piece[] = [];
  for (const segment of image.segments) {
    const { readable, writable, executable } = segment;
    const rights = { readable, writable, executable };
    let address = roundDown(segment.address, PAGE_BYTES);
    const end = roundUp(segment.address + segment.memoryBytes, PAGE_BYTES);
    const below = pieces.at(-1);
    // Disjoint segments can only share the last page of the one and the first of the other.
    if (below !== undefined && address < below.end) {
      below.end = address;
      if (below.address === below.end) pieces.pop();
      const conflict =
        below.conflicts.includes(virtualAddress(address)) || !alike(below.rights, rights);
      pieces.push({
        address,
        end: address + PAGE_BYTES,
        rights: union(below.rights, rights),
        conflicts: conflict ? [virtualAddress(address)] : [],
      });
      address += PAGE_BYTES;
    }
    if (address < end) pieces.push({ address, end, rights, conflicts: [] });
  }
  return pieces;
}

/** `pieces` with neighbours of the same rights joined. */
function join(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const below = joined.at(-1);
    if (below !== undefined && below.end === piece.address && alike(below.rights, piece.rights)) {
      below.end = piece.end;
      below.conflicts.push(...piece.conflicts);
    } else {
      joined.push(piece);
    }
  }
  return joined;
}

function alike(a: SegmentRights, b: SegmentRights): boolean {
  return a.readable === b.readable && a.writable === b.writable && a.executable === b.executable;
}

function union(a: SegmentRights, b: SegmentRights): SegmentRights {
  return {
    readable: a.readable || b.readable,
    writable: a.writable || b.writable,
    executable: a.executable || b.executable,
  };
}
