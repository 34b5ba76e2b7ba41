import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Right, rightsText } from '../../src/format/index.js';
import type { EvidenceRegion } from '../../src/source/index.js';
import { openSource } from '../../src/source/index.js';
import { parseLog } from '../../src/source/log-source.js';
import { rejectionOf } from '../support/errors.js';
import { growthOf } from '../support/growth.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A region as short text. */
const text = (region: EvidenceRegion): string => {
  const hex = (value: number): string => value.toString(16);
  const { rights } = region;
  const both =
    rights === undefined ? '?' : `${rightsText(rights, true)}/${rightsText(rights, false)}`;
  const pa = region.pa === undefined ? '' : `→${hex(region.pa)}`;
  return `${region.line} ${region.name} ${hex(region.va)}+${hex(region.bytes)}${pa} ${both} ${region.memory}`;
};

const OPTEE = `
NOTICE:  BL31: Built : 14:12:44, Sep  1 2024
D/TC:0   add_phys_mem:635 TEE_SHMEM_START type NSEC_SHM 0x42000000 size 0x00200000
D/TC:0 0 dump_mmap_table:737 type IDENTITY_MAP_RX va 0x0e100000..0x0e101fff pa 0x0e100000..0x0e101fff size 0x00002000 (smallpg)
D/TC:0   dump_mmap_table:737 type TEE_RAM_RW   va 0x0e17c000..0x0e2fffff pa 0x0e17c000..0x0e2fffff size 0x00184000 (smallpg)\r
D/TC:0   dump_mmap_table:737 type RES_VASPACE  va 0x0fd00000..0x106fffff pa 0x00000000..0x009fffff size 0x00a00000 (pgdir)
D/TC:0   dump_mmap_table:737 type IO_SEC       va 0x10900000..0x109fffff pa 0x08000000..0x080fffff size 0x00100000 (pgdir)
[    0.123456] DEBUG:   [0x0] TEE-CORE:dump_mmap_table:546: type MEM_AREA_NSEC_SHM va 0x0f000000..0x0f1fffff pa 0x7fe00000..0x7fffffff size 0x200000
D/TC:0   dump_mmap_table:737 type TEE_RAM_RX   va 0x0e102000..0x0e17bfff pa 0x0e102000..0x0e17bffe size 0x0007a000 (smallpg)
D/TC:0   dump_mmap_table:737 type NEW_THING    va 0x20000000..0x20000fff pa 0x20000000..0x20000fff size 0x00001000 (smallpg)
`;

const PTDUMP = `
---[ Modules ]---
---[ Kernel Mapping ]---
0xc0000000-0xc0100000           1M     RW NX SHD MEM/CACHED/WBRA
0xc0100000-0xc0700000           6M PMD KERNEL          ro x  SHD
0xc0700000-0xc0701000           4K     USR ro x  SHD MEM/CACHED/WBWA
---[ vmalloc() Area ]---
0xf0800000-0xf0802000           8K     RW NX SHD DEV/SHARED
---[ vmalloc() End ]---
---[ Vectors ]---
0xffff0000-0x00000000          64K USR ro x  SHD MEM/CACHED/WBWA
`;

describe('a boot log', () => {
  it('of OP-TEE tells its regions', () => {
    expect(parseLog(OPTEE).map(text)).toEqual([
      '4 IDENTITY_MAP_RX e100000+2000→e100000 r-x/--- cached',
      '5 TEE_RAM_RW e17c000+184000→e17c000 rw-/--- cached',
      '7 IO_SEC 10900000+100000→8000000 rw-/--- device',
      '8 NSEC_SHM f000000+200000→7fe00000 rw-/--- cached',
      '10 NEW_THING 20000000+1000→20000000 ? undefined',
    ]);
    expect(parseLog(OPTEE).map((region) => region.leafBytes)).toEqual([
      4096,
      4096,
      2 ** 20,
      undefined,
      4096,
    ]);
  });

  it('of Linux tells the runs of its page tables', () => {
    expect(parseLog(PTDUMP).map(text)).toEqual([
      '4 Kernel Mapping c0000000+100000 rw-/--- MEM/CACHED/WBRA',
      '5 Kernel Mapping c0100000+600000 r-x/--- undefined',
      '6 Kernel Mapping c0700000+1000 r-x/r-x MEM/CACHED/WBWA',
      '8 vmalloc() Area f0800000+2000 rw-/--- DEV/SHARED',
      '11 Vectors ffff0000+10000 r-x/r-x MEM/CACHED/WBWA',
    ]);
    expect(parseLog(PTDUMP)[0]?.rights).toBe(Right.PRIVILEGED_READ | Right.PRIVILEGED_WRITE);
  });

  it('is a source of regions, by name or by content', async () => {
    const path = join(folder, 'boot.txt');
    writeFileSync(path, `${OPTEE}${PTDUMP}`);
    for (const word of [`log:${path}`, path]) {
      const source = await openSource(word);
      expect(source).toMatchObject({ evidence: 'regions', kind: 'log', word, notes: [] });
      expect(source.coverage).toMatch(/^10 regions in 1\.\d+ K of text$/);
      source.close();
    }
  });

  it('without regions is none', async () => {
    const path = join(folder, 'other.txt');
    writeFileSync(path, 'Hello, world!\n');
    const error = await rejectionOf(openSource(`log:${path}`));
    expect([error.code, error.message]).toEqual([
      'SOURCE_ERR_FORMAT',
      `no line of ${path} (14 B) tells of a mapped region; known are OP-TEE's dump_mmap_table ` +
        "and Linux's kernel_page_tables",
    ]);
    expect((await rejectionOf(openSource(path))).code).toBe('SOURCE_ERR_FORMAT');
  });

  it('may be any text, and takes no longer for it', () => {
    const word = fc.constantFrom(
      ...['type ', 'TEE_RAM', ' va 0x', '..0x', ' pa 0x', ' size 0x', 'f'.repeat(40), ' (pgdir)'],
      ...['---[ ', ' ]---', '0xc0000000-0xc0100000', '   1M', ' RW', '\n', '\r\n', ' '.repeat(99)],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), (words) => {
        for (const region of parseLog(words.join(''))) {
          expect(region.bytes).toBeGreaterThan(0);
          expect(Number.isSafeInteger(region.va + region.bytes)).toBe(true);
        }
      }),
      { seed: 20261122, numRuns: 200 },
    );
    for (const part of ['type ', '---[ ', ' 0xc0000000-0xc0100000 ', '\n']) {
      expect([part, growthOf((size) => parseLog(part.repeat(size)))]).toEqual([
        part,
        expect.toSatisfy((growth: number) => growth < 1.6),
      ]);
    }
  });
});
