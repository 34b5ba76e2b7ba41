/** A scenario for the page of the lab, which runs it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { formatBytes, VmError } from '../base/index.js';
import { MOST_FILE_BYTES } from '../layout/yaml-tree.js';
import { isScenarioText, parseScenario } from '../scenario/index.js';
import { decodeText, readAtMost } from './input-file.js';
import { readProgram } from './program-file.js';

/** Bytes of all programs together that are handed to the page: it gets them in one piece. */
const MOST_PROGRAMS_BYTES = 64 * 1024 * 1024;

/**
 * The document of the scenario that lies at `word`: its text, and the programs that its domains run;
 * undefined where no scenario lies there.
 *
 * Errors: those of `parseScenario`; `SOURCE_ERR_READ` a program of it cannot be read, or all of them
 * are too large together.
 */
export function scenarioDocument(word: string): string | undefined {
  if (!/\.ya?ml$/i.test(word) || !existsSync(word)) return undefined;
  const text = decodeText(word, readAtMost(word, MOST_FILE_BYTES));
  if (!isScenarioText(text)) return undefined;
  const { domains } = parseScenario(text, word);
  const programs = new Set(domains.flatMap(({ elf }) => (elf === undefined ? [] : [elf])));
  let total = 0;
  const files = [...programs].map((path) => {
    const bytes = readProgram(join(dirname(word), path));
    total += bytes.length;
    if (total > MOST_PROGRAMS_BYTES) {
      const most = formatBytes(MOST_PROGRAMS_BYTES);
      throw new VmError(
        'SOURCE_ERR_READ',
        `${word}: its programs are larger than ${most} together`,
      );
    }
    return [path, Buffer.from(bytes).toString('base64')];
  });
  return JSON.stringify({
    schema: 'pagewright/lab-scenario',
    version: 1,
    name: basename(word),
    text,
    files,
  });
}
