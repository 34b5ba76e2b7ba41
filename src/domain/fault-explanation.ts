/** Why a fault was not resolved: what a person needs to act, as text and as a value. */
import { type ErrorName, formatBytes, hex0x, NO_REGION, VmError } from '../base/index.js';
import { ACCESS_NAMES } from '../format/index.js';
import type { AbortInfo } from '../machine/index.js';
import type { MemoryObject } from './memory-object.js';
import { VRegion } from './vregion.js';
import { VRegionFlags } from './vregion-flags.js';
import type { Region, VSpace } from './vspace.js';

/** Which check refused. */
export type FaultGate =
  /** No region holds the address. */
  | 'region'
  /** The region is a guard, reserved, or not one that is paged. */
  | 'backing'
  /** The region does not allow the access, though its maximum would. */
  | 'protection'
  /** The region can never allow the access. */
  | 'maximum-protection';

/** The evidence of an unresolved fault; the walk is the evidence of the error around it. */
export interface FaultExplanation {
  readonly address: number;
  /** One of `Access`. */
  readonly access: number;
  readonly gate: FaultGate;
  readonly region: Region | undefined;
  readonly object: MemoryObject | undefined;
  /** The regions next to an address that lies in none. */
  readonly below: Region | undefined;
  readonly above: Region | undefined;
}

/** The flags that a region must have one of for an access: writable and executable pages can be read. */
export function flagsFor(fetch: boolean, write: boolean): number {
  if (fetch) return VRegionFlags.EXECUTE;
  const { READ, WRITE, EXECUTE } = VRegionFlags;
  return write ? WRITE : READ | WRITE | EXECUTE;
}

/** `rwx` as a listing shows it. */
export function flagsText(flags: number): string {
  const { READ, WRITE, EXECUTE } = VRegionFlags;
  const letter = (flag: number, text: string): string => ((flags & flag) !== 0 ? text : '-');
  return letter(READ, 'r') + letter(WRITE, 'w') + letter(EXECUTE, 'x');
}

/** The error for a fault at an address whose region, if there is one, does not allow the access. */
export function refusal(vspace: VSpace, abort: AbortInfo): VmError {
  const region = vspace.find(abort.va);
  const what = `${ACCESS_NAMES[abort.access]} at ${hex0x(abort.va)}`;
  if (region === undefined) return noRegion(vspace, abort, what);
  const where = `region \`${region.name}\` at ${hex0x(region.base)}+${hex0x(region.bytes)}`;
  const [code, gate, why] = judge(region, abort);
  return new VmError(code, `${what}: ${where} ${why}`, {
    evidence: explanation(abort, gate, region),
  });
}

function judge(region: Region, abort: AbortInfo): [ErrorName, FaultGate, string] {
  const { backing } = region;
  if (backing === 'guard')
    return ['LIB_ERR_VREGION_GUARD', 'backing', 'is a guard: nothing may be there'];
  if (!(region instanceof VRegion) || region.object === undefined) {
    return ['LIB_ERR_VREGION_RESERVED', 'backing', `is ${backing}: no memory object is behind it`];
  }
  const object = `${region.object.kind} \`${region.object.name}\``;
  const text = `of ${object} is ${flagsText(region.flags)}, at most ${flagsText(region.maxFlags)}`;
  const possible = (region.maxFlags & flagsFor(abort.fetch, abort.write)) !== 0;
  return ['LIB_ERR_VREGION_RIGHTS', possible ? 'protection' : 'maximum-protection', text];
}

function noRegion(vspace: VSpace, abort: AbortInfo, what: string): VmError {
  const { tree } = vspace;
  const at = tree.floor(abort.va);
  const next = at === NO_REGION ? tree.first() : tree.next(at);
  const below = at === NO_REGION ? undefined : vspace.find(tree.baseOf(at));
  const above = next === NO_REGION ? undefined : vspace.find(tree.baseOf(next));
  const near = [
    below === undefined
      ? ''
      : distance(below, 'ends', abort.va - below.base - below.bytes, 'below'),
    above === undefined ? '' : distance(above, 'begins', above.base - abort.va, 'above'),
  ].filter((part) => part !== '');
  const text = near.length === 0 ? 'there are no regions' : near.join(', ');
  return new VmError('LIB_ERR_VSPACE_REGION_NOT_FOUND', `${what}: no region is there; ${text}`, {
    evidence: { ...explanation(abort, 'region', undefined), below, above },
  });
}

function distance(region: Region, verb: string, bytes: number, side: string): string {
  const far = bytes === 0 ? 'right' : formatBytes(bytes);
  return `\`${region.name}\` ${verb} ${far} ${side}`;
}

function explanation(
  abort: AbortInfo,
  gate: FaultGate,
  region: Region | undefined,
): FaultExplanation {
  const object = region instanceof VRegion ? region.object : undefined;
  const { va: address, access } = abort;
  return { address, access, gate, region, object, below: undefined, above: undefined };
}
