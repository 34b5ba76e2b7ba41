import { describe, expect, it } from 'vitest';
import { verifyPmap } from '../../src/inspect/index.js';
import { parseScenario, ScenarioRun, type StepResult } from '../../src/scenario/index.js';

const HEAD = 'machine: {tlb: strict}\ndomains: [{name: one, ram: 8M}, {name: two, ram: 4M}]';
const FILES: Readonly<Record<string, string>> = { 'notes.txt': 'a file beside the scenario' };

/** A run of `steps`; each page of each domain that is left is what its shadow says. */
function results(steps: string, head: string): StepResult[] {
  const text = `${head}\nsteps:\n${steps.trim().replaceAll(/^ *(?=\S)/gm, '  - ')}`;
  const files = (path: string): Uint8Array => new TextEncoder().encode(FILES[path] ?? '');
  const run = new ScenarioRun(parseScenario(text, 's.yaml'), files);
  const all = [...run.steps()];
  for (const { domain } of run.world.actors) {
    expect(verifyPmap(run.world.kernel, domain.pmap).first).toEqual([]);
  }
  return all;
}

/** What the steps did, all of which have to end as they say. */
function facts(steps: string, head = HEAD): unknown[] {
  return results(steps, head).map(({ step, outcome, unmet }) => {
    expect(unmet, `step ${step.number}`).toEqual([]);
    return outcome.kind === 'done' ? outcome.facts : outcome.codes;
  });
}

describe('objects of each kind', () => {
  it.each([
    ['anonymous', 'size: 64K', 65536],
    ['append', 'size: 64K', 65536],
    ['one-frame', 'frame: f', 131072],
    ['one-frame-lazy', 'frame: f, chunk: 16K', 131072],
    ['one-frame-one-map', 'frame: f, size: 64K', 65536],
    ['pinned', 'size: 128K', 131072],
    ['fixed', 'size: 128K, chunk: 128K', 131072],
    ['numa', 'frames: [f, g], chunk: 8K', 262144],
    ['file', 'file: notes.txt', 4096],
    ['file', 'contents: "hex:01 02"', 4096],
  ])('%s with %s', (kind, rest, bytes) => {
    const fill = ['pinned', 'fixed'].includes(kind) ? 'fill: {object: o, frame: f}' : '';
    const append = kind === 'append' ? 'append: {object: o, size: 64K}' : '';
    const found = facts(`
      allocate: {frame: f, size: 128K}
      allocate: {frame: g, size: 128K}
      create: {object: o, kind: ${kind}, ${rest}}
      map: {object: o, at: 0x5000_0000}
      ${fill}
      ${append}
      write: {at: o, contents: hello}
      {read: {at: o, size: 5}, expect: {contents: hello}}
      {load: {at: o, bytes: 1}, expect: {value: 0x68}}
      unmap: {at: o}
      {load: {at: o}, expect: {fault: translation}}
    `);
    expect(found[2]).toEqual({ verb: 'create', object: 'o', kind, bytes });
    expect(found.at(-1)).toEqual(expect.arrayContaining(['LIB_ERR_VSPACE_REGION_NOT_FOUND']));
  });

  it('append objects have nothing behind their end, and other objects do not grow', () => {
    expect(
      facts(`
        create: {object: o, kind: append, size: 64K}
        map: {object: o, at: 0x5000_0000}
        {store: {at: o}, expect: {error: LIB_ERR_MEMOBJ_UNFILLED}}
        append: {object: o, size: 8K}
        store: {at: o+4K}
        create: {object: p, size: 4K}
        {append: {object: p, size: 4K}, expect: {error: LIB_ERR_MEMOBJ_RANGE}}
        {flush: {object: p}, expect: {error: LIB_ERR_MEMOBJ_SOURCE}}
      `)[3],
    ).toEqual({ verb: 'append', object: 'o', bytes: 8192 });
  });

  it('each object has its own copy of the file beside the scenario', () => {
    facts(`
      create: {object: a, kind: file, file: notes.txt, sharing: written-back}
      create: {object: b, kind: file, file: notes.txt}
      map: {object: a, at: 0x5000_0000}
      map: {object: b, at: 0x6000_0000}
      write: {at: a, contents: MINE}
      {flush: {object: a}, expect: {contents: "MINEle beside the scenario"}}
      {read: {at: b, size: 26}, expect: {contents: "a file beside the scenario"}}
    `);
  });

  it('contents that are others are told', () => {
    const steps = `
      create: {object: b, kind: file, contents: ab}
      map: {object: b, at: 0x6000_0000}
      {read: {at: b}, expect: {contents: a}}
    `;
    expect(results(steps, HEAD).at(-1)?.unmet).toEqual(['contents: expected "a", got "ab"']);
  });
});

