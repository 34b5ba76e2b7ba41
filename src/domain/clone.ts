/**
 * Clone: a second domain that begins as the first one is (fork). Nothing is copied but regions: each
 * object becomes one that both write apart, page by page, when one of them first does.
 *
 *     region          the clone gets
 *     copy            a snapshot of the object, of its own memory
 *     share           the same object, with the rights that the region can have at most
 *     none, records   nothing: the clone has records of its own at the same place
 *     (taken back)    reserved addresses: what the parent may not read any more, the clone may not
 */
import { VmError } from '../base/index.js';
import { Rights } from '../kernel/index.js';
import { CopyObject } from './copy-object.js';
import type { Domain } from './domain.js';
import { MappedObject } from './mapped-object.js';
import type { MemoryObject } from './memory-object.js';
import { type EmptyDomain, type SpawnOptions, spawnEmpty } from './spawn.js';
import { VRegion } from './vregion.js';
import { VRegionFlags } from './vregion-flags.js';

const ACCESS = VRegionFlags.READ | VRegionFlags.WRITE | VRegionFlags.EXECUTE;

/**
 * Makes a clone of `parent`, out of `ramBytes` of its memory, in which the clone's pages and tables
 * will lie.
 *
 * Errors: those of {@link spawnEmpty}; `LIB_ERR_MEMOBJ_RIGHTS` a region to be copied is of an object of
 * the user's own, which only can be shared. Nothing is left of the clone then.
 */
export function cloneDomain(parent: Domain, options: SpawnOptions = {}): EmptyDomain {
  const { base, bytes } = parent.metadata;
  const child = spawnEmpty(parent, {
    name: `${parent.name} (clone)`,
    metadata: { base, bytes },
    ...options,
  });
  try {
    copyRegions(parent, child.domain);
  } catch (error) {
    child.kill();
    for (const region of parent.vspace.all()) if (region instanceof VRegion) restore(region);
    throw error;
  }
  return child;
}

/** Gives a region back what was made read-only for the clone's sake; what that cannot, a fault does. */
function restore(region: VRegion): void {
  try {
    region.object?.protect(region, 0, region.bytes, region.flags);
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
  }
}

function copyRegions(parent: Domain, child: Domain): void {
  const { vspace } = child;
  const copies = new Map<MemoryObject, CopyObject>();
  shareRegions(parent, child);
  for (const region of parent.vspace.all()) {
    if (!(region instanceof VRegion)) continue;
    const { name, base: at, bytes, flags, maxFlags, offset, object, inheritance } = region;
    if (object === undefined) {
      if (region.backing === 'guard') vspace.guard(bytes, { name, at });
      else vspace.reserve(bytes, { name, at });
      continue;
    }
    if (inheritance === 'none') continue;
    const granted = rightsTo(object, parent);
    if ((granted & Rights.READ) === 0) {
      vspace.reserve(bytes, { name, at });
    } else if (inheritance === 'copy') {
      const copy = copies.get(object) ?? copyOf(parent, child, object);
      copies.set(object, copy);
      const options = { name, at, flags, maxFlags, offset, inheritance, ownsObject: true };
      vspace.map(copy, options, bytes);
    } else {
      const kept = granted | ~ACCESS;
      const rights = { flags: flags & kept, maxFlags: maxFlags & kept };
      vspace.map(object, { name, at, ...rights, offset, inheritance }, bytes);
    }
  }
}

/** Gives the child the rights to each shared object that one of the parent's regions can have. */
function shareRegions(parent: Domain, child: Domain): void {
  const rights = new Map<MappedObject, number>();
  for (const region of parent.vspace.all()) {
    if (!(region instanceof VRegion) || region.inheritance !== 'share') continue;
    const { object, maxFlags } = region;
    if (!(object instanceof MappedObject)) continue;
    const granted = rightsTo(object, parent);
    if ((granted & Rights.READ) === 0) continue;
    rights.set(object, (rights.get(object) ?? 0) | (maxFlags & ACCESS & granted));
  }
  for (const [object, right] of rights) object.share(child.number, right);
}

/** The rights of a domain to an object that it maps; those of the user's own say for themselves. */
function rightsTo(object: MemoryObject, domain: Domain): number {
  return object instanceof MappedObject ? object.rightsOf(domain.number) : Rights.ALL;
}

function copyOf(parent: Domain, child: Domain, object: MemoryObject): CopyObject {
  if (object instanceof MappedObject) {
    return new CopyObject(child.pool, object, `copy of ${object.name}`, parent.number);
  }
  throw new VmError(
    'LIB_ERR_MEMOBJ_RIGHTS',
    `\`${object.name}\` (${object.kind}) is not of this library and cannot be copied on write; ` +
      'its regions can be shared with a clone, or left out',
  );
}
