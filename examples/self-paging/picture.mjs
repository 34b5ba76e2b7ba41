/** What the examples draw: one row a step, one square a page, a colour for what happened to it. */

const CELL = 18;
const LABEL = 190;

/**
 * An SVG of `rows`, each `{ label, cells }` with a name of `colours`, or nothing, for each page.
 */
export function picture(title, rows, colours) {
  const pages = Math.max(...rows.map(({ cells }) => cells.length));
  const width = LABEL + pages * CELL + 20;
  const legend = Object.entries(colours);
  const height = 50 + rows.length * CELL + 20 + legend.length * 18;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="10" y="24" font-size="15">${title}</text>`,
  ];
  rows.forEach(({ label, cells }, row) => {
    const y = 40 + row * CELL;
    parts.push(`<text x="10" y="${y + 13}">${label}</text>`);
    cells.forEach((cell, page) => {
      const fill = colours[cell] ?? '#eeeeee';
      const x = LABEL + page * CELL;
      parts.push(
        `<rect x="${x}" y="${y}" width="${CELL - 2}" height="${CELL - 2}" fill="${fill}"/>`,
      );
    });
  });
  legend.forEach(([name, fill], index) => {
    const y = 60 + rows.length * CELL + index * 18;
    parts.push(`<rect x="10" y="${y - 11}" width="12" height="12" fill="${fill}"/>`);
    parts.push(`<text x="28" y="${y}">${name}</text>`);
  });
  return `${parts.join('\n')}\n</svg>\n`;
}
