/** What a reader answered: the first answer to each question counts, the latest questions are kept. */

/** Whether the answer to each seed was right, the oldest first. */
export type QuizScore = ReadonlyMap<number, boolean>;

const MOST_KEPT = 400;

/** The score in a text that {@link scoreText} made; what is damaged of it is left out. */
export function parseScore(text: string): QuizScore {
  const score = new Map<number, boolean>();
  for (const part of text.split(',')) {
    const [, seed, right] = /^(\d{1,7}):([01])$/.exec(part) ?? [];
    if (seed !== undefined) score.set(Number(seed), right === '1');
  }
  return score;
}

/** A score as text. */
export function scoreText(score: QuizScore): string {
  return [...score].map(([seed, right]) => `${seed}:${right ? 1 : 0}`).join(',');
}

/** The score with an answer to `seed`, unless there was one already. */
export function answered(score: QuizScore, seed: number, right: boolean): QuizScore {
  if (score.has(seed)) return score;
  return new Map([...score, [seed, right] as const].slice(-MOST_KEPT));
}

/** `7 of 9 right, 3 in a row`. */
export function scoreWords(score: QuizScore): string {
  const answers = [...score.values()];
  if (answers.length === 0) return 'nothing answered yet';
  const right = answers.filter(Boolean).length;
  const row = answers.length - 1 - answers.lastIndexOf(false);
  return `${right} of ${answers.length} right${row > 1 ? `, ${row} in a row` : ''}`;
}
