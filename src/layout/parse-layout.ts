/**
 * Reading a layout file: what follows the schema, with the programs that it names looked into.
 */
import * as v from 'valibot';
import { hex0x, PAGE_BYTES, parseAddress, roundDown, roundUp, VmError } from '../base/index.js';
import { type ElfImage, pageRuns, parseExecutable } from '../domain/index.js';
import { CPU_PROFILES, type CpuProfile, DomainAccess } from '../format/index.js';
import {
  type Layout,
  type LayoutRegion,
  MOST_REGIONS,
  NO_RIGHTS,
  type PrivilegeRights,
  type WantedPhysical,
  type WantedVirtual,
} from './layout.js';
import { PLAIN_REMAP } from './region-bits.js';
import { type LayoutFile, LayoutSchema, type RegionFile } from './schema.js';
import { schemaProblems } from './schema-problems.js';
import { closest } from './spelling.js';
import { type FileProblem, YamlFile, type YamlPath } from './yaml-tree.js';

/**
 * Gives the contents of the file that a layout names by a relative path.
 * Errors: `SOURCE_ERR_READ` it cannot be read.
 */
export type LayoutFiles = (path: string) => Uint8Array;

const CODES = { syntax: 'LAYOUT_ERR_SYNTAX', limit: 'LAYOUT_ERR_LIMIT' } as const;

/**
 * The layout in `text`; `file` is its name in messages, `files` reads the programs it names.
 *
 * Errors: `LAYOUT_ERR_LIMIT` too large or too deep. `LAYOUT_ERR_SYNTAX` not YAML, or YAML that is not
 * taken. `LAYOUT_ERR_SCHEMA` something is missing, unknown, or not what belongs there.
 * `LAYOUT_ERR_REFERENCE` a memory, program, segment, section or symbol that is not there, or a name
 * twice. `ELF_ERR_…` a program is not one. All but the last carry {@link FileProblem}s as evidence.
 */
export function parseLayout(text: string, file: string, files: LayoutFiles): Layout {
  const tree = new YamlFile(file, text, CODES);
  const checked = v.safeParse(LayoutSchema, tree.value ?? {});
  if (!checked.success) {
    throw tree.error('LAYOUT_ERR_SCHEMA', schemaProblems(tree, LayoutSchema, checked.issues));
  }
  return new LayoutReader(tree, checked.output, files).read();
}

/** Where a part of a program lies, and what may be done with it. */
interface ProgramPart {
  /** Added to the name of the region where it becomes several. */
  readonly suffix: string;
  readonly address: number;
  readonly bytes: number;
  readonly rights: PrivilegeRights;
}

/** One reading. */
class LayoutReader {
  private readonly tree: YamlFile;
  private readonly content: LayoutFile;
  private readonly files: LayoutFiles;
  private readonly programs = new Map<string, ElfImage>();
  private readonly problems: FileProblem[] = [];

  constructor(tree: YamlFile, content: LayoutFile, files: LayoutFiles) {
    this.tree = tree;
    this.content = content;
    this.files = files;
  }

  read(): Layout {
    const { tree, content } = this;
    const { mmu, tables } = content;
    for (const list of ['memories', 'programs', 'regions'] as const) this.unique(list);
    this.readPrograms();
    const at = this.tablesAt(tables.at);
    const regions = content.regions.flatMap((region, index) => this.region(region, index));
    if (this.problems.length > 0) throw tree.error('LAYOUT_ERR_REFERENCE', this.problems);
    if (regions.length > MOST_REGIONS) {
      const message = `the layout has ${regions.length} regions, at most ${MOST_REGIONS} are built`;
      throw tree.error('LAYOUT_ERR_LIMIT', [tree.problem(['regions'], message, true)]);
    }
    return {
      file: tree.name,
      title: content.title,
      profile: CPU_PROFILES[content.cpu] as CpuProfile,
      mmu: {
        accessFlag: mmu.accessFlag,
        texRemap: mmu.texRemap,
        prrr: mmu.prrr ?? PLAIN_REMAP.prrr,
        nmrr: mmu.nmrr ?? PLAIN_REMAP.nmrr,
        dacr: dacrOf(mmu.clients, mmu.managers),
        split: mmu.split,
      },
      tables: { from: this.line(['tables']), at, budget: tables.size },
      memories: content.memories.map(({ name, base, size }, index) => ({
        name,
        from: this.line(['memories', index]),
        base,
        bytes: size,
      })),
      automatic: content.automatic,
      regions,
    };
  }

