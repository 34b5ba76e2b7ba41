/** The machine of a scenario with its kernel and its domains, as they stand before the first step. */
import { MIB, roundUp, VmError } from '../base/index.js';
import {
  Domain,
  largestLeaves,
  originalLeaves,
  type SpawnedDomain,
  spawn,
} from '../domain/index.js';
import { Kernel, originalPolicy } from '../kernel/index.js';
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
  /** The domains of the scenario, in its order. */
  readonly actors: readonly Actor[];
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
      ...(kernel.attributes === 'original' ? { attributes: originalPolicy } : {}),
    });
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
    throw new VmError('SCENARIO_ERR_REFERENCE', `no domain is called \`${name}\``);
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
    };
    if (elf === undefined || this.init === undefined) {
      return new Actor(Domain.boot(this.kernel, ram, options));
    }
    const argv = settings.args ?? [elf.slice(elf.lastIndexOf('/') + 1)];
    const program: SpawnedDomain = spawn(this.init, files(elf), {
      ...options,
      argv,
      ramBytes: ram,
    });
    return new Actor(program.domain, program);
  }
}
