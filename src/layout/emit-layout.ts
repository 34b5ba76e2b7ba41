/** Layouts written down again: as a layout file, which loses nothing, and as a CSV of regions. */
import { hex0x, PAGE_BYTES, VmError } from '../base/index.js';
import { DomainAccess, domainAccess } from '../format/index.js';
import type { Build } from './build.js';
import {
  isReserved,
  type Layout,
  type LayoutRegion,
  lineText,
  type PrivilegeRights,
} from './layout.js';
import { type PlacedRegion, sizeText } from './place-regions.js';
import { PLAIN_REMAP } from './region-bits.js';

/** An address as layouts write it: `0x8000_0000`. */
function address(value: number): string {
  const digits = value.toString(16).padStart(8, '0');
  return `0x${digits.replace(/(.{4})$/, '_$1').replace(/^_/, '')}`;
}

function letters({ read, write, execute }: PrivilegeRights): string {
  const text = `${read ? 'r' : ''}${write ? 'w' : ''}${execute ? 'x' : ''}`;
  return text === '' ? 'none' : text;
}

/** Text as YAML, in quotes where it could be taken for something else. */
function yamlText(text: string): string {
  const isWord = /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text);
  const isTaken = /^(?:true|false|null|yes|no|on|off)$/i.test(text);
  return isWord && !isTaken ? text : JSON.stringify(text);
}

/** The layout of a build as a layout file, every address given. */
export function emitYaml({ layout, placement }: Build): string {
  const lines: string[] = [];
  if (layout.title !== '') lines.push(`title: ${JSON.stringify(layout.title)}`);
  lines.push(`cpu: ${layout.profile.name}`, ...mmuLines(layout));
  const { budget } = layout.tables;
  const size = budget === undefined ? '' : `, size: ${sizeText(budget)}`;
  lines.push(`tables: {at: ${address(placement.tables)}${size}}`, 'regions:');
  for (const region of placement.regions) lines.push(`  - {${regionPairs(region).join(', ')}}`);
  return `${lines.join('\n')}\n`;
}

function mmuLines({ mmu }: Layout): string[] {
  const domains = (access: number): string => {
    const numbers = Array.from({ length: 16 }, (_, domain) => domain);
    return `[${numbers.filter((domain) => domainAccess(mmu.dacr, domain) === access).join(', ')}]`;
  };
  const pairs: string[] = [];
  if (mmu.accessFlag) pairs.push('accessFlag: true');
  if (mmu.texRemap) {
    pairs.push('texRemap: true');
    if (mmu.prrr !== PLAIN_REMAP.prrr) pairs.push(`prrr: ${hex0x(mmu.prrr, 8)}`);
    if (mmu.nmrr !== PLAIN_REMAP.nmrr) pairs.push(`nmrr: ${hex0x(mmu.nmrr, 8)}`);
  }
  const clients = domains(DomainAccess.CLIENT);
  const managers = domains(DomainAccess.MANAGER);
  if (clients !== '[0]') pairs.push(`clients: ${clients}`);
  if (managers !== '[]') pairs.push(`managers: ${managers}`);
  if (mmu.split > 0) pairs.push(`split: ${mmu.split}`);
  return pairs.length === 0 ? [] : [`mmu: {${pairs.join(', ')}}`];
}

