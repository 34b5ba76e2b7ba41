/**
 * The address of the page follows what is shown, a little behind: a browser takes only so many changes
 * of it, and a text has to be packed before a link can hold it.
 */

import { computed, effect, signal } from '@preact/signals';

/** The hash that is to be written; undefined where the address says it already. */
const unwritten = signal<string | undefined>(undefined);
/** How many texts are being packed. */
const packings = signal(0);

/** Whether the address does not say yet all that is shown. */
export const isBehind = computed(() => unwritten.value !== undefined || packings.value > 0);

// Panning changes the place more often than a browser takes.
const SETTLE_MILLISECONDS = 150;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Writes a hash into the address: soon, or at once as a step that the reader can go back from. */
export function writeAddress(hash: string, remember: boolean): void {
  if (remember) {
    settle();
    if (hash !== location.hash) history.pushState(null, '', hash);
    return;
  }
  unwritten.value = hash;
  timer ??= setTimeout(settle, SETTLE_MILLISECONDS);
}

/** The reader went to another address: what was to be written is not wanted any more. */
export function leaveAddress(): void {
  clearTimeout(timer);
  timer = undefined;
  unwritten.value = undefined;
}

/** Writes now what is to be written. */
export function settle(): void {
  const hash = unwritten.peek();
  leaveAddress();
  if (hash !== undefined && hash !== location.hash) history.replaceState(null, '', hash);
}

/** Packs something that is then said in the place: the address is behind until it is. */
export async function packing<T>(pack: () => Promise<T>): Promise<T> {
  packings.value += 1;
  try {
    return await pack();
  } finally {
    packings.value -= 1;
  }
}

/** Writes everything that is shown into the address, as soon as it is packed. */
export async function caughtUp(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = effect(() => {
      if (packings.value > 0) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
  settle();
}
