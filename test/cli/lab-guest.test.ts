import { describe, expect, it } from 'vitest';
import { subjectOfSnapshot } from '../../lab/model/snapshot-file.js';
import { LabGuest } from '../../src/cli/lab-guest.js';
import { LabServer } from '../../src/cli/lab-server.js';
import { Output } from '../../src/cli/output.js';
import type { Session } from '../../src/cli/session.js';
import { Access } from '../../src/format/index.js';
import { walk } from '../../src/machine/index.js';
import { SKIPS, title } from '../oracle/tools.js';
import { ask, FLAGS, followEvents } from '../support/lab-server.js';

/** The document in an event, and the number of the fault that it is about. */
function documentIn(event: string): { about: string; snapshot: string; names: unknown[] } {
  return JSON.parse(event.slice(event.indexOf('data: ') + 6)) as ReturnType<typeof documentIn>;
}

/** `12 carousel  write 00412000  bss+0x3ff000  zeros  → 42112000`. */
const FAULT = /^(\d+) carousel +(?:fetch|read|write) +([0-9a-f]{8}) .*→ ([0-9a-f]{8})/;

/** Where the tables of a snapshot lead. */
function reached(snapshot: string, va: number): number | undefined {
  const { input } = subjectOfSnapshot(snapshot, { title: 'it', word: 'snap:it' });
  return walk(input.reader, input.registers, input.profile, va, Access.USER_READ).leaf?.pa;
}

describe.skipIf(SKIPS)(title('following a program that is booted'), () => {
  const path = 'examples/live/carousel.elf';

  /** A session that keeps what it prints. */
  function sessionOf(): { session: Session; said: () => string } {
    let said = '';
    const stream = {
      write: (text: string) => {
        said += text;
      },
    };
    return {
      session: {
        out: new Output(stream, 'never', {}),
        talk: new Output(stream, 'never', {}),
        quiet: false,
      },
      said: () => said,
    };
  }

  it('shows it fault by fault, ever faster, until it ends, and leaves nothing behind', async () => {
    const { session, said } = sessionOf();
    const guest = await LabGuest.boot(session, path, { ...FLAGS, frames: 12 });
    const server = new LabServer(new Map(), guest.document);
    expect(JSON.parse(guest.document)).toMatchObject({ live: true, word: `boot:${path}` });
    const url = await server.listen(0);
    guest.follow(server);
    const events = followEvents(url);
    try {
      expect(documentIn(await events.next()).about).toBe('It has not begun to run.');
      const numbers: number[] = [];
      for (;;) {
        const { about, snapshot, names } = documentIn(await events.next());
        if (about.includes('ends')) break;
        expect(names.length).toBeGreaterThan(2);
        // The page that the fault was answered with is in the tables that are shown.
        const [, number, va = '', pa = ''] = FAULT.exec(about) ?? [];
        expect(reached(snapshot, Number.parseInt(va, 16))).toBe(Number.parseInt(pa, 16));
        numbers.push(Number(number));
      }
      expect(numbers.slice(0, 5)).toEqual([1, 3, 7, 15, 31]);
      expect(said()).toContain('40 rounds, f5875800 as expected');
      expect(said()).toContain('✓ carousel exited with 0');
    } finally {
      events.end();
      await guest.end();
      await server.close();
    }
    expect(() => process.kill(guest.pid, 0)).toThrow();
  });

  it('holds it while nobody follows', async () => {
    const { session, said } = sessionOf();
    const guest = await LabGuest.boot(session, path, { ...FLAGS, every: 50 });
    const server = new LabServer(new Map(), guest.document);
    const url = await server.listen(0);
    guest.follow(server);
    try {
      const first = followEvents(url);
      while (!documentIn(await first.next()).about.startsWith('3 '));
      first.end();
      const { body } = await ask(url, '/source.json');
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(documentIn(`data: ${body}`).about).toMatch(/^[37] /);
      expect((await ask(url, '/source.json')).body).toBe(body);
      expect(said()).toBe('');
      const second = followEvents(url);
      while (!documentIn(await second.next()).about.includes('ends'));
      second.end();
    } finally {
      await guest.end();
      await server.close();
    }
  });
});
