/** A dialog over the page. */

import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface DialogProps {
  readonly title: string;
  readonly class?: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog of the browser's own, which keeps the focus inside and gives it back. */
export function Dialog({
  title,
  children,
  onClose: close,
  class: name = '',
}: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${name}`}
      aria-label={title}
      onClose={close}
      onCancel={close}
      onClick={(event) => event.target === dialog.current && close()}
      onKeyDown={(event) => {
        // The screen below is not asked what Escape means.
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      <div class="dialog-content">
        <div class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="tool" aria-label="Close" onClick={close}>
            ✕
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
