import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { buildLayout, buildMap, type FileProblem, readLayout } from '../../src/layout/index.js';

const OPTIONS = { tables: 0x100_0000 };

/** The map of the layout that `text` describes. */
function mapOf(text: string, file: string, defines?: Record<string, string>): string {
  const given = new Map(Object.entries(defines ?? {}));
  const layout = readLayout(text, file, noFiles, { ...OPTIONS, defines: given });
  return buildMap(buildLayout(layout));
}

function noFiles(path: string): Uint8Array {
  throw new Error(`nobody asked for ${path}`);
}

/** What is told of a text that cannot be imported. */
function refusal(text: string, file = 'list.h'): { code: string; problems: string[] } {
  try {
    readLayout(text, file, noFiles, OPTIONS);
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    const problems = error.evidence as FileProblem[];
    return {
      code: error.code,
      problems: problems.map(({ line, message }) => `${line} ${message}`),
    };
  }
  throw new Error('the text was imported');
}

const PLAIN_CSV = `# ADDR, LENGTH, TYPE, LABEL
0x01C090000,   4K, DEVICE, UART0
0x02C000000,   8K, DEVICE, GICC

// more
0x02E000000,  64K, NORMAL, Non-Trusted SRAM
0x080000000,   1G, RW_DATA, DRAM, all of it
0x0C0000000,   2M, CODE, CODE
`;

const WIDE_CSV = `# Comment
// another comment
0x01C090000,,   4K, DEVICE,   SRW_UNA, UART0
0x02F000000+0x100000,,   1M, DEVICE:GLOBAL,   SRW_UNA, GICR
0x080000000,0x40000000,   1G, CACHE_WT:SHARED:GLOBAL, SRW_URW:NS, DRAM
0x0C0000000,,   2M, CACHE_WB, SRO_UNA:SX, CODE
0x0C0200000,,   2M, CACHE_WB, SRW_URW:SX, never executed
0x0C0400000,,   4K, NO_CACHE:GLOBAL, SRO_URO:SX:UX, both
`;

const TF_A = `
#include <lib/xlat_tables.h>
#define DEVICE0_BASE UL(0x1c000000)
#define DEVICE0_SIZE (UL(0x200000) - \\
    0x100000)
#define MAP_DEVICE0 MAP_REGION_FLAT(DEVICE0_BASE, \\
    DEVICE0_SIZE, MT_DEVICE | MT_RW | MT_SECURE)
/* MAP_REGION_FLAT(in, a, comment) */
static const mmap_region_t plat_mmap[] = {
  MAP_DEVICE0,
  MAP_REGION(0x04000000, 0x40000000, 1 << 20, MT_MEMORY | MT_RW | MT_NS),
  MAP_REGION_FLAT(BL31_CODE_BASE, BL31_CODE_SIZE, MT_CODE | MT_SECURE), // code
  MAP_REGION2(0x06000000, 0x06000000, 0x1000, MT_RO_DATA | MT_USER, PAGE_SIZE),
  MAP_REGION_ALLOC_VA(0x07000000, 0x4000, MT_NON_CACHEABLE | MT_RW | MT_EXECUTE_NEVER),
  {0}
};
`;

const ZEPHYR = `
static const struct arm_mmu_region mmu_regions[] = {
	MMU_REGION_FLAT_ENTRY("vectors", 0x00000000, 0x1000,
			      MT_STRONGLY_ORDERED | MPERM_R | MPERM_X),
	MMU_REGION_FLAT_ENTRY("mpcore", 0xF8F00000, 0x2000, MT_STRONGLY_ORDERED | MPERM_R | MPERM_W),
	MMU_REGION_ENTRY("ocm", 0xFFFC0000, 0x20000000, KB(64), MT_NORMAL | MATTR_SHARED | MPERM_R | MPERM_W),
	MMU_REGION_FLAT_ENTRY("SRAM", CONFIG_SRAM_BASE_ADDRESS, CONFIG_SRAM_SIZE * 1024,
			      MT_NORMAL | MT_P_RX_U_RX | MT_DEFAULT_SECURE_STATE),
};
`;

