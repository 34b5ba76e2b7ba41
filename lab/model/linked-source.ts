/**
 * A source that was dropped, as the text that a link can carry: a layout as it was written, anything
 * else as a snapshot with its names. Whoever opens the link needs no file.
 */

import { VmError } from '../../src/base/index.js';
import type { NamedRange } from '../../src/inspect/index.js';
import { subjectOfLayout } from './layout-file.js';
import { snapshotOf, subjectOfSnapshot } from './snapshot-file.js';
import type { Subject } from './subject.js';

/** The text of a subject. */
export function linkTextOf(subject: Subject): string {
  const { title, about, provenance, names, layout } = subject;
  const word = provenance.source;
  // The programs of a layout are bytes: without them its tables say the same.
  if (layout !== undefined && layout.programs.size === 0) {
    return JSON.stringify({ title, layout: { text: layout.text, path: layout.path } });
  }
  return JSON.stringify({ title, about, word, names: names.ranges, snapshot: snapshotOf(subject) });
}

/**
 * The subject in such a text.
 *
 * Errors: SOURCE_ERR_FORMAT — it is none; those of layouts and of `subjectOfSnapshot`.
 */
export function subjectOfLinkText(text: string): Subject {
  const said = parsed(text);
  const title = textIn(said, 'title');
  const layout = said['layout'];
  if (isObject(layout)) {
    return subjectOfLayout(textIn(layout, 'text'), textIn(layout, 'path'), title);
  }
  const names = Array.isArray(said['names']) ? said['names'].filter(isNamedRange) : [];
  const [word, about] = [textIn(said, 'word'), textIn(said, 'about')];
  return subjectOfSnapshot(textIn(said, 'snapshot'), { title, word, about, names });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw damaged();
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textIn(object: Readonly<Record<string, unknown>>, key: string): string {
  const value = object[key];
  if (typeof value === 'string') return value;
  throw damaged();
}

function isNamedRange(value: unknown): value is NamedRange {
  if (!isObject(value)) return false;
  const { name, base, bytes, space, role, origin } = value;
  const texts = [name, origin].every((each) => typeof each === 'string');
  const numbers = [base, bytes].every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
  const isKnown =
    (space === 'virtual' || space === 'physical') && (role === 'region' || role === 'symbol');
  return texts && numbers && isKnown;
}

function damaged(): VmError {
  return new VmError(
    'SOURCE_ERR_FORMAT',
    'the link is damaged: the file in it cannot be read; was it cut off when it was copied?',
  );
}
