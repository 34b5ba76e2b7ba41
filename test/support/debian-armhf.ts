/**
 * Debian's packages for 32-bit Arm, fetched by an apt of our own from wherever this machine's apt
 * gets its packages, and unpacked without being installed.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long fetching may take before it is given up. */
const FETCH_MILLISECONDS = 90_000;

/** Whether packages shall be fetched at all: on CI, or with ARMHF=1. */
export function mayFetch(): boolean {
  return process.env['CI'] === 'true' || process.env['ARMHF'] === '1';
}

/** The packages that a package depends on, and the way to unpack some. */
export interface ArmhfArchive {
  /** The `Depends` line of a package. */
  depends(name: string): string;
  /** Downloads packages and unpacks them; answers the folder that then looks like a root. */
  unpack(names: readonly string[]): string;
}

/**
 * Debian's packages for armhf, with lists and downloads under `state`.
 * Throws where there is no apt, or it cannot reach its packages.
 */
export function armhfArchive(state: string): ArmhfArchive {
  for (const part of ['lists/partial', 'cache/archives/partial', 'root']) {
    mkdirSync(join(state, part), { recursive: true });
  }
  writeFileSync(join(state, 'status'), '');
  const own = [
    ...['APT::Architecture=armhf', 'APT::Architectures=armhf', 'APT::Sandbox::User=root'],
    ...[`Dir::State::Lists=${state}/lists`, `Dir::State::status=${state}/status`],
    `Dir::Cache=${state}/cache`,
  ].flatMap((option) => ['-o', option]);
  const end = Date.now() + FETCH_MILLISECONDS;
  const run = (program: string, args: readonly string[]): string =>
    execFileSync(program, args, {
      cwd: state,
      encoding: 'utf8',
      timeout: Math.max(1, end - Date.now()),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  try {
    run('apt-get', [...own, 'update']);
  } catch {
    // One list that is just being renewed fails the whole command; the others are there none the less,
    // and where they are not, the download says so.
  }
  return {
    depends: (name) => /^Depends: (.*)$/m.exec(run('apt-cache', [...own, 'show', name]))?.[1] ?? '',
    unpack(names) {
      run('apt-get', [...own, 'download', ...names]);
      for (const name of readdirSync(state).filter((file) => file.endsWith('.deb'))) {
        run('dpkg-deb', ['-x', name, 'root']);
      }
      return join(state, 'root');
    },
  };
}
