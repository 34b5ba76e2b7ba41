/** Follows a live target for the pages that look at it. */
import { VmError } from '../base/index.js';
import { sourceDocument } from './lab-document.js';
import type { LabFlags } from './lab-flags.js';
import type { LabServer } from './lab-server.js';
import { openQuietly } from './subject.js';

/** Reads a live target again and again, while somebody follows it. */
export class LabFollower {
  private readonly server: LabServer;
  private readonly word: string;
  private readonly flags: LabFlags;
  private readonly signal: AbortSignal;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reading: Promise<void> = Promise.resolve();
  private complaint = '';

  constructor(server: LabServer, word: string, flags: LabFlags, signal: AbortSignal) {
    this.server = server;
    this.word = word;
    this.flags = flags;
    this.signal = signal;
    server.onFollowed = (followed) => {
      if (followed) this.schedule();
      else clearTimeout(this.timer);
    };
    signal.addEventListener('abort', () => clearTimeout(this.timer));
  }

  /** When the last reading is over, and the target let go. */
  ended(): Promise<void> {
    return this.reading;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.reading = this.read().then(() => this.schedule());
    }, this.flags.every);
  }

  private async read(): Promise<void> {
    try {
      const source = await openQuietly(this.word, this.flags, { signal: this.signal });
      if (source.evidence === 'tables') this.server.show(sourceDocument(source, true));
      source.close();
      this.complaint = '';
    } catch (error) {
      this.complain(error);
    }
  }

  /** A target that is gone is told of once, and looked for again. */
  private complain(error: unknown): void {
    if (this.signal.aborted || !(error instanceof VmError) || error.message === this.complaint)
      return;
    this.complaint = error.message;
    this.server.complain(error.code, error.message);
  }
}