describe('regions', () => {
  it('above, below, aligned, replaced; random places that come again', () => {
    const places = (head?: string): unknown[] =>
      facts(
        `
        create: {object: o, size: 16K}
        map: {object: o, as: a, above: 0x5000_1000}
        map: {object: o, as: b, below: 0x6000_0000}
        map: {object: o, as: c, align: 1M}
        reserve: {as: d, size: 1M, at: 0x7000_0000}
        map: {object: o, as: e, at: d+64K, replace: true, inherit: none}
        {map: {object: o, as: e, at: d}, expect: {error: LIB_ERR_VSPACE_REGION_OVERLAP}}
      `,
        head,
      ).map((each) => (each as { region?: { va: number } }).region?.va);
    expect(places()).toEqual([
      undefined,
      0x5000_1000,
      0x5fff_c000,
      0x4040_0000,
      0x7000_0000,
      0x7001_0000,
      undefined,
    ]);
    const random = (seed: number): unknown =>
      places(`domains: [{name: one, aslr: {seed: ${seed}}}]`)[3];
    expect(random(1)).toBe(random(1));
    expect(random(1)).not.toBe(random(2));
  });

  it('protect and unmap cut them, up to the maximum', () => {
    expect(
      facts(`
        create: {object: o, size: 64K}
        map: {object: o, at: 0x5000_0000, rights: r, max: rw}
        {store: {at: o}, expect: {fault: translation, error: LIB_ERR_VREGION_RIGHTS}}
        protect: {at: o+4K, size: 8K, rights: rw}
        store: {at: o+8K, value: 1}
        {protect: {at: o, rights: x}, expect: {error: LIB_ERR_VREGION_MAX_RIGHTS}}
        unmap: {at: o+4K, size: 4K}
        {load: {at: o+8K}, expect: {value: 1}}
      `).slice(6, 7),
    ).toEqual([{ verb: 'unmap', va: 0x5000_1000, bytes: 4096 }]);
  });

  it('stacks grow, heaps give and take', () => {
    expect(
      facts(`
        stack: {as: s, size: 4K, most: 12K}
        store: {at: s+4092, value: 1}
        {load: {at: s.top}, expect: {error: LIB_ERR_VSPACE_REGION_NOT_FOUND}}
        heap: {as: h, size: 64K}
        malloc: {as: m, heap: h, size: 12}
        store: {at: m, value: 5}
        release: {at: m, heap: h}
        {malloc: {as: n, heap: h, size: 1M}, expect: {error: LIB_ERR_MALLOC_FAIL}}
      `)[0],
    ).toMatchObject({ bytes: 4096, most: 12288 });
  });
});

