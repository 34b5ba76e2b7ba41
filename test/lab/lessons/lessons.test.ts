import { describe, expect, it } from 'vitest';
import { lessonWorld } from '../../../lab/lessons/lesson-world.js';
import { LESSONS, lessonOf } from '../../../lab/lessons/lessons.js';
import { errorOf } from '../../support/errors.js';

describe.each(LESSONS.map((lesson) => [lesson.id, lesson] as const))(
  'the lesson %s',
  (_id, lesson) => {
    const world = lessonWorld(lesson);

    it('runs as it says', () => {
      const { session } = world;
      expect(session?.failure).toBeUndefined();
      expect(session === undefined || session.isDone).toBe(true);
    });

    it.each(lesson.questions.map((question) => [question.ask, question] as const))(
      '%s',
      (_ask, question) => {
        expect(question.measure(world)).toBe(question.choices[question.right]);
      },
    );

    it('asks before it shows, one thing after the other', () => {
      const steps = world.session?.results.length ?? 0;
      let at = 0;
      for (const { after, upTo, choices } of lesson.questions) {
        expect(after).toBeGreaterThanOrEqual(at);
        expect(upTo).toBeGreaterThanOrEqual(after);
        expect(new Set(choices).size).toBe(choices.length);
        at = upTo;
      }
      if (world.session !== undefined) expect(at).toBeLessThanOrEqual(steps);
    });
  },
);

describe('the lessons', () => {
  it('have names of their own', () => {
    expect(new Set(LESSONS.map(({ id }) => id)).size).toBe(LESSONS.length);
    expect(lessonOf('refill').title).toBe('The refill recursion');
    expect(errorOf(() => lessonOf('unknown')).code).toBe('SOURCE_ERR_READ');
  });
});
