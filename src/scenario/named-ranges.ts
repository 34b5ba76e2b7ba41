/** What the addresses of a domain are called, for who shows its space. */
import type { Region } from '../domain/index.js';
import type { NamedRange } from '../inspect/index.js';
import type { Scenario } from './scenario.js';

/** The regions of a domain, and the devices of its machine. */
export function namedRanges(
  regions: readonly Pick<Region, 'name' | 'base' | 'bytes'>[],
  { file, machine }: Pick<Scenario, 'file' | 'machine'>,
): NamedRange[] {
  const common = { role: 'region', origin: file } as const;
  const own = regions.map(
    ({ name, base, bytes }): NamedRange => ({ ...common, name, base, bytes, space: 'virtual' }),
  );
  const devices = machine.banks
    .filter(({ kind }) => kind === 'device')
    .map(
      ({ name, base, size }): NamedRange => ({
        ...common,
        name,
        base,
        bytes: size,
        space: 'physical',
      }),
    );
  return [...own, ...devices];
}
