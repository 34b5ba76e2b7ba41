/**
 * The state of the page. What a link can say lives in the place; the rest is what was opened, and what
 * went wrong. Screens read signals and call the functions below; nobody else touches the address.
 */

import { computed, effect, signal } from '@preact/signals';
import type { Theme } from '../draw/palette.js';
import { colourVariables } from '../draw/palette.js';
import type { Subject } from '../model/subject.js';
import { leaveAddress, settle, writeAddress } from './address.js';
import { handOver, startHandover, takeOver } from './handover.js';
import {
  address,
  choice,
  type Param,
  type Place,
  parsePlace,
  placeHash,
  valueIn,
  withValue,
} from './place.js';
import { keep, kept } from './storage.js';

/** What is looked at; undefined while nothing is open. */
export const subject = signal<Subject | undefined>(undefined);
/** What is being read, while it is. */
export const busy = signal<string | undefined>(undefined);

/** Where the page before this one was, if its address did not say it yet. */
const handedPlace = takeOver('place');
/** Where the reader is. */
export const place = signal<Place>(parsePlace(handedPlace ?? location.hash));

/** The selected virtual address, and how deep it was gone into: its MiB, its page, or its bits. */
export const AT = address('at');
/** The name of the source: that of a built-in one, or of a file that was opened. */
export const SOURCE: Param<string> = {
  name: 'source',
  usual: '',
  parse: (value) => value.slice(0, 200),
  write: (value) => value,
};
const THEME = choice('theme', ['auto', 'light', 'dark']);

/** The value of a param; a component that reads it is drawn anew when it changes. */
export function get<T>(param: Param<T>): T {
  return valueIn(place.value, param);
}

/** Changes params. A step that the reader would want to go back from is remembered as one. */
export function set<T>(param: Param<T>, value: T, remember = false): void {
  go({ ...place.peek(), params: withValue(place.peek().params, param, value) }, remember);
}

/** Goes to a screen with everything chosen as it is. */
export function goToScreen(screen: string): void {
  go({ ...place.peek(), screen }, true);
}

/** Is at the place that the address says, whatever was to be written into it. */
export function stayAt(to: Place): void {
  leaveAddress();
  place.value = to;
}

/** Goes to a place. */
function go(to: Place, remember: boolean): void {
  const hash = placeHash(to);
  if (placeHash(place.peek()) === hash) return;
  place.value = to;
  writeAddress(hash, remember);
}

const darkWish = matchMedia('(prefers-color-scheme: dark)');
const systemTheme = signal<Theme>(darkWish.matches ? 'dark' : 'light');

/** The theme that is on. */
export const theme = computed<Theme>(() => {
  const said = get(THEME);
  return said === 'auto' ? systemTheme.value : said;
});

/** Turns light to dark and back. */
export function toggleTheme(): void {
  const next = theme.peek() === 'dark' ? 'light' : 'dark';
  set(THEME, next === systemTheme.peek() ? 'auto' : next);
  keep('theme', next === systemTheme.peek() ? '' : next);
}

/** Something that went wrong, for the reader. */
export interface Problem {
  readonly id: number;
  /** The name of the error: `SOURCE_ERR_FORMAT`. */
  readonly code: string;
  readonly message: string;
}

/** What went wrong and was not dismissed, the newest first; a few of them. */
export const problems = signal<readonly Problem[]>([]);
const MOST_PROBLEMS = 4;
let problemCount = 0;

/** Tells the reader of an error. */
export function tell(error: unknown): void {
  problemCount += 1;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'LAB_ERR_INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  const problem = { id: problemCount, code, message };
  problems.value = [problem, ...problems.peek()].slice(0, MOST_PROBLEMS);
}

/** Takes a problem away, or all of them. */
export function dismiss(id?: number): void {
  problems.value = id === undefined ? [] : problems.peek().filter((each) => each.id !== id);
}

/** A word for the reader that goes away by itself: `copied`. */
export const notice = signal('');
let noticeTimer: ReturnType<typeof setTimeout> | undefined;

/** Says a word. */
export function say(words: string): void {
  clearTimeout(noticeTimer);
  notice.value = words;
  noticeTimer = setTimeout(() => {
    notice.value = '';
  }, 2500);
}

/** Which overlay is open. */
export const overlay = signal<'none' | 'keys' | 'tour' | 'open'>('none');

/** Follows the address, the wish of the system, and sets the colours of the page. */
export function startState(): void {
  const follow = (): void => {
    leaveAddress();
    const next = parsePlace(location.hash);
    if (placeHash(next) !== placeHash(place.peek())) place.value = next;
  };
  addEventListener('hashchange', follow);
  addEventListener('popstate', follow);
  startHandover(settle);
  handOver('place', () => placeHash(place.peek()));
  if (handedPlace !== undefined) writeAddress(placeHash(place.peek()), false);
  darkWish.addEventListener('change', (event) => {
    systemTheme.value = event.matches ? 'dark' : 'light';
  });
  const wished = kept('theme');
  if (place.peek().params['theme'] === undefined && (wished === 'light' || wished === 'dark')) {
    set(THEME, wished === systemTheme.peek() ? 'auto' : wished);
  }
  effect(() => {
    const root = document.documentElement;
    for (const [name, colour] of colourVariables(theme.value)) root.style.setProperty(name, colour);
    root.dataset['theme'] = theme.value;
    root.style.colorScheme = theme.value;
  });
}
