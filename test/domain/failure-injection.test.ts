import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type CapRef, capRef, MIB, OK, PAGE_BYTES, VmError } from '../../src/base/index.js';
import {
  Domain,
  largestLeaves,
  originalLeaves,
  Pmap,
  type PmapPolicy,
  spawn,
  spawnEmpty,
  VRegionFlags,
} from '../../src/domain/index.js';
import { CapType, Invocations, Kernel, Rights, WellKnown } from '../../src/kernel/index.js';
import { Machine, type StrictTlb } from '../../src/machine/index.js';
import { FailingCalls, INVOCATIONS } from '../support/failing-calls.js';
import { auditKernel } from '../support/kernel-audit.js';
import {
  difference,
  type Snapshot,
  snapshotDomain,
  snapshotKernel,
  snapshotPmap,
} from '../support/snapshot.js';
import { auditSpace } from '../support/space-audit.js';

const { READ, READ_WRITE, LARGE, HUGE } = VRegionFlags;
const A = 0x5000_0000;

/** What belongs to the domain of a scene: a space that it manages, the root of that, somebody to talk to. */
const foreign = new WeakMap<Domain, Pmap>();
const heirs = new WeakMap<Domain, Pmap>();
const roots = new WeakMap<Domain, CapRef>();
const peers = new WeakMap<Domain, Domain>();

/** A domain in which something is about to be done. */
interface Scene {
  readonly kernel: Kernel;
  readonly domain: Domain;
  /** Frames by what they are for. */
  readonly frame: CapRef;
}

interface Operation {
  /** What is there before; answers the frame that the operation is about. */
  readonly before?: (domain: Domain) => CapRef;
  readonly act: (scene: Scene) => unknown;
  readonly policy?: PmapPolicy;
  /** Whether it frees in another order than it took, so that free lists may come to be in another one. */
  readonly reorders?: boolean;
}

function scene({ before, policy = largestLeaves }: Operation): Scene {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 256 * MIB, kind: 'ram' }],
    profile: 'cortex-a7',
    tlb: 'strict',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 128 * MIB, { policy });
  const frame = before?.(domain) ?? domain.allocateFrame(4 * MIB);
  kernel.run(domain.number);
  return { kernel, domain, frame };
}

function snapshot({ kernel, domain }: Scene): Snapshot {
  const [space, peer] = [foreign.get(domain), peers.get(domain)];
  return [
    ...snapshotKernel(kernel),
    ...snapshotDomain(domain),
    ...(space === undefined ? [] : snapshotPmap(space, 'foreign')),
    ...(peer === undefined ? [] : snapshotDomain(peer)),
  ];
}

/** The same lines with what is free in order of numbers. */
function sorted(lines: Snapshot): Snapshot {
  const free = /( free(?: slots)? )([\d ]+)$/;
  return lines.map((line) =>
    line.replace(free, (_, head, list) => head + list.split(' ').map(Number).sort().join(' ')),
  );
}

/** Maps a new frame of `bytes` and answers it. */
function mapped(domain: Domain, bytes: number, flags: number, at = A): CapRef {
  const frame = domain.allocateFrame(bytes);
  domain.pmap.map(at, frame, 0, bytes, flags);
  return frame;
}

/** Uses up the free records of the pmap, so that the next operation has to have more. */
function useRecords(domain: Domain): CapRef {
  const frame = domain.allocateFrame(PAGE_BYTES);
  const { leaves } = domain.pmap.core.shadow;
  for (let page = 0; leaves.freeCount > 2; page += 1) {
    domain.pmap.map(0x7000_0000 + page * PAGE_BYTES, frame, 0, PAGE_BYTES, READ);
  }
  return frame;
}

/** Uses up all free slots but `left`. */
function useSlots(domain: Domain, left: number): void {
  while (domain.slots.freeCount > left) domain.slots.allocate();
}

/** Pages with every second one read-only, so that one Mapping has many records. */
function striped(domain: Domain, pages: number): CapRef {
  const frame = mapped(domain, pages * PAGE_BYTES, READ_WRITE);
  for (let page = 0; page < pages; page += 2) {
    domain.pmap.modifyFlags(A + page * PAGE_BYTES, PAGE_BYTES, READ);
  }
  return frame;
}

/** Leaves that a promotion to `bytes` makes one of, in three Mappings. */
function inPieces(domain: Domain, bytes: number, flags: number, step: number): CapRef {
  const frame = mapped(domain, 3 * bytes, flags, A - bytes);
  domain.pmap.split(A + step);
  return frame;
}

