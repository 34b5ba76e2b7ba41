/**
 * What programs can ask for: `svc 0` with the number in r7 and arguments from r0 on; the answer comes
 * in r0, an error as -errno. The numbers are those of Linux on ARM, so that what needs no more than
 * these calls runs there too. `guest/pagewright.h` is the other side.
 */
import { type ErrorName, PAGE_BYTES, roundUp, VmError } from '../base/index.js';
import { copyIn, VRegionFlags } from '../domain/index.js';
import type { LiveProgram } from './live-program.js';

/** Numbers of the calls. */
const Call = {
  EXIT: 1,
  FORK: 2,
  WRITE: 4,
  GETPID: 20,
  MUNMAP: 91,
  MPROTECT: 125,
  YIELD: 158,
  MMAP2: 192,
  EXIT_GROUP: 248,
} as const;

const Errno = { EPERM: 1, EBADF: 9, ENOMEM: 12, EACCES: 13, EFAULT: 14, EINVAL: 22, ENOSYS: 38 };

/** What programs get for an error of ours. */
const ERRNO_OF: Readonly<Partial<Record<ErrorName, number>>> = {
  LIB_ERR_VSPACE_RANGE: Errno.EINVAL,
  LIB_ERR_VREGION_BAD_ALIGNMENT: Errno.EINVAL,
  LIB_ERR_MEMOBJ_RANGE: Errno.EINVAL,
  LIB_ERR_VSPACE_REGION_KEPT: Errno.EPERM,
  LIB_ERR_VREGION_MAX_RIGHTS: Errno.EACCES,
  LIB_ERR_VREGION_GUARD: Errno.EACCES,
  LIB_ERR_VREGION_RESERVED: Errno.EACCES,
  LIB_ERR_PAGEFAULT: Errno.EFAULT,
};

const { READ, WRITE, EXECUTE } = VRegionFlags;
const ACCESS = READ | WRITE | EXECUTE;
/** MAP_FIXED of Linux: just there, in place of what is there. */
const MAP_FIXED = 0x10;
const STANDARD_STREAMS: readonly number[] = [1, 2];
/** Bytes that one write takes at most; it says how many it took. */
const MOST_WRITTEN = 256 * 1024;

/** What a call comes to: its answer, or what the system has to do about the program. */
export type CallResult =
  | { readonly kind: 'answer'; readonly value: number }
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'fork' }
  | { readonly kind: 'yield' };

const answer = (value: number): CallResult => ({ kind: 'answer', value });

/** Performs the call that `registers` ask for. */
export function systemCall(program: LiveProgram, registers: Uint32Array): CallResult {
  try {
    return perform(program, registers);
  } catch (error) {
    return answer(-errnoOf(error));
  }
}

/** The errno of what was thrown; anything but a VmError is thrown on. */
export function errnoOf(error: unknown): number {
  if (!(error instanceof VmError)) throw error;
  return ERRNO_OF[error.code] ?? Errno.ENOMEM;
}

function perform({ domain }: LiveProgram, registers: Uint32Array): CallResult {
  const [first = 0, second = 0, third = 0, fourth = 0] = registers;
  switch (registers[7]) {
    case Call.EXIT:
    case Call.EXIT_GROUP:
      return { kind: 'exit', status: first & 0xff };
    case Call.FORK:
      return { kind: 'fork' };
    case Call.YIELD:
      return { kind: 'yield' };
    case Call.GETPID:
      return answer(domain.number);
    case Call.WRITE: {
      if (!STANDARD_STREAMS.includes(first)) return answer(-Errno.EBADF);
      if (second + third > 2 ** 32) return answer(-Errno.EFAULT);
      return { kind: 'output', bytes: copyIn(domain, second, Math.min(third, MOST_WRITTEN)) };
    }
    case Call.MMAP2:
      return answer(map(domain.vspace, first, second, third, fourth));
    case Call.MUNMAP:
      domain.vspace.unmap(first, roundUp(second, PAGE_BYTES));
      return answer(0);
    case Call.MPROTECT:
      domain.vspace.protect(first, roundUp(second, PAGE_BYTES), third & ACCESS);
      return answer(0);
    default:
      return answer(-Errno.ENOSYS);
  }
}

/** New memory of zeros, which may be given every right later on; answers its address. */
function map(
  vspace: LiveProgram['domain']['vspace'],
  address: number,
  bytes: number,
  rights: number,
  options: number,
): number {
  const fixed = (options & MAP_FIXED) !== 0 ? { at: address, replace: true } : {};
  const flags = rights & ACCESS;
  return vspace.mapAnonymous(bytes, { name: 'mapped', flags, maxFlags: ACCESS, ...fixed }).base;
}
