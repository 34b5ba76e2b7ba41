/** The top of the page: what is open, the screens, and the way to an address. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { hex, VmError } from '../../src/base/index.js';
import { parseRange } from '../../src/inspect/index.js';
import { SCREENS } from '../screens/screens.js';
import { isBehind } from './address.js';
import type { Screen } from './screen.js';
import { follow, following, freeze } from './served-source.js';
import { sharedLink } from './sources.js';
import { AT, goToScreen, overlay, say, set, subject, tell, theme, toggleTheme } from './state.js';

/** The header. */
export function Header({ screen }: { readonly screen: Screen }): JSX.Element {
  const tabs = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a telephone there is not room for all tabs.
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [screen]);
  return (
    <header class="header">
      <div class="brand">
        <Mark />
        <h1>
          Pagewright <span>lab</span>
        </h1>
      </div>
      <button
        type="button"
        class="source"
        onClick={() => (overlay.value = 'open')}
        aria-haspopup="dialog"
      >
        <span class="source-name">{subject.value?.title ?? 'Nothing is open'}</span>
        <span class="source-open">Open…</span>
      </button>
      <search class="jump-place">
        <Jump />
      </search>
      <div class="tools">
        {following.value !== 'still' && (
          <button
            type="button"
            class="tool"
            aria-pressed={following.value === 'frozen'}
            onClick={following.value === 'followed' ? freeze : follow}
          >
            {following.value === 'followed' ? '❄ Freeze' : '▶ Follow'}
          </button>
        )}
        <Share />
        <button type="button" class="tool" onClick={() => (overlay.value = 'tour')}>
          Tour
        </button>
        <button
          type="button"
          class="tool"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => (overlay.value = 'keys')}
        >
          ?
        </button>
        <button
          type="button"
          class="tool"
          onClick={toggleTheme}
          aria-label={theme.value === 'dark' ? 'Light theme' : 'Dark theme'}
          title="Light or dark (t)"
        >
          {theme.value === 'dark' ? '☀' : '☾'}
        </button>
      </div>
      <nav class="tabs" ref={tabs} aria-label="Screens">
        {SCREENS.map((each, index) => (
          <button
            type="button"
            key={each.id}
            class="tab"
            aria-current={each === screen ? 'page' : undefined}
            title={`${each.lead} (${(index + 1) % 10})`}
            onClick={() => goToScreen(each.id)}
          >
            {each.title}
          </button>
        ))}
      </nav>
    </header>
  );
}

/** The Atlas in small. */
function Mark(): JSX.Element {
  const cells = 'gssskvook'.split('');
  return (
    <svg class="mark" viewBox="0 0 14 14" aria-hidden="true">
      {cells.map((cell, index) => (
        <rect
          key={index}
          x={(index % 3) * 4.9}
          y={Math.floor(index / 3) * 4.9}
          width="4"
          height="4"
          rx="0.8"
          class={`mark-${cell}`}
        />
      ))}
    </svg>
  );
}

/** The field that goes to an address or a name. */
function Jump(): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState('');
  const names = subject.value?.names.ranges.filter(({ space }) => space === 'virtual') ?? [];
  const submit = (event: Event): void => {
    event.preventDefault();
    const text = field.current?.value ?? '';
    if (text.trim() === '') return;
    try {
      const { base } = parseRange(text, 'virtual', subject.peek()?.names);
      setWrong('');
      set(AT, base, true);
      field.current?.blur();
      say(`at ${hex(base)}`);
    } catch (error) {
      if (!(error instanceof VmError)) tell(error);
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form class="jump" onSubmit={submit}>
      <input
        id="jump"
        ref={field}
        type="text"
        placeholder="Address or name"
        aria-label="Jump to an address or a name"
        aria-invalid={wrong !== ''}
        aria-describedby={wrong === '' ? undefined : 'jump-wrong'}
        list="jump-names"
        autocomplete="off"
        spellcheck={false}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        onInput={() => setWrong('')}
      />
      <span class="jump-key" aria-hidden="true">
        /
      </span>
      <datalist id="jump-names">
        {names.slice(0, MOST_NAMES).map(({ name, base }) => (
          <option value={name} key={`${name}@${base}`}>
            {hex(base)}
          </option>
        ))}
      </datalist>
      {wrong !== '' && (
        <p class="jump-wrong" id="jump-wrong" role="alert">
          {wrong}
        </p>
      )}
    </form>
  );
}

const MOST_NAMES = 400;

/** Copies the link to what is shown. */
function Share(): JSX.Element {
  return (
    <button
      type="button"
      class="tool share"
      aria-busy={isBehind.value}
      onClick={() => void share()}
    >
      Share
    </button>
  );
}

async function share(): Promise<void> {
  const { link, lacks } = await sharedLink();
  const words =
    lacks === undefined
      ? 'The link is copied'
      : `The link is copied; ${lacks} is too large for it: send the file, too`;
  await copy(link, words);
}

/** Copies a text and says so; where the browser forbids it, says that. */
export async function copy(text: string, words: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(words);
  } catch {
    say('The browser does not let this page copy; select the text instead');
  }
}
