/**
 * A domain's memory read and written in bulk, page by page, as its own loads and stores would: each
 * page is translated for the access, and a fault goes to the domain's handler and is tried again.
 */
import { hex0x, PAGE_BYTES, VmError } from '../base/index.js';
import { Access } from '../format/index.js';
import type { Domain } from './domain.js';

/**
 * Stores `bytes` from `address` on in the memory of `domain`.
 * Errors: those of `Cpu.store`, and `LIB_ERR_EXTERNAL_ABORT` no memory is there; what lies before the faulting page is stored then.
 */
export function copyOut(domain: Domain, address: number, bytes: Uint8Array): void {
  const { cpu, memory } = enter(domain);
  for (let done = 0; done < bytes.length; ) {
    const at = address + done;
    const count = Math.min(bytes.length - done, PAGE_BYTES - (at % PAGE_BYTES));
    const physical = cpu.resolve(at, Access.USER_WRITE);
    if (!memory.writeBytes(physical, bytes.subarray(done, done + count))) throw noMemory(physical);
    done += count;
  }
}

/** Loads `count` bytes from `address` on of the memory of `domain`. Errors: those of `Cpu.load`. */
export function copyIn(domain: Domain, address: number, count: number): Uint8Array {
  const { cpu, memory } = enter(domain);
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count; ) {
    const at = address + done;
    const part = Math.min(count - done, PAGE_BYTES - (at % PAGE_BYTES));
    const physical = cpu.resolve(at, Access.USER_READ);
    const read = memory.readBytes(physical, part);
    if (read === undefined) throw noMemory(physical);
    bytes.set(read, done);
    done += part;
  }
  return bytes;
}

/**
 * The bytes up to, not including, the first 0 from `address` on, at most `most`; undefined where there
 * is none by then. Errors: those of `Cpu.load`.
 */
export function copyInString(
  domain: Domain,
  address: number,
  most: number,
): Uint8Array | undefined {
  const found: number[] = [];
  for (let at = address; found.length <= most; ) {
    const part = copyIn(
      domain,
      at,
      Math.min(PAGE_BYTES - (at % PAGE_BYTES), most + 1 - found.length),
    );
    const end = part.indexOf(0);
    found.push(...(end < 0 ? part : part.subarray(0, end)));
    if (end >= 0) return Uint8Array.from(found);
    if (part.length === 0) return undefined;
    at += part.length;
  }
  return undefined;
}

function noMemory(physical: number): VmError {
  return new VmError('LIB_ERR_EXTERNAL_ABORT', `no memory answers at ${hex0x(physical)}`);
}

function enter(domain: Domain): Domain['kernel']['machine'] {
  domain.kernel.run(domain.number);
  return domain.kernel.machine;
}
