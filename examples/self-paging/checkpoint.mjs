/**
 * Incremental checkpointing: after the first one, a checkpoint saves only the pages that were written
 * since the last, which DIRTY tells. At the end the memory is rebuilt from the checkpoints and compared.
 *
 *     node examples/self-paging/checkpoint.mjs > checkpoint.svg
 */
import { copyIn, PagePrimitives } from 'pagewright/domain';
import { boot, PAGE } from './machine.mjs';
import { picture } from './picture.mjs';

const PAGES = 24;
const { domain, cpu } = boot('program');
const region = domain.vspace.mapAnonymous(PAGES * PAGE, { name: 'state' });
const vm = new PagePrimitives(domain, region);
const at = (page) => region.base + page * PAGE;

const saved = new Map();
const save = (address) => saved.set(address, copyIn(domain, address, PAGE));
for (let page = 0; page < PAGES; page += 1) {
  cpu.store(at(page), 4, page);
  save(at(page));
}
const rows = [{ label: 'full checkpoint', groups: [new Array(PAGES).fill('saved')] }];
vm.dirty();

for (let round = 1; round <= 10; round += 1) {
  // A part that moves through the state, and a page that every round writes.
  for (let write = 0; write < 12; write += 1) {
    const page = write % 3 === 0 ? 2 : (round * round + (write % 5) * round) % PAGES;
    cpu.store(at(page) + 4 * write, 4, round * 1000 + write);
  }
  const written = vm.dirty();
  for (const address of written) save(address);
  const cells = Array.from({ length: PAGES }, (_, page) =>
    written.includes(at(page)) ? 'saved' : 'unchanged',
  );
  rows.push({ label: `checkpoint ${round}: ${written.length} pages`, groups: [cells] });
}
for (const [address, bytes] of saved) {
  if (!copyIn(domain, address, PAGE).every((byte, index) => byte === bytes[index])) {
    throw new Error(`page ${address.toString(16)} cannot be restored`);
  }
}
process.stdout.write(
  picture('Incremental checkpoints', ['pages of the state'], rows, {
    saved: '#d9534f',
    unchanged: '#cfe3f5',
  }),
);
