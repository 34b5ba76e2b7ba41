/**
 * A program whose pages all come when they are first used: those of the executable are read from it,
 * the rest of .bss is zeros, the stack grows. Nothing is mapped before the program runs.
 */
import { PAGE_BYTES } from '../base/index.js';
import { AnonymousObject } from './anonymous-object.js';
import { argumentPage } from './argument-page.js';
import type { Domain } from './domain.js';
import type { ElfImage } from './elf.js';
import { type ByteSource, FileObject } from './file-object.js';
import { GrowingStack } from './growing-stack.js';
import { filledBytes, type PageRun, pageRuns, runFlags, runName } from './page-runs.js';
import { copyOut } from './user-memory.js';
import { VRegionFlags } from './vregion-flags.js';

/** How a program is loaded. */
export interface DemandLoadOptions {
  /** The arguments, the name of the program first. */
  readonly argv: readonly string[];
  /** The most that the stack can grow to, in bytes. */
  readonly stackBytes: number;
}

/** A program that is ready to run. */
export interface LoadedProgram {
  /** Where it begins to run, bit 0 set for Thumb. */
  readonly entry: number;
  /** Its first stack pointer, 8-byte aligned. */
  readonly stackPointer: number;
  /** What r0 points to: argc, argv[0] … argv[argc], 0. */
  readonly argumentPage: number;
  readonly stack: GrowingStack;
}

/**
 * Makes the regions of a program in an empty domain.
 * Errors: those of `PagedVSpace.map`, where the addresses of the program are not the domain's to use;
 * `SPAWN_ERR_SETUP_ARGV` the arguments do not fit one page; no memory for them.
 */
export function loadOnDemand(
  domain: Domain,
  image: ElfImage,
  { argv, stackBytes }: DemandLoadOptions,
): LoadedProgram {
  const { vspace, pool } = domain;
  for (const run of pageRuns(image)) {
    const { address, bytes } = run;
    const flags = runFlags(run);
    const filled = filledBytes(run);
    if (filled > 0) {
      const object = new FileObject(pool, runSource(image, run, filled), runName(run));
      vspace.map(object, { at: address, flags, ownsObject: true }, filled);
    }
    if (bytes > filled) {
      const name = filled > 0 || run.writable ? 'bss' : runName(run);
      const object = new AnonymousObject(pool, bytes - filled, name);
      vspace.map(object, { at: address + filled, flags, ownsObject: true });
    }
  }
  const stack = GrowingStack.make(domain, PAGE_BYTES, stackBytes);
  const { READ_WRITE } = VRegionFlags;
  const { base } = vspace.mapAnonymous(PAGE_BYTES, { name: 'arguments', flags: READ_WRITE });
  copyOut(domain, base, argumentPage(argv, base));
  return {
    entry: image.entry + (image.thumb ? 1 : 0),
    stackPointer: stack.top,
    argumentPage: base,
    stack,
  };
}

/** The first `bytes` of a run: what the file has for it, and zeros between. */
function runSource(image: ElfImage, run: PageRun, bytes: number): ByteSource {
  return {
    bytes,
    read: (offset, into) => {
      const from = run.address + offset;
      const end = from + into.length;
      for (const fill of run.fills) {
        const first = Math.max(from, fill.address);
        const last = Math.min(end, fill.address + fill.bytes);
        if (first >= last) continue;
        const at = fill.fileOffset + first - fill.address;
        into.set(image.file.subarray(at, at + last - first), first - from);
      }
    },
  };
}
