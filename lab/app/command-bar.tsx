/** The bottom of the page: the same on a command line, and the picture as a file. */

import type { JSX } from 'preact';
import { snapshotOf } from '../model/snapshot-file.js';
import type { Subject } from '../model/subject.js';
import { copy } from './header.js';
import { pictureSvg } from './picture.js';
import { fileStem, saveFile } from './save-file.js';
import type { Screen } from './screen.js';

interface CommandBarProps {
  readonly screen: Screen;
  readonly subject: Subject;
}

/** The command line of what is shown, and what can be saved of it. */
export function CommandBar({ screen, subject }: CommandBarProps): JSX.Element {
  const line = screen.cli(subject);
  const svg = pictureSvg.value;
  const saveSvg = (): void => {
    if (svg !== undefined)
      saveFile(`${fileStem(subject.title)}-${screen.id}.svg`, svg(), 'image/svg+xml');
  };
  const saveSnapshot = (): void =>
    saveFile(`${fileStem(subject.title)}.json`, snapshotOf(subject), 'application/json');
  return (
    <footer class="command-bar">
      <span class="command-label" id="as-cli">
        As CLI
      </span>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long line is scrolled by keys */}
      <section class="command-line" aria-labelledby="as-cli" tabIndex={0}>
        <code>{line}</code>
      </section>
      <button type="button" class="tool" onClick={() => copy(line, 'The command is copied')}>
        Copy
      </button>
      <button type="button" class="tool" disabled={svg === undefined} onClick={saveSvg}>
        As SVG
      </button>
      <button
        type="button"
        class="tool"
        onClick={saveSnapshot}
        title="Registers and tables, for every command"
      >
        Snapshot
      </button>
    </footer>
  );
}
