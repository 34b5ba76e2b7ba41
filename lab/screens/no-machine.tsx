/** What a screen of a machine shows where none runs: the way to one. */

import type { ComponentChildren, JSX } from 'preact';
import { openLesson } from '../app/lessons.js';
import { goToScreen } from '../app/state.js';

/** Lessons that show these screens well. */
const INVITING = ['refill', 'revocation', 'break-before-make'] as const;

const TITLES: Readonly<Record<(typeof INVITING)[number], string>> = {
  refill: 'The refill recursion',
  revocation: 'What was given can be taken back',
  'break-before-make': 'Stale entries, and break before make',
};

/** An invitation. */
export function NoMachine({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const open = async (id: string): Promise<void> => {
    const { lessonOf } = await import('../lessons/lessons.js');
    await openLesson(lessonOf(id));
  };
  return (
    <section class="panel no-machine">
      <h2>No machine runs</h2>
      <p class="invite">{children}</p>
      <div class="next">
        <button type="button" class="tool primary" onClick={() => goToScreen('run')}>
          Run a scenario
        </button>
        {INVITING.map((id) => (
          <button type="button" class="tool" key={id} onClick={() => void open(id)}>
            Lesson: {TITLES[id]}
          </button>
        ))}
      </div>
    </section>
  );
}
