/**
 * The files of the lab, and the one that says what is looked at. All of them are read before the first
 * request: a path is looked up among their names, so that none leads anywhere else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VmError } from '../base/errors.js';

/** A file as it is sent. */
export interface SiteFile {
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** Where `npm run build` puts it: two levels up from src/cli, dist/bin and dist/chunks alike. */
const FOLDER = fileURLToPath(new URL('../../dist/lab/', import.meta.url));
const PAGE = '/index.html';
/** The place in the page that says that a source is served with it; see lab/app/served-source.ts. */
const MARK = '<meta name="description"';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The files of the lab by their paths on the server; `serves` says whether a scenario or a
 * source is served with them, and whether that changes.
 *
 * Errors: SOURCE_ERR_READ — the lab was not built.
 */
export function labSite(
  serves: 'nothing' | 'scenario' | 'still' | 'live',
): ReadonlyMap<string, SiteFile> {
  const files = new Map<string, SiteFile>();
  for (const path of pathsIn(FOLDER)) {
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    files.set(path, { type, content: readFileSync(join(FOLDER, path)) });
  }
  const page = files.get(PAGE);
  if (page === undefined) {
    throw new VmError('SOURCE_ERR_READ', `${FOLDER} has no lab: npm run build makes it`);
  }
  const text = new TextDecoder().decode(page.content as Uint8Array);
  const served = `<meta name="pagewright-source" content="${serves}" />\n    ${MARK}`;
  const content = serves === 'nothing' ? text : text.replace(MARK, served);
  files.set(PAGE, { type: page.type, content });
  files.set('/', { type: page.type, content });
  return files;
}

function pathsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(
        (entry) => `/${relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')}`,
      );
  } catch {
    return [];
  }
}
