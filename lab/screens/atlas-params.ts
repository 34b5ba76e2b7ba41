/** What a link says of the Atlas, beside the address. */

import { batch } from '@preact/signals';
import { flag } from '../app/place.js';
import { AT, set } from '../app/state.js';

/** Whether the address that begins a MiB stands for its first page only. */
export const AS_PAGE = flag('page');

const MIB_MASK = 0xf_ffff;

/** Selects an address: its page, or its MiB. */
export function selectPage(va: number, isPage: boolean): void {
  batch(() => {
    set(AS_PAGE, isPage && (va & MIB_MASK) === 0);
    set(AT, va, true);
  });
}
