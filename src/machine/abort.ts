/**
 * An abort: what the CPU knows when an access has faulted, and what it tells whoever can help.
 */

import { type ErrorName, hex0x, VmError } from '../base/index.js';
import {
  ACCESS_NAMES,
  dfsrOf,
  type FaultMeaning,
  FaultStatus,
  faultDomainOf,
  faultMeaning,
  faultStatusOf,
  ifsrOf,
  isFetch,
  isPrivileged,
  isWrite,
  rightsText,
} from '../format/index.js';
import { type Walk, walkFault } from './walk.js';

/** One abort, as it is delivered to the handler. */
export class AbortInfo {
  /** DFAR or IFAR: the first byte that faulted. */
  readonly va: number;
  /** How the memory was accessed: one of `Access`. */
  readonly access: number;
  /** The size of the access; 0 where an address translation operation asked, which accesses nothing. */
  readonly bytes: number;
  /** FS[4:0]. */
  readonly status: number;
  /** The domain, 0 where the fault has none. */
  readonly domain: number;
  /** DFSR, or IFSR for a fetch. */
  readonly fsr: number;
  private readonly walkNow: () => Walk;
  private evidence: Walk | undefined;

  /** @param fault the fault number of the translation. @param walkNow walks for the same access. */
  constructor(fault: number, va: number, access: number, bytes: number, walkNow: () => Walk) {
    this.va = va;
    this.access = access;
    this.bytes = bytes;
    this.status = faultStatusOf(fault);
    this.domain = faultDomainOf(fault);
    // WnR reads 1 after an address translation operation, whatever it asks (Arm ARM B4.1.52).
    this.fsr = isFetch(access)
      ? ifsrOf(this.status)
      : dfsrOf(this.status, this.domain, isWrite(access) || bytes === 0);
    this.walkNow = walkNow;
  }

  /** What the fault was. */
  get meaning(): FaultMeaning {
    return faultMeaning(this.status);
  }

  /** Whether a write faulted. */
  get write(): boolean {
    return isWrite(this.access);
  }

  /** Whether an instruction fetch faulted: a prefetch abort. */
  get fetch(): boolean {
    return isFetch(this.access);
  }

  /** Whether the access was made at PL1. */
  get privileged(): boolean {
    return isPrivileged(this.access);
  }

  /**
   * The whole walk, made when it is first asked for, under the registers and tables of that moment:
   * ask before changing them.
   */
  get walk(): Walk {
    this.evidence ??= this.explain(this.walkNow());
    return this.evidence;
  }

  /** One line for a person: what was tried, what refused, and what would have been allowed. */
  describe(): string {
    const { fault, leaf } = this.walk;
    const register = this.fetch ? 'IFSR' : 'DFSR';
    const access = ACCESS_NAMES[this.access];
    const asked =
      this.bytes === 0 ? `translation for a ${access}` : `${access} of ${this.bytes} bytes`;
    const what = `${asked} at ${hex0x(this.va)}`;
    const allowed =
      leaf === undefined
        ? 'nothing is mapped there'
        : `mapped to ${hex0x(leaf.pa)}, PL1 ${rightsText(leaf.rights, true)}, ` +
          `PL0 ${rightsText(leaf.rights, false)}`;
    const why = fault === undefined ? '' : `: ${fault.reason}`;
    return `${what}: ${this.meaning.text} (${register} ${hex0x(this.fsr, 3)})${why}; ${allowed}`;
  }

  /** The error for an abort that `code` ended; `cause` is what the handler threw, if it did. */
  toError(code: ErrorName, cause?: VmError): VmError {
    const below = cause ?? this.ownCause();
    const evidence = this.walk;
    return new VmError(
      code,
      this.describe(),
      below === undefined ? { evidence } : { cause: below, evidence },
    );
  }

  /** Faults that are not about translation have an error of their own. */
  private ownCause(): VmError | undefined {
    switch (this.status) {
      case FaultStatus.ALIGNMENT:
        return new VmError('LIB_ERR_ALIGNMENT', this.describe());
      case FaultStatus.EXTERNAL:
      case FaultStatus.EXTERNAL_WALK_L1:
      case FaultStatus.EXTERNAL_WALK_L2:
        return new VmError('LIB_ERR_EXTERNAL_ABORT', this.describe());
      default:
        return undefined;
    }
  }

  /** The walk with the fault that was taken, where the tables alone do not give it. */
  private explain(walk: Walk): Walk {
    if (walk.fault?.status === this.status) return walk;
    const fault = walkFault(this.status, this.domain, this.access, this.reason(walk));
    return { ...walk, fault };
  }

  private reason(walk: Walk): string {
    switch (this.status) {
      case FaultStatus.ALIGNMENT:
        return walk.leaf === undefined || walk.leaf.type.kind === 'normal'
          ? 'SCTLR.A wants every data access aligned to its size'
          : `${walk.leaf.type.kind} memory takes no unaligned access`;
      case FaultStatus.EXTERNAL:
        return 'nothing answers at the physical address';
      default:
        return walk.fault === undefined
          ? 'a TLB entry refused what the tables now allow'
          : `a TLB entry refused; the tables now say ${walk.fault.meaning.text}`;
    }
  }
}

/**
 * Whoever resolves aborts. True means that something was done and the access is to be tried again;
 * false, or a thrown VmError, that the access fails.
 */
export type AbortHandler = (fault: AbortInfo) => boolean;
