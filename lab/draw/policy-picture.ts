/** Policies in two pictures: misses over frames, and misses over time with so many frames. */

import {
  REPLAY_POLICIES,
  type ReplayPolicyName,
  type ReplayRow,
} from '../../src/scenario/index.js';
import type { PolicyRace } from '../model/policy-race.js';
import type { Paint, Painter } from './painter.js';
import { type Colours, OKABE_ITO } from './palette.js';

/** How a policy is drawn: never by its colour alone. */
interface Look {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly mark: 'circle' | 'square' | 'none';
}

const LOOKS: Readonly<Record<ReplayPolicyName, Look>> = {
  opt: { colour: '', dash: [], mark: 'circle' },
  lru: { colour: OKABE_ITO.blue, dash: [], mark: 'square' },
  clock: { colour: OKABE_ITO.green, dash: [7, 3], mark: 'circle' },
  'second-chance': { colour: OKABE_ITO.purple, dash: [2, 3], mark: 'square' },
  fifo: { colour: OKABE_ITO.vermillion, dash: [], mark: 'none' },
  lfu: { colour: OKABE_ITO.orange, dash: [9, 3, 2, 3], mark: 'none' },
  random: { colour: OKABE_ITO.sky, dash: [4, 4], mark: 'none' },
};

/** The colour of a policy in a theme; OPT is drawn in ink. */
export function policyColour(policy: ReplayPolicyName, colours: Colours): string {
  const { colour } = LOOKS[policy];
  return colour === '' ? colours.ink : colour;
}

/** A plot: its frame and where values are in it. */
interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Size = { readonly width: number; readonly height: number };

const LEFT = 54;
const RIGHT = 146;
const TOP = 28;
const BOTTOM = 40;
/** Lines of the frame above its floor. */
const GRID_LINES = 4;

function plotOf({ width, height }: Size): Plot {
  return {
    left: LEFT,
    top: TOP,
    width: Math.max(40, width - LEFT - RIGHT),
    height: Math.max(40, height - TOP - BOTTOM),
  };
}

/** What the curve shows. */
export interface CurveScene {
  readonly rows: readonly ReplayRow[];
  readonly sizes: readonly number[];
  /** The number of frames that is looked at. */
  readonly frames: number;
}

/** The number of frames under a point of the curve. */
export function framesAt({ sizes }: CurveScene, size: Size, x: number): number | undefined {
  const { left, width } = plotOf(size);
  const at = Math.round(((x - left) / width) * (sizes.length - 1));
  return sizes[Math.min(sizes.length - 1, Math.max(0, at))];
}

/** The miss-ratio curve: frames to the right, the share of references that miss upwards. */
export function curvePaint({ rows, sizes, frames }: CurveScene): Paint {
  return (painter, size) => {
    const plot = plotOf(size);
    const x = (index: number): number =>
      plot.left + (sizes.length < 2 ? plot.width / 2 : (index / (sizes.length - 1)) * plot.width);
    const most = Math.max(...rows.map(({ missRatio }) => missRatio), 0.01);
    const y = (ratio: number): number => plot.top + plot.height * (1 - ratio / most);
    paintFrame(
      painter,
      plot,
      'references that miss',
      most,
      (value) => `${Math.round(value * 100)} %`,
    );
    for (const index of labelled(sizes.length, Math.floor(plot.width / 44))) {
      const label = sizes[index]?.toLocaleString('en') ?? '';
      painter.text(x(index), plot.top + plot.height + 15, label, {
        size: 10,
        align: 'center',
        mono: true,
        colour: painter.colours.quiet,
      });
    }
    painter.text(plot.left + plot.width / 2, size.height - 6, 'page frames', {
      size: 11,
      align: 'center',
      colour: painter.colours.quiet,
    });
    const chosen = sizes.indexOf(frames);
    if (chosen >= 0) {
      painter.path([x(chosen), plot.top], [[x(chosen), plot.top + plot.height]], {
        stroke: painter.colours.accent,
        width: 2,
      });
    }
    const lines = REPLAY_POLICIES.map((policy) => ({
      policy,
      points: sizes.map((count, index): Point => {
        const row = rows.find((each) => each.policy === policy && each.frames === count);
        return [x(index), y(row?.missRatio ?? 0)];
      }),
    }));
    paintLines(painter, plot, lines, chosen);
  };
}

/** What the race shows. */
export interface RaceScene {
  readonly race: PolicyRace;
  /** Which point of it has been reached. */
  readonly point: number;
}

