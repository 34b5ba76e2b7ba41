/** Page replacement as a textbook writes it: lists that are searched from the start. */

/** A use of a page. */
export interface Use {
  readonly page: number;
  readonly write: boolean;
}

/** What a policy did. */
export interface NaiveCount {
  readonly missed: number;
  readonly evictions: number;
  readonly writeBacks: number;
}

interface Resident {
  page: number;
  dirty: boolean;
  /** The reference bit; for LFU how many uses. */
  used: number;
  /** When it came in, and was used last. */
  since: number;
  last: number;
}

/** Replays `uses` with `frames` frames. */
export function naiveReplay(
  uses: readonly Use[],
  frames: number,
  policy: 'fifo' | 'clock' | 'second-chance' | 'lru' | 'lfu' | 'opt',
): NaiveCount {
  // For CLOCK the ring, for the others the order of coming in.
  const memory: Resident[] = [];
  let hand = 0;
  let missed = 0;
  let evictions = 0;
  let writeBacks = 0;
  for (const [time, { page, write }] of uses.entries()) {
    let entry = memory.find((each) => each.page === page);
    if (entry === undefined) {
      missed += 1;
      entry = {
        page,
        dirty: false,
        used: policy === 'second-chance' ? 0 : 1,
        since: time,
        last: time,
      };
      if (memory.length < frames) memory.push(entry);
      else {
        evictions += 1;
        const place = placeOfVictim(time);
        if ((memory[place] as Resident).dirty) writeBacks += 1;
        if (policy === 'clock') memory[place] = entry;
        else {
          memory.splice(place, 1);
          memory.push(entry);
        }
      }
    } else {
      entry.last = time;
      entry.used = policy === 'lfu' ? entry.used + 1 : 1;
    }
    if (write) entry.dirty = true;
  }
  return { missed, evictions, writeBacks };

  function placeOfVictim(time: number): number {
    switch (policy) {
      case 'fifo':
        return lowest((entry) => entry.since);
      case 'lru':
        return lowest((entry) => entry.last);
      case 'lfu':
        return lowest((entry) => entry.used * uses.length + entry.since);
      case 'opt':
        return lowest(({ page }) => {
          const next = uses.findIndex((use, index) => index > time && use.page === page);
          return next < 0 ? Number.NEGATIVE_INFINITY : -next;
        });
      case 'second-chance':
        for (let head = memory[0] as Resident; head.used === 1; head = memory[0] as Resident) {
          head.used = 0;
          memory.push(memory.shift() as Resident);
        }
        return 0;
      case 'clock':
        for (;;) {
          const place = hand;
          hand = (hand + 1) % frames;
          const entry = memory[place] as Resident;
          if (entry.used === 0) return place;
          entry.used = 0;
        }
    }
  }

  function lowest(rank: (entry: Resident) => number): number {
    let best = 0;
    const ranks = memory.map(rank);
    for (const [place, value] of ranks.entries()) if (value < (ranks[best] as number)) best = place;
    return best;
  }
}
