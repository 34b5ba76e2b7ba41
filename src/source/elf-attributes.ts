/** The processor that a program was compiled for, from its build attributes. */

const FORMAT_VERSION = 0x41;
const TAG_FILE = 1;
const TAG_CPU_RAW_NAME = 4;
const TAG_CPU_NAME = 5;
const TAG_COMPATIBILITY = 32;

/**
 * Tag_CPU_name of the section `.ARM.attributes`, in small letters (`cortex-a9`); undefined if it is
 * not there ("Addenda to, and Errata in, the ABI for the Arm Architecture", build attributes).
 */
export function cpuNameOf(section: Uint8Array): string | undefined {
  const reader = { data: section, at: 1 };
  if (section[0] !== FORMAT_VERSION) return undefined;
  while (reader.at + 4 < section.length) {
    const start = reader.at;
    const end = Math.min(start + word(reader), section.length);
    if (text(reader) === 'aeabi') return nameIn({ data: section.subarray(0, end), at: reader.at });
    if (end <= start) return undefined;
    reader.at = end;
  }
  return undefined;
}

interface Reader {
  readonly data: Uint8Array;
  at: number;
}

/** Looks through the sub-subsections of one vendor for the attributes of the whole file. */
function nameIn(reader: Reader): string | undefined {
  while (reader.at + 5 <= reader.data.length) {
    const start = reader.at;
    const tag = reader.data[reader.at++];
    const end = start + word(reader);
    if (tag === TAG_FILE) return nameAmong({ data: reader.data.subarray(0, end), at: reader.at });
    if (end <= start) return undefined;
    reader.at = end;
  }
  return undefined;
}

function nameAmong(reader: Reader): string | undefined {
  while (reader.at < reader.data.length) {
    const tag = number(reader);
    if (tag === TAG_CPU_NAME) return text(reader).toLowerCase();
    if (tag === TAG_COMPATIBILITY) number(reader);
    // From 32 on odd tags have a string and even ones a number; below, the few strings are known.
    const isText = tag === TAG_CPU_RAW_NAME || (tag >= TAG_COMPATIBILITY && tag % 2 === 1);
    if (isText || tag === TAG_COMPATIBILITY) text(reader);
    else number(reader);
  }
  return undefined;
}

/** A number in ULEB128. */
function number(reader: Reader): number {
  let value = 0;
  for (let scale = 1; reader.at < reader.data.length; scale *= 128) {
    const byte = reader.data[reader.at++] as number;
    value += (byte & 127) * scale;
    if (byte < 128) break;
  }
  return value;
}

function word(reader: Reader): number {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    value += (reader.data[reader.at++] ?? 0) * 256 ** index;
  }
  return value;
}

/** A string that a byte 0 ends. */
function text(reader: Reader): string {
  let made = '';
  for (;;) {
    const byte = reader.data[reader.at++] ?? 0;
    if (byte === 0 || made.length >= 256) return made;
    made += String.fromCharCode(byte);
  }
}
