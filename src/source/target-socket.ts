/** The connection to a live target: TCP or a socket in the file system. */

import { connect, type Socket } from 'node:net';
import { VmError } from '../base/index.js';

const HOST_PORT = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]/]*)):([0-9]{1,5})$/i;
const PORT = /^[0-9]{1,5}$/;

/** Where to connect to. */
export type TargetAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

/**
 * The address that `place` names: `host:port`, `[ipv6]:port`, `:port` or `port` on this machine, or
 * the path of a socket, which has a `/` in it.
 *
 * Errors: SOURCE_ERR_WORD — it names none.
 */
export function parseTargetAddress(place: string): TargetAddress {
  if (place.includes('/')) return { path: place };
  const match = HOST_PORT.exec(PORT.test(place) ? `:${place}` : place);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65535) {
    const want = 'a target is host:port, or the path of a socket';
    throw new VmError('SOURCE_ERR_WORD', `${place.slice(0, 80)} is no address: ${want}`);
  }
  return { host: match[1] ?? (match[2] || '127.0.0.1'), port };
}

/**
 * Connects to `place`.
 *
 * Errors: SOURCE_ERR_WORD — it is no address. SOURCE_ERR_TARGET_CONNECT — nobody answers there.
 * SOURCE_ERR_TARGET_TIMEOUT — the connection was not made in time.
 */
export function connectTo(place: string, milliseconds: number): Promise<Socket> {
  const address = parseTargetAddress(place);
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const timer = setTimeout(() => {
      socket.destroy();
      const text = `${place}: no connection after ${milliseconds / 1000} s`;
      reject(new VmError('SOURCE_ERR_TARGET_TIMEOUT', text));
    }, milliseconds);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const reason = REASONS[error.code ?? ''] ?? error.message;
      reject(new VmError('SOURCE_ERR_TARGET_CONNECT', `${place}: ${reason}`));
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; is the target running with its stub open?',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'this is no socket',
  ENOTFOUND: 'no host has this name',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  EACCES: 'connecting is not permitted',
};
