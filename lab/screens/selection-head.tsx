/** The head of a panel that is about what is selected, with the way out of it. */

import type { JSX } from 'preact';
import { hex } from '../../src/base/index.js';
import { AT, set } from '../app/state.js';

interface SelectionHeadProps {
  readonly title: string;
  /** The addresses that it is about, virtual or physical. */
  readonly base: number;
  readonly bytes: number;
}

/** The head. */
export function SelectionHead({ title, base, bytes }: SelectionHeadProps): JSX.Element {
  return (
    <div class="panel-head">
      <h2>
        {title}
        <span class="range">
          {hex(base)}–{hex(base + bytes - 1)}
        </span>
      </h2>
      <button type="button" class="tool" title="Up (Esc)" onClick={() => set(AT, undefined, true)}>
        Up
      </button>
    </div>
  );
}
