import { describe, expect, test } from 'vitest';
import { type CapRef, capRef, errorChain, MIB } from '../../src/base/index.js';
import {
  CapType,
  capRefOf,
  defaultPolicy,
  type Invocations,
  originalPolicy,
  rootSlotRef,
} from '../../src/kernel/index.js';
import { auditKernel } from '../support/kernel-audit.js';
import { KernelRig } from '../support/kernel-rig.js';
import { Random } from '../support/random.js';

const CALLS = 6000;
const AUDIT_EVERY = 40;
const TYPES = Object.values(CapType);
const SIZES = [0, 1024, 4096, 8192, 16 * 1024, 32 * 1024, 64 * 1024, MIB, 16 * MIB];
const ODD = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  -0.5,
  0.5,
  1.5,
  -4096,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 31),
  -(2 ** 53),
  1e300,
  5e-324,
];

/** The CNodes that there are, and the slots in them that random references keep to. */
const HOMES = [0, 1, 3, 8, 9];
const PLACES = HOMES.flatMap((cnode) =>
  Array.from({ length: 24 }, (_, slot) => capRefOf(cnode, slot)),
);
const TABLES = ['VNode_ARM_l1', 'VNode_ARM_l2'];
const FRAMES = ['Frame', 'Frame', 'Frame', 'VNode_ARM_l2', 'DevFrame'];
const MAPPINGS = ['Frame_Mapping', 'VNode_ARM_l2_Mapping', 'DevFrame_Mapping'];

/** Random arguments for one domain: mostly plausible, so that calls get far before they are refused. */
class Arguments {
  readonly random: Random;
  inv: Invocations;

  constructor(random: Random, inv: Invocations) {
    this.random = random;
    this.inv = inv;
  }

  /** A reference, mostly to a capability of one of these types where there is one. */
  cap = (...types: readonly string[]): CapRef => {
    const { random } = this;
    if (random.chance(0.02)) return capRef(random.pick(ODD));
    if (random.chance(0.02)) return rootSlotRef(random.below(20));
    if (random.chance(0.04)) return capRefOf(random.below(14), random.below(256));
    if (random.chance(0.95)) {
      const type = types.length > 0 ? random.pick(types) : undefined;
      const found = PLACES.filter((ref) => {
        const name = this.inv.typeName(ref);
        return type === undefined ? name !== 'Null' : name === type;
      });
      if (found.length > 0) return random.pick(found);
    }
    return random.pick(PLACES);
  };

  empty = (): CapRef => this.cap('Null');

  number = (end: number): number =>
    this.random.chance(0.03) ? this.random.pick(ODD) : this.random.below(end);

  bytes = (): number =>
    this.random.chance(0.03) ? this.random.pick(ODD) : this.random.pick(SIZES);

  offset = (): number =>
    this.random.chance(0.03)
      ? this.random.pick(ODD)
      : this.random.below(16) * this.random.pick([0, 0, 1024, 4096, 4096, 65536, MIB]);

  spaces = (): { source?: CapRef; destination?: CapRef } | undefined => {
    if (this.random.chance(0.85)) return undefined;
    const source = this.random.chance(0.5) ? { source: this.cap('L1CNode') } : {};
    return this.random.chance(0.5) ? { ...source, destination: this.cap('L1CNode') } : source;
  };

  retype = (): Parameters<Invocations['retype']>[1] => {
    const { random } = this;
    const { FRAME, VNODE_ARM_L2, L1_CNODE, L2_CNODE, DISPATCHER, END_POINT } = CapType;
    const usual = [
      FRAME,
      FRAME,
      VNODE_ARM_L2,
      CapType.RAM,
      L1_CNODE,
      L2_CNODE,
      DISPATCHER,
      END_POINT,
    ];
    const odd = random.chance(0.5) ? random.pick(TYPES) : random.pick(ODD);
    const type = random.chance(0.9) ? random.pick(usual) : odd;
    const isSmall = type === VNODE_ARM_L2 || type === DISPATCHER || type === END_POINT;
    const isAny = type === FRAME || type === CapType.RAM;
    const objectBytes = isAny || random.chance(0.05) ? this.bytes() : isSmall ? 1024 : 16 * 1024;
    const count = random.chance(0.8) ? 1 : this.number(random.chance(0.5) ? 5 : 300);
    const step = Math.max(4096, Math.min(65536, objectBytes));
    const place = random.chance(0.9) ? step * random.below(60) : this.offset();
    const offset = type === END_POINT && random.chance(0.8) ? 0 : place;
    return { type, offset, objectBytes, count };
  };
}

