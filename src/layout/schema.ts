/**
 * What a layout file may hold. The published JSON Schema, the check of a file, and what the reader
 * works with all come from here.
 */
import * as v from 'valibot';
import { PAGE_BYTES } from '../base/index.js';
import { CPU_PROFILES } from '../format/index.js';
import { LEAF_CHOICES, MOST_REGIONS, rightsOfLetters } from './layout.js';
import {
  count,
  expecting,
  HEX_PATTERN,
  Name,
  PhysicalAddress,
  Size,
  text,
  VirtualAddress,
  Word,
} from './quantities.js';
import { MEMORY_NAMES } from './region-bits.js';
import { about, map, oneOf, Text } from './schema-parts.js';

const MOST_MEMORIES = 64;
const MOST_PROGRAMS = 64;
const DOMAINS = 16;

const LETTERS = /^(?:r-?|-)?(?:w-?|-)?(?:x|-)?$/;
const LETTERS_MESSAGE =
  'a set of rights: write letters of rwx in this order, like r, rw, r-x, or none';
const Letters = v.pipe(
  v.string(expecting(LETTERS_MESSAGE)),
  v.check(
    (written) => written === 'none' || (written !== '' && LETTERS.test(written)),
    (issue) => expecting(LETTERS_MESSAGE)(issue),
  ),
  v.transform((written) => rightsOfLetters(written === 'none' ? '' : written)),
);

const RIGHTS_MESSAGE =
  'must be letters of rwx for PL1 alone, like rw, or a map like {pl1: rw, pl0: r}';
const RegionRights = v.pipe(
  v.union([Letters, map({ pl1: Letters, pl0: v.exactOptional(Letters, 'none') })], RIGHTS_MESSAGE),
  about(
    'Who may do what: letters of rwx for PL1, with nothing for PL0; or both, as {pl1: rw, pl0: r}. ' +
      '`none` keeps the addresses free, as a guard.',
  ),
  v.transform((rights) =>
    'pl1' in rights
      ? { privileged: rights.pl1, user: rights.pl0 }
      : { privileged: rights, user: rightsOfLetters('') },
  ),
);

const VIRTUAL_MESSAGE = 'a virtual address like 0x4000_0000, or auto';
const Virtual = v.pipe(
  v.union([v.literal('auto'), VirtualAddress], expecting(VIRTUAL_MESSAGE)),
  about('Its virtual address; auto finds one; that of its memory, if not said.'),
);
const Physical = v.pipe(
  v.union(
    [PhysicalAddress, Name],
    expecting('a physical address like 0x8000_0000, or the name of a memory'),
  ),
  about(
    'Its physical address, or the name of a memory in which a place is found; the same as its ' +
      'virtual address, if not said.',
  ),
);

const OF_MESSAGE =
  'must say which part: `segment`, `segments: all`, `section`, or `start` and `end`';
const PartOfProgram = v.pipe(
  map({
    elf: v.pipe(Name, about('A program by its name.')),
    segment: v.pipe(
      v.exactOptional(count(0, 65_535)),
      about('A loadable segment: the number of its program header, as readelf -l counts.'),
    ),
    segments: v.pipe(
      v.exactOptional(v.literal('all', 'must be all')),
      about('One region for each run of pages with the same rights.'),
    ),
    section: v.pipe(v.exactOptional(Text), about('A section, as `.text`.')),
    start: v.pipe(v.exactOptional(Text), about('The symbol at the first byte.')),
    end: v.pipe(v.exactOptional(Text), about('The symbol behind the last byte.')),
  }),
  v.check(
    (part) =>
      (part.start === undefined) === (part.end === undefined) &&
      [part.segment, part.segments, part.section, part.start].filter((each) => each !== undefined)
        .length === 1,
    OF_MESSAGE,
  ),
  about('The part of an ELF file that gives the addresses, rounded to pages, and the rights.'),
);

const Alignment = v.pipe(
  Size,
  v.check(
    (bytes) => bytes % PAGE_BYTES === 0 && Number.isInteger(Math.log2(bytes)),
    'must be a power of two of at least 4K',
  ),
);

/** What a region may say, and `defaults` may say for all of them. */
const PROPERTIES = {
  rights: v.exactOptional(RegionRights),
  memory: v.pipe(
    v.exactOptional(
      v.picklist(
        MEMORY_NAMES,
        `must be one of ${MEMORY_NAMES.slice(0, 6).join(', ')}, or normal-iX-oY`,
      ),
    ),
    about('The memory type, as the map shows it; normal-wbwa, if not said.'),
  ),
  shareable: v.pipe(
    v.exactOptional(v.boolean('must be true or false')),
    about(
      'Whether other observers share it; only Device and Strongly-ordered memory, if not said.',
    ),
  ),
  global: v.pipe(
    v.exactOptional(v.boolean('must be true or false')),
    about('Whether its translations belong to every ASID (nG = 0); yes, if not said.'),
  ),
  nonSecure: v.pipe(
    v.exactOptional(v.boolean('must be true or false')),
    about('NS: whether the secure world reaches non-secure memory through it; no, if not said.'),
  ),
  domain: v.pipe(v.exactOptional(count(0, DOMAINS - 1)), about('The DACR domain; 0, if not said.')),
  leaves: v.pipe(
    v.exactOptional(oneOf(...LEAF_CHOICES)),
    about('The largest leaves that fit, if not said; or one kind for all of it.'),
  ),
  align: v.pipe(v.exactOptional(Alignment), about('What its addresses are multiples of.')),
};

