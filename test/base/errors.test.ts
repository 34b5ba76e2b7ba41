import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Code,
  ERROR_CAUSES,
  type ErrorName,
  errorChain,
  errorNumber,
  isErrorName,
  OK,
  pushError,
  VmError,
} from '../../src/base/errors.js';

const NAMES = Object.keys(ERROR_CAUSES) as ErrorName[];
const errorName = fc.constantFrom(...NAMES.filter((name) => name !== 'SYS_ERR_OK'));

describe('error codes', () => {
  it('have numbers of their own that fit ten bits, success being 0', () => {
    expect(Code.SYS_ERR_OK).toBe(OK);
    expect(new Set(Object.values(Code)).size).toBe(NAMES.length);
    expect(NAMES.length).toBeLessThanOrEqual(1024);
  });

  it('each stand for one cause', () => {
    expect(new Set(Object.values(ERROR_CAUSES)).size).toBe(NAMES.length);
  });

  it('are known by name, and nothing else is', () => {
    expect(NAMES.every(isErrorName)).toBe(true);
    expect(isErrorName('SYS_ERR_NO_SUCH')).toBe(false);
    expect(isErrorName('toString')).toBe(false);
  });
});

describe('error numbers', () => {
  it('read back as the chain that was pushed, innermost first', () => {
    fc.assert(
      fc.property(fc.array(errorName, { maxLength: 5 }), (names) => {
        const error = errorNumber(names);
        expect(Number.isSafeInteger(error)).toBe(true);
        expect(errorChain(error)).toEqual(names);
      }),
    );
  });

  it('drop the innermost code when a sixth is pushed', () => {
    fc.assert(
      fc.property(fc.array(errorName, { minLength: 6, maxLength: 9 }), (names) => {
        expect(errorChain(errorNumber(names))).toEqual(names.slice(-5));
      }),
    );
  });

  it('start a chain when pushed on success', () => {
    expect(errorChain(OK)).toEqual([]);
    expect(errorChain(pushError(OK, Code.LIB_ERR_VNODE_MAP))).toEqual(['LIB_ERR_VNODE_MAP']);
  });
});

describe('VmError', () => {
  it('lists its chain outermost first', () => {
    const error = VmError.from(
      errorNumber(['SYS_ERR_VNODE_SLOT_INUSE', 'LIB_ERR_VNODE_MAP', 'LIB_ERR_PMAP_DO_MAP']),
      'cannot map 0x1000',
      { at: 0x1000 },
    );
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('VmError');
    expect(error.code).toBe('LIB_ERR_PMAP_DO_MAP');
    expect(error.message).toBe('cannot map 0x1000');
    expect(error.evidence).toEqual({ at: 0x1000 });
    expect(error.chain()).toEqual([
      'LIB_ERR_PMAP_DO_MAP',
      'LIB_ERR_VNODE_MAP',
      'SYS_ERR_VNODE_SLOT_INUSE',
    ]);
  });

  it('gives the inner errors the causes of their codes as messages', () => {
    const error = VmError.from(errorNumber(['LIB_ERR_SLOT_ALLOC', 'LIB_ERR_CAP_COPY']), 'outer');
    expect(error.cause?.message).toBe(ERROR_CAUSES.LIB_ERR_SLOT_ALLOC);
    expect(error.cause?.cause).toBeUndefined();
  });

  it('can be made by hand on top of another', () => {
    const inner = new VmError('MM_ERR_NOT_FOUND', 'no block of 16 K');
    const outer = new VmError('LIB_ERR_RAM_ALLOC', 'no memory', { cause: inner });
    expect(outer.chain()).toEqual(['LIB_ERR_RAM_ALLOC', 'MM_ERR_NOT_FOUND']);
    expect(outer.cause).toBe(inner);
    expect(inner.evidence).toBeUndefined();
  });

  it('names success rather than fail when there was no error', () => {
    expect(VmError.from(OK, 'nothing').code).toBe('SYS_ERR_OK');
  });
});
