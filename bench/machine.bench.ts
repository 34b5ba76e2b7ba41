/**
 * The MMU: 65,536 translations by small pages, in random order, for one access that is allowed.
 * Every translation ends with the check of domain and permissions, and is counted; events are off.
 *
 *   tlbHit  over 64 pages that the TLB of a Cortex-A15 holds
 *   walk    past the TLB, over 4,096 pages in 16 tables: both entries are read each time
 */
import {
  Access,
  addressBits,
  Kind,
  leafPattern,
  tableAddressBits,
  tablePattern,
} from '../src/format/index.js';
import { Machine } from '../src/machine/index.js';
import { type Case, nanosecondsPer, shuffled } from './measure.js';

const PAGE = 4096;
const RAM = 0x8000_0000;
const ROOT = RAM;
const TABLES = RAM + 0x10_0000;
const FRAMES = RAM + 0x1000_0000;
const BASE = 0x1000_0000;
const TRANSLATIONS = 65_536;

const PATTERN = leafPattern(Kind.SMALL, {
  ap: 3,
  xn: true,
  pxn: false,
  tex: 1,
  c: true,
  b: true,
  s: false,
  ng: true,
  ns: false,
  domain: 0,
});

/** A machine that runs a space of `pages` small pages from BASE on. */
function machineWith(pages: number): Machine {
  const machine = new Machine({
    banks: [{ name: 'ram', base: RAM, bytes: 0x4000_0000, kind: 'ram' }],
    profile: 'cortex-a15',
  });
  const { memory } = machine;
  const table = tablePattern({ domain: 0, pxn: false, ns: false });
  for (let page = 0; page < pages; page += 1) {
    const at = TABLES + page * 4;
    const entry = ROOT + ((BASE + page * PAGE) >>> 20) * 4;
    memory.writeWord(entry, table | tableAddressBits((at - (at % 1024)) / 1024));
    memory.writeWord(at, PATTERN | addressBits(Kind.SMALL, FRAMES / PAGE + page));
  }
  machine.cpu.switchTo(ROOT, 1);
  return machine;
}

/** Addresses in `pages` pages from BASE on, in random order. */
function randomAddresses(pages: number): Int32Array {
  return shuffled(TRANSLATIONS).map((number) => BASE + (number % pages) * PAGE + (number & 0xffc));
}

/** One sample; `translateAll` answers how many translations were refused. */
function timed(translateAll: () => number): number {
  let refused = 0;
  const time = nanosecondsPer(TRANSLATIONS, () => {
    refused = translateAll();
  });
  if (refused > 0) throw new Error(`${refused} translations were refused`);
  return time;
}

function hitting(): () => number {
  const { mmu } = machineWith(64).cpu;
  const addresses = randomAddresses(64);
  return () =>
    timed(() => {
      let refused = 0;
      for (let index = 0; index < TRANSLATIONS; index += 1) {
        if (mmu.translate(addresses[index], Access.USER_READ) < 0) refused += 1;
      }
      return refused;
    });
}

function walking(): () => number {
  const { mmu } = machineWith(4096).cpu;
  const addresses = randomAddresses(4096);
  return () =>
    timed(() => {
      let refused = 0;
      for (let index = 0; index < TRANSLATIONS; index += 1) {
        if (mmu.translateAfresh(addresses[index], Access.USER_READ) < 0) refused += 1;
      }
      return refused;
    });
}

export const cases: readonly Case[] = [
  { name: 'tlbHit', unit: 'ns', samples: 300, prepare: hitting },
  { name: 'walk', unit: 'ns', samples: 300, prepare: walking },
];
