/** Which registers a gdbstub has: its target description, with all the files that it includes. */

import { VmError } from '../base/index.js';
import type { GdbConnection } from './gdb-connection.js';
import { xmlTags } from './xml-tags.js';

/** A register that can be read with `p`. */
interface GdbRegister {
  readonly name: string;
  readonly number: number;
  readonly bits: number;
}

/** What the stub says of its target. */
export interface GdbDescription {
  /** `<architecture>`, such as `arm`; empty if not said. */
  readonly architecture: string;
  readonly registers: readonly GdbRegister[];
}

const MOST_FILES = 32;
const MOST_CHARACTERS = 2 ** 20;
/** The least that a packet carries. */
const CHUNK_CHARACTERS = 0xffb;

/**
 * Reads the target description. Registers without a number follow the one before (GDB manual,
 * appendix G.2.5). A stub without a description has no registers here.
 *
 * Errors: those of the connection; SOURCE_ERR_TARGET_PROTOCOL — the description has no end.
 */
export async function readDescription(connection: GdbConnection): Promise<GdbDescription> {
  const files = ['target.xml'];
  const registers: GdbRegister[] = [];
  let architecture = '';
  let next = 0;
  let characters = 0;
  for (let index = 0; index < files.length; index += 1) {
    const name = files[index] as string;
    const xml = await readAnnex(connection, name, MOST_CHARACTERS - characters);
    characters += xml.length;
    for (const tag of xmlTags(xml)) {
      const { name: register, regnum, bitsize, href } = tag.attributes;
      if (tag.name === 'architecture' && tag.kind === 'close') architecture = tag.textBefore;
      if (tag.kind === 'close') continue;
      if (tag.name === 'xi:include' && href !== undefined && !files.includes(href)) {
        if (files.length < MOST_FILES) files.push(href);
      } else if (tag.name === 'reg' && register !== undefined) {
        const number = regnum === undefined ? next : Number(regnum);
        if (!Number.isInteger(number) || number < 0) continue;
        next = number + 1;
        registers.push({ name: register, number, bits: Number(bitsize ?? 32) });
      }
    }
  }
  return { architecture, registers };
}

/** One file of the description; empty where the stub has none. */
async function readAnnex(connection: GdbConnection, name: string, limit: number): Promise<string> {
  let xml = '';
  for (;;) {
    const range = `${xml.length.toString(16)},${CHUNK_CHARACTERS.toString(16)}`;
    const answer = await connection.request(`qXfer:features:read:${name}:${range}`);
    const isPart = answer.startsWith('m') && answer.length > 1;
    if (!isPart && !answer.startsWith('l')) return xml;
    xml += answer.slice(1);
    if (!isPart) return xml;
    if (xml.length > limit) {
      const text = `the target description ${name} is longer than ${limit} characters`;
      throw new VmError('SOURCE_ERR_TARGET_PROTOCOL', text);
    }
  }
}
