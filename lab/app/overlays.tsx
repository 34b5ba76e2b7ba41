/** What lies over the page: the keys, the tour, and what can be opened. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from './dialog.js';
import { KEY_BINDINGS } from './keys.js';
import { OpenList } from './open-list.js';
import { overlay } from './state.js';
import { keep, kept } from './storage.js';
import { TOUR } from './tour.js';

function close(): void {
  overlay.value = 'none';
}

/** The overlay that is open. */
export function Overlays(): JSX.Element | null {
  useEffect(() => {
    if (kept('toured') === '' && navigator.webdriver !== true) overlay.value = 'tour';
  }, []);
  switch (overlay.value) {
    case 'keys':
      return (
        <Dialog title="Keys" onClose={close}>
          <dl class="key-list">
            {KEY_BINDINGS.map(({ key, text }) => (
              <div key={key}>
                <dt>
                  <kbd>{key === 'escape' ? 'Esc' : key}</kbd>
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
            <div>
              <dt>
                <kbd>← ↑ ↓ →</kbd>
              </dt>
              <dd>move the selection in a picture that has the focus; Enter goes in</dd>
            </div>
          </dl>
        </Dialog>
      );
    case 'open':
      return (
        <Dialog title="Open" onClose={close}>
          <OpenList />
        </Dialog>
      );
    case 'tour':
      return <Tour />;
    case 'none':
      return null;
  }
}

function Tour(): JSX.Element {
  const [at, setAt] = useState(0);
  const step = TOUR[at] ?? TOUR[0];
  const isLast = at === TOUR.length - 1;
  useEffect(() => keep('toured', 'yes'), []);
  const next = (): void => {
    if (isLast) close();
    else setAt(at + 1);
  };
  return (
    <Dialog title={step.title} class="tour" onClose={close}>
      <p>{step.text}</p>
      <div class="tour-steps">
        <span class="tour-at">
          {at + 1} of {TOUR.length}
        </span>
        <button type="button" class="tool" disabled={at === 0} onClick={() => setAt(at - 1)}>
          Back
        </button>
        <button type="button" class="tool primary" onClick={next}>
          {isLast ? 'Begin' : 'Next'}
        </button>
      </div>
    </Dialog>
  );
}
