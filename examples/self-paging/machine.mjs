/** A machine with one domain, as every example begins. */
import { Domain } from 'pagewright/domain';
import { Kernel } from 'pagewright/kernel';
import { Machine } from 'pagewright/machine';

export const PAGE = 4096;

export function boot(name) {
  const machine = new Machine({
    banks: [{ name: 'ram', base: 0x8000_0000, bytes: 64 << 20, kind: 'ram' }],
    profile: 'cortex-a7',
  });
  const kernel = new Kernel(machine);
  const domain = Domain.boot(kernel, 32 << 20, { name });
  kernel.run(domain.number);
  return { domain, cpu: machine.cpu };
}
