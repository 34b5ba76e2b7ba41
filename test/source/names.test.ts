import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import type { NamedRange } from '../../src/inspect/index.js';
import { parseDevicetree } from '../../src/source/devicetree-names.js';
import { readNames } from '../../src/source/index.js';
import { parseSvd } from '../../src/source/svd-names.js';
import { parseMemoryTree, parseNameLines } from '../../src/source/text-names.js';
import { xmlTags } from '../../src/source/xml-tags.js';
import { errorOf, rejectionOf } from '../support/errors.js';
import { growthOf } from '../support/growth.js';

const folder = mkdtempSync(join(tmpdir(), 'pagewright-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Names as short text. */
const texts = (names: readonly NamedRange[]): string[] =>
  names.map(({ name, base, bytes, space, role }) => {
    return `${space[0]}${role[0]} ${base.toString(16)}+${bytes.toString(16)} ${name}`;
  });

const SVD = `\uFEFF<?xml version="1.0" encoding="utf-8"?>
<!-- a chip with <peripheral> in a comment -->
<device schemaVersion="1.3">
  <name>CHIP</name>
  <peripherals>
    <peripheral>
      <name>UART0</name>
      <baseAddress>0x4000C000</baseAddress>
      <addressBlock><offset>0x0</offset><size>0x1000</size><usage>registers</usage></addressBlock>
      <registers><register><name>DR</name><addressOffset>0</addressOffset></register></registers>
    </peripheral>
    <peripheral derivedFrom="UART0">
      <name>UART1</name>
      <baseAddress>1073795072</baseAddress>
    </peripheral>
    <peripheral>
      <name>GPIO &amp; friends</name>
      <baseAddress>#01000000000000000000000000000000</baseAddress>
      <addressBlock><offset>0</offset><size>4k</size></addressBlock>
      <addressBlock><offset>0x10000</offset><size>0x80</size></addressBlock>
    </peripheral>
    <peripheral><name>LONE</name><baseAddress>0x50000000</baseAddress></peripheral>
    <peripheral><name>NOWHERE</name></peripheral>
    <peripheral><name>WRONG</name><baseAddress>0b12</baseAddress></peripheral>
  </peripherals>
</device>`;

describe('names from CMSIS-SVD', () => {
  it('are the peripherals', () => {
    expect(texts(parseSvd(SVD, 'chip.svd'))).toEqual([
      'pr 4000c000+1000 UART0',
      'pr 4000d000+1000 UART1',
      'pr 40000000+1000 GPIO & friends',
      'pr 40010000+80 GPIO & friends',
      'pr 50000000+1000 LONE',
    ]);
    expect(parseSvd(SVD, 'chip.svd')[0]?.origin).toBe('chip.svd');
  });

  it('are few', () => {
    const blocks = '<addressBlock><size>1</size></addressBlock>'.repeat(65_537);
    const xml = `<peripherals><peripheral><name>A</name>${blocks}</peripheral></peripherals>`;
    expect(errorOf(() => parseSvd(xml, 'x.svd')).message).toBe(
      'x.svd has more than 65536 address blocks: no chip has',
    );
  });

  it('are none of a file that is cut off', () => {
    const cut = SVD.slice(0, SVD.lastIndexOf('</peripherals>'));
    expect(errorOf(() => parseSvd(cut, 'cut.svd')).message).toBe(
      'cut.svd is cut off: it ends inside its <peripherals>',
    );
  });
});

describe('tags of XML', () => {
  it('come with their attributes and the text before them', () => {
    const xml = `<a b="1" c = '&lt;2&gt;'>x<![CDATA[<y>]]> &amp;<d/> z </a><!-- <e> --><?f?><!G>`;
    expect([...xmlTags(xml)]).toEqual([
      { name: 'a', kind: 'open', attributes: { b: '1', c: '<2>' }, textBefore: '' },
      { name: 'd', kind: 'open', attributes: {}, textBefore: 'x<y> &' },
      { name: 'd', kind: 'close', attributes: {}, textBefore: '' },
      { name: 'a', kind: 'close', attributes: {}, textBefore: 'z' },
    ]);
  });

  it.each(['<', '<a', '<a<a<a', '<!--', '<![CDATA[', '<a b="', '< a>'])(
    'may be broken: %#',
    readTags,
  );

  it.each<[string, (size: number) => string]>([
    ['a long name', (size) => `<${'a'.repeat(size)}`],
    ['tags without end', (size) => '<a '.repeat(size)],
    ['attributes without values', (size) => `<a ${'b'.repeat(size / 20)} `.repeat(20)],
    ['values without end', (size) => `${'<a b="'.repeat(size)}>`],
    ['values that begin nowhere', (size) => `<a${' b='.repeat(size)}>`],
  ])('takes as long as it is: %s', (_what, text) => {
    expect(growthOf((size) => readTags(text(size)))).toBeLessThan(1.6);
  });
});

function readTags(xml: string): void {
  for (const tag of xmlTags(xml)) {
    if (tag.name === '') throw new Error('a tag without a name');
  }
}

/** A devicetree blob: nodes as nested arrays of properties and children. */
interface DeviceNode {
  readonly name: string;
  readonly properties?: Readonly<Record<string, readonly number[]>>;
  readonly children?: readonly DeviceNode[];
}

function deviceTree(root: DeviceNode): Uint8Array {
  const words: number[] = [];
  const strings: string[] = [];
  const push = (value: number): void => {
    words.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  };
  const pad = (): void => {
    while (words.length % 4 !== 0) words.push(0);
  };
  const offsetOf = (name: string): number => {
    if (!strings.includes(name)) strings.push(name);
    return (
      strings.slice(0, strings.indexOf(name)).join('\0').length + (strings[0] === name ? 0 : 1)
    );
  };
  const add = (node: DeviceNode): void => {
    push(1);
    words.push(...Buffer.from(`${node.name}\0`));
    pad();
    push(4);
    for (const [name, cells] of Object.entries(node.properties ?? {})) {
      push(3);
      push(cells.length * 4);
      push(offsetOf(name));
      for (const cell of cells) push(cell);
    }
    for (const child of node.children ?? []) add(child);
    push(2);
  };
  add(root);
  push(9);
  const structure = Buffer.from(words);
  const text = Buffer.from(`${strings.join('\0')}\0`);
  const header = Buffer.alloc(40);
  const fields = [0xd00d_feed, 40 + structure.length + text.length, 40, 40 + structure.length];
  for (const [index, field] of fields.entries()) header.writeUInt32BE(field, index * 4);
  return new Uint8Array(Buffer.concat([header, structure, text]));
}

const BOARD: DeviceNode = {
  name: '',
  properties: { '#address-cells': [2], '#size-cells': [1] },
  children: [
    { name: 'memory@60000000', properties: { reg: [0, 0x6000_0000, 0x1000_0000] } },
    {
      name: 'cpus',
      properties: { '#address-cells': [1], '#size-cells': [0] },
      children: [{ name: 'cpu@0', properties: { reg: [0] } }],
    },
    {
      name: 'soc',
      properties: {
        '#address-cells': [1],
        '#size-cells': [1],
        ranges: [0x1000_0000, 0, 0xf000_0000, 0x10_0000],
      },
      children: [
        { name: 'uart@10009000', properties: { reg: [0x1000_9000, 0x1000] } },
        { name: 'gic@10001000', properties: { reg: [0x1000_1000, 0x1000, 0x1000_0100, 0x100] } },
        { name: 'outside@20000000', properties: { reg: [0x2000_0000, 0x1000] } },
        {
          name: 'bus',
          properties: { '#address-cells': [1], '#size-cells': [1], ranges: [] },
          children: [{ name: 'spi@1000a000', properties: { reg: [0x1000_a000, 0x1000] } }],
        },
        {
          name: 'i2c@1000b000',
          properties: { reg: [0x1000_b000, 0x1000], '#address-cells': [1], '#size-cells': [0] },
          children: [{ name: 'rtc@68', properties: { reg: [0x68] } }],
        },
      ],
    },
  ],
};

describe('names from a devicetree', () => {
  it('are the nodes that the CPU reaches, at its addresses', () => {
    expect(texts(parseDevicetree(deviceTree(BOARD), 'board.dtb'))).toEqual([
      'pr 60000000+10000000 memory@60000000',
      'pr f0009000+1000 uart@10009000',
      'pr f0001000+1000 gic@10001000',
      'pr f0000100+100 gic@10001000[1]',
      'pr f000a000+1000 spi@1000a000',
      'pr f000b000+1000 i2c@1000b000',
    ]);
  });

  it('end where the blob is broken', () => {
    const blob = deviceTree(BOARD);
    for (let bytes = 0; bytes < blob.length; bytes += 3) {
      try {
        parseDevicetree(blob.subarray(0, bytes), 'cut.dtb');
      } catch (error) {
        expect(error).toMatchObject({ code: 'SOURCE_ERR_FORMAT' });
      }
    }
    const deep = (depth: number): DeviceNode =>
      depth === 0 ? { name: 'x' } : { name: 'x', children: [deep(depth - 1)] };
    expect(errorOf(() => parseDevicetree(deviceTree(deep(70)), 'deep')).message).toBe(
      'deep: its nodes are nested more than 64 deep',
    );
  });

  it('have a named error for whatever it is', () => {
    const blob = deviceTree(BOARD);
    const change = fc.tuple(fc.nat(blob.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const broken = blob.slice();
        for (const [at, byte] of changes) broken[at] = byte;
        try {
          parseDevicetree(broken, 'fuzz.dtb');
        } catch (error) {
          expect(error).toBeInstanceOf(VmError);
        }
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });
});

const MTREE = `FlatView #0
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-000000000000ffff (prio 0, i/o): io

FlatView #1
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-0000000003ffffff (prio 0, romd): virt.flash0
  0000000009000000-0000000009000fff (prio 0, i/o): pl011
  000000000a000000-000000000a0001ff (prio 0, i/o): virtio-mmio @0000000000000000
  0000000040000000-0000000041ffffff (prio 0, ram): ram KVM
  0000000040000000-00000000ffffffffffffffff (prio 0, ram): wrong

`;

describe('names from text', () => {
  it('are the regions of a memory tree', () => {
    const regions = parseMemoryTree(MTREE, 'mtree');
    expect(texts(regions)).toEqual([
      'pr 0+4000000 virt.flash0',
      'pr 9000000+1000 pl011',
      'pr a000000+200 virtio-mmio',
      'pr 40000000+2000000 ram',
    ]);
    expect(regions.map(({ kind }) => kind)).toEqual(['romd', 'i/o', 'i/o', 'ram']);
    const other = MTREE.replace('AS "memory"', 'AS "x"');
    expect(texts(parseMemoryTree(other, 'mtree'))).toEqual(['pr 0+10000 io']);
    expect(parseMemoryTree('', 'mtree')).toEqual([]);
  });

  it('are lines of ranges, or of nm', () => {
    const lines = [
      '# names',
      '0x60000000+16M      ddr: the memory',
      'pa:f8000000..f8000fff slcr',
      'VA:1000..1fff a b',
      '4000 entry # here',
      'c0008000 T stext',
      'c0008040 t local\r',
      '00001000 B __per_cpu module',
      '',
    ];
    expect(texts(parseNameLines(lines.join('\n'), 'names'))).toEqual([
      'vr 60000000+1000000 ddr: the memory',
      'pr f8000000+1000 slcr',
      'vr 1000+1000 a b',
      'vs 4000+1 entry',
      'vs c0008000+1 stext',
      'vs c0008040+1 local',
      'vs 1000+1 __per_cpu',
    ]);
  });

  it.each(['hello', '1000', '2000..1000 x', 'zzz+1 x', '1000+0 x', 'pa: x', '1000+12q x'])(
    'are not %j',
    (line) => {
      const error = errorOf(() => parseNameLines(`1 a\n${line}`, 'names'));
      expect([error.code, error.message]).toEqual([
        'SOURCE_ERR_FORMAT',
        `names:2: ${line} is no name; a line has ADDRESS..LAST NAME, ADDRESS+SIZE NAME or ` +
          'ADDRESS NAME',
      ]);
    },
  );

  it('are at most half a million', () => {
    const error = errorOf(() => parseNameLines('c0000000 T a\n'.repeat(2 ** 19 + 1), 'names'));
    expect(error.message).toMatch(/^names:524289: c0000000 T a is more than 524288 names/);
  });
});

describe('a file of names', () => {
  it.each([
    ['chip.svd', SVD, 5],
    ['board.dtb', deviceTree(BOARD), 6],
    ['mtree.txt', MTREE, 4],
    ['names.txt', '1000 a\n2000 b\n', 2],
    ['empty.txt', '', 0],
  ])('is what its content says: %s', async (name, content, count) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    const names = await readNames(path);
    expect(names.length).toBe(count);
    expect(new Set(names.map(({ origin }) => origin)).size).toBe(Math.min(count, 1));
  });

  it('that is no text is told without printing it', async () => {
    const path = join(folder, 'noise');
    writeFileSync(path, Uint8Array.of(0x31, 0xff, 0x00, 0x80, 0x0a));
    expect((await rejectionOf(readNames(path))).message).toBe(`${path}: not a text in UTF-8`);
    writeFileSync(path, Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, 40));
    expect((await rejectionOf(readNames(path))).message).toBe(`${path}: it ends inside its header`);
  });

  it('has a named error for whatever it is', async () => {
    const path = join(folder, 'fuzz');
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 200 })),
        async (content) => {
          writeFileSync(path, content);
          try {
            await readNames(path);
          } catch (error) {
            expect(error).toBeInstanceOf(VmError);
          }
        },
      ),
      { seed: 20261122, numRuns: 200 },
    );
    writeFileSync(path, new Uint8Array(33 * 2 ** 20));
    expect((await rejectionOf(readNames(path))).message).toMatch(/has at most 32\.0 M$/);
  });
});
