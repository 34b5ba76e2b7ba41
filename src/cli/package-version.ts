/** The version of this program. */
import { readFileSync } from 'node:fs';
import { VmError } from '../base/errors.js';

/**
 * The version of this program. It is read, not compiled in: package.json lies two levels up from
 * src/cli, dist/bin and dist/chunks alike.
 */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version?: unknown };
  if (typeof version === 'string') return version;
  throw new VmError('SOURCE_ERR_READ', 'package.json has no version');
}
