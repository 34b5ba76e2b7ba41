/** A scenario for the page of the lab, which runs it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MOST_FILE_BYTES } from '../layout/yaml-tree.js';
import { isScenarioText, parseScenario } from '../scenario/index.js';
import { decodeText, readAtMost } from './input-file.js';
import { readProgram } from './program-file.js';

/**
 * The document of the scenario that lies at `word`: its text, and the programs that its domains run;
 * undefined where no scenario lies there.
 *
 * Errors: those of `parseScenario`; `SOURCE_ERR_READ` a program of it cannot be read.
 */
export function scenarioDocument(word: string): string | undefined {
  if (!/\.ya?ml$/i.test(word) || !existsSync(word)) return undefined;
  const text = decodeText(word, readAtMost(word, MOST_FILE_BYTES));
  if (!isScenarioText(text)) return undefined;
  const { domains } = parseScenario(text, word);
  const programs = new Set(domains.flatMap(({ elf }) => (elf === undefined ? [] : [elf])));
  const files = [...programs].map((path) => {
    const bytes = readProgram(join(dirname(word), path));
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
