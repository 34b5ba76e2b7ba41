/** What can be opened: a file of the reader's, or an example. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Lesson } from '../lessons/lesson.js';
import { EXAMPLES } from '../model/examples.js';
import { openLesson } from './lessons.js';
import { filesOf, openExample, openFiles } from './sources.js';
import { overlay } from './state.js';

/** The list, wherever it is shown. */
export function OpenList(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const take = (): void => {
    const files = filesOf(input.current?.files ?? []);
    overlay.value = 'none';
    void openFiles(files);
  };
  return (
    <div class="open-list">
      <button type="button" class="open-file" onClick={() => input.current?.click()}>
        <strong>Open a file…</strong>
        <span>
          or drop it anywhere: a dump, a program with tables, a snapshot, a layout. Nothing leaves
          this page.
        </span>
      </button>
      <input
        ref={input}
        id="open-file"
        type="file"
        multiple
        hidden
        aria-label="Open files"
        onChange={take}
      />
      <h3>Examples</h3>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.id}>
            <button
              type="button"
              onClick={() => {
                overlay.value = 'none';
                openExample(example);
              }}
            >
              <strong>{example.title}</strong>
              <span>{example.about}</span>
            </button>
          </li>
        ))}
      </ul>
      <LessonList />
      <p class="hint">
        From a debugger or a dump: <code>pagewright show gdb:HOST:PORT --save state.json</code>,
        then drop <code>state.json</code> here.
      </p>
    </div>
  );
}

/** Lessons: each a few questions that a machine answers. */
function LessonList(): JSX.Element {
  const [lessons, setLessons] = useState<readonly Lesson[]>([]);
  useEffect(() => {
    // They bring their scenarios, which nobody needs before.
    void import('../lessons/lessons.js').then(({ LESSONS }) => setLessons(LESSONS));
  }, []);
  return (
    <>
      <h3>Lessons</h3>
      <ul class="lesson-list">
        {lessons.map((each) => (
          <li key={each.id}>
            <button
              type="button"
              onClick={() => {
                overlay.value = 'none';
                void openLesson(each);
              }}
            >
              <strong>{each.title}</strong>
              <span>{each.about}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
