/**
 * Errors as the field names them: a code per cause, pushed layer by layer.
 *
 * Inside the system an error is a number, because a failure that is an ordinary answer must cost
 * nothing: 0 is success, and each layer pushes its own code onto what it got from below
 * (Barrelfish `err_push`, `include/errors/errno.h`). Ten bits a code, so that a double holds five:
 *
 *     bits 49..40   39..30   29..20   19..10    9..0
 *          innermost  …        …        …       outermost
 *
 * At the edge of the library the number becomes a {@link VmError}, whose chain lists the codes.
 */

/** Every code with the one cause it stands for. The order gives the numbers: append only. */
export const ERROR_CAUSES = {
  SYS_ERR_OK: 'success',
  SYS_ERR_ILLEGAL_INVOCATION: 'the capability type does not offer this invocation',
  SYS_ERR_CAP_NOT_FOUND: 'the slot that the reference names holds no capability',
  SYS_ERR_CNODE_NOT_FOUND: 'the slot of the root CNode that the reference names holds no CNode',
  SYS_ERR_CNODE_TYPE: 'the capability on the path is not an L2 CNode',
  SYS_ERR_CNODE_NOT_ROOT: 'the capability given as a CSpace root is not an L1 CNode',
  SYS_ERR_CNODE_RIGHTS: 'the CNode capability lacks the right that the operation needs',
  SYS_ERR_L1_CNODE_INDEX: 'the reference lies beyond the last slot of the root CNode',
  SYS_ERR_CAP_LOOKUP_DEPTH: 'the reference asks for more levels than a CSpace has',
  SYS_ERR_SOURCE_ROOTCN_LOOKUP: 'the source CSpace root could not be looked up',
  SYS_ERR_SOURCE_CAP_LOOKUP: 'the source capability could not be looked up',
  SYS_ERR_DEST_ROOTCN_LOOKUP: 'the destination CSpace root could not be looked up',
  SYS_ERR_DEST_CNODE_LOOKUP: 'the destination CNode could not be looked up',
  SYS_ERR_DEST_TYPE_INVALID: 'the source cannot be mapped into a table of this type',
  SYS_ERR_SLOT_IN_USE: 'the destination slot already holds a capability',
  SYS_ERR_SLOTS_INVALID: 'the destination slots do not all lie in the CNode',
  SYS_ERR_SLOTS_IN_USE: 'one of the destination slots already holds a capability',
  SYS_ERR_VNODE_SLOT_INVALID: 'the first entry lies beyond the table',
  SYS_ERR_VNODE_SLOT_RESERVED: 'the entry belongs to the kernel window',
  SYS_ERR_VNODE_SLOT_INUSE: 'an entry of the range is already valid',
  SYS_ERR_VNODE_TYPE: 'the capability is not a VNode of the type that the operation needs',
  SYS_ERR_VNODE_NOT_INSTALLED: 'the mapping is not installed in this table',
  SYS_ERR_VM_MAP_SIZE: 'the run of entries is empty or leaves the table',
  SYS_ERR_VM_MAP_RIGHTS: 'the capability does not give the rights that the flags ask for',
  SYS_ERR_VM_FRAME_UNALIGNED: 'the physical address is not aligned to the leaf size',
  SYS_ERR_VM_MAP_OFFSET: 'the run inside the mapping is not made of whole leaves',
  SYS_ERR_VM_ALREADY_MAPPED: 'the capability is already mapped and can be mapped only once',
  SYS_ERR_FRAME_OFFSET_INVALID: 'offset and size leave the frame',
  SYS_ERR_WRONG_MAPPING: 'the destination slot or the mapping type does not fit the source',
  SYS_ERR_INVALID_RETYPE: 'this type cannot be made from the source type',
  SYS_ERR_INVALID_SIZE: 'the object size is not one that the type allows',
  SYS_ERR_RETYPE_INVALID_COUNT: 'the number of objects is zero or too large',
  SYS_ERR_RETYPE_INVALID_OFFSET: 'the range to retype does not lie in the source',
  SYS_ERR_REVOKE_FIRST: 'the range still has descendants, which have to be revoked first',
  SYS_ERR_RETYPE_CREATE: 'the objects could not be created in the destination',
  SYS_ERR_NOT_COPYABLE: 'capabilities of this type cannot be copied',
  SYS_ERR_RIGHTS_ESCALATION: 'the copy would have more rights than its source',
  SYS_ERR_ASID_EXHAUSTED: 'no address space identifier can be had',
  SYS_ERR_OUT_OF_CAPABILITIES: 'the kernel cannot hold any more capabilities',
  SYS_ERR_LMP_NO_TARGET: 'the endpoint has no receiver',
  SYS_ERR_LMP_BUF_OVERFLOW: 'the receiver of the endpoint has not yet taken the last message',
  SYS_ERR_CNODE_RESIZE_SHRINK: 'the new root CNode is smaller than the present one',
  SYS_ERR_PADDR_OVERFLOW: 'the entry cannot hold a physical address that high',
  LIB_ERR_PMAP_FRAME_IDENTIFY: 'the frame to map could not be identified',
  LIB_ERR_PMAP_FRAME_SIZE: 'offset and size, rounded to pages, leave the frame',
  LIB_ERR_PMAP_EXISTING_MAPPING: 'the range is not free, or crosses the border of a mapping',
  LIB_ERR_PMAP_DO_MAP: 'the pmap could not map',
  LIB_ERR_PMAP_MAP: 'a table could not be mapped into its parent',
  LIB_ERR_PMAP_GET_PTABLE: 'the table for the address could not be had',
  LIB_ERR_PMAP_UNMAP: 'the pmap could not unmap',
  LIB_ERR_PMAP_FIND_VNODE: 'nothing is mapped at the address, or not with these borders',
  LIB_ERR_PMAP_MODIFY_FLAGS: 'the pmap could not change the flags',
  LIB_ERR_PMAP_SPLIT: 'the pmap could not split the mapping',
  LIB_ERR_PMAP_PROMOTE: 'the mappings cannot become one larger leaf',
  LIB_ERR_PMAP_INVALID_FLAGS: 'the flags hold a bit that no mapping knows',
  LIB_ERR_PMAP_DESERIALISE: 'the serialised pmap is not one',
  LIB_ERR_PMAP_ROLLBACK: 'an undo step failed: the kernel refused what it had granted before',
  LIB_ERR_PMAP_METADATA_FULL: 'the reserved metadata region has no room for more records',
  LIB_ERR_PMAP_INIT: 'the pmap could not be set up',
  LIB_ERR_VREGION_BAD_ALIGNMENT: 'the address is not aligned to a page',
  LIB_ERR_VSPACE_REGION_OVERLAP: 'the region overlaps another region of the space',
  LIB_ERR_VSPACE_REGION_NOT_FOUND: 'no region holds the address',
  LIB_ERR_OUT_OF_VIRTUAL_ADDR: 'no free range of addresses fits',
  LIB_ERR_VNODE_MAP: 'the kernel did not map',
  LIB_ERR_VNODE_UNMAP: 'the kernel did not unmap',
  LIB_ERR_VNODE_CREATE: 'the table could not be created',
  LIB_ERR_CNODE_CREATE: 'the CNode could not be created',
  LIB_ERR_CAP_DELETE: 'the capability could not be deleted',
  LIB_ERR_CAP_DESTROY: 'the capability and its slot could not be given back',
  LIB_ERR_CAP_COPY: 'the capability could not be copied',
  LIB_ERR_CAP_RETYPE: 'the capability could not be retyped',
  LIB_ERR_CAP_REVOKE: 'the capability could not be revoked',
  LIB_ERR_SLOT_ALLOC: 'no capability slot could be had',
  LIB_ERR_SLOT_ALLOC_NO_SPACE: 'the slot allocator has no free slot',
  LIB_ERR_SINGLE_SLOT_ALLOC: 'the slot allocator of one CNode is used up',
  LIB_ERR_SLOT_FREE: 'the slot could not be freed',
  LIB_ERR_SLOT_UNALLOCATED: 'the slot was not allocated',
  LIB_ERR_SLAB_ALLOC_FAIL: 'the slab has no free block',
  LIB_ERR_SLAB_REFILL: 'the slab could not be refilled',
  LIB_ERR_FRAME_ALLOC: 'no frame could be had',
  LIB_ERR_RAM_ALLOC: 'no memory could be had',
  LIB_ERR_RAM_ALLOC_WRONG_SIZE: 'memory comes in other sizes',
  LIB_ERR_MALLOC_FAIL: 'the heap is used up',
  LIB_ERR_MONITOR_RPC_NULL: 'no connection to the monitor',
  LIB_ERR_PAGEFAULT: 'the page fault could not be resolved',
  LIB_ERR_PAGEFAULT_NO_HANDLER: 'nobody handles the page faults of this domain',
  LIB_ERR_PAGEFAULT_LOOP: 'the handler answered, but the access faults again in the same way',
  LIB_ERR_EXTERNAL_ABORT: 'nothing answers at the physical address',
  LIB_ERR_ALIGNMENT: 'the access is not aligned to its size',
  MM_ERR_NOT_FOUND: 'the memory allocator has no block that fits',
  MM_ERR_ALREADY_PRESENT: 'the memory allocator already owns memory of this range',
  MM_ERR_NOT_OWNED: 'the memory allocator does not own this range',
  ELF_ERR_HEADER: 'the ELF header is not that of a static 32-bit ARM executable',
  ELF_ERR_PROGHDR: 'a program header is not possible',
  ELF_ERR_SECTION: 'a section header is not possible',
  SPAWN_ERR_LOAD: 'the image could not be loaded',
  SPAWN_ERR_ELF_MAP: 'a segment could not be mapped',
  SPAWN_ERR_CREATE_CSPACE: 'the capability space of the new domain could not be made',
  SPAWN_ERR_CREATE_VSPACE: 'the address space of the new domain could not be made',
  SPAWN_ERR_SETUP_ARGV: 'the arguments do not fit the argument page',
  SPAWN_ERR_SETUP_STACK: 'the stack could not be made',
  FORMAT_ERR_FIELD: 'a field of the descriptor cannot hold the value',
  FORMAT_ERR_LEVEL: 'the level or leaf kind does not exist in this format',
  MACHINE_ERR_BANK: 'the memory banks are empty, unaligned, or overlap',
  MACHINE_ERR_REGISTER: 'the register cannot hold the value',
  SCENARIO_ERR_SYNTAX: 'the scenario is not well-formed',
  SCENARIO_ERR_SCHEMA: 'the scenario does not follow the schema',
  SCENARIO_ERR_REFERENCE: 'the scenario names something that it does not define',
  SCENARIO_ERR_EXPECTATION: 'a step did not end as the scenario expects',
  CONFORM_ERR_VECTOR: 'the vector file is not one',
  SOURCE_ERR_READ: 'the file or target could not be read',
  USAGE_ERR: 'the command line is not one that the command takes',
  SCENARIO_ERR_LIMIT: 'the scenario asks for more than a run may take',
  SOURCE_ERR_WORD: 'the source is not written as one word of a known form',
  SOURCE_ERR_FORMAT: 'the file is not in the format that it is to be read in',
  SOURCE_ERR_SYMBOL: 'the file has no such symbol or section, or no bytes for it',
  SOURCE_ERR_REGISTER: 'a register is given a value that it cannot hold, or two of them',
  SOURCE_ERR_ROOT: 'nothing says where the root table lies',
  SOURCE_ERR_TARGET_CONNECT: 'nobody answers at the address of the target',
  SOURCE_ERR_TARGET_LOST: 'the connection to the target ended',
  SOURCE_ERR_TARGET_TIMEOUT: 'the target did not answer in time',
  SOURCE_ERR_TARGET_PROTOCOL: 'the target answered what its protocol does not allow',
  SOURCE_ERR_TARGET_ABILITY: 'the target cannot do what reading its tables needs',
  LIVE_ERR_TOOL: 'a program that this needs is not installed',
  LIVE_ERR_START: 'the emulated machine did not start',
  LIVE_ERR_MEMORY: 'the memory of the emulated machine could not be had or reached',
  LIVE_ERR_ENDED: 'the emulated machine is no longer there',
  LIVE_ERR_TIMEOUT: 'the guest did not answer in time',
  LIVE_ERR_PROTOCOL: 'the guest said what no guest of ours says',
  LAYOUT_ERR_SYNTAX: 'the layout is not well-formed',
  LAYOUT_ERR_LIMIT: 'the layout asks for more than a build may take',
  LAYOUT_ERR_SCHEMA: 'the layout does not follow the schema',
  LAYOUT_ERR_REFERENCE: 'the layout names something that is not there',
  LAYOUT_ERR_ALIGNMENT: 'an address or a size of the layout is not aligned as it must be',
  LAYOUT_ERR_RANGE: 'a region of the layout leaves the address space',
  LAYOUT_ERR_OVERLAP: 'two parts of the layout share addresses',
  LAYOUT_ERR_NO_ROOM: 'nothing free is large enough for a part of the layout',
  LAYOUT_ERR_RIGHTS: 'no descriptor says the rights or the memory type that the layout asks for',
  LAYOUT_ERR_CONFLICT: 'pages that share a table ask for different things of its entry',
  LAYOUT_ERR_LEAF: 'a region cannot be made of the leaves that the layout asks for',
  LAYOUT_ERR_BUDGET: 'the tables do not fit into the memory that the layout has for them',
  LAYOUT_ERR_VERIFY: 'the tables that were built do not say what the layout says',
  IMPORT_ERR_SYNTAX: 'the file to import is not in the format that it is read as',
  IMPORT_ERR_UNRESOLVED: 'the file to import uses a name whose value is not known',
  LIB_ERR_VSPACE_RANGE: 'the range is empty, not made of whole pages, or leaves the user window',
  LIB_ERR_VSPACE_REGION_KEPT: 'the range touches a region that the library keeps for itself',
  LIB_ERR_VREGION_GUARD: 'the address lies in a guard region, which never resolves',
  LIB_ERR_VREGION_RESERVED: 'the region is reserved, and nothing backs it',
  LIB_ERR_VREGION_RIGHTS: 'the region does not allow this access',
  LIB_ERR_VREGION_MAX_RIGHTS: 'the protection goes beyond the maximum of the region',
  LIB_ERR_PAGEFAULT_RECURSIVE: 'handling a fault faulted at the same page again',
  LIB_ERR_PAGEFAULT_METADATA: 'the fault lies where the library keeps its own records',
  LIB_ERR_MEMOBJ_RANGE: 'the range leaves the memory object',
  LIB_ERR_MEMOBJ_UNFILLED: 'the memory object has no memory for the page',
  LIB_ERR_MEMOBJ_FILLED: 'the memory object has memory for the range already',
  LIB_ERR_MEMOBJ_MAPPED: 'the memory object does not take another region',
  LIB_ERR_MEMOBJ_RIGHTS: 'the memory object was shared with fewer rights',
  LIB_ERR_MEMOBJ_GONE: 'the memory of the object was taken away',
  LIB_ERR_MEMOBJ_PIN: 'the page is pinned more often, or unpinned more often, than can be',
  LIB_ERR_MEMOBJ_SOURCE: 'what the memory object reads from or writes to has failed',
  LIB_ERR_PAGER_BUDGET: 'the frame budget is too small for what has to be resident',
  LIB_ERR_PAGER_STORE: 'the backing store failed or is full',
  LIB_ERR_HEAP_POINTER: 'the pointer is not one that the heap gave out',
  CHECK_ERR_POLICY: 'the policy is not one',
  CHECK_ERR_BASELINE: 'the baseline is not one',
  SOURCE_ERR_STOPPED: 'reading was ended by the one who asked for it',
  LIB_ERR_RAM_ALLOC_MS_CONSTRAINTS: 'the memory server has nothing that meets the constraints',
  SOURCE_ERR_SCRATCH: 'a temporary file could not be written or read',
  SOURCE_ERR_WRITE: 'the file could not be written',
  TRACE_ERR_SYNTAX: 'a line of the trace is not a reference',
  TRACE_ERR_EMPTY: 'there is no reference in the trace',
  TRACE_ERR_LIMIT: 'the trace or what is asked of it is larger than a replay takes',
  LIB_ERR_HEAP_BROKEN: 'an operation of the heap failed half-way and could not be undone',
} as const;

