/**
 * What a scenario file may hold. The published JSON Schema, the check of a file, and the types that
 * the runner works with all come from here.
 */
import * as v from 'valibot';
import { ERROR_CAUSES, type ErrorName } from '../base/index.js';
import { CPU_PROFILES } from '../format/index.js';
import {
  count,
  Name,
  Offset,
  PhysicalAddress,
  Size,
  VirtualAddress,
  Word,
} from '../layout/quantities.js';
import { about, map, oneOf, Text } from '../layout/schema-parts.js';
import { COST_NAMES, type CostName } from '../machine/index.js';
import {
  Aslr,
  Contents,
  FilePath,
  PAGING_STEPS,
  PagerSettings,
  placement,
} from './paging-schema.js';
import { MappingRights, Place } from './quantities.js';

/** The most steps that a scenario may have. */
const MOST_STEPS = 2_000;
/** The most accesses that one `touch` may make. */
const MOST_TOUCHES = 1_000_000;
const MOST_BANKS = 32;
const MOST_DOMAINS = 32;

const Bank = v.pipe(
  map({
    name: Name,
    base: PhysicalAddress,
    size: Size,
    kind: v.pipe(
      v.optional(oneOf('ram', 'device'), 'ram'),
      about('Memory, or the window of a device.'),
    ),
  }),
  about('A range of physical addresses where something answers, in whole pages of 4K.'),
);

const Tlb = v.pipe(
  v.union(
    [oneOf('none', 'profile', 'strict'), map({ sets: count(1, 4096), ways: count(1, 64) })],
    'must be none, profile (that of the processor), strict (checks every use), or {sets: 64, ways: 2}',
  ),
  about(
    'none; profile: the main TLB of the processor; strict: never forgets and reports every stale use; ' +
      'or its own size.',
  ),
);

const Machine = map({
  cpu: v.pipe(
    v.optional(
      v.picklist(
        Object.keys(CPU_PROFILES),
        `must be one of ${Object.keys(CPU_PROFILES).join(', ')}`,
      ),
      'cortex-a15',
    ),
    about('The processor.'),
  ),
  tlb: v.optional(Tlb, 'profile'),
  banks: v.pipe(
    v.optional(
      v.pipe(
        v.array(Bank, 'must be a list of banks, each {name, base, size}'),
        v.minLength(1, 'must hold at least one bank'),
        v.maxLength(MOST_BANKS, `holds at most ${MOST_BANKS} banks`),
      ),
      [{ name: 'ram', base: '0x8000_0000', size: '64M' }],
    ),
    about('The memory of the machine; 64M of RAM from 0x8000_0000 on where nothing is said.'),
  ),
});

const KernelSettings = map({
  attributes: v.pipe(
    v.optional(oneOf('default', 'original', 'access-flag'), 'default'),
    about(
      'The bits of entries. default: XN where nothing is executable, Device memory for devices; ' +
        'original: the words of Barrelfish, bit for bit; access-flag: as default, and a page of which ' +
        'a policy wants to know the next use loses its access flag, not its rights.',
    ),
  ),
  memoryOffset: v.pipe(
    v.optional(
      v.pipe(
        VirtualAddress,
        v.check(
          (address) => address > 0 && address % 2 ** 20 === 0,
          'must be a multiple of 1M above 0',
        ),
      ),
      '0x8000_0000',
    ),
    about('Where the kernel window begins, a multiple of 1M; no domain can map there.'),
  ),
});

const DomainSettings = map({
  name: Name,
  elf: v.pipe(
    v.exactOptional(FilePath),
    about('A static ARM executable to spawn the domain from, relative to the scenario.'),
  ),
  args: v.pipe(
    v.exactOptional(
      v.pipe(
        v.array(Text, 'must be a list of texts'),
        v.maxLength(64, 'holds at most 64 arguments'),
      ),
    ),
    about('The arguments of the program; its name alone where nothing is said.'),
  ),
  ram: v.pipe(
    v.optional(
      v.pipe(
        Size,
        v.check((bytes) => bytes % 4096 === 0, 'must be a multiple of 4K'),
      ),
      '2M',
    ),
    about('The memory that the domain owns. 2M where nothing is said.'),
  ),
  leaves: v.pipe(
    v.optional(oneOf('largest', 'original'), 'largest'),
    about(
      'Which leaf sizes are chosen. largest: the largest that fit and were allowed; original: as ' +
        "Barrelfish's pmap did.",
    ),
  ),
  metadata: v.pipe(
    v.exactOptional(
      map({
        base: v.pipe(
          VirtualAddress,
          v.check((address) => address % 2 ** 20 === 0, 'must be a multiple of 1M'),
        ),
        size: v.pipe(
          Size,
          v.check((bytes) => bytes % 4096 === 0, 'must be a multiple of 4K'),
        ),
      }),
    ),
    about('Where the domain maps its own records; 4M from 0x4000_0000 on where nothing is said.'),
  ),
  pager: v.exactOptional(PagerSettings),
  aslr: v.exactOptional(Aslr),
});

