/** Buttons that let time pass: back, play, forward, and how fast. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { LabSession } from '../engine/lab-session.js';
import { goToMoment, shownMoment } from './machine.js';

interface PlayProps {
  readonly session: LabSession;
  /** Whether time passes by whole steps, or by every event. */
  readonly by: 'step' | 'event';
}

const SPEEDS = [1, 4, 16, 64] as const;

/** The buttons. */
export function PlayControls({ session, by }: PlayProps): JSX.Element {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(by === 'step' ? 1 : 4);
  const moment = shownMoment.value;
  const isEnd = moment >= session.lastMoment;
  const step = (direction: 1 | -1): void => goToMoment(nextMoment(session, by, direction));
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      if (shownMoment.peek() >= session.lastMoment) setPlaying(false);
      else goToMoment(nextMoment(session, by, 1));
    }, 1000 / speed);
    return () => clearInterval(timer);
  }, [playing, speed, session, by]);
  const play = (): void => {
    if (!playing && isEnd) goToMoment(0);
    setPlaying(!playing);
  };
  return (
    <fieldset class="play" aria-label={by === 'step' ? 'Steps in time' : 'Events in time'}>
      <button
        type="button"
        class="tool"
        disabled={moment <= 0}
        onClick={() => step(-1)}
        aria-label={`One ${by} back`}
      >
        ◂
      </button>
      <button type="button" class="tool" onClick={play} aria-pressed={playing}>
        {playing ? 'Pause' : 'Play'}
      </button>
      <button
        type="button"
        class="tool"
        disabled={isEnd}
        onClick={() => step(1)}
        aria-label={`One ${by} forward`}
      >
        ▸
      </button>
      <label>
        <span class="hidden">Speed, {by}s a second</span>
        <select value={speed} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
          {SPEEDS.map((each) => (
            <option value={each} key={each}>
              {each} / s
            </option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}

/** The moment one step or event before or after the shown one. */
function nextMoment(session: LabSession, by: PlayProps['by'], direction: 1 | -1): number {
  const moment = shownMoment.peek();
  if (by === 'event') return moment + direction;
  const step = session.stepOfMoment(moment);
  const end = session.momentOfStep(step);
  if (direction > 0) return moment < end ? end : session.momentOfStep(step + 1);
  return session.momentOfStep(Math.max(0, step - 1));
}
