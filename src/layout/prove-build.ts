/**
 * The proof of a build: the tables, read back from the very bytes that will be written, say of every
 * page of the 4 GiB what the layout says of it, and map nothing that the layout does not. They are
 * read in two ways, as the inspector reads all of them at once, and by the walk of each page.
 */
import { hex0x, PAGE_BYTES, PAGE_SHIFT, VmError } from '../base/index.js';
import {
  domainOf,
  effectiveRightsTable,
  isNonSecure,
  isNotGlobal,
  isShareable,
  type LeafInfo,
  leafKindOf,
  memoryType,
  memoryTypeName,
  OFFSET_MASKS,
  rightsIndexOf,
  sameMemoryType,
  texCbOf,
} from '../format/index.js';
import {
  domainNumberOf,
  isLeaf,
  type Meaning,
  meaningKind,
  nonSecureOf,
  notGlobalOf,
  type Regions,
  ROOT_ENTRY_PAGES,
  rightsOf,
} from '../inspect/index.js';
import {
  permissionControls,
  remapRegisters,
  SystemRegisters,
  TableWalker,
} from '../machine/index.js';
import type { MappedRegion } from './attribute-plan.js';
import { lineText } from './layout.js';
import { bothRights } from './region-bits.js';

/**
 * Compares the regions of a layout, by virtual address and disjoint, with what tables map.
 *
 * Errors: `LAYOUT_ERR_VERIFY` they differ in a page; the message says in what.
 */
export function proveBuild(wanted: readonly MappedRegion[], map: Regions): void {
  let next = 0;
  for (let found = 0; found < map.count; found += 1) {
    const first = map.pages[found] as number;
    const end = first + (map.lengths[found] as number);
    for (let page = first; page < end; ) {
      while (endPage(wanted[next]) <= page) next += 1;
      const region = wanted[next];
      const inside = region !== undefined && region.va / PAGE_BYTES <= page;
      const border = inside ? endPage(region) : (region?.va ?? Infinity) / PAGE_BYTES;
      const difference = inside
        ? differenceOf(region, map, found, page)
        : isLeaf(map.meaningOf[found] as number)
          ? 'is mapped, but no region of the layout is there'
          : undefined;
      if (difference !== undefined) {
        const who = inside ? ` of \`${region.name}\` (${lineText(region.from)})` : '';
        const text = `the page at ${hex0x(page * PAGE_BYTES, 8)}${who} ${difference}`;
        throw new VmError('LAYOUT_ERR_VERIFY', text);
      }
      page = Math.min(end, border);
    }
  }
}

/**
 * Walks every page of the 4 GiB as the processor would, and compares what the walk finds with the map.
 *
 * Errors: `LAYOUT_ERR_VERIFY` a walk ends elsewhere, or otherwise.
 */
export function walkEveryPage(map: Regions): void {
  const { reader, registers, profile } = map.space.input;
  const roots = new SystemRegisters(profile);
  Object.assign(roots, registers);
  const walker = new TableWalker(reader, profile.hasPxn);
  const rights = effectiveRightsTable(registers.dacr, permissionControls(registers.sctlr, profile));
  const remap = remapRegisters(registers);
  /** Whether the facts of a leaf, as the walk has them, mean what the map says. */
  const means = (info: LeafInfo, meaning: Meaning): boolean =>
    rights[rightsIndexOf(info)] === rightsOf(meaning) &&
    leafKindOf(info) === meaningKind(meaning) &&
    domainOf(info) === domainNumberOf(meaning) &&
    isNotGlobal(info) === notGlobalOf(meaning) &&
    isNonSecure(info) === nonSecureOf(meaning) &&
    sameMemoryType(
      memoryType(texCbOf(info), isShareable(info), remap),
      map.meanings.typeOf(meaning),
    );
  for (let region = 0; region < map.count; region += 1) {
    const meaning = map.meaningOf[region] as number;
    const first = map.pages[region] as number;
    const end = first + (map.lengths[region] as number);
    const distance = (map.frames[region] as number) - first;
    const mapped = isLeaf(meaning);
    let known = -1;
    for (let page = first; page < end; ) {
      const found = walker.walk(roots, (page << PAGE_SHIFT) >>> 0) === 0;
      const { info } = walker;
      const agrees =
        found === mapped &&
        (!found ||
          (frameOf(walker, page) === page + distance && (info === known || means(info, meaning))));
      known = info;
      if (!agrees) {
        const text = `the walk of ${hex0x(page * PAGE_BYTES, 8)} does not end where the map does`;
        throw new VmError('LAYOUT_ERR_VERIFY', text);
      }
      // A walk that ends at the root is the same for every page of the MiB.
      page = walker.reads === 1 ? (page | (ROOT_ENTRY_PAGES - 1)) + 1 : page + 1;
    }
  }
}

/** The frame of `page` in the leaf that the walk found. */
function frameOf({ frame, info }: TableWalker, page: number): number {
  return frame + (page & ((OFFSET_MASKS[leafKindOf(info)] as number) >>> PAGE_SHIFT));
}

function endPage(region: MappedRegion | undefined): number {
  return region === undefined ? Infinity : (region.va + region.bytes) / PAGE_BYTES;
}

/** In what `page` differs from what its region wants; undefined where it does not. */
function differenceOf(
  region: MappedRegion,
  map: Regions,
  found: number,
  page: number,
): string | undefined {
  const meaning = map.meaningOf[found] as number;
  if (!isLeaf(meaning)) return 'is not mapped';
  const { style, va, pa } = region;
  const frame = (map.frames[found] as number) + page - (map.pages[found] as number);
  const wantedFrame = pa / PAGE_BYTES + page - va / PAGE_BYTES;
  const type = map.meanings.typeOf(meaning);
  const comparisons: readonly (readonly [string, boolean, string | number, string | number])[] = [
    ['leads to', frame === wantedFrame, hex0x(frame * PAGE_BYTES), hex0x(wantedFrame * PAGE_BYTES)],
    [
      'gives',
      rightsOf(meaning) === style.effective,
      bothRights(rightsOf(meaning)),
      bothRights(style.effective),
    ],
    [
      'is',
      sameMemoryType(type, style.bits.type),
      `${memoryTypeName(type)}, ${type.shareability} shareable`,
      `${memoryTypeName(style.bits.type)}, ${style.bits.type.shareability} shareable`,
    ],
    [
      'is in domain',
      domainNumberOf(meaning) === style.domain,
      domainNumberOf(meaning),
      style.domain,
    ],
    [
      'has nG',
      notGlobalOf(meaning) !== style.global,
      `${notGlobalOf(meaning)}`,
      `${!style.global}`,
    ],
    [
      'has NS',
      nonSecureOf(meaning) === style.nonSecure,
      `${nonSecureOf(meaning)}`,
      `${style.nonSecure}`,
    ],
  ];
  const wrong = comparisons.find(([, same]) => !same);
  return wrong && `${wrong[0]} ${wrong[2]}, the layout wants ${wrong[3]}`;
}
