/**
 * Debian's kernel for 32-bit Arm with a small user space, kept in `.cache`. It is fetched on CI, or
 * with ARMHF=1; where it is not to be had, there is none.
 */

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { armhfArchive, mayFetch } from './debian-armhf.js';

/** Paths of what QEMU boots. */
export interface LinuxImage {
  readonly kernel: string;
  readonly initramfs: string;
}

/** What the first process prints when it is there. */
export const READY = 'LINUX-READY';

const CACHE = resolve('.cache/linux-armhf');
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo ${READY}
while :; do :; done
`;

/** The image, if it is there or can be fetched. */
export function debianLinux(): LinuxImage | undefined {
  const image = { kernel: join(CACHE, 'vmlinuz'), initramfs: join(CACHE, 'initramfs.gz') };
  if (existsSync(image.kernel) && existsSync(image.initramfs)) return image;
  if (!mayFetch()) return undefined;
  try {
    fetchInto(image);
    return image;
  } catch (error) {
    process.stderr.write(`Linux for Arm cannot be fetched: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** Fetches two packages, and takes out what is needed. */
function fetchInto(image: LinuxImage): void {
  const state = join(CACHE, 'apt');
  const archive = armhfArchive(state);
  const kernel = /\b(linux-image-[^ ,]+-armmp)\b/.exec(archive.depends('linux-image-armmp'))?.[1];
  if (kernel === undefined) throw new Error('linux-image-armmp depends on no kernel');
  const root = archive.unpack([kernel, 'busybox-static']);
  const boot = readdirSync(join(root, 'boot')).find((name) => name.startsWith('vmlinuz'));
  writeFileSync(image.kernel, readFileSync(join(root, 'boot', String(boot))));
  writeFileSync(image.initramfs, initramfs(readFileSync(join(root, 'bin/busybox'))));
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
