/**
 * Shared virtual memory (Li and Hudak, 1989): two domains on two machines, which have no memory in
 * common, see the same pages. Each page has one owner that may write it, or copies that may be read;
 * a fault asks the other machine for the page and takes its rights away.
 *
 *     node examples/self-paging/shared-memory.mjs > shared-memory.svg
 */
import { copyIn, copyOut, PagePrimitives, VRegionFlags } from 'pagewright/domain';
import { boot, PAGE } from './machine.mjs';
import { picture } from './picture.mjs';

const PAGES = 12;
const { NONE, READ, READ_WRITE } = VRegionFlags;
const names = ['one', 'two'];
const rows = [];

const nodes = names.map((name, index) => {
  const { domain, cpu } = boot(name);
  const region = domain.vspace.mapAnonymous(PAGES * PAGE, { name: 'shared', at: 0x5000_0000 });
  const vm = new PagePrimitives(domain, region);
  const node = { name, domain, cpu, region, vm, rights: new Array(PAGES).fill(NONE) };
  node.second = vm.map2(region.base) - region.base;
  node.set = (page, rights) => {
    node.rights[page] = rights;
    domain.vspace.protect(region.base + page * PAGE, PAGE, rights);
  };
  for (let page = 0; page < PAGES; page += 1) node.set(page, index === 0 ? READ_WRITE : NONE);
  return node;
});

nodes.forEach((node, index) => {
  const other = nodes[1 - index];
  node.vm.trap((address, write) => {
    const page = (address - node.region.base) / PAGE;
    // The content comes from whoever has it; a writer leaves nobody else a copy.
    if (node.rights[page] === NONE) {
      const bytes = copyIn(other.domain, address + other.second, PAGE);
      copyOut(node.domain, address + node.second, bytes);
    }
    other.set(page, write ? NONE : READ);
    node.set(page, write ? READ_WRITE : READ);
    const groups = nodes.map(({ rights }, machine) =>
      rights.map((right, at) => nameOf(right) + (at === page && machine === index ? '!' : '')),
    );
    rows.push({ label: `${node.name} ${write ? 'writes' : 'reads'} page ${page}`, groups });
  });
});

function nameOf(rights) {
  if (rights === READ_WRITE) return 'may be written';
  return rights === READ ? 'may be read' : 'elsewhere';
}

// Both add to counters in turn; what they see must be what the other one wrote.
const expected = new Array(PAGES).fill(0);
for (let step = 0; step < 60; step += 1) {
  const { cpu, region } = nodes[step % 5 < 2 ? 1 : 0];
  const page = (step * 5) % PAGES;
  const value = cpu.load(region.base + page * PAGE, 4);
  if (value !== expected[page]) throw new Error(`page ${page} is ${value}, not ${expected[page]}`);
  if (step % 2 === 0) {
    expected[page] = value + step;
    cpu.store(region.base + page * PAGE, 4, value + step);
  }
}
process.stdout.write(
  picture('Shared virtual memory of two machines', ['machine one', 'machine two'], rows, {
    'may be written': '#d9534f',
    'may be read': '#5cb85c',
    elsewhere: '#dddddd',
  }),
);
