import type { Domain, Pmap } from '../../src/domain/index.js';
import { leafEntries, leafKindOf } from '../../src/domain/leaf-run.js';
import { startsAt, tableAt } from '../../src/domain/table-records.js';
import {
  MAPPING_NEXT,
  MAPPING_OFFSET,
  MAPPING_RUN,
  MAPPING_TABLE,
  SLOT_MAPPINGS,
  SLOT_SHIFT,
} from '../../src/kernel/capabilities.js';
import { CapType, type Kernel } from '../../src/kernel/index.js';
import { objectsInOrder, tablesOf } from './kernel-audit.js';

/** Lines that say all there is; two states are the same when their lines are. */
export type Snapshot = readonly string[];

/** The lines of `after` that `before` lacks, and the other way round, the first few of them. */
export function difference(before: Snapshot, after: Snapshot): string[] {
  const [old, now] = [new Set(before), new Set(after)];
  const gone = before.filter((line) => !now.has(line)).map((line) => `- ${line}`);
  const come = after.filter((line) => !old.has(line)).map((line) => `+ ${line}`);
  if (gone.length + come.length === 0 && before.join() !== after.join()) return ['another order'];
  return [...gone.slice(0, 6), ...come.slice(0, 6)].map((line) => line.slice(0, 200));
}

/**
 * The kernel: every object in the order of the database, its copies by the CNodes that they lie in,
 * the Mappings of each copy, and every word of every table.
 */
export function snapshotKernel(kernel: Kernel): Snapshot {
  const { capabilities } = kernel.state;
  const objects = objectsInOrder(kernel);
  const byId = new Map(objects.map((object) => [object.id, object]));
  const places = new Map<number, string>();
  for (const { type, base, part, slots } of objects) {
    if (type !== CapType.L1_CNODE && type !== CapType.L2_CNODE) continue;
    for (let slot = 0; slot < slots; slot += 1) places.set(part + slot, `${base}:${slot}`);
  }
  const place = (slot: number): string => places.get(slot) ?? `kernel:${slot}`;
  const word = (slot: number, field: number): number =>
    capabilities.slots[(slot << SLOT_SHIFT) + field] ?? 0;
  const bases = new Map(tablesOf(kernel).map(({ number, kibibyte }) => [number, kibibyte]));
  const lines = objects.map((object) => {
    const parent = byId.get(object.parent);
    const above = parent === undefined ? '-' : `${parent.type}@${parent.base}`;
    const copies = object.copies.map((slot) => {
      const mappings: string[] = [];
      for (let at = word(slot, SLOT_MAPPINGS); at !== 0; at = word(at, MAPPING_NEXT)) {
        const head = word(at, 0).toString(16);
        const table = bases.get(word(at, MAPPING_TABLE));
        const run = word(at, MAPPING_RUN).toString(16);
        mappings.push(`${place(at)} ${head} ${table} ${run} ${word(at, MAPPING_OFFSET)}`);
      }
      return `${place(slot)} ${capabilities.rightsOf(slot)} [${mappings.sort().join(', ')}]`;
    });
    return `object ${object.type} ${object.base}+${object.size} of ${above}: ${copies.sort().join('; ')}`;
  });
  for (const { kibibyte, words, observer } of tablesOf(kernel)) {
    const valid: string[] = [];
    for (const [index, value] of words.entries()) {
      if (value !== 0) valid.push(`${index}=${value.toString(16)}`);
    }
    lines.push(`table ${kibibyte}${observer === null ? '' : ' observed'}: ${valid.join(' ')}`);
  }
  const domains = kernel['dispatchers']['domains'] as ReadonlyMap<number, object>;
  for (const [number, record] of domains)
    lines.push(`dispatcher ${number} ${JSON.stringify(record)}`);
  return lines;
}

