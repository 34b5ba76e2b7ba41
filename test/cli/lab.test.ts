import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { LabFlags } from '../../src/cli/lab-flags.js';
import { LabFollower } from '../../src/cli/lab-follower.js';
import { scenarioDocument } from '../../src/cli/lab-scenario.js';
import { LabServer } from '../../src/cli/lab-server.js';
import { labSite } from '../../src/cli/lab-site.js';
import { command } from '../support/command.js';
import { ask, FLAGS, followEvents } from '../support/lab-server.js';

const SITE = new Map([
  ['/', { type: 'text/html', content: 'the page' }],
  ['/assets/a.js', { type: 'text/javascript', content: 'a' }],
]);

/** Opens a pipe for writing as soon as somebody waits at its other end. */
async function openedForReading(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe('the server of the lab', () => {
  const servers: LabServer[] = [];
  const serve = async (document?: string): Promise<{ server: LabServer; url: string }> => {
    const server = new LabServer(SITE, document);
    servers.push(server);
    return { server, url: await server.listen(0) };
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  it('gives its files and its source, on the loopback address', async () => {
    const { url } = await serve('{"a":1}');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await ask(url, '/?x=1')).toEqual({ status: 200, body: 'the page' });
    expect(await ask(url, '/assets/a.js')).toEqual({ status: 200, body: 'a' });
    expect(await ask(url, '/source.json')).toEqual({ status: 200, body: '{"a":1}' });
    expect((await ask(url, '/', { method: 'HEAD' })).body).toBe('');
  });

  it.each([
    '/../../package.json',
    '/assets/../../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2fpackage.json',
    '//etc/passwd',
    '/assets/a.js/',
    '/assets\\a.js',
    '/__proto__',
    '/source.json',
  ])('has nothing else: %s', async (path) => {
    const { url } = await serve();
    expect((await ask(url, path)).status).toBe(404);
  });

  it('answers nobody who came by another name, and changes nothing', async () => {
    const { url } = await serve('{}');
    expect((await ask(url, '/source.json', { host: 'example.org' })).status).toBe(403);
    expect((await ask(url, '/', { method: 'POST' })).status).toBe(405);
    expect((await ask(url, '/', { method: 'DELETE' })).status).toBe(405);
  });

  it('says whose fault it is when a port is taken', async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    await expect(new LabServer(SITE).listen(port)).rejects.toThrow(/somebody else listens there/);
  });

  it('tells those who follow of each new document, and of nothing else', async () => {
    const { server, url } = await serve('{"a":1}');
    const followed = new Promise<boolean>((resolve) => {
      server.onFollowed = resolve;
    });
    const events = followEvents(url);
    expect(await followed).toBe(true);
    expect(await events.next()).toBe('event: source\ndata: {"a":1}');
    server.show('{"a":1}');
    server.show('{"a":2}');
    expect(await events.next()).toBe('event: source\ndata: {"a":2}');
    const left = new Promise<boolean>((resolve) => {
      server.onFollowed = resolve;
    });
    events.end();
    expect(await left).toBe(false);
  });
});

