/**
 * A text that belongs to the source that is shown: kept in this browser under its name, carried by a
 * link, changed in steps that can be taken back.
 */

import { type Signal, signal } from '@preact/signals';
import { text } from './place.js';
import { get, SOURCE, set, tell } from './state.js';
import { keep, kept } from './storage.js';

const MOST_PAST = 100;
/** Changes that follow each other faster are one step: somebody types. */
const STEP_MILLISECONDS = 700;

/** The text. */
class KeptText {
  readonly text: Signal<string> = signal('');
  /** What it was before each step, the latest last. */
  readonly past: Signal<readonly string[]> = signal([]);
  private readonly name: string;
  private readonly param: ReturnType<typeof text>;
  /** What it is where nobody has changed it. */
  private usual = '';
  /** What was read last, so that it is read once: the source, and what the link said. */
  private readFor: string | undefined;
  private changedAt = 0;

  /** `name` is that of its param, and of what is kept. */
  constructor(name: string) {
    this.name = name;
    this.param = text(name);
  }

  /** Reads what the link says, or was kept for the source, or is usual. */
  async open(usual: string): Promise<void> {
    const said = get(this.param);
    const from = this.key(said);
    if (from === this.readFor && usual === this.usual) return;
    this.readFor = from;
    this.usual = usual;
    try {
      const { unpackText } = await import('../engine/link.js');
      const found = said === '' ? kept(this.keptName()) || usual : await unpackText(said);
      if (this.readFor !== from) return;
      this.text.value = found;
      this.past.value = [];
      // What was kept is to be in the link as well.
      if (said === '') await this.put(found);
    } catch (error) {
      tell(error);
    }
  }

  /** Another source is shown: what the link says of the one before is not about it. */
  leave(): void {
    set(this.param, '');
  }

  /** What was kept for the source is not wanted any more. */
  forget(): void {
    keep(this.keptName(), '');
    this.readFor = undefined;
  }

  /** Changes it. */
  async change(next: string): Promise<void> {
    const before = this.text.peek();
    if (next === before) return;
    const now = performance.now();
    if (now - this.changedAt > STEP_MILLISECONDS || this.past.peek().length === 0) {
      this.past.value = [...this.past.peek(), before].slice(-MOST_PAST);
    }
    this.changedAt = now;
    await this.put(next);
  }

  /** Takes the last step back. */
  async undo(): Promise<void> {
    const before = this.past.peek().at(-1);
    if (before === undefined) return;
    this.past.value = this.past.peek().slice(0, -1);
    this.changedAt = 0;
    await this.put(before);
  }

  private async put(next: string): Promise<void> {
    const isUsual = next === this.usual;
    this.text.value = next;
    keep(this.keptName(), isUsual ? '' : next);
    const { packText } = await import('../engine/link.js');
    // What is longer than a link is kept in the browser, and saved as a file.
    const packed = isUsual ? '' : await packText(next).catch(() => '');
    if (this.text.peek() !== next) return;
    this.readFor = this.key(packed);
    set(this.param, packed);
  }

  private keptName(): string {
    return `${this.name}.${get(SOURCE)}`;
  }

  private key(packed: string): string {
    return `${this.keptName()} ${packed}`;
  }
}

/** What must and must not be in the space that is shown. */
export const policyText = new KeptText('policy');
/** The layout that is being written. */
export const layoutText = new KeptText('layout');
