import { describe, expect, it } from 'vitest';
import { isRight, questionLines, quizQuestion } from '../../src/inspect/quiz.js';
import { plainLines } from '../../src/inspect/styled-text.js';

describe('the quiz', () => {
  const questions = Array.from({ length: 200 }, (_, seed) => quizQuestion(seed));

  it('asks the same again for the same seed', () => {
    expect(quizQuestion(7)).toEqual(quizQuestion(7));
    expect(new Set(questions.map(({ text }) => text.join())).size).toBeGreaterThan(150);
  });

  it('asks all kinds of questions, with all kinds of answers', () => {
    const kinds = new Set(questions.map(({ kind }) => kind));
    expect([...kinds].toSorted()).toEqual(['gate', 'kind', 'translate', 'word']);
    const gates = questions.filter(({ kind }) => kind === 'gate').map(({ answer }) => answer);
    expect(new Set(gates)).toEqual(new Set(['none', 'permission', 'domain']));
  });

  it('gives an answer that its solution shows', () => {
    for (const question of questions) {
      const text = plainLines(question.solution);
      const { kind, answer } = question;
      if (kind === 'translate' || kind === 'word') expect(text).toContain(answer);
      else if (kind === 'kind') expect(text).toContain(`: ${answer}`);
      else expect(text.includes(`✗ ${answer}`)).toBe(answer !== 'none');
    }
  });

  it('takes answers as people write them', () => {
    const question = { ...quizQuestion(1), answer: '00104000' };
    expect(['104000', '0x00104000', ' 00104000 '].map((text) => isRight(question, text))).toEqual([
      true,
      true,
      true,
    ]);
    expect(isRight(question, '104001')).toBe(false);
  });

  it('prints questions, and solutions', async () => {
    const lines = [1, 2, 3, 4, 5, 6].flatMap((seed) => questionLines(quizQuestion(seed), true));
    await expect(plainLines(lines)).toMatchFileSnapshot('../golden/inspect/quiz.txt');
    expect(questionLines(quizQuestion(1), false).length).toBeLessThan(
      questionLines(quizQuestion(1), true).length,
    );
  });
});
