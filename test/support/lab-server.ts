/** What tests ask a server of the lab. */

import { request } from 'node:http';
import type { LabFlags } from '../../src/cli/lab-flags.js';

/** The options of `lab` as they are where nothing is given, but for the speed. */
export const FLAGS: LabFlags = {
  port: 0,
  open: false,
  every: 1,
  policy: 'clock',
  world: 'auto',
  names: [],
  elf: [],
};

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks by the raw path, which a URL would tidy. */
export function ask(
  url: string,
  path: string,
  options: { method?: string; host?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = options.host === undefined ? {} : { host: options.host };
    const asked = request(
      { hostname, port, path, method: options.method ?? 'GET', headers },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** Follows the events of a server. */
export function followEvents(url: string): { next: () => Promise<string>; end: () => void } {
  const { hostname, port } = new URL(url);
  const events: string[] = [];
  const waiting: ((event: string) => void)[] = [];
  const asked = request({ hostname, port, path: '/events' }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (piece: string) => {
      text += piece;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts.filter((each) => each.startsWith('event:'))) {
        const wanted = waiting.shift();
        if (wanted === undefined) events.push(part);
        else wanted(part);
      }
    });
    response.on('error', () => {});
  });
  asked.on('error', () => {});
  asked.end();
  return {
    next: () => {
      const known = events.shift();
      return known === undefined
        ? new Promise((resolve) => waiting.push(resolve))
        : Promise.resolve(known);
    },
    end: () => asked.destroy(),
  };
}