  private line(path: YamlPath): { readonly file: string; readonly line: number } {
    return { file: this.tree.name, line: this.tree.lineOf(path) };
  }

  private tell(path: YamlPath, message: string): void {
    this.problems.push(this.tree.problem(path, message));
  }

  private unique(list: 'memories' | 'programs' | 'regions'): void {
    const seen = new Set<string>();
    for (const [index, { name }] of this.content[list].entries()) {
      if (seen.has(name)) this.tell([list, index, 'name'], `\`${name}\` is there twice`);
      seen.add(name);
    }
  }

  private readPrograms(): void {
    for (const { name, file } of this.content.programs) {
      try {
        this.programs.set(name, parseExecutable(this.files(file)));
      } catch (error) {
        if (!(error instanceof VmError)) throw error;
        throw new VmError(error.code, `${this.tree.name}: program \`${name}\`: ${error.message}`, {
          evidence: error.evidence,
          ...(error.cause === undefined ? {} : { cause: error.cause }),
        });
      }
    }
  }

  private tablesAt(written: string): number | string {
    const address = /^0[xX]/.test(written) ? parseAddress(written) : undefined;
    if (address !== undefined) return address;
    this.knownMemory(written, ['tables', 'at']);
    return written;
  }

  private knownMemory(name: string, path: YamlPath): void {
    const names = this.content.memories.map((memory) => memory.name);
    if (!names.includes(name)) this.unknown('memory', name, names, path);
  }

  private unknown(what: string, name: string, known: readonly string[], path: YamlPath): void {
    const meant = closest(name, known);
    const listed =
      known.length === 0 ? 'there is none' : `there are ${known.slice(0, 8).join(', ')}`;
    const remedy = meant === undefined ? listed : `did you mean \`${meant}\`?`;
    this.tell(path, `no ${what} is called \`${name}\`; ${remedy}`);
  }

  /** The regions that one entry of the file stands for. */
  private region(region: RegionFile, index: number): LayoutRegion[] {
    const path = ['regions', index];
    const { va, pa, size, of } = region;
    if (typeof pa === 'string') this.knownMemory(pa, [...path, 'pa']);
    if (of === undefined) {
      if (size === undefined) {
        this.tell([...path, 'name'], `\`${region.name}\` needs a size, or \`of\` a program`);
        return [];
      }
      if (va === undefined && pa === undefined) {
        this.tell(
          [...path, 'name'],
          `\`${region.name}\` needs an address: va, pa, or \`of\` a program`,
        );
        return [];
      }
      return [this.made(region, path, { virtual: va ?? 'same', physical: physicalOf(pa), size })];
    }
    return this.partsOf(of, [...path, 'of']).map(({ suffix, address, bytes, rights }) =>
      this.made({ ...region, name: region.name + suffix }, path, {
        virtual: va ?? address,
        physical: pa === undefined && va !== undefined ? address : physicalOf(pa),
        size: size ?? bytes,
        rights: { privileged: rights, user: NO_RIGHTS },
      }),
    );
  }

  private made(
    region: RegionFile,
    path: YamlPath,
    place: {
      readonly virtual: WantedVirtual;
      readonly physical: WantedPhysical;
      readonly size: number;
      readonly rights?: Pick<LayoutRegion, 'privileged' | 'user'>;
    },
  ): LayoutRegion {
    const { defaults } = this.content;
    const memory = region.memory ?? defaults.memory ?? 'normal-wbwa';
    const rights = region.rights ?? place.rights ?? defaults.rights;
    return {
      name: region.name,
      from: this.line(path),
      virtual: place.virtual,
      physical: place.physical,
      bytes: place.size,
      alignment: region.align ?? defaults.align ?? PAGE_BYTES,
      privileged: rights?.privileged ?? { read: true, write: true, execute: false },
      user: rights?.user ?? NO_RIGHTS,
      memory,
      shareable: region.shareable ?? defaults.shareable ?? !memory.startsWith('normal'),
      global: region.global ?? defaults.global ?? true,
      nonSecure: region.nonSecure ?? defaults.nonSecure ?? false,
      domain: region.domain ?? defaults.domain ?? 0,
      leaves: region.leaves ?? defaults.leaves ?? 'largest',
    };
  }

