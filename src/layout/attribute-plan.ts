/**
 * Which bits the entries of a placed layout get. What the leaves of one region have in common is a
 * style; the styles are numbered, and the number travels to the kernel as the flags of a mapping. An
 * entry that points to a table has one DACR domain, one PXN and one NS for all the pages below it, so
 * that regions which share a MiB must agree on these.
 */
import { hex0x, MIB, PAGE_BYTES } from '../base/index.js';
import { type PmapPolicy, VRegionFlags } from '../domain/index.js';
import {
  domainAccess,
  effectiveRights,
  Kind,
  NO_ATTRIBUTES,
  SHORT_DESCRIPTORS,
  type TableAttributes,
} from '../format/index.js';
import type { AttributePolicy } from '../kernel/index.js';
import { type Layout, LEAF_CHOICES, type LeafChoice, lineText } from './layout.js';
import { allowedKinds, largestKind, leafRefusal, leafRuns } from './leaf-choice.js';
import { type LayoutProblem, type PlacedRegion, type Placement, whole } from './place-regions.js';
import {
  bothRights,
  nearestRights,
  permissionBits,
  type RegionBits,
  typeBits,
  wantedRights,
} from './region-bits.js';

/** What the leaves of some regions have in common. */
export interface LeafStyle {
  readonly bits: RegionBits;
  readonly global: boolean;
  readonly nonSecure: boolean;
  readonly domain: number;
  /** Six bits of `Right`: what remains when the DACR has had its say. */
  readonly effective: number;
}

/** A region that is to be mapped, and how. */
export interface MappedRegion extends PlacedRegion {
  readonly style: LeafStyle;
  /** The flags that its mapping is made with: the number of the style, and how leaves are chosen. */
  readonly flags: number;
}

/** Everything that kernel and pmap need to know of a layout. */
export interface AttributePlan {
  /** By virtual address. */
  readonly regions: readonly MappedRegion[];
  readonly attributes: AttributePolicy;
  readonly leaves: PmapPolicy;
  readonly problems: readonly LayoutProblem[];
}

/** The bits of the flags of a mapping that number its style; the kernel decides attributes by them. */
const STYLE_MASK = 0x3f;
/** Styles that the flags of a mapping can number. */
const MOST_STYLES = STYLE_MASK + 1;
/**
 * The leaf choice in the flags, above the number of the style. Where neither LARGE nor HUGE is set a
 * pmap takes small pages without asking its policy.
 */
const CHOICE_FLAGS: Readonly<Record<LeafChoice, number>> = {
  small: 0,
  large: VRegionFlags.LARGE | VRegionFlags.WRITE_COMBINING,
  section: VRegionFlags.LARGE,
  largest: VRegionFlags.HUGE,
  supersection: VRegionFlags.HUGE | VRegionFlags.WRITE_COMBINING,
};
const ALL_FLAGS = 512;
const ROOT_ENTRIES = SHORT_DESCRIPTORS.levels[0]?.entries ?? 0;
const USER_RIGHTS_SHIFT = 3;

/** Works out the entries of a placed layout. */
export function planAttributes(placement: Placement): AttributePlan {
  const { layout } = placement;
  const problems: LayoutProblem[] = [];
  const styles: LeafStyle[] = [];
  const numbers = new Map<string, number>();
  const regions: MappedRegion[] = [];
  for (const region of placement.regions) {
    if (region.reserved) continue;
    const style = styleOf(region, layout, problems);
    const refusal = leafRefusal(region, region.leaves, region.domain);
    if (refusal !== undefined) {
      const message = `${whole(region)}: no ${region.leaves} leaves: ${refusal}`;
      problems.push({ code: 'LAYOUT_ERR_LEAF', from: region.from, message });
    }
    if (style === undefined || refusal !== undefined) continue;
    const key = JSON.stringify(style);
    let number = numbers.get(key);
    if (number === undefined) {
      number = styles.length;
      numbers.set(key, number);
      styles.push(style);
    }
    regions.push({
      ...region,
      style,
      flags: number | CHOICE_FLAGS[region.leaves],
    });
    if (styles.length === MOST_STYLES + 1 && number === MOST_STYLES) {
      const kinds = `at most ${MOST_STYLES} combinations of rights, memory type, domain and flags`;
      const message = `${whole(region)}: a layout can have ${kinds}, this region brings one more`;
      problems.push({ code: 'LAYOUT_ERR_LIMIT', from: region.from, message });
    }
  }
  const tables = tableAttributes(regions, problems);
  return {
    regions,
    attributes: policyOf(styles.slice(0, MOST_STYLES), tables),
    leaves: leafPolicy(styles),
    problems,
  };
}

function styleOf(
  region: PlacedRegion,
  layout: Layout,
  problems: LayoutProblem[],
): LeafStyle | undefined {
  const { mmu, profile } = layout;
  const rights = wantedRights(region);
  const permission = permissionBits(rights, mmu, profile);
  const type = typeBits(region.memory, region.shareable, mmu);
  const refuse = (text: string): undefined => {
    const message = `${whole(region)}: ${text}`;
    problems.push({ code: 'LAYOUT_ERR_RIGHTS', from: region.from, message });
  };
  if (permission === undefined) {
    const near = nearestRights(rights, mmu, profile).join(', or ');
    const on = `${profile.name}${profile.hasPxn ? '' : ', which has no PXN'}${mmu.accessFlag ? ', with the access flag' : ''}`;
    return refuse(`no descriptor gives ${bothRights(rights)} on ${on}; the nearest is ${near}`);
  }
  if (type === undefined) {
    const how = region.shareable ? 'shareable' : 'not shareable';
    const remap = mmu.texRemap ? 'under this PRRR and NMRR' : 'without TEX remap';
    return refuse(`no TEX, C, B and S name \`${region.memory}\`, ${how}, ${remap}`);
  }
  const { domain } = region;
  const controls = { afe: mmu.accessFlag, wxn: false, uwxn: false };
  return {
    bits: { ...permission, ...type, rights },
    global: region.global,
    nonSecure: region.nonSecure,
    domain,
    effective: effectiveRights(permission, controls, domainAccess(mmu.dacr, domain)),
  };
}

