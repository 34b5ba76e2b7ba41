/**
 * The miss-ratio curve of a replay as a picture: a line for each policy over the number of frames.
 * Lines differ in colour (Okabe and Ito, which colour-blind people can tell apart), in their dashes
 * and in their marks. No script, no font and no link, so that it can stand in a README.
 */
import { formatBytes } from '../base/index.js';
import type { ReplayReport } from './replay-records.js';
import { REPLAY_POLICIES, type ReplayPolicyName, type ReplayRow } from './replay-trace.js';

const WIDTH = 860;
const HEIGHT = 500;
const LEFT = 76;
const RIGHT = 176;
const TOP = 78;
const BOTTOM = 74;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** From here on ratios are so far apart that only logarithms show them all. */
const WIDE_SPREAD = 20;
/** Labels of the horizontal axis that have room. */
const MOST_LABELS = 9;

interface LineLook {
  readonly color: string;
  readonly dash: string;
  /** A mark around 0, 0. */
  readonly mark: string;
}

const CIRCLE = 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z';
const SQUARE = 'M-3.5 -3.5h7v7h-7z';
const DIAMOND = 'M0 -5L5 0L0 5L-5 0z';
const UP = 'M0 -5L4.6 3.4H-4.6z';
const DOWN = 'M0 5L4.6 -3.4H-4.6z';

const LOOKS: Readonly<Record<ReplayPolicyName, LineLook>> = {
  opt: { color: '#000000', dash: '', mark: CIRCLE },
  lru: { color: '#0072b2', dash: '', mark: SQUARE },
  clock: { color: '#009e73', dash: '7 3', mark: DIAMOND },
  'second-chance': { color: '#cc79a7', dash: '2 3', mark: UP },
  fifo: { color: '#d55e00', dash: '', mark: DOWN },
  lfu: { color: '#e69f00', dash: '9 3 2 3', mark: CIRCLE },
  random: { color: '#56b4e9', dash: '4 4', mark: DIAMOND },
};

/** Places of values on one axis. */
interface Axis {
  place(value: number): number;
  readonly ticks: readonly number[];
}

