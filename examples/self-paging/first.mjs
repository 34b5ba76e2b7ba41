import { cloneDomain, copyIn, copyOut, fifo, MemoryStore, Pager } from 'pagewright/domain';
import { boot } from './machine.mjs';

const { domain, cpu } = boot('me');
const { base } = domain.vspace.mapAnonymous(64 * 4096, { name: 'data' });
domain.vspace.guard(4096, { name: 'fence', at: base + 64 * 4096 });

// Pages come by faults that the domain solves itself, and go to the store when it has no more frames.
const pager = new Pager(domain.pool, { frames: 8, policy: fifo, store: new MemoryStore() });
for (let page = 0; page < 64; page += 1) cpu.store(base + page * 4096, 4, page);
console.log(cpu.load(base, 4), cpu.load(base + 63 * 4096, 4), pager.counts);

// A clone begins as its parent is. Each goes its own way, page by page.
const child = cloneDomain(domain, { ramBytes: 4 * 2 ** 20 });
copyOut(child.domain, base, new TextEncoder().encode('mine'));
console.log(new TextDecoder().decode(copyIn(child.domain, base, 4)), copyIn(domain, base, 4));
child.kill();

// What cannot be resolved says why.
domain.kernel.run(domain.number);
try {
  cpu.load(base + 64 * 4096, 4);
} catch (error) {
  console.log(error.cause.message);
}
