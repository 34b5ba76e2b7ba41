/**
 * The server of the lab: the loopback address, reading only, and only for pages that were opened from
 * it. What is looked at is one document; who follows it is told of each new one.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VmError } from '../base/errors.js';
import type { SiteFile } from './lab-site.js';

const HOST = '127.0.0.1';
/** Where the page asks for what is looked at, and where it is told of changes. */
const SOURCE_PATH = '/source.json';
const EVENTS_PATH = '/events';

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** A server of the lab. */
export class LabServer {
  private readonly files: ReadonlyMap<string, SiteFile>;
  private readonly server: Server;
  private readonly followers = new Set<ServerResponse>();
  /** What is looked at, as JSON; undefined where nothing is. */
  private document: string | undefined;
  /** Called when the first page begins to follow, and when the last has left. */
  onFollowed: (followed: boolean) => void = () => {};

  constructor(files: ReadonlyMap<string, SiteFile>, document?: string) {
    this.files = files;
    this.document = document;
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /**
   * Begins to listen, and answers the address of the page.
   *
   * Errors: USAGE_ERR — the port is taken, or not ours to take.
   */
  listen(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'somebody else listens there' : error.message;
        reject(new VmError('USAGE_ERR', `--port ${port}: ${why}; leave it out to get a free one`));
      });
      this.server.listen(port, HOST, () => resolve(`http://${HOST}:${this.port}/`));
    });
  }

  /** Shows another document, and tells who follows. */
  show(document: string): void {
    if (document === this.document) return;
    this.document = document;
    this.tell('source', document);
  }

  /** Tells who follows of something that went wrong. */
  complain(code: string, message: string): void {
    this.tell('problem', JSON.stringify({ code, message }));
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    for (const follower of this.followers) follower.end();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private tell(name: string, data: string): void {
    for (const follower of this.followers) follower.write(event(name, data));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const refusal = this.refusalOf(request);
    if (refusal !== undefined) refuse(response, ...refusal);
    else if (path === EVENTS_PATH) this.follow(request, response);
    else {
      const file = path === SOURCE_PATH ? this.source() : this.files.get(path);
      if (file === undefined) refuse(response, 404, 'there is no such file');
      else send(request, response, file);
    }
  }

  private refusalOf({ headers, method }: IncomingMessage): [number, string] | undefined {
    // A name of somebody else's that leads here would let his page read ours.
    if (!this.isOurs(headers.host)) return [403, 'this is another host'];
    if (method !== 'GET' && method !== 'HEAD') return [405, 'there is nothing to change here'];
    return undefined;
  }

  private isOurs(host: string | undefined): boolean {
    return host === `${HOST}:${this.port}` || host === `localhost:${this.port}`;
  }

  private source(): SiteFile | undefined {
    const content = this.document;
    return content === undefined ? undefined : { type: 'application/json', content };
  }

  private follow(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    // What it missed while it did not follow.
    response.write(this.document === undefined ? ': here\n\n' : event('source', this.document));
    this.followers.add(response);
    if (this.followers.size === 1) this.onFollowed(true);
    request.once('close', () => {
      this.followers.delete(response);
      if (this.followers.size === 0) this.onFollowed(false);
    });
  }
}

function send(request: IncomingMessage, response: ServerResponse, file: SiteFile): void {
  response.writeHead(200, { ...HEADERS, 'content-type': file.type });
  response.end(request.method === 'HEAD' ? undefined : file.content);
}

/** An event as it is sent; JSON has no line ends of its own. */
function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}
