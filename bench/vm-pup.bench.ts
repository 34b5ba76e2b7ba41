/**
 * Appel and Li's benchmark, by the definition of their program (VM-PUP, 1990 and 1997): 100 pages in a
 * random order, per page or per trap. Each figure stands beside the same one of this machine's Linux
 * (`linux.…`: mprotect and SIGSEGV, `vmpup.c`), on the bare processor, where ours simulates one.
 *
 *   prot1TrapUnprot   each page traps; the handler protects the page that was used before, and
 *                     unprotects the one that trapped
 *   protNTrapUnprot   100 pages are protected at once; each traps, and the handler unprotects it
 *   trap              a trap whose handler changes nothing: the access is tried again and traps again,
 *                     eight times; then the handler throws, which the figure includes
 *   prot1, unprot, protN
 *                     the calls by themselves, per page; regions are cut and joined with them
 *   vmPup             3000 µs / (prot1TrapUnprot + protNTrapUnprot + trap): faults served in 1 ms
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAGE_BYTES } from '../src/base/index.js';
import { type Domain, PagePrimitives } from '../src/domain/index.js';
import { type Case, nanosecondsPer, shuffled, Unavailable } from './measure.js';
import { bootDomain } from './self-paging.bench.js';

const PAGES = 100;
/** How often the CPU lets one access take the same fault. */
const TRAPS_PER_ACCESS = 8;
const IDLE_ACCESSES = 25;
const SAMPLES = 400;

/** The names of the figures, in the order in which `vmpup.c` prints them. */
const NAMES = ['prot1TrapUnprot', 'protNTrapUnprot', 'trap', 'prot1', 'unprot', 'protN'] as const;
type Name = (typeof NAMES)[number];

/** The pages of a region of one domain, and one round of each figure over them. */
class Rounds {
  private readonly domain: Domain = bootDomain();
  private readonly cpu = this.domain.kernel.machine.cpu;
  private readonly region = this.domain.vspace.mapAnonymous(PAGES * PAGE_BYTES);
  private readonly vm = new PagePrimitives(this.domain, this.region);
  private readonly pages = Array.from(
    shuffled(PAGES),
    (page) => this.region.base + page * PAGE_BYTES,
  );
  private toProtect = 0;

  constructor() {
    for (const page of this.pages) this.cpu.store(page, 4, 20);
    this.vm.trap((page) => {
      if (this.toProtect !== 0) this.vm.prot1(this.toProtect);
      this.vm.unprot(page);
    });
  }

  prot1TrapUnprot(): number {
    const { pages, vm, cpu } = this;
    vm.protN();
    this.toProtect = pages[PAGES - 1];
    vm.unprot(this.toProtect);
    const time = nanosecondsPer(PAGES, () => {
      for (const page of pages) {
        cpu.store(page, 1, 10);
        this.toProtect = page;
      }
    });
    this.toProtect = 0;
    return time;
  }

  protNTrapUnprot(): number {
    const { pages, vm, cpu } = this;
    return nanosecondsPer(PAGES, () => {
      vm.protN();
      for (const page of pages) cpu.store(page, 1, 10);
    });
  }

  trap(): number {
    const { pages, domain, cpu, vm } = this;
    const away = new Error('enough traps');
    const own = cpu.abortHandler;
    let traps = 0;
    vm.prot1(pages[0]);
    domain.kernel.onFault(domain.number, () => {
      traps += 1;
      if (traps % TRAPS_PER_ACCESS === 0) throw away;
      return true;
    });
    const time = nanosecondsPer(IDLE_ACCESSES * TRAPS_PER_ACCESS, () => {
      for (let access = 0; access < IDLE_ACCESSES; access += 1) {
        try {
          cpu.store(pages[0], 1, 10);
        } catch (error) {
          if (error !== away) throw error;
        }
      }
    });
    if (traps !== IDLE_ACCESSES * TRAPS_PER_ACCESS) throw new Error(`${traps} traps were counted`);
    domain.kernel.onFault(domain.number, (abort) => domain.faults.take(abort));
    cpu.abortHandler = own;
    vm.unprot(pages[0]);
    return time;
  }

  prot1(): number {
    const time = this.each((page) => this.vm.prot1(page));
    this.each((page) => this.vm.unprot(page));
    return time;
  }

  unprot(): number {
    this.each((page) => this.vm.prot1(page));
    return this.each((page) => this.vm.unprot(page));
  }

  protN(): number {
    const time = nanosecondsPer(PAGES, () => this.vm.protN());
    this.each((page) => this.vm.unprot(page));
    return time;
  }

  vmPup(): number {
    return pups(this.prot1TrapUnprot(), this.protNTrapUnprot(), this.trap());
  }

  private each(step: (page: number) => void): number {
    return nanosecondsPer(PAGES, () => {
      for (const page of this.pages) step(page);
    });
  }
}

/** VM-PUPs, from nanoseconds. */
function pups(prot1TrapUnprot: number, protNTrapUnprot: number, trap: number): number {
  return 3000 / ((prot1TrapUnprot + protNTrapUnprot + trap) / 1000);
}

let linux: number[][] | undefined;

/** The rounds of `vmpup.c` on this machine, compiled and run the first time that they are asked for. */
function linuxRounds(): number[][] {
  if (linux !== undefined) return linux;
  if (process.platform !== 'linux') throw new Unavailable('there is no Linux here to compare with');
  const folder = mkdtempSync(join(tmpdir(), 'vmpup-'));
  try {
    const program = join(folder, 'vmpup');
    compile(program);
    const text = execFileSync(program, [String(SAMPLES)], { encoding: 'utf8' });
    linux = text
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    return linux;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(program: string): void {
  try {
    execFileSync('cc', ['-O2', '-std=gnu11', '-o', program, 'bench/vmpup.c'], { stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Unavailable('no C compiler `cc` to build bench/vmpup.c with (Debian package gcc)');
  }
}

/** Each sample is a round of the program, again from the first when they are used up. */
function linuxSamples(figureOf: (round: readonly number[]) => number): () => number {
  const rounds = linuxRounds();
  let next = 0;
  return () => {
    const round = rounds[next % rounds.length];
    next += 1;
    return figureOf(round);
  };
}

function ours(name: Name): Case {
  return {
    name,
    unit: 'ns',
    samples: SAMPLES,
    prepare: () => {
      const rounds = new Rounds();
      return () => rounds[name]();
    },
  };
}

function linuxCase(name: Name, column: number): Case {
  return {
    name: `linux.${name}`,
    unit: 'ns',
    samples: SAMPLES,
    prepare: () => linuxSamples((round) => round[column]),
  };
}

export const cases: readonly Case[] = [
  ...NAMES.flatMap((name, column) => [ours(name), linuxCase(name, column)]),
  {
    name: 'vmPup',
    unit: 'vm-pup',
    samples: SAMPLES,
    prepare: () => {
      const rounds = new Rounds();
      return () => rounds.vmPup();
    },
  },
  {
    name: 'linux.vmPup',
    unit: 'vm-pup',
    samples: SAMPLES,
    prepare: () => linuxSamples(([one, all, trap]) => pups(one, all, trap)),
  },
];