  /** The parts of a program that `of` names, in whole pages. */
  private partsOf(of: NonNullable<RegionFile['of']>, path: YamlPath): ProgramPart[] {
    const image = this.programs.get(of.elf);
    if (image === undefined) {
      this.unknown('program', of.elf, [...this.programs.keys()], [...path, 'elf']);
      return [];
    }
    if (of.segments !== undefined) return programRuns(image);
    const part =
      of.segment !== undefined
        ? this.segment(image, of.segment, path)
        : of.section !== undefined
          ? this.section(image, of.section, path)
          : this.symbols(image, of.start ?? '', of.end ?? '', path);
    return part === undefined ? [] : [part];
  }

  private segment(image: ElfImage, number: number, path: YamlPath): ProgramPart | undefined {
    const segment = image.segments.find(({ header }) => header === number);
    if (segment === undefined) {
      const known = image.segments.map(({ header }) => header).join(', ');
      this.tell([...path, 'segment'], `segment ${number} is not loadable; those are ${known}`);
      return undefined;
    }
    const { address, memoryBytes, readable, writable, executable } = segment;
    const rights = { read: readable, write: writable, execute: executable };
    return wholePages(address, address + memoryBytes, rights);
  }

  private section(image: ElfImage, name: string, path: YamlPath): ProgramPart | undefined {
    const section = image.sections.find(
      (each) => each.name === name && (each.flags & SHF_ALLOC) !== 0,
    );
    if (section === undefined || section.bytes === 0) {
      const known = image.sections.filter(({ flags }) => (flags & SHF_ALLOC) !== 0);
      this.unknown(
        'section',
        name,
        known.map((each) => each.name),
        [...path, 'section'],
      );
      return undefined;
    }
    const { address, bytes, flags } = section;
    const rights = {
      read: true,
      write: (flags & SHF_WRITE) !== 0,
      execute: (flags & SHF_EXECINSTR) !== 0,
    };
    return wholePages(address, address + bytes, rights);
  }

  private symbols(
    image: ElfImage,
    start: string,
    end: string,
    path: YamlPath,
  ): ProgramPart | undefined {
    const first = image.symbol(start);
    const behind = image.symbol(end);
    if (first === undefined)
      this.tell([...path, 'start'], `the program has no symbol \`${start}\``);
    if (behind === undefined) this.tell([...path, 'end'], `the program has no symbol \`${end}\``);
    if (first === undefined || behind === undefined) return undefined;
    if (behind.address <= first.address) {
      const places = `${hex0x(first.address, 8)} and ${hex0x(behind.address, 8)}`;
      this.tell([...path, 'end'], `\`${end}\` must lie behind \`${start}\`: they are at ${places}`);
      return undefined;
    }
    const home = image.segments.find(
      ({ address, memoryBytes }) =>
        first.address >= address && first.address < address + memoryBytes,
    );
    const rights = {
      read: home?.readable ?? true,
      write: home?.writable ?? true,
      execute: home?.executable ?? false,
    };
    return wholePages(first.address, behind.address, rights);
  }
}

const SHF_WRITE = 1;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;

function physicalOf(written: number | string | undefined): WantedPhysical {
  if (written === undefined) return 'same';
  return typeof written === 'string' ? { memory: written } : written;
}

function wholePages(first: number, end: number, rights: PrivilegeRights): ProgramPart {
  const address = roundDown(first, PAGE_BYTES);
  return { suffix: '', address, bytes: roundUp(end, PAGE_BYTES) - address, rights };
}

function programRuns(image: ElfImage): ProgramPart[] {
  return pageRuns(image).map(({ address, bytes, readable, writable, executable }, index) => ({
    suffix: `.${index}`,
    address,
    bytes,
    rights: { read: readable, write: writable, execute: executable },
  }));
}

function dacrOf(clients: readonly number[], managers: readonly number[]): number {
  let dacr = 0;
  for (const domain of clients) dacr |= DomainAccess.CLIENT << (2 * domain);
  for (const domain of managers) dacr |= DomainAccess.MANAGER << (2 * domain);
  return dacr >>> 0;
}