/** The name of an error code. */
export type ErrorName = keyof typeof ERROR_CAUSES;

const NAMES = Object.keys(ERROR_CAUSES) as ErrorName[];

/** The number of each code, as it is pushed onto an {@link ErrorNumber}. */
export const Code = Object.fromEntries(NAMES.map((name, index) => [name, index])) as Readonly<
  Record<ErrorName, number>
>;

/** A chain of at most five codes in one number; 0 is success. */
export type ErrorNumber = number;

/** Success. */
export const OK: ErrorNumber = 0;

const CODE_RANGE = 1024;
const DEEPEST = CODE_RANGE ** 4;

/** `error` with `code` pushed as the new outermost code. A sixth code drops the innermost. */
export function pushError(error: ErrorNumber, code: number): ErrorNumber {
  return (error >= DEEPEST ? error % DEEPEST : error) * CODE_RANGE + code;
}

/** The codes of `error`, innermost first; empty for success. */
export function errorChain(error: ErrorNumber): ErrorName[] {
  const names: ErrorName[] = [];
  for (let rest = error; rest > 0; rest = Math.floor(rest / CODE_RANGE)) {
    names.unshift(NAMES[rest % CODE_RANGE] ?? 'SYS_ERR_OK');
  }
  return names;
}

/** The error number whose chain, innermost first, is `names`. */
export function errorNumber(names: readonly ErrorName[]): ErrorNumber {
  return names.reduce((error, name) => pushError(error, Code[name]), OK);
}

