/**
 * The keyboard. Every key of the lab stands in one list, which the cheatsheet prints; what a key does
 * on a screen the screen says while it is shown.
 */

import { signal } from '@preact/signals';

/** What a screen may let keys do. */
type CommandName =
  | 'zoom-in'
  | 'zoom-out'
  | 'pan-left'
  | 'pan-right'
  | 'fit'
  | 'up'
  | 'step-back'
  | 'step-forward';

/** What the shell does itself. */
export type ShellCommandName =
  | 'jump'
  | 'keys'
  | 'next-screen'
  | 'previous-screen'
  | 'theme'
  | 'open';

/** What keys do at present, by the name of the command. */
export type Commands = Readonly<Partial<Record<CommandName, () => void>>>;

/** The commands of the screen that is shown. */
export const commands = signal<Commands>({});
/** The commands of what travels through time, which come first. */
export const timeCommands = signal<Commands>({});

/** One key. */
export interface KeyBinding {
  /** What `KeyboardEvent.key` says, in small letters. */
  readonly key: string;
  readonly command: CommandName | ShellCommandName;
  readonly text: string;
}

/** Every key. */
export const KEY_BINDINGS: readonly KeyBinding[] = [
  { key: 'w', command: 'zoom-in', text: 'zoom in' },
  { key: 's', command: 'zoom-out', text: 'zoom out' },
  { key: 'a', command: 'pan-left', text: 'pan to lower addresses' },
  { key: 'd', command: 'pan-right', text: 'pan to higher addresses' },
  { key: 'f', command: 'fit', text: 'fit the selection, or everything' },
  { key: 'escape', command: 'up', text: 'up a level, or close what is open' },
  { key: '[', command: 'step-back', text: 'step back: in time, or to the region before' },
  { key: ']', command: 'step-forward', text: 'step forward' },
  { key: '/', command: 'jump', text: 'jump to an address or a name' },
  { key: '.', command: 'next-screen', text: 'next screen; 1 to 9 and 0 go to one' },
  { key: ',', command: 'previous-screen', text: 'screen before' },
  { key: 'o', command: 'open', text: 'open a file or an example' },
  { key: 't', command: 'theme', text: 'light or dark' },
  { key: '?', command: 'keys', text: 'these keys' },
];

/** Listens to the keyboard; `shell` does what is not a screen's. Answers what ends it. */
export function listenToKeys(
  shell: (command: ShellCommandName | 'up', digit?: number) => boolean,
): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== 'escape' && isTyping(event.target)) return;
    // Under a dialog there is nothing to be done but to close it.
    if (document.querySelector('dialog[open]') !== null && key !== '?') return;
    if (/^[0-9]$/.test(key)) {
      // The zero stands behind the nine, and for the tenth.
      if (shell('next-screen', Number(key) || 10)) event.preventDefault();
      return;
    }
    const binding = KEY_BINDINGS.find((each) => each.key === key);
    if (binding !== undefined && perform(binding.command, shell)) event.preventDefault();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

function perform(
  command: KeyBinding['command'],
  shell: (command: ShellCommandName | 'up') => boolean,
): boolean {
  if (isShellCommand(command)) return shell(command);
  // What is open over a screen is closed before the screen goes up a level.
  if (command === 'up' && shell('up')) return true;
  const act = timeCommands.value[command] ?? commands.value[command];
  act?.();
  return act !== undefined;
}

function isShellCommand(command: KeyBinding['command']): command is ShellCommandName {
  return ['jump', 'keys', 'next-screen', 'previous-screen', 'theme', 'open'].includes(command);
}

/** Fields that letters do nothing in. */
const PRESSED_INPUTS = new Set(['checkbox', 'radio', 'range', 'button', 'file']);

/** Whether the key goes into a text. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !PRESSED_INPUTS.has(target.type);
  return target.isContentEditable || /^(?:TEXTAREA|SELECT)$/.test(target.tagName);
}
