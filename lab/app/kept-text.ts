/**
 * A text that belongs to the source that is shown: kept in this browser under its name, carried by a
 * link, changed in steps that can be taken back.
 */

import { type Signal, signal } from '@preact/signals';
import { packing } from './address.js';
import { handOver, takeOver } from './handover.js';
import { text } from './place.js';
import { get, SOURCE, set, tell } from './state.js';
import { keep, kept } from './storage.js';

const MOST_PAST = 100;
/** Changes that follow each other faster are one step: somebody types. */
const STEP_MILLISECONDS = 700;

/** The text. */
class KeptText {
  readonly text: Signal<string> = signal('');
  /** Whether a link is being unpacked: what is in `text` is not what will be. */
  readonly isReading: Signal<boolean> = signal(false);
  /** What it was before each step, the latest last. */
  readonly past: Signal<readonly string[]> = signal([]);
  private readonly name: string;
  private readonly param: ReturnType<typeof text>;
  /** What it is where nobody has changed it. */
  private usual = '';
  /** What was read last, so that it is read once: the source, and what the link said. */
  private readFor: string | undefined;
  private changedAt = 0;
  /** Whether the link does not say it yet. */
  private isUnsaid = false;

  /** `name` is that of its param, and of what is kept. */
  constructor(name: string) {
    this.name = name;
    this.param = text(name);
    handOver(name, () => (this.isUnsaid ? this.text.peek() : undefined));
  }

  /** Reads what the page before has handed over, or the link says, or was kept for the source, or is usual. */
  async open(usual: string): Promise<void> {
    const said = get(this.param);
    const from = this.key(said);
    if (from === this.readFor && usual === this.usual) return;
    this.readFor = from;
    this.usual = usual;
    const handed = takeOver(this.name);
    const here = handed ?? (said === '' ? kept(this.keptName()) || usual : undefined);
    if (here !== undefined) {
      // It is to be in the link as well.
      this.begin(here);
      await this.put(here);
      return;
    }
    this.isReading.value = true;
    const found = await unpacked(said);
    if (this.readFor === from) this.begin(found ?? (kept(this.keptName()) || usual));
  }

  /** Another source is shown: what the link says of the one before is not about it. */
  leave(): void {
    this.isUnsaid = false;
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

  private begin(found: string): void {
    this.text.value = found;
    this.past.value = [];
    this.isReading.value = false;
  }

  private async put(next: string): Promise<void> {
    const name = this.keptName();
    const isUsual = next === this.usual;
    this.text.value = next;
    this.isUnsaid = true;
    keep(name, isUsual ? '' : next);
    await packing(async () => {
      // What is longer than a link is kept in the browser, and saved as a file.
      const packed = isUsual ? '' : await packedOrNothing(next);
      const isMeant = this.text.peek() === next && this.keptName() === name && this.isUnsaid;
      if (!isMeant) return;
      this.isUnsaid = false;
      this.readFor = this.key(packed);
      set(this.param, packed);
    });
  }

  private keptName(): string {
    return `${this.name}.${get(SOURCE)}`;
  }

  private key(packed: string): string {
    return `${this.keptName()} ${packed}`;
  }
}

async function packedOrNothing(text: string): Promise<string> {
  try {
    const { packText } = await import('../engine/link.js');
    return await packText(text);
  } catch {
    return '';
  }
}

/** What a link says; what is wrong with it is told. */
async function unpacked(said: string): Promise<string | undefined> {
  try {
    const { unpackText } = await import('../engine/link.js');
    return await unpackText(said);
  } catch (error) {
    tell(error);
    return undefined;
  }
}

/** What must and must not be in the space that is shown. */
export const policyText = new KeptText('policy');
/** The layout that is being written. */
export const layoutText = new KeptText('layout');
