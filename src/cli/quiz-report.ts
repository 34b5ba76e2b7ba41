/** What `quiz` does. */
import { isRight, line, plainText, questionLines, quizQuestion } from '../inspect/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import { formatOf } from './format-options.js';
import type { QuizFlags } from './quiz-flags.js';
import type { Session } from './session.js';

const MOST_QUESTIONS = 1000;

/** Asks questions, or judges an answer to one. */
export async function askQuestions({ out }: Session, flags: QuizFlags): Promise<ExitCode> {
  const count = Math.min(flags.count, MOST_QUESTIONS);
  const questions = Array.from({ length: count }, (_, index) => quizQuestion(flags.seed + index));
  const [first] = questions;
  if (flags.answer !== undefined && first !== undefined) {
    const right = isRight(first, flags.answer);
    out.print(
      line(right ? 'right' : 'wrong; --solve shows how it is done', right ? 'good' : 'bad'),
    );
    return right ? Exit.FINE : Exit.NO;
  }
  if (formatOf(flags) === 'json') {
    const records = questions.map(({ seed, kind, text, answer, solution }) => ({
      seed,
      kind,
      text: text.join('\n'),
      ...(flags.solve === true ? { answer, solution: solution.map(plainText) } : {}),
    }));
    out.write(`${JSON.stringify(records, undefined, 2)}\n`);
  } else
    out.print(...questions.flatMap((question) => questionLines(question, flags.solve === true)));
  return Exit.FINE;
}
