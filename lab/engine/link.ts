/**
 * Texts packed for the address of a page: deflated, in the letters that an address can hold. Nothing
 * is uploaded; the whole scenario is in the link.
 */

import { formatBytes, VmError } from '../../src/base/index.js';

/** Characters of the longest text that a link may hold: as much as a scenario file may have. */
const MOST_CHARACTERS = 128 * 1024;
/** Characters of a link that browsers and chat programs carry without harm. */
const MOST_PACKED = 64 * 1024;

/**
 * `text` as letters, digits, `-` and `_`.
 *
 * Errors: `SCENARIO_ERR_LIMIT` it is too long for a link.
 */
export async function packText(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const letters = base64(packed);
  if (letters.length <= MOST_PACKED && text.length <= MOST_CHARACTERS) return letters;
  const size = formatBytes(letters.length);
  throw new VmError(
    'SCENARIO_ERR_LIMIT',
    `the scenario is ${size} long in a link, more than browsers carry: save it as a file instead`,
  );
}

/**
 * The text that {@link packText} made `packed` of.
 *
 * Errors: `SCENARIO_ERR_LIMIT` it unpacks to more than a scenario may have; `SCENARIO_ERR_SYNTAX` it
 * is damaged.
 */
export async function unpackText(packed: string): Promise<string> {
  const damaged = new VmError(
    'SCENARIO_ERR_SYNTAX',
    'the link is damaged: its scenario cannot be unpacked; was it cut off when it was copied?',
  );
  const bytes = bytesOf(packed);
  if (bytes === undefined || packed.length > 2 * MOST_PACKED) throw damaged;
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'))
    .pipeThrough(new TextDecoderStream('utf-8', { fatal: true }))
    .getReader();
  let text = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      if (text.length > MOST_CHARACTERS) {
        await reader.cancel();
        break;
      }
    }
  } catch {
    throw damaged;
  }
  if (text.length <= MOST_CHARACTERS) return text;
  const most = formatBytes(MOST_CHARACTERS);
  throw new VmError('SCENARIO_ERR_LIMIT', `the link unpacks to more than ${most} of scenario`);
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function bytesOf(letters: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const text = atob(letters.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
