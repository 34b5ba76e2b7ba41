/** `pagewright quiz`: questions about translation tables, with worked answers. */

import { addFormatOptions, RECORD_FORMATS } from './format-options.js';
import type { QuizFlags } from './quiz-flags.js';
import type { DefineCommand } from './session.js';
import { positiveNumber } from './source-flags.js';

export const defineQuiz: DefineCommand = (program, perform) => {
  const command = program
    .command('quiz')
    .description('ask questions about translation tables: translate, find the gate, make the word')
    .option('--seed <number>', 'which question', positiveNumber('seed'), 1)
    .option('--count <number>', 'how many questions, from that seed on', positiveNumber('count'), 1)
    .option('--solve', 'show the answers, and how one gets there')
    .option('--answer <text>', 'say whether this is the right answer');
  addFormatOptions(command, RECORD_FORMATS)
    .addHelpText(
      'after',
      `
The same seed asks the same question everywhere. Exit code 1: the answer is wrong.

Examples:
  pagewright quiz --seed 7
  pagewright quiz --seed 7 --answer 61234567
  pagewright quiz --seed 7 --solve`,
    )
    .action((flags: QuizFlags) =>
      perform(async (session) => {
        const { askQuestions } = await import('./quiz-report.js');
        return askQuestions(session, flags);
      }),
    );
};
