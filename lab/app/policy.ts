/**
 * The policy of the source that is shown. It is kept in this browser under the name of the source, and
 * a link carries it.
 */

import { signal } from '@preact/signals';
import { text } from './place.js';
import { get, place, SOURCE, set, tell } from './state.js';
import { keep, kept } from './storage.js';

/** The policy, packed. */
const POLICY = text('policy');

/** The text; empty where there is none. */
export const policyText = signal('');

/** What {@link policyText} was read for, so that it is read once. */
let readFor: string | undefined;
let packed = '';
/** Texts before the last change, the latest last. */
export const policyPast = signal<readonly string[]>([]);
const MOST_PAST = 100;

function keptName(): string {
  return `policy.${get(SOURCE)}`;
}

/** Reads the policy that the link says, or that was kept for what is shown. */
export async function openSaidPolicy(): Promise<void> {
  const said = get(POLICY);
  const from = `${keptName()} ${said}`;
  if (from === readFor || (said !== '' && said === packed)) return;
  readFor = from;
  packed = said;
  try {
    const { unpackText } = await import('../engine/link.js');
    const found = said === '' ? kept(keptName()) : await unpackText(said);
    if (readFor !== from) return;
    policyText.value = found;
    policyPast.value = [];
  } catch (error) {
    tell(error);
  }
}

/** Changes the policy; a step can be taken back. */
export async function changePolicy(next: string): Promise<void> {
  const before = policyText.peek();
  if (next === before) return;
  policyPast.value = [...policyPast.peek(), before].slice(-MOST_PAST);
  await put(next);
}

/** Takes the last change back. */
export async function undoPolicy(): Promise<void> {
  const before = policyPast.peek().at(-1);
  if (before === undefined) return;
  policyPast.value = policyPast.peek().slice(0, -1);
  await put(before);
}

async function put(next: string): Promise<void> {
  policyText.value = next;
  keep(keptName(), next);
  const { packText } = await import('../engine/link.js');
  try {
    const letters = next === '' ? '' : await packText(next);
    if (policyText.peek() !== next) return;
    packed = letters;
    readFor = `${keptName()} ${letters}`;
    set(POLICY, letters);
  } catch {
    // Longer than a link: it is kept in the browser, and saved as a file.
    set(POLICY, '');
    readFor = `${keptName()} ${place.peek().params['policy'] ?? ''}`;
  }
}
