/** What the examples draw: one row a step, one square a page, a colour for what happened to it. */

const CELL = 18;
const LABEL = 190;
const GAP = 20;
/** Where the rows begin, below the title and the numbers of the pages. */
const TOP = 66;

/**
 * An SVG of `rows`, each `{ label, groups }`: a list of cells for each name in `names`, a cell for each
 * page. A cell is a name of `colours`; one that ends in `!` is what the row is about, and has a border.
 */
export function picture(title, names, rows, colours) {
  const pages = Math.max(...rows.flatMap(({ groups }) => groups.map((cells) => cells.length)));
  const width = LABEL + names.length * (pages * CELL + GAP) + 10;
  const legend = Object.entries(colours);
  const height = TOP + rows.length * CELL + 26 + legend.length * 18;
  const left = (group, page) => LABEL + group * (pages * CELL + GAP) + page * CELL;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="10" y="24" font-size="15">${title}</text>`,
  ];
  names.forEach((name, group) => {
    parts.push(`<text x="${left(group, 0)}" y="44" font-weight="bold">${name}</text>`);
    for (let page = 0; page < pages; page += 1) {
      const x = left(group, page) + CELL / 2 - 1;
      const text = `font-size="8" fill="#666666" text-anchor="middle"`;
      parts.push(`<text x="${x}" y="58" ${text}>${page}</text>`);
    }
  });
  rows.forEach(({ label, groups }, row) => {
    const y = TOP + row * CELL;
    parts.push(`<text x="10" y="${y + 13}">${label}</text>`);
    groups.forEach((cells, group) => {
      cells.forEach((cell, page) => {
        const marked = cell.endsWith('!');
        const fill = colours[marked ? cell.slice(0, -1) : cell] ?? '#eeeeee';
        const border = marked ? ' stroke="#111111" stroke-width="2"' : '';
        const place = `x="${left(group, page)}" y="${y}" width="${CELL - 2}" height="${CELL - 2}"`;
        parts.push(`<rect ${place} fill="${fill}"${border}/>`);
      });
    });
  });
  legend.forEach(([name, fill], index) => {
    const y = TOP + 20 + rows.length * CELL + index * 18;
    parts.push(`<rect x="10" y="${y - 11}" width="12" height="12" fill="${fill}"/>`);
    parts.push(`<text x="28" y="${y}">${name}</text>`);
  });
  return `${parts.join('\n')}\n</svg>\n`;
}
