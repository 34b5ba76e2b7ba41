import { describe, expect, test } from 'vitest';
import { Code, MIB, PAGE_BYTES, VmError } from '../../src/base/index.js';
import {
  AnonymousObject,
  CopyObject,
  cloneDomain,
  Domain,
  OneFrameObject,
  VRegionFlags,
} from '../../src/domain/index.js';
import { Kernel } from '../../src/kernel/index.js';
import { Machine } from '../../src/machine/index.js';

const { READ, READ_WRITE, LARGE } = VRegionFlags;

function setUp(options: { aslr?: { seed: number; bits: number } } = {}) {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 64 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 32 * MIB, options);
  kernel.run(domain.number);
  return { domain, cpu: machine.cpu, vspace: domain.vspace };
}

/** The code of the error that `run` throws. */
function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof VmError) return error.code;
    throw error;
  }
  return '';
}

describe('placement', () => {
  test('takes the lowest hole, beside a hint, aligned for large pages', () => {
    const { vspace } = setUp();
    const [a, b, c] = [1, 2, 3].map(() => vspace.reserve(PAGE_BYTES).base) as [
      number,
      number,
      number,
    ];
    expect([b - a, c - b]).toEqual([PAGE_BYTES, PAGE_BYTES]);
    vspace.unmap(b, PAGE_BYTES);
    expect(vspace.reserve(PAGE_BYTES).base).toBe(b);
    expect(vspace.reserve(MIB).base % MIB).toBe(0);
    expect(vspace.reserve(PAGE_BYTES, { below: 0x7000_0000 }).base).toBe(0x6fff_f000);
    expect(vspace.reserve(PAGE_BYTES, { below: 0x7000_0000 }).base).toBe(0x6fff_e000);
    expect(vspace.reserve(PAGE_BYTES, { above: 0x6fff_e000 }).base).toBe(0x7000_0000);
    expect(vspace.reserve(PAGE_BYTES, { alignment: 3 * PAGE_BYTES }).base % (3 * PAGE_BYTES)).toBe(
      0,
    );
    expect(code(() => vspace.reserve(PAGE_BYTES, { at: a }))).toBe('LIB_ERR_VSPACE_REGION_OVERLAP');
    expect(code(() => vspace.reserve(PAGE_BYTES, { at: 0x8000_0000 }))).toBe(
      'LIB_ERR_VSPACE_RANGE',
    );
    expect(code(() => vspace.reserve(PAGE_BYTES, { at: 1 }))).toBe('LIB_ERR_VSPACE_RANGE');
    expect(code(() => vspace.reserve(0x7f00_0000))).toBe('LIB_ERR_OUT_OF_VIRTUAL_ADDR');
  });

  test('at random comes again with the same seed', () => {
    const places = (seed: number): number[] => {
      const { vspace } = setUp({ aslr: { seed, bits: 16 } });
      return Array.from({ length: 8 }, () => vspace.mapAnonymous(PAGE_BYTES).base);
    };
    expect(places(1)).toEqual(places(1));
    expect(places(1)).not.toEqual(places(2));
  });
});

describe('changes of ranges', () => {
  test('replace what is there, in one step, across regions', () => {
    const { cpu, vspace, domain } = setUp();
    const first = vspace.mapAnonymous(4 * PAGE_BYTES, { name: 'first' });
    vspace.mapAnonymous(4 * PAGE_BYTES, { name: 'second', at: first.end });
    cpu.store(first.base, 4, 1);
    cpu.store(first.base + 2 * PAGE_BYTES, 4, 2);
    vspace.mapAnonymous(4 * PAGE_BYTES, {
      at: first.base + 2 * PAGE_BYTES,
      replace: true,
      name: 'new',
    });
    expect(cpu.load(first.base, 4)).toBe(1);
    expect(cpu.load(first.base + 2 * PAGE_BYTES, 4)).toBe(0);
    expect(vspace.all().map(({ name }) => name)).toEqual(['metadata', 'first', 'new', 'second']);
    const records = domain.metadata.base;
    expect(code(() => vspace.mapAnonymous(PAGE_BYTES, { at: records, replace: true }))).toBe(
      'LIB_ERR_VSPACE_REGION_KEPT',
    );
    expect(code(() => vspace.unmap(records, PAGE_BYTES))).toBe('LIB_ERR_VSPACE_REGION_KEPT');
  });

  test('are refused as a whole', () => {
    const { vspace } = setUp();
    const a = vspace.mapAnonymous(2 * PAGE_BYTES, { maxFlags: READ_WRITE, flags: READ });
    vspace.mapAnonymous(PAGE_BYTES, { at: a.end, flags: READ });
    const before = vspace.all().map(({ base, flags }) => [base, flags]);
    expect(code(() => vspace.protect(a.base, 3 * PAGE_BYTES, READ_WRITE))).toBe(
      'LIB_ERR_VREGION_MAX_RIGHTS',
    );
    expect(code(() => vspace.protect(a.base, 4 * PAGE_BYTES, READ))).toBe(
      'LIB_ERR_VSPACE_REGION_NOT_FOUND',
    );
    expect(code(() => vspace.protect(a.base + 1, PAGE_BYTES, READ))).toBe('LIB_ERR_VSPACE_RANGE');
    expect(code(() => vspace.unmap(0x7000_0000, PAGE_BYTES))).toBe(
      'LIB_ERR_VSPACE_REGION_NOT_FOUND',
    );
    expect(vspace.all().map(({ base, flags }) => [base, flags])).toEqual(before);
  });
});

