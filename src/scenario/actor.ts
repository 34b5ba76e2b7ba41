/** A domain of a scenario: its library, and what the scenario has names for. */
import { type CapRef, hex0x, OK, VmError } from '../base/index.js';
import type { Domain, SpawnedDomain } from '../domain/index.js';
import type { Place } from './quantities.js';

/** A frame by its name. */
export interface NamedFrame {
  readonly cap: CapRef;
  readonly pa: number;
  readonly bytes: number;
}

/** One domain with its names. */
export class Actor {
  readonly domain: Domain;
  /** The program that it runs; undefined for an empty domain. */
  readonly program: SpawnedDomain | undefined;
  readonly frames = new Map<string, NamedFrame>();
  /** Where each named region begins, whether or not something is mapped there still. */
  private readonly places = new Map<string, number>();
  /** The regions that steps have added to the vspace: base and bytes. */
  private readonly regions = new Map<number, number>();

  constructor(domain: Domain, program?: SpawnedDomain) {
    this.domain = domain;
    this.program = program;
  }

  get name(): string {
    return this.domain.name;
  }

  /**
   * The frame that is called `name`.
   * Errors: `SCENARIO_ERR_REFERENCE` the step that should have made it did not.
   */
  frame(name: string): NamedFrame {
    const found = this.frames.get(name);
    if (found !== undefined) return found;
    throw new VmError('SCENARIO_ERR_REFERENCE', `${this.name} has no frame \`${name}\``);
  }

  /** Notes the frame in the slot `cap` as `name`; what it is the kernel says. */
  nameFrame(name: string, cap: CapRef): NamedFrame {
    const { invocations } = this.domain;
    const error = invocations.identifyFrame(cap);
    if (error !== OK) throw VmError.from(error, `the slot ${hex0x(cap)} holds no frame`);
    const { base, bytes } = invocations.identity;
    const frame = { cap, pa: base, bytes };
    this.frames.set(name, frame);
    return frame;
  }

  /**
   * The address that `place` names: a region by the name that a step gave it, a region of the domain
   * itself (`stack`), or a symbol of its program.
   * Errors: `SCENARIO_ERR_REFERENCE` nothing is called that.
   */
  address(place: Place): number {
    const { base, offset } = place;
    const start = typeof base === 'number' ? base : this.named(base);
    const address = start + offset;
    if (address < 2 ** 32) return address;
    throw new VmError(
      'SCENARIO_ERR_REFERENCE',
      `${place.text} is ${hex0x(address)}, beyond 32 bits`,
    );
  }

  private named(name: string): number {
    const { domain, program } = this;
    const known =
      this.places.get(name) ??
      domain.vspace.all().find((region) => region.name === name)?.base ??
      program?.image.symbol(name)?.address;
    if (known !== undefined) return known;
    const where = program === undefined ? 'region' : 'region or symbol';
    throw new VmError('SCENARIO_ERR_REFERENCE', `${domain.name} has no ${where} \`${name}\``);
  }

  /** What lies at an address, for a person: `stack+0x10`, `pages`; empty where nothing is known. */
  nameOf(address: number): string {
    return this.domain.vspace.find(address)?.name ?? '';
  }

  /** Remembers that a step has mapped a region, so that nothing else is placed there. */
  addRegion(name: string, base: number, bytes: number, flags: number): void {
    const { vspace } = this.domain;
    this.places.set(name, base);
    // What a step maps inside a region that is there belongs to that one.
    if (vspace.tree.overlaps(base, bytes)) return;
    vspace.add({ name, base, bytes, flags, backing: 'image' });
    this.regions.set(base, bytes);
  }

  /** Forgets the regions of steps in which nothing is mapped any more. */
  dropEmptyRegions(): void {
    const { pmap, vspace } = this.domain;
    for (const [base, bytes] of this.regions) {
      const [mapping] = pmap.mappings(base, base + bytes);
      if (mapping !== undefined) continue;
      vspace.remove(base);
      this.regions.delete(base);
    }
  }
}
