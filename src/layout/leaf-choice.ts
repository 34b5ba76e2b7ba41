/** Which leaves a region is made of, and which a region can be made of. */
import { hex0x, PAGE_BYTES } from '../base/index.js';
import { Kind, leafShape } from '../format/index.js';
import type { LeafChoice } from './layout.js';

/** The kinds that each choice allows, largest first. */
const ALLOWED: Readonly<Record<LeafChoice, readonly number[]>> = {
  largest: [Kind.SUPERSECTION, Kind.SECTION, Kind.LARGE, Kind.SMALL],
  small: [Kind.SMALL],
  large: [Kind.LARGE],
  section: [Kind.SECTION],
  supersection: [Kind.SUPERSECTION],
};

/** Bytes of one leaf of `kind`. */
export function leafBytes(kind: number): number {
  return leafShape(kind).bytes;
}

/** The kinds that a region may be made of, largest first. A supersection is always in domain 0. */
export function allowedKinds(choice: LeafChoice, domain: number): readonly number[] {
  const kinds = ALLOWED[choice];
  return domain === 0 ? kinds : kinds.filter((kind) => kind !== Kind.SUPERSECTION);
}

/** The largest of `kinds` that may begin at these page numbers with `pages` left, or undefined. */
export function largestKind(
  kinds: readonly number[],
  page: number,
  frame: number,
  pages: number,
): number | undefined {
  return kinds.find((kind) => {
    const leaf = leafBytes(kind) / PAGE_BYTES;
    return pages >= leaf && page % leaf === 0 && frame % leaf === 0;
  });
}

/** Where a region is, or is to be. */
export interface Place {
  readonly va: number;
  readonly pa: number;
  readonly bytes: number;
}

/** A run of leaves of one kind. */
export interface LeafRun extends Place {
  readonly kind: number;
}

const FOUR_GIB = 2 ** 32;

/** The runs of leaves that a region at `place` is made of, by address; the choice must fit there. */
export function* leafRuns(place: Place, choice: LeafChoice, domain: number): Generator<LeafRun> {
  const kinds = allowedKinds(choice, domain);
  for (let done = 0; done < place.bytes; ) {
    const va = place.va + done;
    const pa = place.pa + done;
    const left = place.bytes - done;
    const kind = largestKind(kinds, va / PAGE_BYTES, pa / PAGE_BYTES, left / PAGE_BYTES);
    if (kind === undefined) return;
    // Up to where a larger leaf could begin, or for the largest as far as it goes.
    const leaf = leafBytes(kind);
    const larger = kinds[kinds.indexOf(kind) - 1];
    const reach = larger === undefined ? left : stepTo(va, pa, leafBytes(larger), left);
    const bytes = Math.max(leaf, reach - (reach % leaf));
    yield { va, pa, bytes, kind };
    done += bytes;
  }
}

/** Bytes from `va` to where a leaf of `larger` bytes can begin, if it ever can; else `left`. */
function stepTo(va: number, pa: number, larger: number, left: number): number {
  if (va % larger !== pa % larger) return left;
  const rest = va % larger;
  return rest === 0 ? left : Math.min(left, larger - rest);
}

/** Why a region at `place` cannot be made of the leaves that are asked for; undefined if it can. */
export function leafRefusal(place: Place, choice: LeafChoice, domain: number): string | undefined {
  const kinds = allowedKinds(choice, domain);
  if (choice === 'supersection' && domain !== 0) {
    return `a supersection is always in domain 0, not in domain ${domain}`;
  }
  const smallest = kinds.at(-1) ?? Kind.SMALL;
  const bytes = leafBytes(smallest);
  const wrong = (
    [
      ['virtual address', place.va],
      ['physical address', place.pa],
      ['size', place.bytes],
    ] as const
  ).find(([, value]) => value % bytes !== 0);
  if (wrong !== undefined) {
    const [what, value] = wrong;
    return `its ${what} ${hex0x(value)} is not a multiple of ${hex0x(bytes)}, the size of a ${leafShape(smallest).name} leaf`;
  }
  // Only supersections reach beyond 32 bits of physical address.
  for (const run of leafRuns(place, choice, domain)) {
    if (run.pa + run.bytes > FOUR_GIB && run.kind !== Kind.SUPERSECTION) {
      return `only supersections reach physical addresses beyond 4 GiB: addresses and size must be multiples of 16M, in domain 0`;
    }
  }
  return undefined;
}