describe('following a target', () => {
  it('reads it while somebody looks, tells what is new, and complains once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-lab-'));
    const file = join(folder, 'target.json');
    const save = async (layout: string, to: string): Promise<void> => {
      const { exit } = await command([
        'show',
        `layout:examples/layouts/${layout}.yaml`,
        '--save',
        to,
      ]);
      expect(exit).toBe(0);
    };
    await save('small-rtos', file);
    await save('zynq-board', join(folder, 'next.json'));
    const server = new LabServer(SITE);
    const url = await server.listen(0);
    const stopped = new AbortController();
    const flags: LabFlags = { ...FLAGS, every: 10 };
    const follower = new LabFollower(server, `snap:${file}`, flags, stopped.signal);
    const events = followEvents(url);
    try {
      expect(await events.next()).toContain('small-rtos');
      copyFileSync(join(folder, 'next.json'), file);
      expect(await events.next()).toContain('zynq-board');
      writeFileSync(file, 'nothing');
      expect(await events.next()).toMatch(/^event: problem\ndata: \{"code":"SOURCE_ERR_/);
      await save('small-rtos', file);
      expect(await events.next()).toContain('event: source');
    } finally {
      events.end();
      stopped.abort();
      await follower.ended();
      await server.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('pagewright lab', () => {
  it('marks its page where it serves a source', () => {
    const page = (serves: 'nothing' | 'still' | 'live'): string =>
      String(labSite(serves).get('/')?.content);
    expect(page('nothing')).not.toContain('pagewright-source');
    expect(page('live')).toContain('<meta name="pagewright-source" content="live" />');
  });

  it('prints its address, serves the source, and ends with Ctrl-C', async () => {
    const args = [
      'dist/bin/pagewright.js',
      'lab',
      'layout:examples/layouts/zynq-board.yaml',
      '--no-open',
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    try {
      const url = await new Promise<string>((resolve) => {
        child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
      });
      const { body } = await ask(url, '/source.json');
      expect(JSON.parse(body)).toMatchObject({
        schema: 'pagewright/lab-source',
        word: 'layout:examples/layouts/zynq-board.yaml',
        live: false,
      });
      child.kill('SIGINT');
      expect(await ended).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.runIf(process.platform === 'linux')(
    'ends while a pipe keeps it waiting',
    async () => {
      const pipe = join(mkdtempSync(join(tmpdir(), 'pagewright-lab-')), 'pipe');
      execFileSync('mkfifo', [pipe]);
      const args = ['dist/bin/pagewright.js', 'lab', pipe, '--no-open'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'] });
      const ended = new Promise((resolve) => {
        child.once('exit', (_code, signal) => resolve(signal));
      });
      const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
      let writer = -1;
      try {
        writer = await openedForReading(pipe);
        child.kill('SIGINT');
        expect(await ended).toBe('SIGINT');
      } finally {
        clearTimeout(limit);
        child.kill('SIGKILL');
        if (writer >= 0) closeSync(writer);
        rmSync(dirname(pipe), { recursive: true });
      }
    },
    20_000,
  );

  it('takes a scenario, with the programs that its domains run', () => {
    const document = JSON.parse(scenarioDocument('examples/first-domain.yaml') ?? '');
    expect(document).toMatchObject({
      schema: 'pagewright/lab-scenario',
      name: 'first-domain.yaml',
    });
    expect(document.text).toBe(readFileSync('examples/first-domain.yaml', 'utf8'));
    const [[path, content]] = document.files;
    expect(path).toBe('programs/hello.elf');
    expect(Buffer.from(content, 'base64')).toEqual(readFileSync('examples/programs/hello.elf'));
  });

  it.each([
    'examples/layouts/zynq-board.yaml',
    'layout:examples/layouts/zynq-board.yaml',
    'examples/programs/hello.elf',
    'nothing.yaml',
  ])('takes %s for no scenario', (word) => {
    expect(scenarioDocument(word)).toBeUndefined();
  });

  it('refuses programs that are too large for the page together', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-'));
    try {
      const names = ['a.elf', 'b.elf', 'c.elf'];
      // Files of holes: nothing of this is on the disk.
      for (const name of names) {
        writeFileSync(join(folder, name), '');
        truncateSync(join(folder, name), 30 * 2 ** 20);
      }
      const file = join(folder, 'large.yaml');
      const domains = names.map((name) => `{name: ${name.slice(0, 1)}, elf: ${name}}`);
      writeFileSync(file, `domains: [${domains.join(', ')}]\nsteps: []\n`);
      expect(() => scenarioDocument(file)).toThrow(/larger than 64\.0 M together/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says what is wrong with a scenario, and which program of it is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewright-lab-'));
    try {
      const file = join(folder, 'mine.yaml');
      writeFileSync(file, 'domains: [ { name: a, elf: gone.elf } ]\nsteps:\n  - trim: {}\n');
      expect(() => scenarioDocument(file)).toThrow(/gone\.elf: there is no such file/);
      writeFileSync(file, 'domains: [ { name: a } ]\nsteps:\n  - frob: {}\n');
      expect(() => scenarioDocument(file)).toThrow(/frob/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [['lab', '--port', 'x'], 2, '--port x'],
    [['lab', '--port', '70000'], 2, '--port 70000'],
    [['lab', 'nothing.bin', '--no-open'], 3, 'nothing.bin'],
  ])('refuses %j', async (args, exit, words) => {
    const result = await command(args);
    expect(result.exit).toBe(exit);
    expect(result.err).toContain(words);
  });
});
