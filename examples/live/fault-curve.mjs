// How often quicksort misses a page, under several policies and with more and more frames, as a picture.
//
//   node examples/live/fault-curve.mjs > fault-curve.svg        (npm run build first)

import { readFileSync } from 'node:fs';
import { clock, fifo, lfu, lru, random } from '../../dist/domain/index.js';
import { LiveMachine, LiveSystem } from '../../dist/live/index.js';

const file = new Uint8Array(readFileSync(new URL('quicksort.elf', import.meta.url)));
const policies = [fifo, clock, lru(), lfu(), random()];
const counts = [8, 12, 16, 24, 32, 48, 64, 80];

/** What came of one run; quicksort itself says whether it sorted. */
async function faultsOf(policy, frames) {
  const live = await LiveMachine.start({ ramBytes: 16 * 2 ** 20 });
  try {
    const system = new LiveSystem(live, { frames, policy, stackBytes: 2 ** 16 });
    system.load([{ name: 'quicksort', file, argv: ['quicksort'] }]);
    await system.run();
    const [{ end, parts }] = system.programs;
    if (end.kind !== 'exit' || end.status !== 0) throw new Error('quicksort went wrong');
    // Pages that came in: what a policy has to answer for. Other faults only tell it of uses.
    return { admitted: parts.pager.counts.admitted };
  } finally {
    await live.stop();
  }
}

const curves = [];
for (const policy of policies) {
  const points = [];
  for (const frames of counts) points.push(await faultsOf(policy, frames));
  curves.push({ name: policy.name, points });
  console.error(
    `${policy.name.padEnd(8)} ${points.map((p) => String(p.admitted).padStart(6)).join('')}`,
  );
}

const [width, height, left, top, right, bottom] = [720, 420, 64, 48, 96, 48];
const most = Math.max(...curves.flatMap(({ points }) => points.map((p) => p.admitted)));
const step = 200;
const high = Math.ceil(most / step) * step;
const x = (frames) =>
  left + ((frames - counts[0]) / (counts.at(-1) - counts[0])) * (width - left - right);
const y = (pages) => height - bottom - (pages / high) * (height - top - bottom);
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00'];
const dashes = ['', '6 3', '2 3', '8 3 2 3', '12 4'];

const text = (at, down, body, more = '') => `<text x="${at}" y="${down}"${more}>${body}</text>`;
const parts = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
  `<rect width="${width}" height="${height}" fill="white"/>`,
  text(left, 22, 'quicksort of 256 KiB (64 pages): pages brought in', ' font-size="15"'),
  text(left, 38, 'by the frames that it has, under each policy', ' fill="#555"'),
];
for (let pages = 0; pages <= high; pages += step) {
  const at = y(pages).toFixed(1);
  const stroke = pages === 0 ? '#888' : '#ddd';
  parts.push(`<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="${stroke}"/>`);
  const label = pages.toLocaleString('en');
  parts.push(text(left - 8, Number(at) + 4, label, ' text-anchor="end" fill="#555"'));
}
for (const frames of counts) {
  parts.push(
    text(x(frames).toFixed(1), height - bottom + 18, frames, ' text-anchor="middle" fill="#555"'),
  );
}
parts.push(text((left + width - right) / 2, height - 10, 'frames', ' text-anchor="middle"'));
// Names at the right end, moved apart where curves end together.
let lowest = Infinity;
const ends = curves
  .map((curve, index) => ({ ...curve, index, end: y(curve.points.at(-1).admitted) }))
  .sort((a, b) => b.end - a.end);
for (const { name, points, index, end } of ends) {
  const path = points.map(
    (point, at) => `${x(counts[at]).toFixed(1)},${y(point.admitted).toFixed(1)}`,
  );
  const stroke = `stroke="${colours[index]}" stroke-width="2" stroke-dasharray="${dashes[index]}" fill="none"`;
  parts.push(`<polyline points="${path.join(' ')}" ${stroke}/>`);
  const label = Math.min(end + 4, lowest - 14);
  lowest = label;
  parts.push(text(width - right + 8, label.toFixed(1), name, ` fill="${colours[index]}"`));
}
parts.push('</svg>');
console.log(parts.join('\n'));