type Call = (inv: Invocations, a: Arguments) => unknown;

/** Every method of the interface, and how often it is called. */
const CALL_WEIGHTS: Readonly<Record<string, readonly [number, Call]>> = {
  identify: [2, (inv, a) => inv.identify(a.cap())],
  identifyFrame: [1, (inv, a) => inv.identifyFrame(a.cap('Frame'))],
  identifyMapping: [1, (inv, a) => inv.identifyMapping(a.cap(...MAPPINGS))],
  typeName: [1, (inv, a) => inv.typeName(a.cap())],
  retype: [
    20,
    (inv, a) =>
      inv.retype(
        a.cap('RAM', 'RAM', 'RAM', 'Frame', 'Dispatcher'),
        a.retype(),
        a.empty(),
        a.spaces(),
      ),
  ],
  copy: [5, (inv, a) => inv.copy(a.empty(), a.cap(), a.spaces())],
  mint: [5, (inv, a) => inv.mint(a.empty(), a.cap(), a.number(40), a.spaces())],
  move: [5, (inv, a) => inv.move(a.empty(), a.cap(), a.spaces())],
  delete: [2.5, (inv, a) => inv.delete(a.cap(...FRAMES, ...TABLES, ...MAPPINGS), a.spaces())],
  deleteAny: [0.3, (inv, a) => inv.delete(a.cap(), a.spaces())],
  revoke: [0.6, (inv, a) => inv.revoke(a.cap(...FRAMES, ...TABLES), a.spaces())],
  revokeAny: [0.1, (inv, a) => inv.revoke(a.cap(), a.spaces())],
  vnodeMap: [
    25,
    (inv, a) =>
      inv.vnodeMap(
        a.cap(...TABLES),
        a.cap(...FRAMES),
        a.random.chance(0.3) ? 16 * a.random.below(16) : a.number(64),
        a.number(70),
        a.offset(),
        a.random.chance(0.5) ? 1 : a.random.chance(0.6) ? 16 : a.number(40),
        a.empty(),
      ),
  ],
  vnodeUnmap: [3, (inv, a) => inv.vnodeUnmap(a.cap(...TABLES), a.cap(...MAPPINGS))],
  mappingModify: [
    8,
    (inv, a) => inv.mappingModify(a.cap(...MAPPINGS), a.number(3), a.number(20), a.number(70)),
  ],
  mappingsModify: [
    6,
    (inv, a) => {
      const mappings = Array.from({ length: a.random.below(4) }, () => a.cap(...MAPPINGS));
      return inv.mappingsModify(mappings, a.number(70));
    },
  ],
  mappingSplit: [6, (inv, a) => inv.mappingSplit(a.cap(...MAPPINGS), a.number(20), a.empty())],
  mappingJoin: [6, (inv, a) => inv.mappingJoin(a.cap(...MAPPINGS), a.cap(...MAPPINGS))],
  observe: [0.5, (inv, a) => inv.observe(a.cap(...TABLES), null)],
  resizeRoot: [0.5, (inv, a) => inv.resizeRoot(a.cap('L1CNode'))],
  dispatcherSetup: [
    1,
    (inv, a) => inv.dispatcherSetup(a.cap('Dispatcher'), a.cap('L1CNode'), a.cap('VNode_ARM_l1')),
  ],
  dispatcherNumber: [0.5, (inv, a) => inv.dispatcherNumber(a.cap('Dispatcher'))],
  receiveInto: [2, (inv, a) => inv.receiveInto(a.cap('Dispatcher'), a.empty())],
  receive: [2, (inv, a) => inv.receive(a.cap('Dispatcher'))],
  send: [
    4,
    (inv, a) => {
      const words = Array.from({ length: a.random.below(12) }, () => a.number(9));
      const endpoint = a.cap('EndPoint');
      return a.random.chance(0.3) ? inv.send(endpoint, words) : inv.send(endpoint, words, a.cap());
    },
  ],
};