/** What a table entry must say for the pages below it; PXN is undefined where it does not matter. */
interface TableNeed {
  readonly domain: number;
  readonly ns: boolean;
  pxn: boolean | undefined;
  /** Who wants it so, and who decided about PXN. */
  readonly owner: MappedRegion;
  pxnOwner: MappedRegion | undefined;
}

function tableAttributes(
  regions: readonly MappedRegion[],
  problems: LayoutProblem[],
): (TableAttributes | undefined)[] {
  const needs: (TableNeed | undefined)[] = new Array(ROOT_ENTRIES).fill(undefined);
  for (const region of regions) {
    for (const run of leafRuns(region, region.leaves, region.domain)) {
      if (run.kind !== Kind.LARGE && run.kind !== Kind.SMALL) continue;
      const last = Math.floor((run.va + run.bytes - 1) / MIB);
      for (let entry = Math.floor(run.va / MIB); entry <= last; entry += 1) {
        const conflict = joinNeed(needs, entry, region);
        if (conflict === undefined) continue;
        problems.push({
          code: 'LAYOUT_ERR_CONFLICT',
          from: region.from,
          message:
            `\`${region.name}\` (${lineText(region.from)}) and \`${conflict.with.name}\` ` +
            `(${lineText(conflict.with.from)}) have pages in the MiB at ${hex0x(entry * MIB)}, ` +
            `whose one table entry cannot have both ${conflict.what}; move one to another MiB`,
        });
        break;
      }
    }
  }
  return needs.map((need) => need && { domain: need.domain, ns: need.ns, pxn: need.pxn ?? false });
}

/** Adds what `region` needs of `entry`; answers what contradicts it, if anything does. */
function joinNeed(
  needs: (TableNeed | undefined)[],
  entry: number,
  region: MappedRegion,
): { readonly with: MappedRegion; readonly what: string } | undefined {
  const { domain, nonSecure, bits } = region.style;
  const pxn = bits.xn ? undefined : bits.pxn;
  const pxnOwner = pxn === undefined ? undefined : region;
  const need = needs[entry];
  if (need === undefined) {
    needs[entry] = { domain, ns: nonSecure, pxn, owner: region, pxnOwner };
    return undefined;
  }
  if (need.domain !== domain) {
    return { with: need.owner, what: `domain ${domain} and domain ${need.domain}` };
  }
  if (need.ns !== nonSecure) return { with: need.owner, what: 'NS set and clear' };
  if (pxn === undefined) return undefined;
  if (need.pxn !== undefined && need.pxn !== pxn) {
    return { with: need.pxnOwner ?? need.owner, what: 'PXN set and clear' };
  }
  need.pxn = pxn;
  need.pxnOwner ??= region;
  return undefined;
}

const NO_TABLE: TableAttributes = { domain: 0, pxn: false, ns: false };

/** The styles as the kernel asks for them. Flags that number no style are never used. */
function policyOf(
  styles: readonly LeafStyle[],
  tables: readonly (TableAttributes | undefined)[],
): AttributePolicy {
  return {
    name: 'layout',
    leaf(kind, flags) {
      const style = styles[flags];
      if (style === undefined) return NO_ATTRIBUTES;
      const inRoot = kind === Kind.SECTION || kind === Kind.SUPERSECTION;
      const { ap, xn, pxn, tex, c, b, s } = style.bits;
      return {
        ap,
        xn,
        tex,
        c,
        b,
        s,
        ng: !style.global,
        pxn: inRoot && pxn,
        ns: inRoot && style.nonSecure,
        domain: kind === Kind.SECTION ? style.domain : 0,
      };
    },
    table: NO_TABLE,
    tableAt: (entry) => tables[entry] ?? NO_TABLE,
    granted: (flags) => (styles[flags & STYLE_MASK]?.effective ?? 0) >>> USER_RIGHTS_SHIFT,
    global: true,
  };
}

/** The leaf choice as the pmap asks for it. */
function leafPolicy(styles: readonly LeafStyle[]): PmapPolicy {
  const byFlags = Array.from({ length: ALL_FLAGS }, (_, flags) => {
    const written = flags & ~STYLE_MASK;
    const choice = LEAF_CHOICES.find((each) => CHOICE_FLAGS[each] === written) ?? 'small';
    return allowedKinds(choice, styles[flags & STYLE_MASK]?.domain ?? 0);
  });
  return {
    name: 'layout',
    granule: () => PAGE_BYTES,
    leafKind: ({ flags }, _granule, page, frame, pages) =>
      largestKind(byFlags[flags] ?? [], page, frame, pages) ?? Kind.SMALL,
    pagingFlags: (flags) => flags & STYLE_MASK,
    makesSections: false,
    spansMappings: true,
    identifiesEachStep: false,
  };
}
