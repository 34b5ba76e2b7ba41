/** The machine of a scenario with its kernel and its domains, as they stand before the first step. */
import { MIB, roundUp, VmError } from '../base/index.js';
import {
  Domain,
  largestLeaves,
  originalLeaves,
  type SpawnedDomain,
  spawn,
} from '../domain/index.js';
import type { CpuProfile } from '../format/index.js';
import { type AttributePolicy, accessFlagPolicy, Kernel, originalPolicy } from '../kernel/index.js';
import { Machine } from '../machine/index.js';
import { Actor } from './actor.js';
import type { Scenario } from './scenario.js';
import type { DomainFile } from './schema.js';

/**
 * Gives the contents of the file that a scenario names by a relative path.
 * Errors: `SOURCE_ERR_READ` it cannot be read.
 */
export type FileReader = (path: string) => Uint8Array;

/** What the domain that spawns programs has for itself, beside what it gives to them. */
const INIT_BYTES = 2 * MIB;

/** A machine, its kernel, and who lives on it. */
export class World {
  readonly machine: Machine;
  readonly kernel: Kernel;
  /** The domains that live, in the order in which they began. */
  readonly actors: Actor[];
  /** Those that ended. */
  private readonly buried: Actor[] = [];
  /** The files that steps make objects of, by their paths. */
  private readonly contents = new Map<string, Uint8Array>();
  /** Who spawned those that run a program; undefined where none does. */
  readonly init: Domain | undefined;

  /**
   * Builds the machine and starts every domain.
   *
   * Errors: those of `files`; `MACHINE_ERR_BANK`, `MACHINE_ERR_REGISTER` no such machine;
   * `LIB_ERR_RAM_ALLOC` it has not the memory that its domains want; `ELF_ERR_…`, `SPAWN_ERR_LOAD` a
   * program cannot be spawned. Those of a domain say which.
   */
  constructor(scenario: Scenario, files: FileReader) {
    const { machine, kernel, domains } = scenario;
    this.machine = new Machine({
      banks: machine.banks.map(({ name, base, size, kind }) => ({ name, base, bytes: size, kind })),
      profile: machine.cpu,
      tlb: machine.tlb,
    });
    this.kernel = new Kernel(this.machine, {
      memoryOffset: kernel.memoryOffset,
      ...attributesOf(kernel.attributes, this.machine.profile),
    });
    for (const step of scenario.steps) {
      if (step.verb !== 'create' || step.args.file === undefined) continue;
      this.contents.set(step.args.file, files(step.args.file));
    }
    this.init = this.startInit(domains);
    this.actors = domains.map((settings) => {
      try {
        return this.start(settings, files);
      } catch (error) {
        if (!(error instanceof VmError)) throw error;
        const message = `${scenario.file}: domain \`${settings.name}\`: ${error.message}`;
        throw new VmError(error.code, message, {
          evidence: error.evidence,
          ...(error.cause === undefined ? {} : { cause: error.cause }),
        });
      }
    });
  }

  /** The domain called `name`; the scenario has been checked to have it. */
  actor(name: string): Actor {
    const found = this.actors.find((actor) => actor.name === name);
    if (found !== undefined) return found;
    const ended = this.buried.some((actor) => actor.name === name);
    const message = ended ? `\`${name}\` has ended` : `no domain is called \`${name}\``;
    throw new VmError('SCENARIO_ERR_REFERENCE', message);
  }

  /** Every domain that there was. */
  get allActors(): readonly Actor[] {
    return [...this.actors, ...this.buried];
  }

  /** Takes a domain that ended out of those that live. */
  bury(actor: Actor): void {
    this.actors.splice(this.actors.indexOf(actor), 1);
    this.buried.push(actor);
  }

  /** A copy of the bytes of a file that a step names. */
  file(path: string): Uint8Array {
    return this.contents.get(path)?.slice() ?? new Uint8Array();
  }

  private startInit(domains: readonly DomainFile[]): Domain | undefined {
    const children = domains.filter(({ elf }) => elf !== undefined);
    if (children.length === 0) return undefined;
    const bytes = children.reduce((sum, { ram }) => sum + roundUp(ram, MIB), INIT_BYTES);
    return Domain.boot(this.kernel, bytes, { name: 'init' });
  }

  private start(settings: DomainFile, files: FileReader): Actor {
    const { name, elf, ram, leaves, metadata } = settings;
    const options = {
      name,
      policy: leaves === 'original' ? originalLeaves : largestLeaves,
      ...(metadata === undefined
        ? {}
        : { metadata: { base: metadata.base, bytes: metadata.size } }),
      ...(settings.aslr === undefined ? {} : { aslr: settings.aslr }),
    };
    if (elf === undefined || this.init === undefined) {
      return paged(new Actor(Domain.boot(this.kernel, ram, options)), settings);
    }
    const argv = settings.args ?? [elf.slice(elf.lastIndexOf('/') + 1)];
    const program: SpawnedDomain = spawn(this.init, files(elf), {
      ...options,
      argv,
      ramBytes: ram,
    });
    return paged(new Actor(program.domain, program), settings);
  }
}

/** The actor with the budget that its settings give it. */
function paged(actor: Actor, { pager }: DomainFile): Actor {
  if (pager !== undefined) actor.startPaging(pager);
  return actor;
}

function attributesOf(
  name: Scenario['kernel']['attributes'],
  profile: CpuProfile,
): { readonly attributes?: AttributePolicy } {
  switch (name) {
    case 'original':
      return { attributes: originalPolicy };
    case 'access-flag':
      return { attributes: accessFlagPolicy(profile) };
    case 'default':
      return {};
  }
}
