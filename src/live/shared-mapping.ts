/**
 * A file mapped into this process, through the optional package `koffi`: reading and writing it costs
 * nanoseconds instead of a system call each.
 */
import { VmError } from '../base/index.js';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 0x01;
const MAP_PRIVATE_FIXED_ANONYMOUS = 0x02 | 0x10 | 0x20;
const MAP_FAILED = 2n ** 64n - 1n;

/** A shared mapping. */
export interface SharedMapping {
  readonly buffer: ArrayBuffer;
  /** Lets go of the memory. The buffer stays valid, and is nobody's: who still reads it reads zeros. */
  close(): void;
}

/**
 * Maps `bytes` of the open file `fd`, or answers undefined where `koffi` is not installed, or this is
 * not Linux.
 * Errors: LIVE_ERR_MEMORY — the system refuses.
 */
export async function mapShared(fd: number, bytes: number): Promise<SharedMapping | undefined> {
  if (process.platform !== 'linux') return undefined;
  const koffi = await loadKoffi();
  if (koffi === undefined) return undefined;
  const library = koffi.load(null);
  const mmap = library.func(
    'void *mmap(void *address, size_t bytes, int protection, int flags, int fd, int64_t offset)',
  );
  const map = (address: unknown, flags: number, file: number): unknown => {
    const mapped: unknown = mmap(address, bytes, PROT_READ_WRITE, flags, file, 0);
    if (koffi.address(mapped) === MAP_FAILED) {
      throw new VmError(
        'LIVE_ERR_MEMORY',
        `the ${bytes} bytes of the guest's RAM cannot be mapped`,
      );
    }
    return mapped;
  };
  const address = map(null, MAP_SHARED, fd);
  return {
    buffer: koffi.view(address, bytes),
    close: () => {
      map(address, MAP_PRIVATE_FIXED_ANONYMOUS, -1);
    },
  };
}

async function loadKoffi(): Promise<typeof import('koffi') | undefined> {
  try {
    const loaded = await import('koffi');
    return (loaded as unknown as { default?: typeof loaded }).default ?? loaded;
  } catch {
    return undefined;
  }
}
