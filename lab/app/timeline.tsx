/**
 * Time: whatever has moments (a scenario that ran, a console) gives its timeline here, and the bar and
 * the keys `[` and `]` travel on it.
 */

import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { timeCommands } from './keys.js';

/**
 * Moments that can be travelled.
 *
 * @public
 */
export interface Moments {
  /** How many there are, and the one that is shown. */
  readonly count: number;
  readonly at: number;
  /** What happened at the moment that is shown. */
  readonly label: string;
  /** Shows another moment. */
  go(at: number): void;
}

/**
 * The moments of what is shown; undefined where it has only one.
 *
 * @public
 */
export const moments = signal<Moments | undefined>(undefined);

/** The bar, where there are moments. */
export function Timeline(): JSX.Element | null {
  const shown = moments.value;
  useLayoutEffect(() => {
    timeCommands.value =
      shown === undefined
        ? {}
        : { 'step-back': () => step(shown, -1), 'step-forward': () => step(shown, 1) };
  }, [shown]);
  if (shown === undefined) return null;
  const { count, at, label } = shown;
  return (
    <section class="timeline" aria-label="Time">
      <button
        type="button"
        class="tool"
        disabled={at <= 0}
        onClick={() => step(shown, -1)}
        title="Step back ([)"
      >
        ◂
      </button>
      <button
        type="button"
        class="tool"
        disabled={at >= count - 1}
        onClick={() => step(shown, 1)}
        title="Step forward (])"
      >
        ▸
      </button>
      <input
        type="range"
        aria-label="Moment"
        min={0}
        max={count - 1}
        value={at}
        onInput={(event) => shown.go(Number(event.currentTarget.value))}
      />
      <output class="timeline-label">
        {at} / {count - 1} {label}
      </output>
    </section>
  );
}

function step({ at, count, go }: Moments, by: number): void {
  const to = Math.min(count - 1, Math.max(0, at + by));
  if (to !== at) go(to);
}