const Region = v.pipe(
  map({
    name: Name,
    va: v.exactOptional(Virtual),
    pa: v.exactOptional(Physical),
    size: v.exactOptional(Size),
    of: v.exactOptional(PartOfProgram),
    ...PROPERTIES,
    about: v.pipe(v.exactOptional(Text), about('A sentence for the reader of the file.')),
  }),
  about('A range of virtual addresses and what it leads to, in whole pages of 4K.'),
);

const Domains = v.pipe(
  v.array(count(0, DOMAINS - 1), 'must be a list of DACR domains, like [0, 3]'),
  v.maxLength(DOMAINS, `holds at most ${DOMAINS} domains`),
);

const Mmu = map({
  accessFlag: v.pipe(
    v.optional(v.boolean('must be true or false'), false),
    about('SCTLR.AFE: AP[0] is the access flag.'),
  ),
  texRemap: v.pipe(
    v.optional(v.boolean('must be true or false'), false),
    about('SCTLR.TRE: memory types come from PRRR and NMRR.'),
  ),
  prrr: v.pipe(
    v.exactOptional(Word),
    about('PRRR; if not said, one that gives TEX, C and B the meaning they have without remap.'),
  ),
  nmrr: v.pipe(v.exactOptional(Word), about('NMRR, likewise.')),
  clients: v.pipe(
    v.optional(Domains, [0]),
    about(
      'DACR domains whose permissions are looked at; domain 0, if not said. Others have no access.',
    ),
  ),
  managers: v.pipe(v.optional(Domains, []), about('DACR domains in which everything is allowed.')),
  split: v.pipe(
    v.optional(count(0, 7), 0),
    about('TTBCR.N: TTBR0 translates the lowest 2^(32-N) bytes, TTBR1 the rest.'),
  ),
});

/** A layout file. */
export const LayoutSchema = v.pipe(
  map({
    $schema: v.pipe(v.exactOptional(Text), about('Where this schema lies, for editors.')),
    title: v.pipe(v.optional(Text, ''), about('What it is the address space of.')),
    about: v.pipe(v.exactOptional(Text), about('More about it, for the reader of the file.')),
    cpu: v.pipe(
      v.optional(
        v.picklist(
          Object.keys(CPU_PROFILES),
          `must be one of ${Object.keys(CPU_PROFILES).join(', ')}`,
        ),
        'cortex-a9',
      ),
      about('The processor: it decides whether there is PXN.'),
    ),
    mmu: v.optional(Mmu, {}),
    tables: v.pipe(
      map({
        at: v.pipe(
          v.union(
            [text(HEX_PATTERN, 'a physical address'), Name],
            expecting('a physical address like 0x8000_4000, or the name of a memory'),
          ),
          about(
            'Their physical address, a multiple of 16K; or a memory in which a place is found.',
          ),
        ),
        size: v.pipe(v.exactOptional(Size), about('The most that they may take.')),
      }),
      about('Where the translation tables lie.'),
    ),
    memories: v.pipe(
      v.optional(
        v.pipe(
          v.array(
            map({ name: Name, base: PhysicalAddress, size: Size }),
            'must be a list of memories, each {name, base, size}',
          ),
          v.maxLength(MOST_MEMORIES, `holds at most ${MOST_MEMORIES} memories`),
        ),
        [],
      ),
      about('Physical memory that regions and tables can be placed in.'),
    ),
    automatic: v.pipe(
      v.optional(map({ from: VirtualAddress, to: VirtualAddress }), {
        from: '0x10_0000',
        to: '0x1_0000_0000',
      }),
      about('Where virtual addresses are looked for.'),
    ),
    programs: v.pipe(
      v.optional(
        v.pipe(
          v.array(map({ name: Name, file: Text }), 'must be a list of programs, each {name, file}'),
          v.maxLength(MOST_PROGRAMS, `holds at most ${MOST_PROGRAMS} programs`),
        ),
        [],
      ),
      about('ELF files, by paths from the directory of the layout, whose parts regions may name.'),
    ),
    defaults: v.pipe(
      v.optional(map(PROPERTIES), {}),
      about('What regions are that do not say it.'),
    ),
    regions: v.pipe(
      v.array(Region, 'must be a list of regions, each at least {name}'),
      v.minLength(1, 'must hold at least one region'),
      v.maxLength(MOST_REGIONS, `holds at most ${MOST_REGIONS.toLocaleString('en')} regions`),
      about('What is mapped.'),
    ),
  }),
  v.title('Pagewright layout'),
  about('An address space to build translation tables for. See docs/building.md.'),
);

/** A layout as its file says it, sizes and addresses as numbers. */
export type LayoutFile = v.InferOutput<typeof LayoutSchema>;
/** One region of the file. */
export type RegionFile = LayoutFile['regions'][number];
