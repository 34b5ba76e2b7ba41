import { PAGE_BYTES } from '../../src/base/index.js';
import {
  CopyObject,
  FileObject,
  FrameObject,
  type MappedObject,
  PooledObject,
  VRegion,
  VRegionFlags,
} from '../../src/domain/index.js';
import { EMPTY, FRAME_SHIFT, RESIDENT, STORED } from '../../src/domain/page-index.js';
import { auditKernel } from './kernel-audit.js';
import type { ModelObject, ModelPage } from './paging-model.js';
import type { Actor, PagingWorld } from './paging-world.js';
import { auditSpace } from './space-audit.js';

const { READ, WRITE, EXECUTE } = VRegionFlags;
const ACCESS = READ | WRITE | EXECUTE;

/**
 * I1, I4, I5 and I6, contents and regions, of every domain, without using any page: what is looked at
 * is what is there. Throws with all that is wrong.
 */
export function checkPaging(world: PagingWorld): void {
  const wrong = auditKernel(world.kernel);
  for (const actor of world.actors) {
    const { domain, model } = actor;
    const space = {
      kernel: world.kernel,
      pmap: domain.pmap,
      manager: domain,
      number: domain.number,
    };
    for (const line of auditSpace(space)) wrong.push(`${domain.name} ${line}`);
    checkRegions(actor, world, wrong);
    checkMapped(world, actor, wrong);
    checkPool(actor, world, wrong);
    for (const page of model.pages.keys()) if (page < 1) wrong.push('a page below 1');
  }
  for (const [known, object] of world.real) checkObject(known, object, wrong);
  if (wrong.length > 0) throw new Error(wrong.slice(0, 8).join('\n'));
}

/** Whether a pool has as many pages, and pins, as the objects that it is for. */
function checkPool({ domain, most }: Actor, world: PagingWorld, wrong: string[]): void {
  const { pool } = domain;
  if (pool.usedPages > most) wrong.push(`${domain.name} is over its budget`);
  const resident = pool
    .allOwners()
    .reduce((sum, owner) => sum + (owner as PooledObject).residentBytes / PAGE_BYTES, 0);
  if (resident !== pool.usedPages) {
    wrong.push(`${domain.name}: ${resident} pages resident, ${pool.usedPages} used`);
  }
  let pins = 0;
  for (let id = 0; id < pool.endPage; id += 1) if (pool.inUse(id)) pins += pool.pins(id);
  const known = world.objects
    .filter((object) => world.real.get(object) instanceof PooledObject)
    .flatMap((object) => (object.home === domain.number ? object.pins : []))
    .reduce((sum, count) => sum + count, 0);
  if (pins !== known) wrong.push(`${domain.name} has ${pins} pins, not ${known}`);
}

/** Whether the regions of a domain are the model's pages, and their objects know of them. */
function checkRegions({ domain, model }: Actor, world: PagingWorld, wrong: string[]): void {
  let pages = 0;
  for (const region of domain.vspace.all()) {
    if (region.backing === 'metadata') continue;
    pages += region.bytes / PAGE_BYTES;
    const known = region instanceof VRegion ? region.object : undefined;
    if (region instanceof VRegion && known !== undefined && !known.regions.includes(region)) {
      wrong.push(`${domain.name}: \`${region.name}\` is not known to its object`);
    }
    for (let at = region.base; at < region.base + region.bytes; at += PAGE_BYTES) {
      const page = model.pages.get(at / PAGE_BYTES);
      const problem = regionProblem(world, region, at, page);
      if (problem !== '') wrong.push(`${domain.name} ${at.toString(16)}: ${problem}`);
    }
  }
  if (pages !== model.pages.size) {
    wrong.push(`${domain.name} has ${pages} pages in regions, not ${model.pages.size}`);
  }
}

function regionProblem(
  world: PagingWorld,
  region: { readonly backing: string; readonly flags: number; readonly base: number },
  at: number,
  page: ModelPage | undefined,
): string {
  if (page === undefined) return 'a region where nothing should be';
  if (region.backing !== page.kind) return `a ${region.backing}, not ${page.kind}`;
  if (((region.flags ^ page.flags) & ACCESS) !== 0)
    return `flags ${region.flags}, not ${page.flags}`;
  if (!(region instanceof VRegion) || page.object === undefined) return '';
  if (region.maxFlags !== page.maxFlags) return `at most ${region.maxFlags}, not ${page.maxFlags}`;
  const real = world.real.get(page.object);
  if (real !== undefined && region.object !== real)
    return `another object than ${page.object.name}`;
  const index = (region.offset + at - region.base) / PAGE_BYTES;
  return index === page.page ? '' : `page ${index}, not ${page.page}`;
}

