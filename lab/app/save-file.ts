/** Files that the page makes, for the reader to keep. */

import { say } from './state.js';

/** Gives the reader a file. */
export function saveFile(name: string, content: string | Uint8Array, type: string): void {
  const part = typeof content === 'string' ? content : new Uint8Array(content);
  const url = URL.createObjectURL(new Blob([part], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  say(`${name} is saved`);
}

/** A title as the beginning of the name of a file. */
export function fileStem(title: string): string {
  const stem = title.replace(/\.\w{1,8}$/, '').replaceAll(/[^\w-]+/g, '-');
  return (
    stem
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 60)
      .toLowerCase() || 'space'
  );
}
