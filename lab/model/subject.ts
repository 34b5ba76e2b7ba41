/**
 * What every screen looks at: one address space with its names, where it came from, and what is wrong
 * with it. Everything in it is the library's; what is dear is worked out when it is first asked for.
 */

import { PAGE_BYTES } from '../../src/base/index.js';
import {
  AddressSpace,
  type ArtifactPlace,
  type CheckResult,
  checkSpace,
  FrameUse,
  isLeaf,
  type MapRow,
  mapRows,
  type NamedRange,
  Names,
  type Provenance,
  Regions,
  type SpaceInput,
} from '../../src/inspect/index.js';

/** What a subject is made of. */
export interface SubjectParts {
  /** What the header calls it: `board.yaml`. */
  readonly title: string;
  /** A line about it, if there is something to say. */
  readonly about?: string;
  readonly input: SpaceInput;
  readonly names?: readonly NamedRange[];
  /** Its source is the word by which the command line would name it. */
  readonly provenance: Provenance;
  /** The layout that its tables were built from. */
  readonly layout?: LayoutText;
  /** Where the file says what is at a virtual address. */
  readonly locate?: (va: number) => ArtifactPlace;
  /** Another one with the very same tables, registers and names: what was read of it holds of this one. */
  readonly sameAs?: Subject;
}

/** A layout as it was written. */
export interface LayoutText {
  readonly text: string;
  /** The name of its file. */
  readonly path: string;
  /** The programs that came with it, by name. */
  readonly programs: ReadonlyMap<string, Uint8Array>;
}

/** An address space under the eyes of the lab. It does not change; what changes is another one. */
export class Subject {
  readonly title: string;
  readonly about: string;
  readonly input: SpaceInput;
  readonly provenance: Provenance;
  readonly layout: LayoutText | undefined;
  readonly locate: (va: number) => ArtifactPlace | undefined;
  readonly names: Names;
  readonly space: AddressSpace;
  readonly regions: Regions;
  private extentFound: Extent | undefined;
  private checkFound: CheckResult | undefined;
  private useFound: FrameUse | undefined;

  /** Errors: MACHINE_ERR_REGISTER — these are not short descriptors. */
  constructor(parts: SubjectParts) {
    this.title = parts.title;
    this.about = parts.about ?? '';
    this.input = parts.input;
    this.provenance = parts.provenance;
    this.layout = parts.layout;
    this.locate = parts.locate ?? (() => undefined);
    const { sameAs } = parts;
    this.names = sameAs?.names ?? new Names(parts.names ?? []);
    this.space = sameAs?.space ?? new AddressSpace(parts.input);
    this.regions = sameAs?.regions ?? new Regions(this.space);
    this.extentFound = sameAs?.extentFound;
    this.checkFound = sameAs?.checkFound;
    this.useFound = sameAs?.useFound;
  }

  /** How much is mapped. */
  get extent(): Extent {
    this.extentFound ??= extentOf(this.regions);
    return this.extentFound;
  }

  /**
   * The rows of its map from an address on, as `show` prints them, holes left out. A space of small
   * pages has a million: who takes them should know when to stop.
   */
  *rowsFrom(va: number): Generator<MapRow> {
    for (const row of mapRows(this.regions, { names: this.names, from: va })) {
      if (row.type !== undefined) yield row;
    }
  }

  /** What `check` finds. */
  get check(): CheckResult {
    const { space, regions, names } = this;
    const today = new Date().toISOString().slice(0, 10);
    this.checkFound ??= checkSpace({ space, regions, names, kernel: [] }, { today });
    return this.checkFound;
  }

  /** Who uses each frame. */
  get frameUse(): FrameUse {
    this.useFound ??= new FrameUse(this.regions);
    return this.useFound;
  }

  /** The source as the command line names it, in quotes where a shell would need them. */
  get word(): string {
    return shellWord(this.provenance.source);
  }
}

/** How much of a space is mapped. */
export interface Extent {
  readonly mappedBytes: number;
  /** Runs of pages that are alike and neighbours in memory too. */
  readonly regions: number;
}

function extentOf({ count, meaningOf, lengths }: Regions): Extent {
  let pages = 0;
  let regions = 0;
  for (let region = 0; region < count; region++) {
    if (!isLeaf(meaningOf[region] as number)) continue;
    regions += 1;
    pages += lengths[region] as number;
  }
  return { mappedBytes: pages * PAGE_BYTES, regions };
}

/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./#-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
