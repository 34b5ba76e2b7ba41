/**
 * Debian's kernel for 32-bit Arm with a small user space, kept in `.cache`. It is fetched on CI, or
 * with LINUX=1; where it is not to be had, there is none.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Paths of what QEMU boots. */
export interface LinuxImage {
  readonly kernel: string;
  readonly initramfs: string;
}

/** What the first process prints when it is there. */
export const READY = 'LINUX-READY';

const CACHE = resolve('.cache/linux-armhf');
/** How long fetching may take before it is given up. */
const FETCH_MILLISECONDS = 60_000;
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo ${READY}
while :; do :; done
`;

/** The image, if it is there or can be fetched. */
export function debianLinux(): LinuxImage | undefined {
  const image = { kernel: join(CACHE, 'vmlinuz'), initramfs: join(CACHE, 'initramfs.gz') };
  if (existsSync(image.kernel) && existsSync(image.initramfs)) return image;
  if (process.env['CI'] !== 'true' && process.env['LINUX'] !== '1') return undefined;
  try {
    fetchInto(image);
    return image;
  } catch (error) {
    process.stderr.write(`Linux for Arm cannot be fetched: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** Fetches two packages through an apt of our own, and takes out what is needed. */
function fetchInto(image: LinuxImage): void {
  const state = join(CACHE, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial', 'sources.d', 'root']) {
    mkdirSync(join(state, part), { recursive: true });
  }
  writeFileSync(join(state, 'status'), '');
  const sources = 'deb [trusted=yes] http://deb.debian.org/debian bookworm main\n';
  writeFileSync(join(state, 'sources.d/debian.list'), sources);
  const own = [
    ...['APT::Architecture=armhf', 'APT::Architectures=armhf'],
    ...['Dir::Etc::SourceList=/dev/null', `Dir::Etc::SourceParts=${state}/sources.d`],
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
  run('apt-get', [...own, 'update']);
  const depends = run('apt-cache', [...own, 'show', 'linux-image-armmp']);
  const kernel = /^Depends: (linux-image-[^ ]+-armmp)\b/m.exec(depends)?.[1];
  if (kernel === undefined) throw new Error('linux-image-armmp depends on no kernel');
  run('apt-get', [...own, 'download', kernel, 'busybox-static']);
  for (const name of readdirSync(state).filter((file) => file.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', name, 'root']);
  }
  const boot = readdirSync(join(state, 'root/boot')).find((name) => name.startsWith('vmlinuz'));
  writeFileSync(image.kernel, readFileSync(join(state, 'root/boot', String(boot))));
  writeFileSync(image.initramfs, initramfs(readFileSync(join(state, 'root/bin/busybox'))));
  rmSync(state, { recursive: true });
}

/** A cpio archive (`newc`) with busybox and its init, packed. */
function initramfs(busybox: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const padded = (data: Uint8Array): Uint8Array =>
    Buffer.concat([data, new Uint8Array(-data.length & 3)]);
  const add = (name: string, mode: number, data: Uint8Array = new Uint8Array()): void => {
    const fields = [
      parts.length + 1,
      mode,
      0,
      0,
      1,
      0,
      data.length,
      0,
      0,
      0,
      0,
      name.length + 1,
      0,
    ];
    const header = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
    parts.push(padded(Buffer.from(`070701${header}${name}\0`)), padded(data));
  };
  for (const directory of ['bin', 'proc', 'dev']) add(directory, 0o40755);
  add('bin/busybox', 0o100755, busybox);
  add('init', 0o100755, Buffer.from(INIT));
  add('TRAILER!!!', 0);
  return gzipSync(Buffer.concat(parts));
}
