/** A small editor of YAML: a textarea over its own text in colours, with errors in their lines and completion. */

import type { JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FileProblem } from '../../src/layout/index.js';
import { type Completion, completions, type JsonSchema } from './complete.js';
import { partsOfLines } from './highlight.js';

interface EditorProps {
  /** What is edited, for who cannot see it. */
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  /** What is wrong with the text. */
  readonly problems: readonly FileProblem[];
  /** What may be written; nothing is offered without it. */
  readonly schema: JsonSchema | undefined;
  /** Ctrl and Enter. */
  readonly onRun: () => void;
}

/** The editor. */
export function Editor(props: EditorProps): JSX.Element {
  const { label, text, onText, problems, schema, onRun } = props;
  const area = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const hasWritten = useRef(false);
  const [offers, setOffers] = useState<readonly Completion[]>([]);
  const [active, setActive] = useState(0);
  const [caret, setCaret] = useState<number | undefined>(undefined);
  const lines = text.split('\n');
  const wrong = new Map(problems.map(({ line, message }) => [line, message]));

  useLayoutEffect(() => {
    if (caret === undefined) return;
    area.current?.setSelectionRange(caret, caret);
    setCaret(undefined);
  }, [caret]);

  const offer = (asked: boolean): void => {
    const element = area.current;
    if (element === null || schema === undefined) return;
    const at = element.selectionStart;
    const found = element.selectionEnd === at ? completions(schema, element.value, at) : [];
    const hasWord = (found[0]?.from ?? at) < at;
    setOffers(asked || hasWord ? found : []);
    setActive(0);
  };
  // Who has begun to write before the schema was there is offered now what fits.
  useEffect(() => {
    if (hasWritten.current && document.activeElement === area.current) offer(false);
    else setOffers([]);
  }, [schema]);
  const replace = (from: number, to: number, by: string): void => {
    onText(text.slice(0, from) + by + text.slice(to));
    setCaret(from + by.length);
    setOffers([]);
  };
  const take = (completion: Completion): void => {
    const end = area.current?.selectionStart ?? completion.from;
    replace(completion.from, end, completion.text);
    area.current?.focus();
  };
  const onKeyDown = (
    event: KeyboardEvent & { readonly currentTarget: HTMLTextAreaElement },
  ): void => {
    const { selectionStart: start, selectionEnd: end } = event.currentTarget;
    const chosen = offers[active];
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onRun();
    } else if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      offer(true);
    } else if (event.key === 'Escape' && offers.length > 0) {
      event.stopPropagation();
      setOffers([]);
    } else if (chosen !== undefined && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      const by = event.key === 'ArrowDown' ? 1 : offers.length - 1;
      setActive((active + by) % offers.length);
    } else if (chosen !== undefined && (event.key === 'Tab' || event.key === 'Enter')) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      replace(start, end, `\n${indentAfter(text, start)}`);
    }
  };

  return (
    <div class="editor">
      <div class="editor-scroll">
        <div class="editor-gutter" aria-hidden="true">
          {lines.map((_, index) => (
            <span class={wrong.has(index + 1) ? 'wrong' : ''} key={index}>
              {index + 1}
            </span>
          ))}
        </div>
        <div class="editor-text">
          <pre aria-hidden="true">
            {partsOfLines(lines).map((parts, index) => (
              <span class={`editor-line ${wrong.has(index + 1) ? 'wrong' : ''}`} key={index}>
                {parts.map((part, at) => (
                  <span class={`yaml-${part.kind}`} key={at}>
                    {part.text}
                  </span>
                ))}
                {'\n'}
              </span>
            ))}
          </pre>
          <textarea
            ref={area}
            value={text}
            aria-label={label}
            aria-invalid={problems.length > 0}
            aria-controls={list}
            aria-describedby={problems.length > 0 ? `${list}-problems` : undefined}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            wrap="off"
            onInput={(event) => {
              onText(event.currentTarget.value);
              hasWritten.current = true;
              offer(false);
            }}
            onKeyDown={onKeyDown}
            onBlur={() => setTimeout(() => setOffers([]), 150)}
            onPointerDown={() => setOffers([])}
          />
        </div>
      </div>
      <Offers id={list} offers={offers} active={active} onTake={take} />
      <Problems
        id={`${list}-problems`}
        problems={problems}
        onGo={(offset) => goTo(area.current, offset)}
        text={text}
      />
    </div>
  );
}

interface OffersProps {
  readonly id: string;
  readonly offers: readonly Completion[];
  readonly active: number;
  readonly onTake: (completion: Completion) => void;
}

function Offers({ id, offers, active, onTake }: OffersProps): JSX.Element {
  return (
    <ul class="editor-offers" id={id} aria-label="What fits here" hidden={offers.length === 0}>
      {offers.map((each, index) => (
        <li key={each.text}>
          <button
            type="button"
            tabIndex={-1}
            class={index === active ? 'active' : ''}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onTake(each)}
          >
            <code>{each.text.replace(/: $/, '')}</code>
            <span>{each.about}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface ProblemsProps {
  readonly id: string;
  readonly problems: readonly FileProblem[];
  readonly text: string;
  readonly onGo: (offset: number) => void;
}

function Problems({ id, problems, text, onGo }: ProblemsProps): JSX.Element {
  return (
    <ul class="editor-problems" id={id} aria-live="polite">
      {problems.map(({ line, column, message }) => (
        <li key={`${line}:${column}:${message}`}>
          <button type="button" onClick={() => onGo(offsetOf(text, line, column))}>
            <span class="at">
              {line}:{column}
            </span>{' '}
            {message}
          </button>
        </li>
      ))}
    </ul>
  );
}

function goTo(area: HTMLTextAreaElement | null, offset: number): void {
  area?.focus();
  area?.setSelectionRange(offset, offset);
}

function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n').slice(0, line - 1);
  return lines.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}

/** The indentation of the line after the one that ends at `at`: deeper behind a key without a value. */
function indentAfter(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  const indent = /^\s*(?:- )?/.exec(line)?.[0].replace('-', ' ') ?? '';
  const isItem = /^\s*- [^:]*:\s*(?:\{.*\}|\S.*)$/.test(line);
  if (isItem) return `${/^\s*/.exec(line)?.[0] ?? ''}- `;
  return /:\s*$/.test(line) ? `${indent}  ` : indent;
}
