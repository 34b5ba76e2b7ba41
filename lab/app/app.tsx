/** The frame around every screen. */

import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { SCREENS } from '../screens/screens.js';
import { CommandBar } from './command-bar.js';
import { DropZone } from './drop-zone.js';
import { Guarded } from './guarded.js';
import { Header } from './header.js';
import { listenToKeys, type ShellCommandName } from './keys.js';
import { LessonBar } from './lesson-bar.js';
import { Nothing } from './nothing.js';
import { Overlays } from './overlays.js';
import { Problems } from './problems.js';
import { QuestionDialog } from './question-dialog.js';
import type { Screen } from './screen.js';
import {
  busy,
  dismiss,
  get,
  goToScreen,
  notice,
  overlay,
  place,
  problems,
  SOURCE,
  subject,
  toggleTheme,
} from './state.js';
import { Timeline } from './timeline.js';

/** The lab. */
export function App(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const screen = currentScreen();
  const shown = subject.value;
  useLayoutEffect(() => listenToKeys(perform), []);
  useLayoutEffect(() => {
    const what = shown?.title ?? get(SOURCE);
    document.title = `${what === '' ? '' : `${what} · `}${screen.title} · Pagewright lab`;
  }, [screen, shown]);

  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the screen
      </button>
      <Header screen={screen} />
      <Problems />
      <LessonBar />
      <main
        id="main"
        ref={main}
        tabIndex={-1}
        aria-label={screen.title}
        class={`screen ${screen.id}`}
      >
        {busy.value !== undefined && (
          <p class="busy" role="status">
            {busy.value}…
          </p>
        )}
        {shown === undefined ? (
          busy.value === undefined && <Nothing />
        ) : (
          <>
            <p class="lead">{screen.lead}</p>
            <Guarded key={screen.id} subject={shown} View={screen.View} />
          </>
        )}
      </main>
      <Timeline />
      {shown !== undefined && <CommandBar screen={screen} subject={shown} />}
      <DropZone />
      <Overlays />
      <QuestionDialog />
      <p class="notice" role="status">
        {notice.value}
      </p>
    </>
  );
}

/** The screen that the place says; the first if it says none that there is. */
function currentScreen(): Screen {
  const { screen } = place.value;
  return SCREENS.find((each) => each.id === screen) ?? SCREENS[0];
}

/** Does what a key of the shell says; whether there was something to do. */
function perform(command: ShellCommandName | 'up', digit?: number): boolean {
  switch (command) {
    case 'up': {
      const open = overlay.peek() !== 'none' || problems.peek().length > 0;
      overlay.value = 'none';
      dismiss();
      return open;
    }
    case 'keys':
    case 'open':
      overlay.value = overlay.peek() === command ? 'none' : command;
      return true;
    case 'theme':
      toggleTheme();
      return true;
    case 'jump': {
      const field = document.getElementById('jump');
      if (field instanceof HTMLInputElement) {
        field.focus();
        field.select();
      }
      return true;
    }
    case 'next-screen':
    case 'previous-screen': {
      const now = SCREENS.indexOf(currentScreen());
      const by = command === 'next-screen' ? 1 : SCREENS.length - 1;
      const to = SCREENS[digit === undefined ? (now + by) % SCREENS.length : digit - 1];
      if (to !== undefined) goToScreen(to.id);
      return to !== undefined;
    }
  }
}
