import { Code, VmError } from '../../src/base/index.js';
import {
  FrameAllocator,
  MemoryStore,
  RamAllocator,
  TableAllocator,
  TwoLevelSlotAllocator,
} from '../../src/domain/index.js';
import { Invocations } from '../../src/kernel/index.js';

type Step = (...args: unknown[]) => unknown;

/** One place where something can be refused: whose method it is, and how it says so. */
interface Point {
  readonly name: string;
  readonly owner: object;
  readonly method: string;
  readonly refuse: () => unknown;
  /** Whether it goes on being refused: what is used up stays so. Undoing may need everything else. */
  readonly lasting: boolean;
}

/** Every invocation that needs what may not be there, every allocator of a domain, the backing store. */
const POINTS: readonly Point[] = [
  ...['mint', 'vnodeMap', 'vnodeUnmap', 'mappingsModify', 'mappingModify'].map(invocation),
  ...['mappingSplit', 'mappingJoin', 'receiveInto', 'send', 'move', 'copy'].map(invocation),
  { ...invocation('retype'), lasting: true },
  {
    // Once: mending a cut leaf takes a slot before it gives two back.
    name: 'slot',
    owner: TwoLevelSlotAllocator.prototype,
    method: 'allocate',
    refuse: () => -Code.LIB_ERR_SLOT_ALLOC_NO_SPACE,
    lasting: false,
  },
  point('frame', FrameAllocator.prototype, 'allocate', () => -Code.LIB_ERR_FRAME_ALLOC),
  point('RAM', RamAllocator.prototype, 'allocate', () => -Code.LIB_ERR_RAM_ALLOC),
  point('table', TableAllocator.prototype, 'create', () => Code.LIB_ERR_RAM_ALLOC),
  ...['reserve', 'write', 'read'].map((method) =>
    point(`store ${method}`, MemoryStore.prototype, method, () => {
      throw new VmError('LIB_ERR_PAGER_STORE', 'the disk is gone');
    }),
  ),
];

function point(name: string, owner: object, method: string, refuse: () => unknown): Point {
  return { name, owner, method, refuse, lasting: true };
}

function invocation(method: string): Point {
  let owner: object = Invocations.prototype;
  while (!Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner) as object;
  const refuse = (): number => Code.SYS_ERR_OUT_OF_CAPABILITIES;
  return { name: method, owner, method, refuse, lasting: false };
}

/** The names of the points where something can be refused. */
export const POINT_NAMES = POINTS.map(({ name }) => name);

/**
 * Runs something while the `nth` call of a point is refused, and all after it where what was asked for
 * is used up; answers how many calls there were, and
 * the error, if one came out.
 */
export function refusing(
  name: string,
  nth: number,
  run: () => void,
): { readonly calls: number; readonly error: VmError | undefined } {
  const { owner, method, refuse, lasting } = POINTS.find((each) => each.name === name) as Point;
  const methods = owner as Record<string, Step>;
  const real = methods[method] as Step;
  let calls = 0;
  methods[method] = function (this: unknown, ...args: unknown[]): unknown {
    calls += 1;
    return calls === nth || (lasting && calls > nth) ? refuse() : real.apply(this, args);
  };
  try {
    run();
    return { calls, error: undefined };
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    return { calls, error };
  } finally {
    methods[method] = real;
  }
}
