import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type ErrorName, VmError } from '../../src/base/errors.js';
import { parseExecutable } from '../../src/domain/elf.js';

/** Offsets of the fields of the ELF header. */
export const E = {
  class: 4,
  data: 5,
  type: 16,
  machine: 18,
  entry: 24,
  phoff: 28,
  shoff: 32,
  flags: 36,
  ehsize: 40,
  phentsize: 42,
  phnum: 44,
  shentsize: 46,
  shnum: 48,
  shstrndx: 50,
};
/** Offsets of the fields of a program header. */
export const P = { type: 0, offset: 4, vaddr: 8, filesz: 16, memsz: 20, flags: 24, align: 28 };
/** Offsets of the fields of a section header. */
export const S = { name: 0, type: 4, offset: 16, size: 20, link: 24, entsize: 36 };

export const HEADER = 52;
export const PROGRAM_HEADER = 32;
export const SECTION_HEADER = 40;

/** The fields of a program header, p_type PT_LOAD unless it says otherwise. */
interface Load {
  type?: number;
  offset?: number;
  vaddr: number;
  filesz?: number;
  memsz?: number;
  flags?: number;
  align?: number;
}

/** PF_R, PF_W, PF_X. */
export const READ = 4;
export const WRITE = 2;
export const EXECUTE = 1;

/** A file of 64 KiB whose byte at n is n modulo 251, with a header and `loads` in front. */
export function build(
  loads: Load[],
  header: Partial<Record<keyof typeof E, number>> = {},
): Uint8Array {
  const file = Uint8Array.from({ length: 0x10000 }, (_, index) => index % 251);
  const view = new DataView(file.buffer);
  file.fill(0, 0, HEADER);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(18, 40, true);
  view.setUint32(20, 1, true);
  const fields = {
    type: 2,
    entry: 0x10000,
    phoff: HEADER,
    flags: 0x0500_0200,
    ehsize: HEADER,
    phentsize: PROGRAM_HEADER,
    phnum: loads.length,
    ...header,
  };
  for (const [name, value] of Object.entries(fields)) {
    const at = E[name as keyof typeof E];
    if (at < 16) view.setUint8(at, value);
    else if (at >= E.ehsize || at < 20) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  for (const [index, load] of loads.entries()) {
    const filesz = load.filesz ?? 0x100;
    const full = {
      type: 1,
      offset: 0x1000 + (load.vaddr % 0x1000),
      flags: READ | EXECUTE,
      align: 0x1000,
      memsz: filesz,
      ...load,
      filesz,
    };
    for (const [name, value] of Object.entries(full)) {
      const at = HEADER + index * PROGRAM_HEADER + P[name as keyof typeof P];
      view.setUint32(at, value, true);
    }
  }
  return file;
}

/** The error that `file` is refused with. */
function refusal(file: Uint8Array): VmError {
  try {
    parseExecutable(file);
  } catch (error) {
    if (error instanceof VmError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

/** Expects that `file` is refused with `code` for its byte `at`, and that the message says so. */
export function expectRefusal(
  file: Uint8Array,
  code: ErrorName,
  at: number,
  message: RegExp,
): void {
  const error = refusal(file);
  expect([error.code, error.evidence]).toEqual([code, { at }]);
  expect(error.message).toMatch(message);
  expect(error.message).toContain(`byte 0x${at.toString(16)} `);
}

/** A small text segment at the entry that `build` gives. */
export const TEXT: Load = { vaddr: 0x10000 };

/** A real executable with sections and symbols. */
export const hello = new Uint8Array(
  readFileSync(new URL('../../examples/programs/hello.elf', import.meta.url)),
);

/** hello.elf with the numbers of `size` bytes at the given offsets replaced. */
export function patched(...patches: [at: number, size: 1 | 2 | 4, value: number][]): Uint8Array {
  const file = hello.slice();
  const view = new DataView(file.buffer);
  for (const [at, size, value] of patches) {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return file;
}

const sectionsAt = new DataView(hello.buffer).getUint32(E.shoff, true);

/** The file offset of a field of a section header of hello.elf. */
export const sectionField = (index: number, field: keyof typeof S): number =>
  sectionsAt + index * SECTION_HEADER + S[field];