function regionPairs(region: PlacedRegion): string[] {
  const { privileged, user, memory, shareable } = region;
  const pairs = [`name: ${yamlText(region.name)}`, `va: ${address(region.va)}`];
  if (region.pa !== region.va) pairs.push(`pa: ${address(region.pa)}`);
  pairs.push(`size: ${sizeText(region.bytes)}`);
  const rights = [letters(privileged), letters(user)] as const;
  if (rights[1] !== 'none') pairs.push(`rights: {pl1: ${rights[0]}, pl0: ${rights[1]}}`);
  else if (rights[0] !== 'rw') pairs.push(`rights: ${rights[0]}`);
  if (isReserved(region)) return pairs;
  if (memory !== 'normal-wbwa') pairs.push(`memory: ${memory}`);
  if (shareable === memory.startsWith('normal')) pairs.push(`shareable: ${shareable}`);
  if (!region.global) pairs.push('global: false');
  if (region.nonSecure) pairs.push('nonSecure: true');
  if (region.domain !== 0) pairs.push(`domain: ${region.domain}`);
  if (region.leaves !== 'largest') pairs.push(`leaves: ${region.leaves}`);
  if (region.alignment !== PAGE_BYTES) pairs.push(`align: ${sizeText(region.alignment)}`);
  return pairs;
}

/** Memory types by the words of the CSV that arm64-pgtable-tool's descendants read. */
export const CSV_TYPES: Readonly<Record<string, string>> = {
  DEVICE: 'device',
  NO_CACHE: 'normal-nc',
  CACHE_WB: 'normal-wbwa',
  CACHE_WT: 'normal-wt',
};
/** Rights by its words: PL1, then PL0; execution is said by :SX and :UX. */
export const CSV_RIGHTS: Readonly<Record<string, readonly [string, string]>> = {
  SRW_UNA: ['rw', ''],
  SRW_URW: ['rw', 'rw'],
  SRO_UNA: ['r', ''],
  SRO_URO: ['r', 'r'],
};

/**
 * The regions of a build in the CSV dialect `phys,[virt],size,TYPE[:SHARED][:GLOBAL],rights…,comment`.
 *
 * Errors: `LAYOUT_ERR_RIGHTS` the dialect has no word for what a region asks for.
 */
export function emitRegionCsv({ placement }: Build): string {
  const lines = ['# phys, [virt], size, type[:SHARED][:GLOBAL], rights[:SX][:UX][:NS], comment'];
  for (const region of placement.regions) if (!region.reserved) lines.push(csvLine(region));
  return `${lines.join('\n')}\n`;
}

function csvLine(region: PlacedRegion): string {
  const { privileged, user, memory } = region;
  const type = Object.entries(CSV_TYPES).find(([, name]) => name === memory)?.[0];
  const data = (rights: PrivilegeRights): string =>
    `${rights.read ? 'r' : ''}${rights.write ? 'w' : ''}`;
  const rights = Object.entries(CSV_RIGHTS).find(
    ([, [pl1, pl0]]) => pl1 === data(privileged) && pl0 === data(user),
  )?.[0];
  const refused =
    (type === undefined && `memory of type ${memory}`) ||
    (rights === undefined && `PL1 ${letters(privileged)} with PL0 ${letters(user)}`) ||
    (privileged.execute && privileged.write && 'what PL1 both writes and executes') ||
    (region.domain !== 0 && `DACR domain ${region.domain}`);
  if (refused !== false && refused !== undefined) throw noWord(region, refused);
  const virtual = region.va === region.pa ? '' : hex0x(region.va, 8);
  const types = [type, region.shareable && 'SHARED', region.global && 'GLOBAL'];
  const flags = [
    rights,
    privileged.execute && 'SX',
    user.execute && 'UX',
    region.nonSecure && 'NS',
  ];
  const words = [types, flags].map((each) => each.filter((word) => word !== false).join(':'));
  return [hex0x(region.pa, 8), virtual, csvSize(region.bytes), ...words, region.name].join(', ');
}

/** A size with the unit that the tools of this format insist on. */
function csvSize(bytes: number): string {
  const text = sizeText(bytes);
  return /[KMG]$/.test(text) ? text : `${bytes / 1024}K`;
}

function noWord(region: LayoutRegion, what: string): VmError {
  return new VmError(
    'LAYOUT_ERR_RIGHTS',
    `\`${region.name}\` (${lineText(region.from)}): this CSV has no words for ${what}; YAML has`,
  );
}