/** The race: references to the right, misses so far upwards. */
export function racePaint({ race, point }: RaceScene): Paint {
  return (painter, size) => {
    const plot = plotOf(size);
    const all = race.references.at(-1) ?? 1;
    const last = REPLAY_POLICIES.map((policy) => race.misses[policy].at(-1) ?? 0);
    // A multiple of the lines of the frame, whose labels are whole numbers then.
    const most = Math.ceil(Math.max(...last, 1) / GRID_LINES) * GRID_LINES;
    const x = (index: number): number =>
      plot.left + ((race.references[index] ?? 0) / all) * plot.width;
    const y = (misses: number): number => plot.top + plot.height * (1 - misses / most);
    paintFrame(painter, plot, 'misses', most, (value) => Math.round(value).toLocaleString('en'));
    painter.text(
      plot.left + plot.width / 2,
      size.height - 6,
      `${(race.references[point] ?? 0).toLocaleString('en')} of ${all.toLocaleString('en')} references`,
      { size: 11, align: 'center', colour: painter.colours.quiet },
    );
    const lines = REPLAY_POLICIES.map((policy) => ({
      policy,
      points: race.misses[policy]
        .slice(0, point + 1)
        .map((misses, index): Point => [x(index), y(misses)]),
    }));
    paintLines(painter, plot, lines, point, (policy) => `${race.misses[policy][point] ?? 0}`);
  };
}

type Point = readonly [x: number, y: number];

interface PolicyLine {
  readonly policy: ReplayPolicyName;
  readonly points: readonly Point[];
}

function paintLines(
  painter: Painter,
  plot: Plot,
  lines: readonly PolicyLine[],
  marked: number,
  note: (policy: ReplayPolicyName) => string = () => '',
): void {
  for (const { policy, points } of lines) {
    const [first, ...rest] = points;
    if (first === undefined) continue;
    const stroke = policyColour(policy, painter.colours);
    painter.path(first, rest, { stroke, width: 2, dash: LOOKS[policy].dash });
    const at = points[marked];
    if (at !== undefined) painter.circle(at[0], at[1], 3.5, { fill: stroke });
    if (LOOKS[policy].mark === 'none' || points.length > 60) continue;
    for (const [x, y] of points) {
      if (LOOKS[policy].mark === 'circle') painter.circle(x, y, 2.5, { fill: stroke });
      else painter.rect(x - 2.5, y - 2.5, 5, 5, { fill: stroke });
    }
  }
  for (const { policy, y } of spreadLabels(lines, plot)) {
    const colour = policyColour(policy, painter.colours);
    const x = plot.left + plot.width + 10;
    painter.path([x, y - 4], [[x + 16, y - 4]], {
      stroke: colour,
      width: 2.5,
      dash: LOOKS[policy].dash,
    });
    painter.text(x + 21, y, `${policy} ${note(policy)}`, { size: 11 });
  }
}

/** Where the names of lines stand: at their ends, moved apart. */
function spreadLabels(
  lines: readonly PolicyLine[],
  plot: Plot,
): { readonly policy: ReplayPolicyName; readonly y: number }[] {
  const step = 14;
  const ends = lines
    .map(({ policy, points }) => ({ policy, y: (points.at(-1)?.[1] ?? 0) + 4 }))
    .sort((left, right) => left.y - right.y);
  let floor = plot.top + 8;
  const down = ends.map(({ policy, y }) => {
    floor = Math.max(y, floor);
    const place = { policy, y: floor };
    floor += step;
    return place;
  });
  const over = (down.at(-1)?.y ?? 0) - (plot.top + plot.height + 4);
  return over <= 0
    ? down
    : down.map(({ policy, y }, index) => ({
        policy,
        y: Math.max(plot.top + 8 + index * step, y - over),
      }));
}

function paintFrame(
  painter: Painter,
  plot: Plot,
  title: string,
  most: number,
  text: (value: number) => string,
): void {
  const { colours } = painter;
  painter.text(0, plot.top - 15, title, { size: 11, colour: colours.quiet });
  for (let line = 0; line <= GRID_LINES; line += 1) {
    const y = plot.top + (plot.height * line) / GRID_LINES;
    painter.path([plot.left, y], [[plot.left + plot.width, y]], { stroke: colours.grid });
    painter.text(plot.left - 7, y + 4, text(most * (1 - line / GRID_LINES)), {
      size: 10,
      align: 'right',
      mono: true,
      colour: colours.quiet,
    });
  }
}

/** So many of `count` places that at most `most` have a label. */
function labelled(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(2, most)));
  return Array.from({ length: count }, (_, index) => index).filter(
    (index) => index % step === 0 || index === count - 1,
  );
}
