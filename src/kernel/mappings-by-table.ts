/**
 * Which Mappings are in which table. The kernel keeps no list of them: only the end of a table that is
 * still mapped asks, and a word for each of its entries would be one more cache line that every map and
 * every unmap have to touch.
 */
import { type Capabilities, MAPPING_TABLE, SLOT_SHIFT } from './capabilities.js';
import { isMapping } from './capability-types.js';

/** The slots of all Mappings by the number of the table that they are installed in. */
export function mappingsByTable({ slots }: Capabilities): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let at = 0; at < slots.length; at += 1 << SLOT_SHIFT) {
    if (!isMapping(slots[at] & 0xff)) continue;
    const table = slots[at + MAPPING_TABLE];
    const others = found.get(table);
    if (others === undefined) found.set(table, [at >>> SLOT_SHIFT]);
    else others.push(at >>> SLOT_SHIFT);
  }
  return found;
}
