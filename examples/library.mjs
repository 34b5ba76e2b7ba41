import { Domain, VRegionFlags } from 'pagewright/domain';
import { Kernel } from 'pagewright/kernel';
import { Machine } from 'pagewright/machine';

const machine = new Machine({
  profile: 'cortex-a15',
  banks: [{ name: 'ram', kind: 'ram', base: 0x8000_0000, bytes: 64 * 2 ** 20 }],
});
const kernel = new Kernel(machine);
const domain = Domain.boot(kernel, 4 * 2 ** 20);

// The domain maps a frame of its own memory; the kernel checks it and writes the entries.
const frame = domain.allocateFrame(2 ** 20);
const { READ_WRITE, LARGE } = VRegionFlags;
console.log(domain.pmap.planMap(0x5000_0000, frame, 0, 2 ** 20, READ_WRITE | LARGE));
domain.pmap.map(0x5000_0000, frame, 0, 2 ** 20, READ_WRITE | LARGE);

// Its program uses the mapping through the MMU, and faults where it has none.
kernel.run(domain.number);
machine.cpu.store(0x5000_0010, 4, 42);
console.log(machine.cpu.load(0x5000_0010, 4));
try {
  machine.cpu.load(0x6000_0000, 4);
} catch (error) {
  console.log(error.message);
}
