/** A source as it is written on the command line: one word, `PREFIX:PLACE` with an optional tail. */

import { existsSync } from 'node:fs';
import { parseAddress, VmError } from '../base/index.js';
import { STDIN } from './disk-file.js';

/** What a source is. */
export type SourceKind = keyof typeof PREFIXES;

/** A source word taken apart. */
export interface SourceWord {
  /** The word as it was written. */
  readonly text: string;
  /** Undefined where the content of the file has to tell. */
  readonly kind: SourceKind | undefined;
  /** A path, `-`, `host:port` or the path of a socket. */
  readonly place: string;
  /** What follows `#`: the symbol or section of the root table. */
  readonly symbol: string | undefined;
  /** What follows `@`: the physical address of the file, or of the symbol. */
  readonly address: number | undefined;
}

/** Each prefix with an example of what follows it. */
const PREFIXES = {
  elf: 'elf:firmware.elf#MMUTable',
  core: 'core:vmcore',
  ram: 'ram:dump.bin@0x60000000',
  lime: 'lime:memory.lime',
  tables: 'tables:directory',
  snap: 'snap:state.json',
  layout: 'layout:board.yaml',
  log: 'log:boot.txt',
  gdb: 'gdb:127.0.0.1:1234',
  qmp: 'qmp:/run/qemu.sock',
} as const;

/** The kinds that a place with `#` or `@` makes sense for. */
const WITH_SYMBOL: ReadonlySet<SourceKind | undefined> = new Set(['elf', undefined]);
const WITH_ADDRESS: ReadonlySet<SourceKind | undefined> = new Set(['elf', 'ram', undefined]);

const PREFIX = /^([a-z]{2,}):(.*)$/s;

/**
 * Takes a source word apart. A word that is a path as it stands has no prefix and no tail.
 *
 * Errors: SOURCE_ERR_WORD — the prefix is not known, nothing follows it, or what follows `@` is no
 * address, or is missing where the format needs it.
 */
export function parseSourceWord(text: string): SourceWord {
  const none = { text, symbol: undefined, address: undefined };
  if (text === STDIN || exists(text)) return { ...none, kind: undefined, place: text };
  const match = PREFIX.exec(text);
  const kind = match?.[1];
  if (kind === 'boot') {
    refuse(
      text,
      'a program is booted by pagewright boot, and shown while it runs by pagewright lab',
    );
  }
  if (kind !== undefined && !isKind(kind)) {
    const forms = Object.values(PREFIXES).join(', ');
    refuse(text, `no source begins with ${kind}: and no such file is there; sources are ${forms}`);
  }
  let place = match?.[2] ?? text;
  if (text === '') refuse(text, 'say where the address space is read from');
  if (place === '') refuse(text, `say where it is, as in ${PREFIXES[kind as SourceKind]}`);
  if (exists(place)) return needAddress({ ...none, kind, place });
  let address: number | undefined;
  if (WITH_ADDRESS.has(kind)) {
    const at = place.lastIndexOf('@');
    if (at >= 0) {
      address = parseAddress(place.slice(at + 1));
      if (address === undefined || address >= 2 ** 32) {
        refuse(text, `${place.slice(at + 1)} is no physical address of at most 32 bits`);
      }
      place = place.slice(0, at);
    }
  }
  let symbol: string | undefined;
  if (WITH_SYMBOL.has(kind) && !exists(place)) {
    const at = place.lastIndexOf('#');
    if (at >= 0) {
      symbol = place.slice(at + 1);
      place = place.slice(0, at);
      if (symbol === '') refuse(text, 'name the symbol or section of the root table after #');
    }
  }
  if (place === '') refuse(text, 'say which file');
  return needAddress({ text, kind, place, symbol, address });
}

/** `word`, whose kind `ram` would mean nothing without an address. */
function needAddress(word: SourceWord): SourceWord {
  if (word.kind !== 'ram' || word.address !== undefined) return word;
  return refuse(word.text, `say at which physical address it begins, as in ${PREFIXES.ram}`);
}

function isKind(prefix: string): prefix is SourceKind {
  return Object.hasOwn(PREFIXES, prefix);
}

function exists(path: string): boolean {
  return path === STDIN || existsSync(path);
}

function refuse(text: string, message: string): never {
  throw new VmError('SOURCE_ERR_WORD', `source ${text}: ${message}`);
}
