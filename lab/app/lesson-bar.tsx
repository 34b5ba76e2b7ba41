/** The question of a lesson, over every screen: asked first, answered by the machine after. */

import type { JSX } from 'preact';
import type { Lesson, Question } from '../lessons/lesson.js';
import { ask, choose, chosen, closeLesson, lesson, QUESTION } from './lessons.js';
import { machine } from './machine.js';
import { get } from './state.js';

/** The bar, where a lesson is open. */
export function LessonBar(): JSX.Element | null {
  const open = lesson.value;
  const number = get(QUESTION);
  const question = open?.questions[number];
  if (open === undefined || question === undefined) return null;
  const said = saidBefore(open, number);
  return (
    <section class="lesson" aria-label={`Lesson: ${open.title}`}>
      <div class="lesson-head">
        <h2>{open.title}</h2>
        <span class="lesson-count">
          {number + 1} of {open.questions.length}
        </span>
        <button type="button" class="tool" onClick={closeLesson}>
          Leave
        </button>
      </div>
      {said !== '' && <p class="lesson-said">{said}</p>}
      <p class="lesson-question">{question.ask}</p>
      <fieldset class="lesson-choices" aria-label="Your answer">
        {question.choices.map((choice, index) => (
          <Choice choice={choice} index={index} question={question} key={choice} />
        ))}
      </fieldset>
      {chosen.value !== undefined && <Answer open={open} number={number} question={question} />}
    </section>
  );
}

interface ChoiceProps {
  readonly choice: string;
  readonly index: number;
  readonly question: Question;
}

function Choice({ choice, index, question }: ChoiceProps): JSX.Element {
  const made = chosen.value;
  const isRight = index === question.right;
  const shown = made === undefined ? '' : isRight ? 'right' : index === made ? 'wrong' : '';
  const mark = shown === 'right' ? '✓ ' : shown === 'wrong' ? '✗ ' : '';
  return (
    <button
      type="button"
      class={`tool choice ${shown}`}
      aria-pressed={made === index}
      disabled={made !== undefined}
      onClick={() => choose(index)}
    >
      {mark}
      {choice}
    </button>
  );
}

interface AnswerProps {
  readonly open: Lesson;
  readonly number: number;
  readonly question: Question;
}

function Answer({ open, number, question }: AnswerProps): JSX.Element {
  const isRight = chosen.value === question.right;
  const isLast = number === open.questions.length - 1;
  return (
    <div class="lesson-answer" role="status">
      <p>
        <strong>{isRight ? 'Right.' : `It is ${question.choices[question.right]}.`}</strong>{' '}
        {question.because}
      </p>
      <button
        type="button"
        class="tool primary"
        onClick={() => (isLast ? closeLesson() : ask(number + 1))}
      >
        {isLast ? 'Done' : 'Next question'}
      </button>
    </div>
  );
}

/** What the steps say that led to a question. */
function saidBefore(open: Lesson, number: number): string {
  const session = machine.value?.session;
  if (session === undefined) return number === 0 ? open.about : '';
  const from = number === 0 ? 0 : (open.questions[number - 1]?.upTo ?? 0);
  const steps = session.scenario.steps.slice(from, open.questions[number]?.after);
  const said = steps.map(({ say }) => say).filter((say) => say !== '');
  return [...(number === 0 ? [session.scenario.about] : []), ...said].join(' ');
}