describe('domains', () => {
  it('a clone has names, stacks and contents of its parent, and a budget of its own', () => {
    facts(`
      create: {object: o, size: 16K}
      map: {object: o, at: 0x5000_0000}
      write: {at: o, contents: before}
      {clone: {as: child, pager: {frames: 3, policy: fifo}}, expect: {count: 1}}
      {domain: child, write: {at: o, contents: after}}
      {read: {at: o}, expect: {contents: before}}
      {domain: child, touch: {at: o, size: 16K, access: write, pattern: strided}}
      {domain: child, read: {at: o+4K, size: 4}, expect: {contents: "hex:00 10 00 50", paging: {resident: 3}}}
      {domain: child, clone: {as: grandchild, ram: 1M}}
      {domain: grandchild, read: {at: o}, expect: {contents: "hex:00 00 00 50 72 65"}}
      {domain: child, write: {at: o, contents: later}}
      {domain: grandchild, read: {at: o}, expect: {contents: "hex:00 00 00 50 72 65"}}
      kill: child
      {read: {at: o}, expect: {contents: before}}
    `);
  });

  it('an end says what it could not keep for a clone that has no room', () => {
    const [ended] = facts(`
      create: {object: o, size: 2M}
      map: {object: o, at: 0x5000_0000}
      touch: {at: o, size: 2M, access: write}
      clone: {as: child, ram: 1M}
      {domain: two, exit: one}
    `).slice(-1);
    expect(ended).toMatchObject({ verb: 'exit', domain: 'one' });
    const { lost } = ended as { lost: readonly string[] };
    expect(lost.map((line) => line.replace(/\d+/g, 'N'))).toEqual([
      'child has no memory for another page',
    ]);
  });

  it('who has ended is spoken to no more, and only clones are killed', () => {
    const clones = `
      clone: {as: child, ram: 4M}
      {domain: child, clone: {as: grandchild, ram: 1M}}
      kill: child
      {domain: grandchild, load: {at: 0x5000_0000}}
    `;
    expect(() => facts(clones)).toThrow(/`grandchild` has ended/);
    const found = () =>
      facts(`
        exit: two
        {domain: two, load: {at: 0x5000_0000}}
      `);
    expect(found).toThrow(/s\.yaml:5: `two` has ended/);
    expect(() => facts('kill: two')).toThrow(/s\.yaml:4: two is no clone/);
    expect(() => facts('budget: {frames: 5}')).toThrow(/s\.yaml:4: one has no pager/);
  });

  it('a frame is given away, with its mappings', () => {
    expect(
      facts(`
        allocate: {frame: f, size: 4K}
        map: {frame: f, at: 0x5000_0000}
        store: {at: f, value: 9}
        transfer: {frame: f, to: two, as: g}
        {load: {at: f}, expect: {fault: translation}}
        {domain: two, map: {frame: g, at: 0x5000_0000}}
        {domain: two, load: {at: g}, expect: {value: 9}}
        {domain: two, free: {frame: g}}
      `)[3],
    ).toMatchObject({ verb: 'transfer', frame: 'f', to: 'two', as: 'g' });
  });

  it('an object is shared with fewer rights, and taken back', () => {
    facts(`
      create: {object: o, size: 8K}
      {share: {object: o, with: two, rights: r, map: false}}
      {domain: two, map: {object: o, at: 0x5000_0000, rights: rw}, expect: {error: LIB_ERR_MEMOBJ_RIGHTS}}
      {domain: two, map: {object: o, at: 0x5000_0000, rights: r}}
      {domain: two, load: {at: o}, expect: {value: 0}}
      {revoke: {object: o, from: two}, expect: {count: 1}}
      {domain: two, load: {at: o}, expect: {error: LIB_ERR_MEMOBJ_GONE}}
    `);
  });
});

describe('paging', () => {
  const policies = ['fifo', 'clock', 'second-chance', 'lru', 'lfu', 'random'];
  it.each(
    policies.flatMap((policy) => [
      [policy, 'default'],
      [policy, 'access-flag'],
    ]),
  )('%s under %s attributes keeps the budget and every byte', (policy, attributes) => {
    const head = `machine: {tlb: strict}
kernel: {attributes: ${attributes}}
domains: [{name: one, ram: 4M, pager: {frames: 4, policy: ${policy}, seed: 5, window: 2}}]`;
    const order = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6];
    const reads = order.map((page) => {
      const value = 0x5000_0000 + page * 4096;
      return `{load: {at: o+${page * 4096}}, expect: {value: ${value}, paging: {resident: <= 4}}}`;
    });
    facts(
      `create: {object: o, size: 40K}
        map: {object: o, at: 0x5000_0000}
        {touch: {at: o, size: 40K, pattern: strided, access: write}, expect: {paging: {taken: 10, resident: 4}}}
        ${reads.join('\n        ')}`,
      head,
    );
  });

  it('a store that is full keeps the page, and says so', () => {
    const head = 'domains: [{name: one, ram: 4M, pager: {frames: 3, store: 1}}]';
    facts(
      `create: {object: o, size: 40K}
      map: {object: o, at: 0x5000_0000}
      {touch: {at: o, size: 40K, pattern: strided, access: write}, expect: {error: LIB_ERR_PAGER_STORE}}
      {load: {at: o+8K}, expect: {value: 0x5000_2000}}`,
      head,
    );
  });

  it('pins hold, and so does a limit on them', () => {
    const head = 'domains: [{name: one, ram: 4M, pager: {frames: 3}}]';
    facts(
      `create: {object: o, size: 40K}
      map: {object: o, at: 0x5000_0000}
      pin: {object: o, size: 12K}
      {load: {at: o+16K}, expect: {error: LIB_ERR_PAGER_BUDGET}}
      unpin: {object: o, size: 4K}
      load: {at: o+16K}
      {unpin: {object: o, offset: 0, size: 4K}, expect: {error: LIB_ERR_MEMOBJ_PIN}}
      evict: {object: o}`,
      head,
    );
  });
});
