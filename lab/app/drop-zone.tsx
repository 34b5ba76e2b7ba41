/** The whole page takes files that are dropped on it. */

import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { droppedFiles } from './dropped-files.js';
import { openFiles } from './sources.js';

/** What is shown while a file hovers, and what takes it. */
export function DropZone(): JSX.Element | null {
  const [over, setOver] = useState(false);
  useLayoutEffect(() => {
    // A drag over a child leaves its parent: only the last of as many leaves as enters counts.
    let depth = 0;
    const hasFiles = (event: DragEvent): boolean =>
      event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hover = (event: DragEvent): void => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      depth = 0;
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      // What was dropped is gone when this ends, so that its entries are taken now.
      void droppedFiles(event.dataTransfer).then((files) => openFiles(files));
    };
    addEventListener('dragenter', enter);
    addEventListener('dragleave', leave);
    addEventListener('dragover', hover);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragleave', leave);
      removeEventListener('dragover', hover);
      removeEventListener('drop', drop);
    };
  }, []);
  if (!over) return null;
  return (
    <div class="drop-zone" aria-hidden="true">
      <p>
        <strong>Drop it</strong>
        It is read in this page and goes nowhere.
      </p>
    </div>
  );
}
