/** What is shown while nothing is open: an invitation. */

import type { JSX } from 'preact';
import { OpenList } from './open-list.js';

/** The empty page. */
export function Nothing(): JSX.Element {
  return (
    <section class="nothing" aria-label="Open something">
      <h2>Drop an address space here</h2>
      <OpenList />
    </section>
  );
}