const Leaves = v.pipe(
  oneOf('small', 'large', 'huge'),
  about(
    'The leaves that may be used. small: pages of 4K; large: pages of 64K and sections of 1M too; ' +
      'huge: supersections of 16M too.',
  ),
);

const Memory = v.pipe(
  oneOf('cached', 'uncached', 'write-combining'),
  about('How the memory is accessed.'),
);

const at = v.pipe(Place, about('Where.'));
const frame = v.pipe(Name, about('A frame by its name.'));
const object = v.pipe(Name, about('A memory object by its name.'));
const width = v.pipe(
  v.optional(v.picklist([1, 2, 4], 'must be 1, 2 or 4'), 4),
  about('The size of the access in bytes.'),
);

/** A step of each kind. The order is that in which docs and messages list them. */
const STEPS = {
  allocate: v.pipe(
    map({
      frame: v.pipe(Name, about('How the frame is called from now on.')),
      size: v.pipe(
        v.exactOptional(Size),
        about('Its size; for a device the whole bank where nothing is said.'),
      ),
      align: v.pipe(
        v.exactOptional(Size),
        about('Its physical alignment; as its size wants it, if not said.'),
      ),
      device: v.pipe(
        v.exactOptional(Name),
        about('The device bank that the frame is made of, instead of RAM.'),
      ),
      offset: v.pipe(
        v.exactOptional(Offset),
        about('Where in the device bank the frame begins; 0 if not said.'),
      ),
    }),
    about('Makes a frame, zeroed, from the RAM of the domain, or of a device.'),
  ),
  map: v.pipe(
    map({
      frame: v.exactOptional(frame),
      object: v.exactOptional(object),
      as: v.pipe(
        v.exactOptional(Name),
        about('A name for the region; that of the frame or object, if not said.'),
      ),
      offset: v.pipe(v.optional(Offset, 0), about('Where in it the mapping begins.')),
      size: v.pipe(v.exactOptional(Size), about('How much; all the rest, if not said.')),
      rights: v.optional(MappingRights, 'rw'),
      leaves: v.exactOptional(Leaves),
      memory: v.exactOptional(Memory),
      ...placement,
      max: v.pipe(
        v.exactOptional(MappingRights),
        about('The rights that protect can give an object’s region at most.'),
      ),
      inherit: v.pipe(
        v.exactOptional(oneOf('copy', 'share', 'none')),
        about('What a clone of the domain gets of the region; a copy, if not said.'),
      ),
    }),
    about('Maps a frame, or a memory object whose pages come when they are used.'),
  ),
  unmap: v.pipe(
    map({
      at,
      size: v.pipe(v.exactOptional(Size), about('How much; the one mapping there, if not said.')),
    }),
    about('Removes whole mappings.'),
  ),
  protect: v.pipe(
    map({
      at,
      size: v.pipe(v.exactOptional(Size), about('How much; the one mapping there, if not said.')),
      rights: MappingRights,
      memory: v.exactOptional(Memory),
    }),
    about('Gives a range other rights.'),
  ),
  split: v.pipe(
    map({ at }),
    about('Makes an address a border between mappings; a larger leaf there becomes smaller ones.'),
  ),
  promote: v.pipe(
    map({ at, size: v.pipe(Size, about('64K, 1M or 16M.')) }),
    about('Replaces leaves that continue each other by one larger leaf.'),
  ),
  trim: v.pipe(
    v.nullable(map({})),
    about('Gives back the tables that nothing is mapped in any more.'),
  ),
  share: v.pipe(
    map({
      frame: v.exactOptional(frame),
      object: v.exactOptional(object),
      with: v.pipe(Name, about('The domain that gets a copy of the capability.')),
      rights: v.pipe(
        v.optional(MappingRights, 'rw'),
        about('The rights that the copy has, and that it is mapped with.'),
      ),
      as: v.pipe(
        v.exactOptional(Name),
        about('How the other domain calls frame and region; the same, if not said.'),
      ),
      map: v.pipe(
        v.optional(v.boolean('must be true or false'), true),
        about('Whether the other domain maps it.'),
      ),
      at: v.pipe(
        v.exactOptional(Place),
        about('Where the other domain maps it; the lowest free address, if not said.'),
      ),
    }),
    about(
      'Sends a copy of a frame to another domain through its endpoint, or lets it map an object.',
    ),
  ),
  revoke: v.pipe(
    map({
      frame: v.exactOptional(frame),
      object: v.exactOptional(object),
      from: v.pipe(
        v.exactOptional(Name),
        about('For an object: the domain that it is taken from.'),
      ),
    }),
    about(
      'Removes every copy of a frame but this one, and every mapping, in every domain; or takes an ' +
        'object back from a domain.',
    ),
  ),
  free: v.pipe(map({ frame }), about('Revokes a frame and gives its memory back to the domain.')),
  load: v.pipe(map({ at, bytes: width }), about('Reads memory.')),
  store: v.pipe(map({ at, value: v.optional(Word, 0), bytes: width }), about('Writes memory.')),
  fetch: v.pipe(map({ at }), about('Fetches an instruction word.')),
  touch: v.pipe(
    map({
      at,
      size: v.pipe(Size, about('The range that is touched.')),
      pattern: v.pipe(
        v.optional(oneOf('sequential', 'strided', 'random'), 'sequential'),
        about('In which order.'),
      ),
      access: v.pipe(v.optional(oneOf('read', 'write', 'fetch'), 'read'), about('How.')),
      stride: v.pipe(v.optional(Size, '4K'), about('The distance of strided accesses.')),
      count: v.pipe(
        v.exactOptional(count(1, MOST_TOUCHES)),
        about('How many accesses; as many as the range holds, if not said.'),
      ),
      seed: v.pipe(
        v.optional(count(0, 2 ** 32 - 1), 1),
        about('The same seed gives the same random accesses.'),
      ),
      bytes: width,
      pages: v.pipe(
        v.exactOptional(
          v.pipe(
            v.array(count(0, 2 ** 20 - 1), 'must be a list of page numbers'),
            v.minLength(1, 'must name at least one page'),
            v.maxLength(1_000, 'holds at most 1,000 pages'),
          ),
        ),
        about('The pages of the range in the order of their use, instead of a pattern.'),
      ),
    }),
    about('Accesses a range many times in a pattern.'),
  ),
  ...PAGING_STEPS,
  switch: v.pipe(Name, about('The domain that this and the following steps run in.')),
} as const;