/** Whether `name` is the name of an error code. */
export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(ERROR_CAUSES, name);
}

/**
 * The one error class: a code, the message for the person who has to act, and the cause below it.
 * `evidence` carries whatever explains it further (a walk, a position in a file).
 */
export class VmError extends Error {
  override readonly name = 'VmError';
  readonly code: ErrorName;
  declare readonly cause: VmError | undefined;
  readonly evidence: unknown;

  constructor(
    code: ErrorName,
    message: string,
    options: { cause?: VmError; evidence?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.evidence = options.evidence;
  }

  /** The error that stands for the error number, with `message` on its outermost code. */
  static from(error: ErrorNumber, message: string, evidence?: unknown): VmError {
    let made: VmError | undefined;
    const names = errorChain(error);
    for (const [index, code] of names.entries()) {
      const text = index === names.length - 1 ? message : ERROR_CAUSES[code];
      made = new VmError(code, text, made === undefined ? { evidence } : { cause: made, evidence });
    }
    return made ?? new VmError('SYS_ERR_OK', message, { evidence });
  }

  /** The codes, outermost first. */
  chain(): ErrorName[] {
    const codes: ErrorName[] = [];
    for (let error: VmError | undefined = this; error !== undefined; error = error.cause) {
      codes.push(error.code);
    }
    return codes;
  }
}

/** What `action` answers; the message of an error of it begins with the name of the file. */
export function inFile<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    const { code, message, cause, evidence } = error;
    throw new VmError(code, `${file}: ${message}`, {
      evidence,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
