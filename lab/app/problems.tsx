/** What went wrong, by its name and in words. */

import type { JSX } from 'preact';
import { dismiss, problems } from './state.js';

/** The panel of errors. */
export function Problems(): JSX.Element {
  return (
    <div class="problems" role="alert">
      {problems.value.map(({ id, code, message }) => (
        <div class="problem" key={id}>
          <code>{code}</code>
          <p>{message}</p>
          <button type="button" class="tool" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