/** The kinds of step. */
export const VERBS = Object.keys(STEPS) as readonly Verb[];
/** The keys of each kind of step, in the order of the docs: what a step is about comes first. */
export const STEP_KEYS = Object.fromEntries(
  VERBS.map((verb) => [verb, keysOf(STEPS[verb])] as const),
) as unknown as Readonly<Record<Verb, readonly string[]>>;
/** A kind of step. */
export type Verb = keyof typeof STEPS;

/** The keys of the map that a schema takes; none where a step is a single word. */
function keysOf(schema: v.GenericSchema): string[] {
  return 'entries' in schema ? Object.keys(schema.entries as object) : [];
}

const FAULTS = [
  'translation',
  'permission',
  'domain',
  'access-flag',
  'alignment',
  'external',
] as const;

const BOUND_MESSAGE = 'must be a number, or a bound like `<= 4`';
const Bound = v.union(
  [
    count(0, Number.MAX_SAFE_INTEGER),
    v.pipe(v.string(), v.regex(/^(?:<=|>=|<|>) ?[0-9][0-9_]*$/, BOUND_MESSAGE)),
  ],
  BOUND_MESSAGE,
);

/** The key of a cost in a scenario file: `entryWrites` for `ENTRY_WRITES`. */
export const COST_KEYS = Object.fromEntries(
  COST_NAMES.map((name) => [
    name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    name,
  ]),
) as Readonly<Record<string, CostName>>;

const ErrorCode = v.pipe(
  v.string('must be the name of an error'),
  v.check(
    (name) => Object.hasOwn(ERROR_CAUSES, name),
    'must be the name of an error, like LIB_ERR_PMAP_EXISTING_MAPPING',
  ),
  v.transform((name) => name as ErrorName),
);