/** The ways of a domain to the kernel that can fail for want of something. */
const FALLIBLE = [
  'retype',
  'vnodeMap',
  'vnodeUnmap',
  'mappingsModify',
  'mappingModify',
  'mappingSplit',
] as const;

/** What a domain has and its memory shows; pages that the pool keeps at hand count as free. */
function state(domain: Domain): unknown {
  const { pmap, pool, ram, vspace } = domain;
  return {
    free: ram.freePages + pool.freePages + pmap.measure().metadata.free / 1e9 > 0 && pool.usedPages,
    regions: vspace.all().map(({ name, base, bytes, flags }) => [name, base, bytes, flags]),
    mappings: [...pmap.mappings()]
      .filter(({ address }) => !domain.metadata.contains(address))
      .map(({ address, bytes, kind, flags, offset }) => [address, bytes, kind, flags, offset]),
  };
}

describe('a failure of any invocation', () => {
  const operations: Record<string, (domain: Domain, region: number) => unknown> = {
    fault: (domain, at) => domain.kernel.machine.cpu.load(at + 5 * PAGE_BYTES, 4),
    'unmap inside a section': (domain) => domain.vspace.unmap(0x6000_3000, 0x5000),
    'protect inside a section': (domain) => domain.vspace.protect(0x6000_3000, 0x5000, READ),
    unmap: (domain, at) => domain.vspace.unmap(at + PAGE_BYTES, 3 * PAGE_BYTES),
    protect: (domain, at) => domain.vspace.protect(at + PAGE_BYTES, 3 * PAGE_BYTES, READ),
    replace: (domain, at) =>
      domain.vspace.mapAnonymous(2 * PAGE_BYTES, { at: at + PAGE_BYTES, replace: true }),
    'map a frame': (domain) => {
      const frame = domain.allocateFrame(0x8000);
      try {
        domain.vspace.map(new OneFrameObject(domain.pool, frame, 0x8000));
      } catch (error) {
        domain.freeFrame(frame);
        throw error;
      }
    },
    clone: (domain) => cloneDomain(domain, { ramBytes: MIB }),
  };

  test.each(Object.keys(operations))('leaves everything as it was: %s', (name) => {
    const operation = operations[name] as (domain: Domain, region: number) => unknown;
    let failures = 0;
    for (const verb of FALLIBLE) {
      for (let nth = 1; ; nth += 1) {
        const { domain, cpu, vspace } = setUp();
        const region = vspace.mapAnonymous(16 * PAGE_BYTES, { name: 'pages' });
        for (let page = 0; page < 4; page += 1)
          cpu.store(region.base + page * PAGE_BYTES, 4, page + 1);
        const frame = domain.allocateFrame(MIB);
        const section = new OneFrameObject(domain.pool, frame, MIB, 'section');
        vspace.map(section, { at: 0x6000_0000, flags: READ_WRITE | LARGE });
        cpu.store(0x6000_4000, 4, 99);
        const before = state(domain);
        const { invocations } = domain;
        const real = invocations[verb] as (...args: unknown[]) => number;
        let calls = 0;
        const failing = (...args: unknown[]): number => {
          calls += 1;
          return calls === nth ? Code.SYS_ERR_OUT_OF_CAPABILITIES : real.apply(invocations, args);
        };
        Object.assign(invocations, { [verb]: failing });
        let failed = false;
        try {
          operation(domain, region.base);
        } catch (error) {
          if (!(error instanceof VmError)) throw error;
          failed = true;
        }
        Object.assign(invocations, { [verb]: real });
        if (calls < nth) break;
        if (failed) {
          failures += 1;
          expect(state(domain), `${name}: ${verb} ${nth}`).toEqual(before);
        }
        domain.kernel.run(domain.number);
        if (failed) {
          for (let page = 0; page < 4; page += 1) {
            expect(cpu.load(region.base + page * PAGE_BYTES, 4)).toBe(page + 1);
          }
          expect(cpu.load(0x6000_4000, 4)).toBe(99);
        }
      }
    }
    expect(failures).toBeGreaterThan(0);
  });

  test('of a copy on write loses nothing', () => {
    const { domain, cpu, vspace } = setUp();
    const object = new AnonymousObject(domain.pool, 4 * PAGE_BYTES);
    const region = vspace.map(object);
    cpu.store(region.base, 4, 1);
    const copy = new CopyObject(domain.pool, object);
    const other = vspace.map(copy);
    expect(cpu.load(other.base, 4)).toBe(1);
    const { invocations } = domain;
    const real = invocations.vnodeUnmap.bind(invocations);
    Object.assign(invocations, { vnodeUnmap: () => Code.SYS_ERR_OUT_OF_CAPABILITIES });
    expect(code(() => cpu.store(other.base, 4, 2))).toBe('LIB_ERR_PAGEFAULT');
    Object.assign(invocations, { vnodeUnmap: real });
    expect([cpu.load(region.base, 4), cpu.load(other.base, 4)]).toEqual([1, 1]);
    cpu.store(other.base, 4, 2);
    expect([cpu.load(region.base, 4), cpu.load(other.base, 4)]).toEqual([1, 2]);
  });
});