/** Whether what is mapped may be, and is what the model says. */
function checkMapped(world: PagingWorld, { domain, model }: Actor, wrong: string[]): void {
  const { invocations, metadata, pmap } = domain;
  for (const { address, bytes, frame, offset, flags } of pmap.mappings()) {
    if (metadata.contains(address)) continue;
    invocations.identifyFrame(frame);
    const base = invocations.identity.base + offset;
    for (let at = 0; at < bytes; at += PAGE_BYTES) {
      const page = model.pages.get((address + at) / PAGE_BYTES);
      const name = `${domain.name} ${(address + at).toString(16)}`;
      const { object } = page ?? {};
      if (page === undefined || object === undefined) {
        wrong.push(`${name} is mapped and is nothing`);
        continue;
      }
      const granted = object.gone ? 0 : (object.rightsOf(domain.number) ?? 0);
      const allowed = page.flags & granted & ACCESS;
      const leaf = pmap.lookup(address + at)?.flags ?? flags;
      // What can be written or executed can be read.
      const readable = allowed === 0 ? 0 : allowed | READ;
      if ((leaf & ACCESS & ~readable) !== 0) {
        wrong.push(`${name} is mapped with ${leaf & ACCESS}, and may have ${allowed}`);
      }
      const found = world.machine.memory.readBytes(base + at, PAGE_BYTES) as Uint8Array;
      if (!same(found, object.page(page.page))) {
        wrong.push(
          `${name}: its frame is not page ${page.page} of ${object.name}${first(found, object.page(page.page))}`,
        );
      }
    }
  }
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.from(left.buffer, left.byteOffset, left.length).equals(right);
}

function first(found: Uint8Array, right: Uint8Array): string {
  const byte = found.findIndex((value, index) => value !== right[index]);
  return `: byte ${byte} is ${found[byte]}, not ${right[byte]}`;
}

/** Whether every page of an object is what the model says, wherever it is; and pins hold. */
function checkObject(known: ModelObject, object: MappedObject, wrong: string[]): void {
  const found = new Uint8Array(PAGE_BYTES);
  for (let page = 0; page < known.pages; page += 1) {
    if (known.present[page] !== true) continue;
    peek(object, page, found);
    if (!same(found, known.page(page))) {
      wrong.push(
        `page ${page} of ${known.name} is not what it should be${first(found, known.page(page))}`,
      );
    }
    if (!(object instanceof PooledObject)) continue;
    const place = object.placeOf(page);
    const pins = place < 0 ? 0 : object.pool.pins(place);
    if (pins !== known.pins[page]) {
      wrong.push(`page ${page} of ${known.name} is pinned ${pins} times, not ${known.pins[page]}`);
    }
  }
}

/** What a page of an object holds, without bringing it into memory. */
export function peek(object: MappedObject, page: number, into: Uint8Array): void {
  let holder = object;
  while (!holder.holds(page)) holder = holder.below as MappedObject;
  into.fill(0);
  if (holder instanceof FrameObject) {
    holder.readPage(page, into);
    return;
  }
  const pooled = holder as PooledObject;
  const entry = pooled['index'].get(page);
  if ((entry & RESIDENT) !== 0) pooled['readFrame'](entry >>> FRAME_SHIFT, into);
  else if ((entry & STORED) !== 0) {
    const area = pooled['area'];
    area?.store.read(area.first + page, into);
  } else if (pooled instanceof FileObject) {
    const source = pooled['source'];
    const count = Math.min(PAGE_BYTES, source.bytes - page * PAGE_BYTES);
    source.read(page * PAGE_BYTES, into.subarray(0, count));
  } else if (pooled instanceof CopyObject && pooled.below !== undefined && entry !== EMPTY) {
    throw new Error('a copy that holds a page has it somewhere');
  }
}
