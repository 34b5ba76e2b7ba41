/**
 * A state of words with its whole past: every change is kept as the place, the word before and the
 * word after it, so that any moment comes back, forwards or backwards, by doing changes again or
 * undoing them. A change takes 12 bytes, whatever the size of the state.
 */

/** Words of the log for each change: place, before, after. */
const CHANGE_WORDS = 3;
/** Words of changes up to which every event is a moment of its own: 48 MiB. */
const ROOMY_WORDS = 12 * 2 ** 20;
/** Words of changes that are kept at all, beside those of the very last moment: 96 MiB. */
const MOST_WORDS = 24 * 2 ** 20;

/** The words as they are now, and as they were at each moment. Moment 0 is the first that is closed. */
export class StateLog {
  /** The state as it is now. Grows: load it anew after {@link allocate}. */
  private words = new Uint32Array(2 ** 14);
  private used = 0;
  private changes = new Uint32Array(2 ** 14);
  private changesUsed = 0;
  /** Where the changes of each moment end in the log. */
  private ends = new Uint32Array(2 ** 10);
  private momentCount = 0;
  /** The state as it was at {@link shownMoment}; -1 is before all. */
  private shown = new Uint32Array(0);
  private shownMoment = -1;

  /** Moments that are closed. */
  get moments(): number {
    return this.momentCount;
  }

  /** Whether so much is kept already that only steps should be moments from now on. */
  get isCrowded(): boolean {
    return this.changesUsed > ROOMY_WORDS;
  }

  /** Whether nothing more should be kept but how it ends. */
  get isFull(): boolean {
    return this.changesUsed > MOST_WORDS;
  }

  /** Bytes of the log. */
  get bytes(): number {
    return this.changes.byteLength + this.ends.byteLength + this.words.byteLength;
  }

  /** The place of `count` new words, all zero and always zero before. */
  allocate(count: number): number {
    const base = this.used;
    this.used += count;
    if (this.used > this.words.length) this.words = grown(this.words, this.used);
    return base;
  }

  /** Makes the word at `place` be `word`. */
  set(place: number, word: number): void {
    const before = this.words[place] as number;
    const after = word >>> 0;
    if (before === after) return;
    this.words[place] = after;
    this.note(place, before, after);
  }

  /** Makes the words from `place` on be those of `source` from `from` to `end`, bit for bit. */
  setRun(place: number, source: Uint32Array | Int32Array, from = 0, end = source.length): void {
    const { words } = this;
    for (let at = from, to = place; at < end; at += 1, to += 1) {
      const before = words[to] as number;
      const after = (source[at] as number) >>> 0;
      if (before === after) continue;
      words[to] = after;
      this.note(to, before, after);
    }
  }

  /** Ends a moment: what was set since the last one belongs to it. Answers its number. */
  close(): number {
    if (this.momentCount === this.ends.length) this.ends = grown(this.ends, this.momentCount + 1);
    this.ends[this.momentCount] = this.changesUsed;
    this.momentCount += 1;
    return this.momentCount - 1;
  }

  /** A copy of the words as they were at the end of `moment`, which is one that was closed. */
  at(moment: number): Uint32Array {
    if (this.shown.length < this.used) this.shown = grown(this.shown, this.used);
    const { changes, shown } = this;
    const now = this.endOf(this.shownMoment);
    const then = this.endOf(moment);
    for (let at = now; at < then; at += CHANGE_WORDS) {
      shown[changes[at] as number] = changes[at + 2] as number;
    }
    for (let at = now - CHANGE_WORDS; at >= then; at -= CHANGE_WORDS) {
      shown[changes[at] as number] = changes[at + 1] as number;
    }
    this.shownMoment = moment;
    return shown.slice(0, this.used);
  }

  private endOf(moment: number): number {
    return moment < 0 ? 0 : (this.ends[moment] as number);
  }

  private note(place: number, before: number, after: number): void {
    const at = this.changesUsed;
    if (at + CHANGE_WORDS > this.changes.length) {
      this.changes = grown(this.changes, at + CHANGE_WORDS);
    }
    this.changes[at] = place;
    this.changes[at + 1] = before;
    this.changes[at + 2] = after;
    this.changesUsed = at + CHANGE_WORDS;
  }
}

function grown(words: Uint32Array, least: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(least, words.length * 2));
  larger.set(words);
  return larger;
}
