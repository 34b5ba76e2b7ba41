/** Every form that a build can be written in. */
import { hex0x } from '../base/index.js';
import { rightsText } from '../format/index.js';
import {
  mapCsv,
  mapMarkdown,
  mapRows,
  mapSvg,
  ptdumpText,
  registerRecord,
  vmprintText,
} from '../inspect/index.js';
import type { Build } from './build.js';
import { emitRegionCsv, emitYaml } from './emit-layout.js';
import { emitObject } from './emit-object.js';
import { emitAssembly, emitC, emitRust } from './emit-source.js';
import { lineText } from './layout.js';
import { type Emission, tableParts } from './listing.js';
import { emitStub } from './startup-stub.js';

/** One form: what its files are called, and how it is made. */
export interface Emitter {
  /** The end of the file's name behind the name of the layout. */
  readonly suffix: string;
  /** What it is, in a few words. */
  readonly what: string;
  readonly emit: (emission: Emission) => string | Uint8Array;
}

const BUILD_SCHEMA = 'pagewright/build';
const BUILD_SCHEMA_VERSION = 1;

/** The forms by their names on the command line. */
export const EMITTERS = {
  bin: { suffix: '.bin', what: 'the bytes of the tables', emit: ({ build }) => imageBytes(build) },
  c: { suffix: '.c', what: 'a C array', emit: emitC },
  asm: { suffix: '.S', what: 'GNU assembly', emit: emitAssembly },
  obj: {
    suffix: '.o',
    what: 'a linkable ELF object with symbols',
    emit: ({ build }) => emitObject(build),
  },
  rust: { suffix: '.rs', what: 'a Rust static', emit: emitRust },
  stub: {
    suffix: '-mmu.S',
    what: 'the start-up stub that turns the MMU on',
    emit: emitStub,
  },
  json: { suffix: '.json', what: 'everything for programs', emit: ({ build }) => emitJson(build) },
  csv: {
    suffix: '.csv',
    what: 'the map, one line a range',
    emit: ({ build }) => joined(mapCsv(rowsOf(build), build.registers)),
  },
  md: {
    suffix: '.md',
    what: 'the map as a Markdown table',
    emit: ({ build }) => joined(mapMarkdown(rowsOf(build), build.registers)),
  },
  ptdump: {
    suffix: '.ptdump',
    what: 'the map as Linux prints it',
    emit: ({ build }) => joined(ptdumpText(build.map, build.names)),
  },
  vmprint: {
    suffix: '.vmprint',
    what: 'every entry as xv6 prints it',
    emit: ({ build }) => joined(vmprintText(build.map)),
  },
  svg: {
    suffix: '.svg',
    what: 'a picture of the map',
    emit: ({ build }) => mapSvg(build.map, { source: build.layout.file }),
  },
  yaml: {
    suffix: '.yaml',
    what: 'a layout file with every address given',
    emit: ({ build }) => emitYaml(build),
  },
  'region-csv': {
    suffix: '.regions.csv',
    what: 'the regions as arm64-pgtable-tool reads them',
    emit: ({ build }) => emitRegionCsv(build),
  },
} as const satisfies Readonly<Record<string, Emitter>>;

/** The name of a form. */
export type EmitterName = keyof typeof EMITTERS;

/** The bytes of the tables, little-endian, from the physical address of the build on. */
export function imageBytes({ image }: Build): Uint8Array {
  const bytes = new Uint8Array(image.words.byteLength);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of image.words.entries()) view.setUint32(index * 4, word, true);
  return bytes;
}

function rowsOf({ map, names }: Build): ReturnType<typeof mapRows> {
  return mapRows(map, { names });
}

function joined(pieces: Iterable<string>): string {
  return [...pieces].join('');
}

/** Registers, tables, regions and words of a build as JSON. */
function emitJson(build: Build): string {
  const { layout, image, cost, registers } = build;
  const record = {
    schema: BUILD_SCHEMA,
    version: BUILD_SCHEMA_VERSION,
    title: layout.title,
    cpu: layout.profile.name,
    registers: registerRecord(registers, { source: layout.file }),
    cost,
    tables: {
      base: hex0x(image.base, 8),
      bytes: image.words.byteLength,
      parts: tableParts(build).map(({ symbol, at, words, what }) => ({
        symbol,
        what,
        address: hex0x(image.base + at * 4, 8),
        bytes: words * 4,
      })),
      // Only what is not 0, by its address: most of a root table is empty.
      words: Object.fromEntries(
        [...image.words.entries()]
          .filter(([, word]) => word !== 0)
          .map(([index, word]) => [hex0x(image.base + index * 4, 8), hex0x(word, 8)]),
      ),
    },
    regions: build.placement.regions.map((region) => {
      const mapped = build.regions.find(({ va }) => va === region.va);
      return {
        name: region.name,
        from: lineText(region.from),
        va: hex0x(region.va, 8),
        pa: region.reserved ? null : hex0x(region.pa, 8),
        bytes: region.bytes,
        pl1: mapped === undefined ? '---' : rightsText(mapped.style.effective, true),
        pl0: mapped === undefined ? '---' : rightsText(mapped.style.effective, false),
        type: region.reserved ? null : region.memory,
        shareable: region.shareable,
        global: region.global,
        nonSecure: region.nonSecure,
        domain: region.domain,
        leaves: region.leaves,
      };
    }),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}