const Expectation = v.pipe(
  map({
    fault: v.pipe(
      v.exactOptional(oneOf(...FAULTS)),
      about('The access ends in this fault, which nobody solves.'),
    ),
    error: v.pipe(
      v.exactOptional(ErrorCode),
      about('The operation ends in an error whose chain holds this code.'),
    ),
    value: v.pipe(v.exactOptional(Word), about('What is read.')),
    faults: v.pipe(
      v.exactOptional(Bound),
      about('How many page faults are taken, solved ones among them.'),
    ),
    count: v.pipe(
      v.exactOptional(Bound),
      about('For trim how many tables, for revoke how many mappings go.'),
    ),
    contents: v.pipe(
      v.exactOptional(Contents),
      about('What is read, or stands in the file: these bytes, and zeros behind them.'),
    ),
    paging: v.pipe(
      v.exactOptional(
        map({
          taken: v.pipe(v.exactOptional(Bound), about('Pages that came into a frame.')),
          evicted: v.pipe(v.exactOptional(Bound), about('Pages that lost their frame.')),
          written: v.pipe(v.exactOptional(Bound), about('Pages written to a backing store.')),
          readBack: v.pipe(v.exactOptional(Bound), about('Pages read from a backing store.')),
          resident: v.pipe(
            v.exactOptional(Bound),
            about('Pages of the domain that are in a frame afterwards.'),
          ),
        }),
      ),
      about('What the step did to pages in all domains: numbers, or bounds like `<= 4`.'),
    ),
    costs: v.pipe(
      v.exactOptional(
        map(Object.fromEntries(Object.keys(COST_KEYS).map((key) => [key, v.exactOptional(Bound)]))),
      ),
      about('What the step costs: numbers, or bounds like `<= 4`.'),
    ),
  }),
  about('How the step ends. Without it, it has to succeed.'),
);

const Step = v.pipe(
  map({
    say: v.pipe(v.exactOptional(Text), about('A sentence that is printed before the step.')),
    domain: v.pipe(
      v.exactOptional(Name),
      about('The domain that this step runs in; that of the last switch, if not said.'),
    ),
    expect: v.exactOptional(Expectation),
    ...(Object.fromEntries(
      Object.entries(STEPS).map(([verb, schema]) => [verb, v.exactOptional(schema)]),
    ) as { readonly [V in Verb]: v.ExactOptionalSchema<(typeof STEPS)[V], undefined> }),
  }),
  about('One step: exactly one verb.'),
);

/** A scenario file. */
export const ScenarioSchema = v.pipe(
  map({
    $schema: v.pipe(v.exactOptional(Text), about('Where this schema lies, for editors.')),
    title: v.pipe(v.optional(Text, ''), about('What the scenario shows, in a few words.')),
    about: v.pipe(v.optional(Text, ''), about('What the scenario shows, in a few sentences.')),
    machine: v.optional(Machine, {}),
    kernel: v.optional(KernelSettings, {}),
    domains: v.pipe(
      v.array(DomainSettings, 'must be a list of domains, each at least {name}'),
      v.minLength(1, 'must hold at least one domain, like `- name: first`'),
      v.maxLength(MOST_DOMAINS, `holds at most ${MOST_DOMAINS} domains`),
      about('The processes, in the order in which they start.'),
    ),
    steps: v.pipe(
      v.optional(
        v.pipe(
          v.array(Step, 'must be a list of steps, each with one verb'),
          v.maxLength(MOST_STEPS, `holds at most ${MOST_STEPS.toLocaleString('en')} steps`),
        ),
        [],
      ),
      about('What happens, in this order.'),
    ),
  }),
  v.title('Pagewright scenario'),
  about('A machine, its domains, and what they do. See docs/scenarios.md.'),
);

/** A scenario as its file says it, sizes and addresses as numbers. */
export type ScenarioFile = v.InferOutput<typeof ScenarioSchema>;
/** The settings of one domain. */
export type DomainFile = ScenarioFile['domains'][number];
/** How a domain is paged. */
export type PagerFile = v.InferOutput<typeof PagerSettings>;
/** How a step is expected to end. */
export type Expectation = v.InferOutput<typeof Expectation>;
/** What a step of the kind `V` is told. */
export type StepArguments<V extends Verb> = v.InferOutput<(typeof STEPS)[V]>;
