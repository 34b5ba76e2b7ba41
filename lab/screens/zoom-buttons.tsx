/** Nearer, farther, and everything. */

import type { JSX } from 'preact';

interface ZoomButtonsProps {
  /** What is seen: `4 GiB`, `× 8`. */
  readonly seen: string;
  /** Whether it is everything already. */
  readonly isWhole: boolean;
  /** Goes nearer by a factor; below 1 farther. */
  readonly onZoom: (factor: number) => void;
  readonly onWhole: () => void;
}

/** The buttons. */
export function ZoomButtons({ seen, isWhole, onZoom, onWhole }: ZoomButtonsProps): JSX.Element {
  return (
    <fieldset class="zoom" aria-label="Zoom">
      <button
        type="button"
        class="tool"
        aria-label="Zoom out"
        title="Zoom out (S)"
        disabled={isWhole}
        onClick={() => onZoom(0.5)}
      >
        −
      </button>
      <button type="button" class="tool" title="Everything (f)" onClick={onWhole}>
        {seen}
      </button>
      <button
        type="button"
        class="tool"
        aria-label="Zoom in"
        title="Zoom in (W)"
        onClick={() => onZoom(2)}
      >
        +
      </button>
    </fieldset>
  );
}
