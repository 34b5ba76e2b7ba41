/**
 * Core files of a whole machine: what QEMU's `dump-guest-memory`, kexec and crash write. They hold
 * physical memory, and no CP15 register; a Linux core may tell where the kernel's own table is.
 */

import { formatBytes, hex0x, VmError } from '../base/index.js';
import type { ByteFile } from './byte-file.js';
import { beyondNotes } from './dump-sources.js';
import {
  ElfType,
  loadHeaders,
  type ProgramHeader,
  readElfHeaders,
  SegmentType,
} from './elf-headers.js';
import { PhysicalImage } from './physical-image.js';
import type { GivenRegister } from './register-banks.js';

/** A core file as a source. */
export interface CoreDump {
  readonly image: PhysicalImage;
  readonly registers: readonly GivenRegister[];
  readonly notes: readonly string[];
}

/** Where a core lies that nothing else is known of: above every physical address there is. */
const PHYSICAL_LIMIT = 2 ** 40;
const MOST_NOTE_BYTES = 2 ** 20;
const NT_PRSTATUS = 1;
/** `pr_reg` in the NT_PRSTATUS note of 32-bit Arm: r0 to r15, then CPSR. */
const PRSTATUS_PC = 72 + 4 * 15;
const PRSTATUS_CPSR = 72 + 4 * 16;

/**
 * The core in `file`.
 *
 * Errors: SOURCE_ERR_FORMAT — it is no ELF core of 32-bit Arm, has no memory in it, or is the core
 * of a process, which has no physical addresses.
 */
export function readCore(file: ByteFile): CoreDump {
  const headers = readElfHeaders(file);
  const refuse = (message: string): never => {
    throw new VmError('SOURCE_ERR_FORMAT', `${file.name}: ${message}`);
  };
  if (headers.type !== ElfType.CORE) {
    refuse(`e_type is ${headers.type}, not 4 (core): name a program elf:${file.name}#SYMBOL`);
  }
  const all = loadHeaders(headers);
  const loads = all.filter((load) => load.physicalAddress < PHYSICAL_LIMIT);
  if (loads.length === 0) refuse('no PT_LOAD header has memory at a physical address');
  if (loads.length > 1 && loads.every((load) => load.physicalAddress === 0)) {
    const is = `p_paddr of all ${loads.length} segments is 0: this is the core of a process`;
    refuse(`${is}, which holds virtual memory only; a dump of the whole machine is needed`);
  }
  const extents = loads.map((load) => {
    const { physicalAddress, memoryBytes, missingBytes, fileOffset, fileBytes } = load;
    return { pa: physicalAddress, bytes: memoryBytes - missingBytes, fileOffset, fileBytes };
  });
  const notes = [...missingNotes(file, loads), ...beyondNotes(file, extents)];
  const found = readNotes(file, headers.programHeaders);
  return {
    image: new PhysicalImage(file, extents),
    registers: [...found.registers, ...kernelTable(file, found.vmcoreinfo, loads)],
    notes,
  };
}

/** Tells of segments that the file should have and has not. */
function missingNotes(file: ByteFile, loads: readonly ProgramHeader[]): string[] {
  const missing = loads.reduce((sum, load) => sum + load.missingBytes, 0);
  if (missing === 0) return [];
  const size = formatBytes(file.bytes);
  return [`${file.name} is cut off: ${formatBytes(missing)} are missing behind its ${size}`];
}

interface Notes {
  readonly registers: GivenRegister[];
  /** The text that a Linux kernel leaves for those who read its cores. */
  readonly vmcoreinfo: string;
}

/** The notes that matter: the registers of the first CPU, and VMCOREINFO. */
function readNotes(file: ByteFile, headers: readonly ProgramHeader[]): Notes {
  const registers: GivenRegister[] = [];
  let vmcoreinfo = '';
  for (const header of headers) {
    if (header.type !== SegmentType.NOTE) continue;
    const data = new Uint8Array(Math.min(header.fileBytes, MOST_NOTE_BYTES));
    file.read(header.fileOffset, data);
    for (const note of notesIn(data)) {
      if (note.name === 'CORE' && note.type === NT_PRSTATUS && registers.length === 0) {
        const content = new DataView(note.content.buffer, note.content.byteOffset);
        if (note.content.length < PRSTATUS_CPSR + 4) continue;
        const origin = 'core NT_PRSTATUS';
        registers.push({ name: 'pc', value: content.getUint32(PRSTATUS_PC, true), origin });
        registers.push({ name: 'cpsr', value: content.getUint32(PRSTATUS_CPSR, true), origin });
      }
      if (note.name === 'VMCOREINFO') vmcoreinfo = new TextDecoder('latin1').decode(note.content);
    }
  }
  return { registers, vmcoreinfo };
}

interface Note {
  readonly name: string;
  readonly type: number;
  readonly content: Uint8Array;
}

/** The notes in `data`, up to the first one that does not fit. */
function* notesIn(data: Uint8Array): Generator<Note> {
  const view = new DataView(data.buffer);
  for (let at = 0; at + 12 <= data.length; ) {
    const nameBytes = view.getUint32(at, true);
    const contentBytes = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const content = at + 12 + roundUp4(nameBytes);
    const end = content + contentBytes;
    if (end > data.length) return;
    const name = new TextDecoder('latin1').decode(data.subarray(at + 12, at + 12 + nameBytes));
    yield {
      name: name.split('\0', 1)[0] as string,
      type,
      content: data.subarray(content, end),
    };
    at = content + roundUp4(contentBytes);
  }
}

function roundUp4(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

/**
 * The kernel's own table, which VMCOREINFO names by its virtual address, where the segments tell
 * what that is in physical memory. Every process has the kernel's half of it in its own table.
 */
function kernelTable(
  file: ByteFile,
  vmcoreinfo: string,
  loads: readonly ProgramHeader[],
): GivenRegister[] {
  const match = /^SYMBOL\(swapper_pg_dir\)=([0-9a-f]{1,16})$/m.exec(vmcoreinfo);
  if (match === null) return [];
  const va = Number.parseInt(match[1] as string, 16);
  const load = loads.find(
    ({ virtualAddress, memoryBytes, physicalAddress }) =>
      virtualAddress !== physicalAddress &&
      va >= virtualAddress &&
      va < virtualAddress + memoryBytes,
  );
  if (load === undefined) return [];
  const value = load.physicalAddress + (va - load.virtualAddress);
  if (value >= 2 ** 32) return [];
  const origin = `${file.name}: swapper_pg_dir ${hex0x(va)} of VMCOREINFO`;
  return [
    { name: 'ttbr0', value, origin },
    { name: 'ttbr1', value, origin },
  ];
}