const U_BOOT = `
static struct mm_region board_mem_map[] = {
	{
		.virt = 0x00000000UL,
		.phys = 0x00000000UL,
		.size = SZ_1M,
		.attrs = PTE_BLOCK_MEMTYPE(MT_DEVICE_NGNRNE) |
			 PTE_BLOCK_NON_SHARE |
			 PTE_BLOCK_PXN | PTE_BLOCK_UXN
	}, {
		.virt = 0x40000000UL,
		.phys = 0x80000000UL,
		.size = 0x20000000UL,
		.attrs = PTE_BLOCK_MEMTYPE(MT_NORMAL) | PTE_BLOCK_INNER_SHARE
	}, {
		/* List terminator */
		0,
	}
};
`;

describe('lists of regions', () => {
  it.each([
    ['plain.csv', PLAIN_CSV, {}],
    ['wide.csv', WIDE_CSV, {}],
    ['tf-a.c', TF_A, { BL31_CODE_BASE: '0x05000000', BL31_CODE_SIZE: 'UL(0x10000)' }],
    ['zephyr.c', ZEPHYR, { CONFIG_SRAM_BASE_ADDRESS: '0x10000000', CONFIG_SRAM_SIZE: '1024' }],
    ['u-boot.c', U_BOOT, {}],
  ] as const)('%s become the map that they became', async (file, text, defines) => {
    await expect(mapOf(text, file, defines)).toMatchFileSnapshot(
      `../golden/layout/${file}.map.txt`,
    );
  });

  it.each([
    [
      'a name without a value',
      TF_A,
      'IMPORT_ERR_UNRESOLVED',
      '12 no value is known for BL31_CODE_BASE, BL31_CODE_SIZE; give it with -D NAME=VALUE',
    ],
    [
      'an attribute that is not known',
      'MAP_REGION_FLAT(0x0, 0x1000, MT_DEVICE | MT_FANCY)',
      'IMPORT_ERR_UNRESOLVED',
      '1 no value is known for MT_FANCY; give it with -D NAME=VALUE',
    ],
    [
      'a macro that is not known',
      'MMU_REGION_DT_FLAT_ENTRY(a, b)',
      'IMPORT_ERR_UNRESOLVED',
      '1 `MMU_REGION_DT_FLAT_ENTRY` is not read; known are MAP_REGION, MAP_REGION2, MAP_REGION_FLAT, MAP_REGION_ALLOC_VA, MAP_REGION2_ALLOC_VA, MMU_REGION_ENTRY, MMU_REGION_FLAT_ENTRY',
    ],
    [
      'too few arguments',
      'MAP_REGION_FLAT(0x1000)',
      'IMPORT_ERR_SYNTAX',
      '1 `MAP_REGION_FLAT` has 1 arguments, it takes 3: flat, size, attributes',
    ],
    [
      'an expression without a value',
      'MAP_REGION_FLAT(1 / 0, 0x1000, MT_DEVICE)',
      'IMPORT_ERR_SYNTAX',
      '1 `1 / 0` is no address',
    ],
    [
      'a macro that is itself',
      '#define A B\n#define B A\nMAP_REGION_FLAT(A, 4096, MT_DEVICE)',
      'IMPORT_ERR_UNRESOLVED',
      '3 no value is known for A; give it with -D NAME=VALUE',
    ],
    [
      'no region',
      'static struct mm_region x[] = {};',
      'IMPORT_ERR_SYNTAX',
      '1 the file has no region',
    ],
    [
      'a type that is not known',
      '0x1000, 4K, WARM, a\n0x2000, 4Q, DEVICE, b\n0x3000, 4K, DEVICE',
      'IMPORT_ERR_SYNTAX',
      '1 `WARM` is none of DEVICE, RW_DATA, NORMAL, CODE',
      '2 `4Q` is no size: write bytes with a unit, like 4K',
      '3 a line has four fields: ADDR, LENGTH, TYPE, LABEL',
    ],
    [
      'flags that are not known',
      '0x1000,, 4K, DEVICE:HOT, SRW_UNA, a\n0x1000,, 4K, DEVICE, SRW, a',
      'IMPORT_ERR_SYNTAX',
      '1 `:HOT` is no flag of this format',
      '2 `SRW` is none of SRW_UNA, SRW_URW, SRO_UNA, SRO_URO',
    ],
  ])('%s is told with its line', (_what, text, code, ...problems) => {
    expect(refusal(text)).toEqual({ code, problems });
  });
});
