/**
 * The bytes of a frame that a domain has a capability for, reached without a mapping of their own.
 *
 * This stands for a mapping in a window that is made, used and removed again. It asks what such a
 * mapping would be asked: that the capability is there, that it is a frame, that it has the right,
 * and that the range lies in it.
 */
import { type CapRef, Code, hex0x, OK, PAGE_BYTES, VmError } from '../base/index.js';
import { type Invocations, Rights } from '../kernel/index.js';
import type { PhysicalMemory } from '../machine/index.js';

/** Reads and writes frames of one CSpace. Offsets are bytes from the beginning of the frame. */
export class FrameAccess {
  private readonly invocations: Invocations;
  private readonly memory: PhysicalMemory;

  constructor(invocations: Invocations, memory: PhysicalMemory) {
    this.invocations = invocations;
    this.memory = memory;
  }

  /**
   * Fills `into` from the frame. Errors: those of identify, `SYS_ERR_VM_MAP_RIGHTS`,
   * `SYS_ERR_FRAME_OFFSET_INVALID`, `LIB_ERR_EXTERNAL_ABORT`.
   */
  read(frame: CapRef, offset: number, into: Uint8Array): void {
    const address = this.place(frame, offset, into.length, Rights.READ);
    const bytes = this.memory.readBytes(address, into.length);
    if (bytes === undefined) throw noMemory(address);
    into.set(bytes);
  }

  /** Writes `bytes` into the frame. Errors: as {@link read}. */
  write(frame: CapRef, offset: number, bytes: Uint8Array): void {
    const address = this.place(frame, offset, bytes.length, Rights.WRITE);
    if (!this.memory.writeBytes(address, bytes)) throw noMemory(address);
  }

  /** Makes one page of the frame zero. Errors: as {@link read}. */
  clearPage(frame: CapRef, offset: number): void {
    const address = this.place(frame, offset, PAGE_BYTES, Rights.WRITE);
    if (!this.memory.clearPage(address)) throw noMemory(address);
  }

  /** Copies one page between two frames. Errors: as {@link read}. */
  copyPage(to: CapRef, toOffset: number, from: CapRef, fromOffset: number): void {
    const source = this.place(from, fromOffset, PAGE_BYTES, Rights.READ);
    const target = this.place(to, toOffset, PAGE_BYTES, Rights.WRITE);
    if (!this.memory.copyPage(target, source)) throw noMemory(target);
  }

  /** The physical address, if the capability allows the access. */
  private place(frame: CapRef, offset: number, bytes: number, right: number): number {
    const { invocations } = this;
    const error = invocations.identifyFrame(frame);
    if (error !== OK) throw VmError.from(error, `the slot ${hex0x(frame)} holds no frame`);
    const { identity } = invocations;
    if ((identity.rights & right) === 0) {
      throw VmError.from(
        Code.SYS_ERR_VM_MAP_RIGHTS,
        `the frame in ${hex0x(frame)} may not be ${right === Rights.READ ? 'read' : 'written'}`,
      );
    }
    if (!(offset >= 0 && offset + bytes <= identity.bytes)) {
      throw VmError.from(
        Code.SYS_ERR_FRAME_OFFSET_INVALID,
        `${hex0x(offset)}+${hex0x(bytes)} leaves the frame of ${hex0x(identity.bytes)} bytes`,
      );
    }
    return identity.base + offset;
  }
}

function noMemory(address: number): VmError {
  return new VmError('LIB_ERR_EXTERNAL_ABORT', `no memory answers at ${hex0x(address)}`);
}
