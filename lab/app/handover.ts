/**
 * What the address does not say yet when a page goes, handed to the page that is loaded again in its
 * place: a reload loses nothing, however soon it comes.
 */

const NAME = 'pagewright-lab.handover';
/** More is not handed over: a browser refuses about twice as much. */
const MOST_CHARACTERS = 2 * 2 ** 20;

interface Handover {
  /** The address that the page had. */
  readonly hash: string;
  readonly texts: Readonly<Record<string, string>>;
}

const givers = new Map<string, () => string | undefined>();

/** Lets `give` say what has to be handed over under a name; undefined where the address says it. */
export function handOver(name: string, give: () => string | undefined): void {
  givers.set(name, give);
}

const received = new Map(Object.entries(receive()));

/** What the page before has handed over under a name, once. */
export function takeOver(name: string): string | undefined {
  const text = received.get(name);
  received.delete(name);
  return text;
}

/** Hands over whenever the page may go; `settle` writes into the address what can be written at once. */
export function startHandover(settle: () => void): void {
  const give = (): void => {
    const texts = toGive();
    settle();
    write({ hash: location.hash, texts });
  };
  addEventListener('pagehide', give);
  // A telephone ends a page that is hidden without a word.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') give();
  });
}

function toGive(): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, give] of givers) {
    const text = give();
    if (text !== undefined && text.length <= MOST_CHARACTERS) texts[name] = text;
  }
  return texts;
}

function write(handover: Handover): void {
  try {
    sessionStorage.removeItem(NAME);
    if (Object.keys(handover.texts).length > 0) {
      sessionStorage.setItem(NAME, JSON.stringify(handover));
    }
  } catch {
    // Storage may be off or full.
  }
}

function receive(): Handover['texts'] {
  try {
    const text = sessionStorage.getItem(NAME);
    sessionStorage.removeItem(NAME);
    if (text === null) return {};
    const { hash, texts } = JSON.parse(text) as Handover;
    return isSamePage(hash) ? texts : {};
  } catch {
    return {};
  }
}

/**
 * Whether this page is the one before, again. What is reloaded is the address that a page had when the
 * reload began: it may have written others until it went, so that the address does not tell.
 */
function isSamePage(hash: string): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const wasDiscarded = 'wasDiscarded' in document && document.wasDiscarded === true;
  return navigation?.type === 'reload' || wasDiscarded || location.hash === hash;
}
