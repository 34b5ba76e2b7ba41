/**
 * The read barrier of a copying collector (Appel, Ellis and Li, 1988): at a flip the roots are copied
 * and all of to-space is protected. The first use of a page traps; the collector scans that page through
 * a second mapping, copies what its objects point to, and only then lets the program in. So the program
 * only ever sees pointers into to-space.
 *
 *     node examples/self-paging/read-barrier.mjs > read-barrier.svg
 */
import { PagePrimitives } from 'pagewright/domain';
import { boot, PAGE } from './machine.mjs';
import { picture } from './picture.mjs';

// A cell is two words, left and right, pointers or 0; a copied cell has its new address | 1 in the left.
const CELL = 256;
const PAGES = 24;
const { domain, cpu } = boot('lisp');
const from = domain.vspace.mapAnonymous(PAGES * PAGE, { name: 'from-space' });
const to = domain.vspace.mapAnonymous(PAGES * PAGE, { name: 'to-space' });
const vm = new PagePrimitives(domain, to);

// A tree of cells in from-space: cell n points to cells 2n + 1 and 2n + 2.
const CELLS = 200;
for (let cell = 0; cell < CELLS; cell += 1) {
  const child = (index) => (index < CELLS ? from.base + index * CELL : 0);
  cpu.store(from.base + cell * CELL, 4, child(2 * cell + 1));
  cpu.store(from.base + cell * CELL + 4, 4, child(2 * cell + 2));
}

const second = vm.map2(to.base) - to.base;
let next = to.base;
/** Copies a cell of from-space once; answers where it is now. */
function forward(address) {
  if (address < from.base || address >= from.base + from.bytes) return address;
  const left = cpu.load(address, 4);
  if ((left & 1) !== 0) return (left & ~1) >>> 0;
  const copy = next;
  next += CELL;
  cpu.store(copy + second, 4, left);
  cpu.store(copy + second + 4, 4, cpu.load(address + 4, 4));
  cpu.store(address, 4, (copy | 1) >>> 0);
  return copy;
}

const rows = [];
const state = new Array(PAGES).fill('protected');
vm.protN();
vm.trap((page) => {
  for (let cell = page; cell < page + PAGE && cell < next; cell += CELL) {
    for (const word of [0, 4]) {
      cpu.store(cell + second + word, 4, forward(cpu.load(cell + second + word, 4)));
    }
  }
  // What is copied from now on must be scanned as well: it goes behind this page.
  if (next > page && next < page + PAGE) next = page + PAGE;
  vm.unprot(page);
  const index = (page - to.base) / PAGE;
  state[index] = 'scanned!';
  rows.push({ label: `trap ${rows.length + 1}: page ${index}`, groups: [[...state]] });
  state[index] = 'scanned';
});

let visited = 0;
const stack = [forward(from.base)];
while (stack.length > 0) {
  const cell = stack.pop();
  if (cell < to.base || cell >= to.base + to.bytes) throw new Error('a pointer out of to-space');
  visited += 1;
  for (const word of [0, 4]) {
    const child = cpu.load(cell + word, 4);
    if (child !== 0) stack.push(child);
  }
}
if (visited !== CELLS) throw new Error(`${visited} of ${CELLS} cells were reached`);
process.stdout.write(
  picture('To-space behind a read barrier', ['pages of to-space'], rows, {
    protected: '#dddddd',
    scanned: '#5cb85c',
  }),
);