const WEIGHTS = Object.fromEntries(
  Object.entries(CALL_WEIGHTS).map(([name, [weight]]) => [name, weight]),
);

/** What a first domain has, spread over low slots, so that random references often hit. */
function furnish(rig: KernelRig): void {
  const { inv } = rig;
  const { FRAME, VNODE_ARM_L1, VNODE_ARM_L2, RAM, L1_CNODE, L2_CNODE, DISPATCHER } = CapType;
  rig.retype(L2_CNODE, 16 * 1024, rootSlotRef(8));
  for (const [slot, type, bytes] of [
    [0, RAM, MIB],
    [1, FRAME, 64 * 1024],
    [2, VNODE_ARM_L2, 1024],
    [3, VNODE_ARM_L2, 1024],
    [4, DISPATCHER, 1024],
    [5, L1_CNODE, 16 * 1024],
    [6, FRAME, 16 * MIB],
    [7, VNODE_ARM_L1, 16 * 1024],
  ] as const) {
    rig.retype(type, bytes, capRefOf(8, slot), undefined, bytes);
  }
  inv.copy(capRefOf(8, 9), capRefOf(8, 1));
}

describe('whatever a domain asks, the kernel answers and stays whole', () => {
  for (const [seed, policy] of [
    [1, defaultPolicy({ hasPxn: true } as never)],
    [2, defaultPolicy({ hasPxn: true } as never)],
    [3, originalPolicy],
    [4, originalPolicy],
  ] as const) {
    test(`seed ${seed}, ${policy.name} policy, ${CALLS} calls`, () => {
      const random = new Random(seed);
      let calls = 0;
      let agreed = 0;
      while (calls < CALLS) {
        const rig = new KernelRig({ attributes: policy, ramBytes: 96 * MIB });
        furnish(rig);
        const interfaces = [rig.inv, rig.secondDomain().inv];
        const args = new Arguments(random, rig.inv);
        const log: string[] = [];
        for (let call = 0; call < 600; call += 1, calls += 1) {
          const name = random.weighted(WEIGHTS);
          const inv = interfaces[random.chance(0.9) ? 0 : 1] as Invocations;
          args.inv = inv;
          log.push(name);
          let answer: unknown;
          try {
            answer = CALL_WEIGHTS[name]?.[1](inv, args);
          } catch (error) {
            throw new Error(`seed ${seed}, call ${calls}: ${name} threw ${String(error)}`);
          }
          if (answer === 0) agreed += 1;
          if (typeof answer === 'number' && answer > 0) {
            expect(errorChain(answer).every((code) => code !== 'SYS_ERR_OK')).toBe(true);
          }
          if (random.chance(0.05)) rig.kernel.run(random.below(4));
          if (random.chance(0.1)) touch(rig, random);
          // A domain that has thrown its slots away can do little more; the next one starts afresh.
          const isLast = HOMES.some((cnode) => rig.inv.typeName(rootSlotRef(cnode)) === 'Null');
          if (isLast) call = 600;
          if (call % AUDIT_EVERY !== 0) continue;
          const wrong = auditKernel(rig.kernel);
          if (wrong.length > 0) {
            const last = log.slice(-AUDIT_EVERY).join(' ');
            throw new Error(
              `seed ${seed}, call ${calls}: ${wrong.slice(0, 5).join('; ')}: ${last}`,
            );
          }
        }
      }
      expect(agreed).toBeGreaterThan(CALLS / 5);
    }, 60_000);
  }
});

/** An access to somewhere low: what the strict TLB sees it must be allowed to remember. */
function touch(rig: KernelRig, random: Random): void {
  const va = random.below(64) * (random.chance(0.5) ? 4096 : MIB);
  try {
    if (random.chance(0.5)) rig.machine.cpu.load(va, 4);
    else rig.machine.cpu.store(va, 4, 1);
  } catch {
    // A fault is an answer as good as any.
  }
}
