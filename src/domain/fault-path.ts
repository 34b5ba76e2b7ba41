/**
 * The way of a fault through a domain: handlers that the program installed, the last one first, and
 * below them the address space itself. Loads, stores, fetches and copies of whole buffers all come
 * this way.
 */
import { hex0x, PAGE_SHIFT, VmError } from '../base/index.js';
import { faultMeaning, faultStatusOf } from '../format/index.js';
import type { AbortInfo, Cpu } from '../machine/index.js';
import type { MetadataRegion } from './metadata-region.js';

/** Resolves a fault, or leaves it to the next handler by answering false. */
export type UserFaultHandler = (abort: AbortInfo) => boolean;

interface NamedHandler {
  readonly name: string;
  readonly handler: UserFaultHandler;
}

/** The fault handlers of one domain. */
export class FaultPath {
  private readonly cpu: Cpu;
  private readonly metadata: MetadataRegion;
  private readonly last: UserFaultHandler;
  private handlers: readonly NamedHandler[] = [];
  /** The pages whose faults are being handled, the outermost first. */
  private readonly busy: number[] = [];

  /** `last` is who gets what no handler resolved. */
  constructor(cpu: Cpu, metadata: MetadataRegion, last: UserFaultHandler) {
    this.cpu = cpu;
    this.metadata = metadata;
    this.last = last;
  }

  /** Puts a handler before all others; the answer takes it out again. */
  install(name: string, handler: UserFaultHandler): () => void {
    const entry = { name, handler };
    this.handlers = [entry, ...this.handlers];
    return () => {
      this.handlers = this.handlers.filter((other) => other !== entry);
    };
  }

  /**
   * Resolves a fault; false where it is not about pages.
   * Errors: `LIB_ERR_PAGEFAULT_METADATA`; `LIB_ERR_PAGEFAULT_RECURSIVE`; `LIB_ERR_PAGEFAULT_LOOP` a
   * handler said that it resolved the fault, and did not; those of the address space.
   */
  take(abort: AbortInfo): boolean {
    const page = abort.va >>> PAGE_SHIFT;
    const { busy } = this;
    if (this.metadata.contains(abort.va)) throw this.inMetadata(abort);
    if (busy.length > 0 && busy.includes(page)) throw this.recursive(abort);
    busy.push(page);
    try {
      for (const { name, handler } of this.handlers) {
        if (!handler(abort)) continue;
        this.requireHelp(name, abort);
        return true;
      }
      return this.last(abort);
    } finally {
      busy.pop();
    }
  }

  /** A handler that maps another page than the one that faulted would be asked again and again. */
  private requireHelp(name: string, abort: AbortInfo): void {
    const result = this.cpu.mmu.translateAfresh(abort.va, abort.access);
    if (result >= 0 || faultMeaning(faultStatusOf(result)).name !== abort.meaning.name) return;
    throw new VmError(
      'LIB_ERR_PAGEFAULT_LOOP',
      `handler \`${name}\` says that it resolved the fault at ${hex0x(abort.va)}, ` +
        `but the access still takes the same ${abort.meaning.text}`,
    );
  }

  private inMetadata(abort: AbortInfo): VmError {
    const { base, bytes } = this.metadata;
    return new VmError(
      'LIB_ERR_PAGEFAULT_METADATA',
      `${hex0x(abort.va)} lies in the reserved region ${hex0x(base)}+${hex0x(bytes)}, where the ` +
        'records of the pmap are: it grows by itself and has no pages on demand',
    );
  }

  private recursive(abort: AbortInfo): VmError {
    const pages = this.busy.map((page) => hex0x((page << PAGE_SHIFT) >>> 0)).join(', in it ');
    return new VmError(
      'LIB_ERR_PAGEFAULT_RECURSIVE',
      `${hex0x(abort.va)} faulted while the fault at ${pages} was being handled: the handler needs ` +
        'memory that it is itself to bring',
    );
  }
}
