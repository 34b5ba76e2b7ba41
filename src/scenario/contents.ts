/** Bytes as results and files hold them: two hexadecimal digits each. */

/** The bytes that `digits` are. */
export function bytesOfHex(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** `bytes` in hexadecimal digits. */
export function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether `found` is what was expected, and zeros behind that. */
export function holdsContents(found: string, expected: string): boolean {
  return found.startsWith(expected) && /^0*$/.test(found.slice(expected.length));
}

/** Characters of contents that are shown. */
const SHOWN = 32;

/** Contents for a person: text where they are that, without the zeros behind it. */
export function contentsText(digits: string): string {
  const bytes = bytesOfHex(digits.replace(/(?:00)+$/, ''));
  if (bytes.length === 0) return 'zeros';
  const printable = bytes.every((byte) => (byte >= 32 && byte < 127) || byte === 10 || byte === 9);
  const cut = bytes.subarray(0, SHOWN);
  const more = bytes.length > SHOWN ? '…' : '';
  if (printable) return `${JSON.stringify(String.fromCharCode(...cut))}${more}`;
  return `${Array.from(cut, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}${more}`;
}
