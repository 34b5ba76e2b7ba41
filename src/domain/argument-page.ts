/** The page in which a program finds its arguments. */
import { PAGE_BYTES, VmError } from '../base/index.js';

/** Words at the head of the page: argc, then argv[0] … argv[argc], the last one 0. */
const WORD = 4;

/** The contents of the argument page at `address`. Error: `SPAWN_ERR_SETUP_ARGV` they do not fit. */
export function argumentPage(argv: readonly string[], address: number): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  const view = new DataView(page.buffer);
  view.setUint32(0, argv.length, true);
  let text = (argv.length + 2) * WORD;
  for (const [index, argument] of argv.entries()) {
    const bytes = utf8(argument);
    if (text + bytes.length + 1 > PAGE_BYTES) {
      throw new VmError(
        'SPAWN_ERR_SETUP_ARGV',
        `${argv.length} arguments do not fit one page of ${PAGE_BYTES} bytes, from number ${index} on`,
      );
    }
    view.setUint32((index + 1) * WORD, address + text, true);
    page.set(bytes, text);
    text += bytes.length + 1;
  }
  return page;
}

/** `text` in UTF-8, by what every JavaScript engine has. */
function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const [part] of encodeURIComponent(text).matchAll(/%[0-9A-F]{2}|[^%]/g)) {
    bytes.push(part.length === 1 ? part.charCodeAt(0) : Number.parseInt(part.slice(1), 16));
  }
  return Uint8Array.from(bytes);
}
