/**
 * How many bytes the memory access of a load or store is, by its encoding (Arm ARM A5.3, A5.2.8, A5.2.10,
 * A6.2.4, A6.3): a data abort does not tell.
 */
import type { AccessBytes } from '../machine/index.js';

const SIZES = [1, 2, 4, 4] as const;
/** STR, STRH, STRB, LDRSB, LDR, LDRH, LDRB, LDRSH with a register offset. */
const THUMB_REGISTER_SIZES = [4, 2, 1, 1, 4, 2, 1, 2] as const;

/** Bytes of each transfer of the ARM instruction `word`; 4 for what transfers words or nothing. */
export function armTransferBytes(word: number): AccessBytes {
  const group = (word >>> 25) & 7;
  if (group === 0b010 || group === 0b011) return (word & (1 << 22)) !== 0 ? 1 : 4;
  const isExtra = group === 0 && (word & 0x90) === 0x90;
  if (!isExtra) return 4;
  const kind = (word >>> 5) & 3;
  const load = (word & (1 << 20)) !== 0;
  if (kind === 0) return (word & (1 << 23)) !== 0 ? exclusiveBytes(word) : swapBytes(word);
  if (kind === 1) return 2;
  if (!load) return 4;
  return kind === 2 ? 1 : 2;
}

/** LDREX, LDREXD, LDREXB, LDREXH. */
function exclusiveBytes(word: number): AccessBytes {
  return ([4, 4, 1, 2] as const)[(word >>> 21) & 3] ?? 4;
}

function swapBytes(word: number): AccessBytes {
  return (word & (1 << 22)) !== 0 ? 1 : 4;
}

/** As {@link armTransferBytes} for Thumb, of which `first` is the first halfword. */
export function thumbTransferBytes(first: number): AccessBytes {
  switch (first >>> 12) {
    case 0b0101:
      return THUMB_REGISTER_SIZES[(first >>> 9) & 7] ?? 4;
    case 0b0111:
      return 1;
    case 0b1000:
      return 2;
    default:
      return first >>> 9 === 0b1111100 ? (SIZES[(first >>> 5) & 3] ?? 4) : 4;
  }
}
