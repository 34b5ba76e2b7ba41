/** What the colours and marks of a picture mean. */

import type { JSX } from 'preact';
import type { Layer } from '../model/layers.js';

interface LegendProps {
  readonly layer: Layer;
}

/** The legend of a layer: the classes that occur, and the marks. */
export function Legend({ layer }: LegendProps): JSX.Element {
  return (
    <ul class="legend" aria-label="Legend">
      {layer.classes.map(({ text, colour }, index) =>
        layer.present.has(index) ? (
          <li key={text}>
            <span
              class={colour === 'hole' ? 'swatch empty' : 'swatch'}
              style={{ background: colour === 'hole' ? 'var(--hole)' : colour }}
              aria-hidden="true"
            />
            {text}
          </li>
        ) : null,
      )}
      <li>
        <span class="swatch hatched" aria-hidden="true" />
        hatch: device
      </li>
      <li>
        <span class="swatch dotted" aria-hidden="true" />
        dots: shared
      </li>
      <li>
        <span class="swatch bordered" aria-hidden="true" />
        border: PL0 too
      </li>
      <li>
        <span class="swatch tabled" aria-hidden="true" />
        small cell: a table of pages
      </li>
    </ul>
  );
}