/** A space of somebody else that the domain manages, and where its root table is. */
function makeForeign(domain: Domain): void {
  const bytes = 16 * 1024;
  const slot = capRef(domain.slots.allocate());
  const { cap, offset } = domain.ram.place(domain.ram.allocate(bytes, bytes));
  const request = { type: CapType.VNODE_ARM_L1, offset, objectBytes: bytes, count: 1 };
  expect(domain.invocations.retype(cap, request, slot)).toBe(OK);
  const { resources } = domain.pmap.core;
  roots.set(domain, slot);
  foreign.set(domain, Pmap.init({ ...resources, root: slot }, domain.metadata));
}

function withPeer(domain: Domain): CapRef {
  peers.set(domain, Domain.boot(domain.kernel, 8 * MIB, { name: 'peer' }));
  return domain.allocateFrame(PAGE_BYTES);
}

function give(domain: Domain, frame: CapRef): void {
  domain.channels.give(frame, Rights.READ, (peers.get(domain) as Domain).channels);
}

const hello = new Uint8Array(readFileSync('examples/programs/hello.elf'));

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'map: a page in a table that is there': {
    before: (domain) => mapped(domain, PAGE_BYTES, READ),
    act: ({ domain, frame }) => domain.pmap.map(A + PAGE_BYTES, frame, 0, PAGE_BYTES, READ),
  },
  'map: the first page of a space': {
    before: (domain) => domain.allocateFrame(PAGE_BYTES),
    act: ({ domain, frame }) => domain.pmap.map(A, frame, 0, PAGE_BYTES, READ_WRITE),
  },
  'map: four tables': {
    act: ({ domain, frame }) => domain.pmap.map(A + 0x8_0000, frame, 0, 3 * MIB, READ_WRITE),
  },
  'map: large pages, sections and small pages': {
    act: ({ domain, frame }) =>
      domain.pmap.map(A + 0xf_d000, frame, 0xf_d000, 2 * MIB + 0x4_8000, READ_WRITE | LARGE),
  },
  'map: a supersection': {
    before: (domain) => domain.allocateFrame(32 * MIB),
    act: ({ domain, frame }) => domain.pmap.map(A, frame, 0, 32 * MIB, READ_WRITE | LARGE | HUGE),
  },
  'map: sections where empty tables are': {
    before: (domain) => {
      const frame = mapped(domain, 4 * MIB, READ_WRITE);
      domain.pmap.unmap(A, 4 * MIB);
      return frame;
    },
    act: ({ domain, frame }) => domain.pmap.map(A, frame, 0, 4 * MIB, READ_WRITE | LARGE),
  },
  'map: sections where empty tables are, original leaves': {
    policy: originalLeaves,
    before: (domain) => {
      const frame = mapped(domain, 4 * MIB, READ_WRITE);
      domain.pmap.unmap(A, 4 * MIB);
      return frame;
    },
    act: ({ domain, frame }) => domain.pmap.map(A, frame, 0, 4 * MIB, READ_WRITE | LARGE),
  },
  'map: with more records': {
    before: useRecords,
    act: ({ domain, frame }) => domain.pmap.map(A, frame, 0, PAGE_BYTES, READ),
  },
  'map: with many more records and tables': {
    before: (domain) => {
      useRecords(domain);
      return domain.allocateFrame(20 * MIB);
    },
    act: ({ domain, frame }) =>
      domain.pmap.map(A + PAGE_BYTES, frame, 0, 20 * MIB - PAGE_BYTES, READ),
  },
  'map: with more slots': {
    before: (domain) => {
      const frame = domain.allocateFrame(8 * MIB);
      useSlots(domain, 3);
      return frame;
    },
    act: ({ domain, frame }) => domain.pmap.map(A, frame, 0, 8 * MIB, READ_WRITE),
  },
  'map: with more records and slots': {
    before: (domain) => {
      const frame = useRecords(domain);
      useSlots(domain, 1);
      return frame;
    },
    act: ({ domain, frame }) => domain.pmap.map(A, frame, 0, PAGE_BYTES, READ),
  },
  'map: for another space': {
    before: (domain) => {
      makeForeign(domain);
      useRecords(domain);
      return domain.allocateFrame(20 * MIB);
    },
    act: ({ domain, frame }) => foreign.get(domain)?.map(A, frame, 0, 20 * MIB, READ),
  },
  'unmap: one page': {
    before: (domain) => mapped(domain, PAGE_BYTES, READ),
    act: ({ domain }) => domain.pmap.unmap(A, PAGE_BYTES),
  },
  'unmap: a Mapping with many records': {
    before: (domain) => striped(domain, 12),
    act: ({ domain }) => domain.pmap.unmap(A, 12 * PAGE_BYTES),
  },
  'unmap: many Mappings': {
    before: (domain) => {
      const frame = mapped(domain, 4 * MIB, READ_WRITE | LARGE, A);
      domain.pmap.map(A + 4 * MIB, frame, 0, MIB, READ);
      domain.pmap.map(A + 5 * MIB, frame, 0, 0x2_0000, READ | LARGE);
      return frame;
    },
    act: ({ domain }) => domain.pmap.unmap(A, 5 * MIB + 0x2_0000),
  },
  'modifyFlags: part of a Mapping': {
    before: (domain) => mapped(domain, 16 * PAGE_BYTES, READ_WRITE),
    act: ({ domain }) => domain.pmap.modifyFlags(A + 3 * PAGE_BYTES, 5 * PAGE_BYTES, READ),
  },
  'modifyFlags: several Mappings with several flags': {
    before: (domain) => {
      const frame = striped(domain, 10);
      domain.pmap.map(A + 10 * PAGE_BYTES, frame, 0, 5 * PAGE_BYTES, READ);
      domain.pmap.map(A + 15 * PAGE_BYTES, frame, 0, PAGE_BYTES, READ_WRITE);
      return frame;
    },
    act: ({ domain }) => domain.pmap.modifyFlags(A + 5 * PAGE_BYTES, 11 * PAGE_BYTES, 0),
  },
  'modifyFlags: sections': {
    before: (domain) => mapped(domain, 4 * MIB, READ_WRITE | LARGE),
    act: ({ domain }) => domain.pmap.modifyFlags(A + MIB, 2 * MIB, READ),
  },
  'modifyFlags: with more records': {
    before: (domain) => {
      const frame = mapped(domain, 16 * PAGE_BYTES, READ_WRITE);
      useRecords(domain);
      return frame;
    },
    act: ({ domain }) => domain.pmap.modifyFlags(A + PAGE_BYTES, PAGE_BYTES, READ),
  },
  'split: a Mapping of pages': {
    before: (domain) => striped(domain, 8),
    act: ({ domain }) => domain.pmap.split(A + 5 * PAGE_BYTES),
  },
  'split: a large page': {
    before: (domain) => mapped(domain, 3 * 0x1_0000, READ_WRITE | LARGE),
    act: ({ domain }) => domain.pmap.split(A + 0x1_8000),
  },
  'split: a section': {
    before: (domain) => mapped(domain, 3 * MIB, READ_WRITE | LARGE),
    act: ({ domain }) => domain.pmap.split(A + MIB + 0x8000),
  },
  'split: a supersection down to pages': {
    before: (domain) => mapped(domain, 48 * MIB, READ_WRITE | LARGE | HUGE),
    act: ({ domain }) => domain.pmap.split(A + 20 * MIB + PAGE_BYTES),
  },
  'split: with more records and slots': {
    before: (domain) => {
      const frame = mapped(domain, 3 * MIB, READ_WRITE | LARGE);
      useRecords(domain);
      useSlots(domain, 0);
      return frame;
    },
    act: ({ domain }) => domain.pmap.split(A + MIB + 0x8000),
  },
  'promote: to a large page': {
    before: (domain) => {
      const frame = domain.allocateFrame(3 * 0x1_0000, 0x1_0000);
      domain.pmap.map(A, frame, 0, 3 * 0x1_0000, READ_WRITE);
      domain.pmap.split(A + 0x1_4000);
      domain.pmap.split(A + 0x1_5000);
      return frame;
    },
    act: ({ domain }) => domain.pmap.promote(A + 0x1_0000, 0x1_0000),
  },
  'promote: to a section': {
    before: (domain) => inPieces(domain, MIB, READ_WRITE, 0x4_5000),
    act: ({ domain }) => domain.pmap.promote(A, MIB),
  },
  'promote: to a supersection': {
    before: (domain) => inPieces(domain, 16 * MIB, READ_WRITE | LARGE, 4 * MIB),
    act: ({ domain }) => domain.pmap.promote(A, 16 * MIB),
  },
  'trim: several tables': {
    before: (domain) => {
      const frame = mapped(domain, 6 * MIB, READ_WRITE);
      domain.pmap.unmap(A, 6 * MIB);
      return frame;
    },
    act: ({ domain }) => domain.pmap.trim(),
  },
  'init: a pmap for a root in another CSpace': {
    before: (domain) => domain.allocateFrame(PAGE_BYTES),
    act: ({ domain }) => {
      const { pmap, metadata } = domain;
      const { resources } = pmap.core;
      Pmap.init({ ...resources, root: WellKnown.ROOT_VNODE }, metadata, WellKnown.ROOT_CNODE);
    },
  },
  'deserialise: what was serialised, in a new pmap': {
    before: (domain) => {
      makeForeign(domain);
      const frame = domain.allocateFrame(20 * MIB);
      foreign.get(domain)?.map(A, frame, 0, 20 * MIB, READ);
      return frame;
    },
    act: ({ domain }) => {
      const serialised = (foreign.get(domain) as Pmap).serialise();
      const { resources } = domain.pmap.core;
      const heir = Pmap.init(
        { ...resources, root: capRef(roots.get(domain) ?? 0) },
        domain.metadata,
      );
      heirs.set(domain, heir);
      heir.deserialise(serialised.bytes);
    },
  },
  'share: a frame with somebody new': {
    before: withPeer,
    act: ({ domain, frame }) => give(domain, frame),
  },
  'share: a frame with somebody known': {
    before: (domain) => {
      const frame = withPeer(domain);
      give(domain, frame);
      return frame;
    },
    act: ({ domain, frame }) => give(domain, frame),
  },
  'share: a frame, with more slots': {
    before: (domain) => {
      const frame = withPeer(domain);
      useSlots(domain, 1);
      return frame;
    },
    act: ({ domain, frame }) => give(domain, frame),
  },
  'spawn: a program': {
    before: () => capRef(0),
    reorders: true,
    act: ({ domain }) => spawn(domain, hello, { argv: ['hello'] }),
  },
  'spawn: a program, with more records and slots': {
    before: (domain) => {
      const frame = useRecords(domain);
      useSlots(domain, 2);
      return frame;
    },
    reorders: true,
    act: ({ domain }) => spawn(domain, hello, { argv: ['hello'] }),
  },
  'spawn: an empty domain': {
    before: () => capRef(0),
    reorders: true,
    act: ({ domain }) => spawnEmpty(domain, { ramBytes: MIB }),
  },
  'a frame is allocated': {
    act: ({ domain }) => domain.allocateFrame(3 * PAGE_BYTES),
  },
  'a frame is allocated, with more slots': {
    before: (domain) => {
      useSlots(domain, 0);
      return capRef(0);
    },
    act: ({ domain }) => domain.allocateFrame(3 * PAGE_BYTES),
  },
  'a frame is freed that is mapped': {
    before: (domain) => mapped(domain, 8 * PAGE_BYTES, READ_WRITE),
    act: ({ domain, frame }) => domain.freeFrame(frame),
  },
};