/** The picture as SVG text. */
export function missRatioSvg(report: ReplayReport): string {
  const { rows } = report;
  const floor = report.references.pages / report.references.references;
  const across = framesAxis(rows);
  const up = ratioAxis(rows, floor);
  const policies = REPLAY_POLICIES.filter((name) => rows.some(({ policy }) => policy === name));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" ` +
      `viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>${xmlText(`Misses of ${report.trace} by policy and number of frames`)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="30" font-size="17" font-weight="600">${xmlText(cut(report.trace, 70))}</text>`,
    `<text x="${LEFT}" y="50" fill="#555555">${xmlText(subtitle(report))}</text>`,
    ...horizontalLines(up),
    ...verticalLines(across, report.pageBytes),
    ...floorLine(up, floor),
    ...policies.toReversed().flatMap((policy) => policyLine(policy, rows, across, up)),
    ...legend(policies),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function subtitle({ references, pageBytes }: ReplayReport): string {
  const pages = `${count(references.pages)} ${references.pages === 1 ? 'page' : 'pages'}`;
  const size =
    pageBytes === undefined
      ? pages
      : `${pages} of ${formatBytes(pageBytes)} (${formatBytes(references.pages * pageBytes)})`;
  return `${count(references.references)} references to ${size}`;
}

/** Numbers of frames by their logarithm. */
function framesAxis(rows: readonly ReplayRow[]): Axis {
  const ticks = [...new Set(rows.map(({ frames }) => frames))].sort((a, b) => a - b);
  const low = Math.log2(ticks[0] as number);
  const spread = Math.log2(ticks.at(-1) as number) - low;
  return {
    ticks,
    place: (frames) =>
      LEFT + 14 + (PLOT_WIDTH - 28) * (spread === 0 ? 0.5 : (Math.log2(frames) - low) / spread),
  };
}

/** Ratios from 0 on, or by their logarithm where they are far apart. */
function ratioAxis(rows: readonly ReplayRow[], floor: number): Axis {
  const ratios = [...rows.map(({ missRatio }) => missRatio), floor];
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  if (most / least < WIDE_SPREAD) {
    const step = tickStep(most);
    const end = Math.min(1, Math.ceil(most / step) * step);
    const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
    return { ticks, place: (ratio) => TOP + PLOT_HEIGHT * (1 - ratio / end) };
  }
  const low = Math.floor(Math.log10(least));
  const high = Math.ceil(Math.log10(most));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  return {
    ticks,
    place: (ratio) => TOP + (PLOT_HEIGHT * (high - Math.log10(ratio))) / (high - low),
  };
}

/** A round step that makes four to ten of `most`. */
function tickStep(most: number): number {
  const decade = 10 ** Math.floor(Math.log10(most));
  const factor = [0.1, 0.2, 0.25, 0.5].find((each) => most / (each * decade) <= 8) ?? 1;
  return factor * decade;
}

function horizontalLines(up: Axis): string[] {
  return up.ticks.flatMap((ratio) => {
    const y = fixed(up.place(ratio));
    return [
      `<path d="M${LEFT} ${y}h${PLOT_WIDTH}" stroke="#e3e3e3"/>`,
      `<text x="${LEFT - 8}" y="${y}" dy="4" text-anchor="end" fill="#333333">${percent(ratio)}</text>`,
    ];
  });
}

function verticalLines(across: Axis, pageBytes: number | undefined): string[] {
  const bottom = TOP + PLOT_HEIGHT;
  const every = Math.ceil(across.ticks.length / MOST_LABELS);
  // Counted from the end, so that the largest size has its label.
  const labels = across.ticks.toReversed().filter((_, index) => index % every === 0);
  return [
    `<path d="M${LEFT} ${bottom}h${PLOT_WIDTH}" stroke="#777777"/>`,
    ...across.ticks.map(
      (frames) => `<path d="M${fixed(across.place(frames))} ${bottom}v5" stroke="#777777"/>`,
    ),
    ...spaced(labels, across).flatMap((frames) => {
      const place = `x="${fixed(across.place(frames))}" text-anchor="middle"`;
      const size = pageBytes === undefined ? '' : formatBytes(frames * pageBytes);
      return [
        `<text ${place} y="${bottom + 20}" fill="#333333">${count(frames)}</text>`,
        `<text ${place} y="${bottom + 36}" font-size="11" fill="#777777">${size}</text>`,
      ];
    }),
    `<text x="${LEFT + PLOT_WIDTH / 2}" y="${HEIGHT - 14}" text-anchor="middle" fill="#333333">frames</text>`,
    `<text x="${LEFT - 8}" y="${TOP - 12}" text-anchor="end" fill="#333333">misses</text>`,
  ];
}

/** Those of the sizes, largest first, whose labels do not run into each other. */
function spaced(sizes: readonly number[], across: Axis): number[] {
  const kept: number[] = [];
  let last = Infinity;
  for (const frames of sizes) {
    const place = across.place(frames);
    if (last - place < 44) continue;
    kept.push(frames);
    last = place;
  }
  return kept;
}

/** Nobody misses less than the first use of each page. */
function floorLine(up: Axis, floor: number): string[] {
  const y = fixed(up.place(floor));
  return [
    `<path d="M${LEFT} ${y}h${PLOT_WIDTH}" stroke="#999999" stroke-dasharray="1 3"/>`,
    `<text x="${LEFT + PLOT_WIDTH + 8}" y="${y}" dy="4" font-size="11" fill="#777777">first uses</text>`,
  ];
}

function policyLine(
  policy: ReplayPolicyName,
  rows: readonly ReplayRow[],
  across: Axis,
  up: Axis,
): string[] {
  const { color, dash, mark } = LOOKS[policy];
  const points = rows
    .filter((row) => row.policy === policy)
    .map((row) => [fixed(across.place(row.frames)), fixed(up.place(row.missRatio)), row] as const);
  const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  return [
    `<path d="${path}" fill="none" stroke="${color}" stroke-width="2"${dashed(dash)}/>`,
    ...points.map(
      ([x, y, row]) =>
        `<path d="${mark}" transform="translate(${x} ${y})" fill="#ffffff" stroke="${color}" ` +
        `stroke-width="1.6"><title>${pointText(row)}</title></path>`,
    ),
  ];
}

function pointText({ policy, frames, misses, missRatio }: ReplayRow): string {
  return `${policy}, ${count(frames)} frames: ${count(misses)} misses, ${percent(missRatio)}`;
}

function legend(policies: readonly ReplayPolicyName[]): string[] {
  const x = LEFT + PLOT_WIDTH + 26;
  return policies.flatMap((policy, index) => {
    const { color, dash, mark } = LOOKS[policy];
    const y = TOP + 6 + index * 22;
    return [
      `<path d="M${x} ${y}h34" stroke="${color}" stroke-width="2"${dashed(dash)}/>`,
      `<path d="${mark}" transform="translate(${x + 17} ${y})" fill="#ffffff" stroke="${color}" stroke-width="1.6"/>`,
      `<text x="${x + 44}" y="${y}" dy="4">${policy}</text>`,
    ];
  });
}

const dashed = (dash: string): string => (dash === '' ? '' : ` stroke-dasharray="${dash}"`);
const fixed = (place: number): string => String(Math.round(place * 10) / 10);
const count = (value: number): string => value.toLocaleString('en');
const percent = (ratio: number): string => `${Number((ratio * 100).toPrecision(3))} %`;
const cut = (text: string, most: number): string =>
  text.length <= most ? text : `…${text.slice(1 - most)}`;

function xmlText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for them.
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�');
  return clean.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