/** What a pmap remembers: every record in the order of addresses, its tables, and what is free. */
export function snapshotPmap(pmap: Pmap, name = 'pmap'): Snapshot {
  const { shadow, lostMappings } = pmap.core;
  const lines: string[] = [];
  const { leaves } = shadow;
  for (let page = shadow.nextMapped(0, 1 << 20); page >= 0; ) {
    const record = shadow.leafAt(page);
    const run = leaves.runOf(record);
    const fields = [
      leaves.pageOf(record),
      run,
      leaves.mappingOf(record),
      leaves.frameOf(record),
      leaves.offsetOf(record),
      leaves.headOf(record),
      leaves.totalOf(record),
    ];
    const place = record < 0 ? ` in block ${-record}` : '';
    lines.push(`${name} leaf ${fields.map((field) => field.toString(16)).join(' ')}${place}`);
    if (leafEntries(run) === 0 || leaves.pageOf(record) !== page) {
      lines.push(`${name} broken record ${record} of kind ${leafKindOf(run)} at page ${page}`);
      return lines;
    }
    page = shadow.nextMapped(shadow.endOf(record), 1 << 20);
  }
  for (const [index, entry] of shadow.tables.root.entries()) {
    if ((entry & 1) === 0) continue;
    const [at, next] = [tableAt(entry >>> 1), tableAt((entry >>> 1) + 1)];
    const words = shadow.tables.words.slice(at, next).join(' ');
    const starts = shadow.tables.starts.slice(startsAt(at), startsAt(next)).join(' ');
    lines.push(`${name} table ${index}: ${words} starts ${starts}`);
  }
  for (const [kind, { slab }] of [
    ['leaves', shadow.leaves],
    ['page blocks', shadow.leaves.blocks],
    ['facts', shadow.leaves.facts],
    ['tables', shadow.tables],
  ] as const) {
    const free = (slab['stack'] as Int32Array).slice(0, slab.freeCount);
    lines.push(`${name} ${kind}: ${slab.capacity} blocks, free ${free.join(' ')}`);
  }
  lines.push(`${name} counts ${shadow.mappings} ${lostMappings}`);
  return lines;
}

/** What a domain's library keeps: slots, memory, tables, metadata, regions, and its own pmap. */
export function snapshotDomain(domain: Domain): Snapshot {
  const { name, slots, ram, tables, metadata, vspace } = domain;
  const lines: string[] = [];
  const stack = slots['slots'] as { stack: Int32Array; count: number; out: Uint32Array };
  lines.push(`${name} free slots ${stack.stack.slice(0, stack.count).join(' ')}`);
  lines.push(`${name} slots out ${[...stack.out].filter((word) => word !== 0).join(' ')}`);
  const cnodes = slots['cnodes'] as { slot: number; memory: number }[];
  lines.push(`${name} CNodes ${cnodes.map(({ slot, memory }) => `${slot}@${memory}`).join(' ')}`);
  lines.push(`${name} root CNode ${slots['rootCNode']} ${slots['rootSlots']}`);
  for (const arena of ram['arenas'] as { base: number; taken: Uint32Array; free: number }[]) {
    const taken = [...arena.taken].map((word) => word.toString(16)).join(' ');
    lines.push(`${name} RAM ${arena.base.toString(16)} free ${arena.free}: ${taken}`);
  }
  for (const page of tables['pages'] as { base: number; taken: number }[]) {
    lines.push(`${name} table page ${page.base.toString(16)} ${page.taken}`);
  }
  const growths = metadata['growths'] as { page: number; pages: number; added: number }[];
  for (const { page, pages, added } of growths) {
    lines.push(`${name} metadata ${page}+${pages} gave ${added}`);
  }
  lines.push(`${name} metadata pages ${(metadata['taken'] as Uint32Array).join(' ')}`);
  for (const region of vspace.all()) {
    lines.push(`${name} region ${region.name} ${region.base.toString(16)}+${region.bytes}`);
  }
  return [...lines, ...snapshotPmap(domain.pmap, `${name} pmap`)];
}