describe('an operation of which one call fails has done nothing', () => {
  test.each(Object.keys(OPERATIONS))('%s', (name) => {
    const operation = OPERATIONS[name] as Operation;
    let failures = 0;
    for (let nth = 1; ; nth += 1) {
      const here = scene(operation);
      const peer = peers.get(here.domain);
      const calls = new FailingCalls(here.domain);
      if (peer !== undefined) calls.watchDomain(peer);
      const before = snapshot(here);
      calls.arm(nth);
      let failed = false;
      try {
        operation.act(here);
      } catch (error) {
        if (!(error instanceof VmError)) throw error;
        expect(error.chain(), `${calls.struck} ${nth}`).not.toContain('LIB_ERR_PMAP_ROLLBACK');
        failed = true;
      }
      const { struck } = calls;
      calls.arm(0);
      if (struck === undefined) {
        expect(failed).toBe(false);
        break;
      }
      const { kernel, domain } = here;
      const { pmap, number } = domain;
      expect(auditKernel(kernel), `${struck} ${nth}`).toEqual([]);
      expect(auditSpace({ kernel, pmap, manager: domain, number }), `${struck} ${nth}`).toEqual([]);
      expect((here.kernel.machine.tlb as StrictTlb).violations).toEqual([]);
      if (!failed) continue;
      failures += 1;
      const after = snapshot(here);
      const parts = operation.reorders
        ? difference(sorted(before), sorted(after))
        : difference(before, after);
      expect(parts, `call ${nth}, ${struck}, fails`).toEqual([]);
      // What failed once can be done now.
      operation.act(here);
    }
    expect(failures).toBeGreaterThan(0);
  });
});

test('no invocation escapes the injection', () => {
  const answersNoError = ['typeName', 'receive', 'dispatcherNumber'];
  const own = ['constructor', 'mapByName', 'unmapByName', 'mapPages', 'unmapPage', 'domainOf'];
  const inside = [
    'foreignRoot',
    'sourceSlot',
    'destinationSlot',
    'sourceError',
    'destinationError',
  ];
  const known = new Set<string>([...INVOCATIONS, ...answersNoError, ...own, ...inside]);
  const methods: string[] = [];
  for (let at = Invocations.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    methods.push(...Object.getOwnPropertyNames(at));
  }
  expect(methods.filter((name) => !known.has(name))).toEqual([]);
});
