/** Progress on a terminal: one line on stderr that is written over, and only when it takes long. */
import type { Output } from './output.js';

/** Milliseconds before anything is shown, and between two looks at it. */
const PATIENCE = 300;
const INTERVAL = 100;
const ERASE_LINE = '\r\u001b[K';

/** The progress of one command. */
export class Progress {
  private readonly output: Output;
  private readonly start = performance.now();
  private last = 0;
  private shown = false;

  constructor(output: Output) {
    this.output = output;
  }

  /** Says how far the work is, such as `replaying vectors  120/3366`. */
  tell(text: () => string): void {
    if (!this.output.isTerminal) return;
    const now = performance.now();
    if (now - this.start < PATIENCE || now - this.last < INTERVAL) return;
    this.last = now;
    this.shown = true;
    this.output.write(`${ERASE_LINE}${text().slice(0, this.output.columns - 1)}`);
  }

  /** Takes the line away again. */
  end(): void {
    if (this.shown) this.output.write(ERASE_LINE);
    this.shown = false;
  }
}

const BAR_COLUMNS = 24;

/** A bar for a share from 0 to 1, with its percentage. */
export function progressBar(share: number): string {
  const whole = Math.min(1, Math.max(0, share));
  const full = Math.round(whole * BAR_COLUMNS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_COLUMNS - full)}] ${Math.floor(whole * 100)} %`;
}
