/**
 * Clone: a second domain that begins as the first one is (fork). Nothing is copied but regions: each
 * object becomes one that both write apart, page by page, when one of them first does.
 *
 *     region          the clone gets
 *     copy            a snapshot of the object, of its own memory
 *     share           the same object, with the rights that the region can have at most
 *     none, records   nothing: the clone has records of its own at the same place
 */
import { VmError } from '../base/index.js';
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
    // What was made read-only for the clone's sake is the parent's alone again.
    for (const region of parent.vspace.all()) {
      if (region instanceof VRegion) region.object?.protect(region, 0, region.bytes, region.flags);
    }
    throw error;
  }
  return child;
}

function copyRegions(parent: Domain, child: Domain): void {
  const { vspace } = child;
  const copies = new Map<MemoryObject, CopyObject>();
  for (const region of parent.vspace.all()) {
    if (!(region instanceof VRegion) || region.inheritance === 'none') continue;
    const { name, base: at, bytes, flags, maxFlags, offset, object, inheritance } = region;
    const options = { name, at, flags, maxFlags, offset, inheritance };
    if (object === undefined) {
      if (region.backing === 'guard') vspace.guard(bytes, { name, at });
      else vspace.reserve(bytes, { name, at });
    } else if (inheritance === 'copy') {
      const copy = copies.get(object) ?? copyOf(child, object);
      copies.set(object, copy);
      vspace.map(copy, { ...options, ownsObject: true }, bytes);
    } else {
      if (object instanceof MappedObject) object.share(child.number, maxFlags & ACCESS);
      vspace.map(object, options, bytes);
    }
  }
}

function copyOf(child: Domain, object: MemoryObject): CopyObject {
  if (object instanceof MappedObject) return new CopyObject(child.pool, object);
  throw new VmError(
    'LIB_ERR_MEMOBJ_RIGHTS',
    `\`${object.name}\` (${object.kind}) is not of this library and cannot be copied on write; ` +
      'its regions can be shared with a clone, or left out',
  );
}
