/** A screen that fails leaves the page standing: what went wrong is told, and everything else still works. */

import type { ComponentType, JSX } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import type { ScreenProps } from './screen.js';
import { tell } from './state.js';

interface GuardedProps extends ScreenProps {
  readonly View: ComponentType<ScreenProps>;
}

/** The view of a screen, or what is left to do where it fails. */
export function Guarded({ View, subject }: GuardedProps): JSX.Element {
  const [error, retry] = useErrorBoundary(tell);
  if (error === undefined) return <View subject={subject} />;
  return (
    <section class="panel" aria-label="This screen has failed">
      <h2>This screen has failed</h2>
      <p class="invite">
        What is open is still there: every other screen can show it, and it can be saved as a
        snapshot below.
      </p>
      <button type="button" class="tool primary" onClick={retry}>
        Try again
      </button>
    </section>
  );
}
