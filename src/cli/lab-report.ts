/** What `lab` does: serves the page with the source, and follows it where it is a live target. */
import { spawn } from 'node:child_process';
import { VmError } from '../base/index.js';
import { line } from '../inspect/index.js';
import type { TableSource } from '../source/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import { sourceDocument } from './lab-document.js';
import type { LabFlags } from './lab-flags.js';
import { LabFollower } from './lab-follower.js';
import { scenarioDocument } from './lab-scenario.js';
import { LabServer } from './lab-server.js';
import { labSite } from './lab-site.js';
import type { Session } from './session.js';
import { openWord } from './subject.js';

const LIVE_KINDS = new Set(['gdb', 'qmp']);

/**
 * Serves the lab until it is interrupted.
 *
 * Errors: those of the source; USAGE_ERR — the port is taken; SOURCE_ERR_READ — the lab was not built.
 */
export async function serveLab(
  session: Session,
  word: string | undefined,
  flags: LabFlags,
): Promise<ExitCode> {
  // A machine that is being booted must not be left alone; a file that keeps us waiting may be.
  const whileBooting = isGuestWord(word) ? interrupted() : undefined;
  const shown = word === undefined ? undefined : await openShown(session, word, flags);
  const isInterrupted = whileBooting ?? interrupted();
  const site = labSite(shown?.kind ?? 'nothing');
  const server = new LabServer(site, shown?.document);
  try {
    const url = await server.listen(flags.port);
    session.out.print(line(url));
    session.talk.print(line('Ctrl-C ends it', 'quiet'));
    shown?.follow(server);
    if (flags.open) openBrowser(url, session);
    await isInterrupted;
  } finally {
    await shown?.end();
    await server.close();
  }
  return Exit.FINE;
}

/** What is served with the page. */
interface Shown {
  /** A scenario that the page runs, or an address space, and whether that changes. */
  readonly kind: 'scenario' | 'still' | 'live';
  /** What there is to see at first. */
  readonly document: string;
  /** Shows on `server` how it changes, while somebody follows it. */
  follow(server: LabServer): void;
  /** Lets it go. */
  end(): Promise<void>;
}

async function openShown(session: Session, word: string, flags: LabFlags): Promise<Shown> {
  if (isGuestWord(word)) {
    const { LabGuest } = await import('./lab-guest.js');
    return LabGuest.boot(session, word.slice(GUEST_PREFIX.length), flags);
  }
  const scenario = scenarioDocument(word);
  if (scenario !== undefined) {
    return { kind: 'scenario', document: scenario, follow: () => {}, end: async () => {} };
  }
  const source = requireTables(await openWord(session, word, flags));
  const isLive = LIVE_KINDS.has(source.kind);
  const document = sourceDocument(source, isLive);
  source.close();
  const stopped = new AbortController();
  let follower: LabFollower | undefined;
  return {
    kind: isLive ? 'live' : 'still',
    document,
    follow: (server) => {
      if (isLive) follower = new LabFollower(server, word, flags, stopped.signal);
    },
    end: async () => {
      stopped.abort();
      await follower?.ended();
    },
  };
}

const GUEST_PREFIX = 'boot:';

/** Whether a word names a program to boot. */
function isGuestWord(word: string | undefined): word is string {
  return word?.startsWith(GUEST_PREFIX) === true;
}

function requireTables(source: Awaited<ReturnType<typeof openWord>>): TableSource {
  if (source.evidence === 'tables') return source;
  throw new VmError(
    'SOURCE_ERR_ROOT',
    `${source.word} tells of regions, not of tables: pagewright show ${source.word} prints them`,
  );
}

/** Resolves when the process is asked to end. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens the page in the browser of the user; where none can be opened, the address has been printed. */
function openBrowser(url: string, { talk }: Session): void {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const browser = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  browser.once('error', () => {
    talk.print(line(`${program} is not there: open the address in a browser`, 'quiet'));
  });
  browser.unref();
}
