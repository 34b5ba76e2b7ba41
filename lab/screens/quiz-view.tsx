/** The view of S9: a walk or an entry with its answer hidden, and how it is worked out. */

import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { hex } from '../../src/base/index.js';
import { kindOf } from '../../src/format/index.js';
import {
  isRight,
  type Question,
  quizQuestion,
  walkAddress,
  walkGates,
} from '../../src/inspect/index.js';
import { Picture, type PictureTable } from '../app/picture.js';
import { get, set } from '../app/state.js';
import { keep, kept } from '../app/storage.js';
import { StyledLines } from '../app/styled-lines.js';
import { useCommands } from '../app/use-commands.js';
import type { Paint } from '../draw/painter.js';
import { walkHeight, walkPaint } from '../draw/walk-picture.js';
import { wordHeight, wordPaint } from '../draw/word-picture.js';
import {
  answered,
  parseScore,
  type QuizScore,
  scoreText,
  scoreWords,
} from '../model/quiz-score.js';
import { SEED } from './quiz-seed.js';
import './tools.css';

const LARGEST_SEED = 999_999;

const KEPT = 'quiz';
const score = signal<QuizScore>(parseScore(kept(KEPT)));

function count(seed: number, right: boolean): void {
  score.value = answered(score.peek(), seed, right);
  keep(KEPT, scoreText(score.peek()));
}

function goTo(seed: number): void {
  set(SEED, Math.min(LARGEST_SEED, Math.max(0, seed)), true);
}

/** The view. */
export function QuizView(): JSX.Element {
  const seed = get(SEED);
  const question = useMemo(() => quizQuestion(seed), [seed]);
  return <Asked question={question} key={seed} />;
}

/** What was answered; undefined before that, empty where the reader gave up. */
type Given = string | undefined;

function Asked({ question }: { readonly question: Question }): JSX.Element {
  const { seed, text, choices, answer, solution } = question;
  const [given, setGiven] = useState<Given>(undefined);
  const next = useRef<HTMLButtonElement>(null);
  const give = (said: string): void => {
    count(seed, isRight(question, said));
    setGiven(said);
  };
  useLayoutEffect(() => {
    if (given !== undefined) next.current?.focus();
  }, [given]);
  useCommands({ 'step-back': () => goTo(seed - 1), 'step-forward': () => goTo(seed + 1) });
  return (
    <div class="quiz-screen">
      <section class="panel" aria-label="The question">
        <div class="panel-head">
          <h2>Question {seed}</h2>
          <p class="quiet" role="status">
            {scoreWords(score.value)}
          </p>
        </div>
        <div class="quiz-text">
          {text.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
        <QuestionPicture question={question} isHidden={given === undefined} />
        {given === undefined ? (
          <AnswerForm choices={choices} onGive={give} />
        ) : (
          <>
            <Verdict question={question} given={given} />
            <div class="quiz-next">
              <button
                type="button"
                ref={next}
                class="tool primary"
                title="Next question (])"
                onClick={() => goTo(seed + 1)}
              >
                Next question
              </button>
              <button
                type="button"
                class="tool"
                onClick={() => goTo(Math.floor(Math.random() * LARGEST_SEED))}
              >
                Any question
              </button>
            </div>
          </>
        )}
      </section>
      <section class="panel" aria-label="How it is worked out">
        <h2>How it is worked out</h2>
        {given === undefined ? (
          <p class="invite">
            It stands here, bit by bit, once you have answered or pressed Show me. The keys [ and ]
            go to the question before and the next.
          </p>
        ) : (
          <>
            <p>
              The answer is <code>{answer}</code>.
            </p>
            <StyledLines lines={solution} />
          </>
        )}
      </section>
    </div>
  );
}

interface AnswerFormProps {
  readonly choices: readonly string[];
  readonly onGive: (answer: string) => void;
}

/** Where the answer is given: one of a few, or a word to type. */
function AnswerForm({ choices, onGive }: AnswerFormProps): JSX.Element {
  const [said, setSaid] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (said.trim() !== '') onGive(said);
  };
  return (
    <form class="quiz-form" onSubmit={submit}>
      {choices.length > 0 ? (
        <fieldset class="segments" aria-label="Your answer">
          {choices.map((choice) => (
            <label key={choice} class={said === choice ? 'chosen' : ''}>
              <input
                type="radio"
                name="answer"
                value={choice}
                checked={said === choice}
                onChange={() => setSaid(choice)}
              />
              {choice}
            </label>
          ))}
        </fieldset>
      ) : (
        <label>
          Your answer, hexadecimal{' '}
          <input
            class="address-field"
            value={said}
            placeholder="8 digits"
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            onInput={(event) => setSaid(event.currentTarget.value)}
          />
        </label>
      )}
      <button type="submit" class="tool primary" disabled={said.trim() === ''}>
        Answer
      </button>
      <button type="button" class="tool" onClick={() => onGive('')}>
        Show me
      </button>
    </form>
  );
}

function Verdict(props: { readonly question: Question; readonly given: string }): JSX.Element {
  const { question, given } = props;
  if (isRight(question, given)) {
    return (
      <p class="verdict good" role="status">
        ✓ Right: {question.answer}.
      </p>
    );
  }
  const said = given === '' ? 'It is' : `${given} is not it: it is`;
  return (
    <p class="verdict bad" role="status">
      ✕ {said} {question.answer}.
    </p>
  );
}

/** The picture that the other screens draw of the same, with the answer hidden until it is given. */
function QuestionPicture(props: {
  readonly question: Question;
  readonly isHidden: boolean;
}): JSX.Element {
  const { question, isHidden } = props;
  const { paint, height, table } = useMemo(
    () => pictureOf(question, isHidden),
    [question, isHidden],
  );
  return (
    <Picture
      main
      label={`The picture of question ${question.seed}${isHidden ? ', without its answer' : ''}`}
      paint={paint}
      height={height}
      table={table}
    />
  );
}

interface Drawn {
  readonly paint: Paint;
  readonly height: (width: number) => number;
  readonly table: PictureTable;
}

function pictureOf(question: Question, isHidden: boolean): Drawn {
  const { about, seed, text, answer } = question;
  const told = text.map((line, index) => [String(index + 1), line]);
  const table: PictureTable = {
    caption: `What question ${seed} tells`,
    columns: ['', 'Told'],
    rows: isHidden ? told : [...told, ['answer', answer]],
  };
  if (about.kind === 'entry') {
    const hidden = isHidden ? (question.kind === 'word' ? 'bits' : 'fields') : 'nothing';
    const kind = kindOf(about.level, about.word, true);
    return { paint: wordPaint({ word: about.word, kind, hidden }), height: wordHeight, table };
  }
  const walk = walkAddress(about.input, about.va, about.access);
  const scene = { walk, gates: walkGates(walk), isHidden };
  if (!isHidden) {
    const rows = scene.gates.map(({ title, state, says }) => [title, `${state}: ${says}`]);
    return {
      paint: walkPaint(scene),
      height: (width) => walkHeight(width, scene),
      table: { ...table, caption: `The gates of ${hex(about.va)}`, rows: [...table.rows, ...rows] },
    };
  }
  return { paint: walkPaint(scene), height: (width) => walkHeight(width, scene), table };
}
