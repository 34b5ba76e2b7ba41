/**
 * Where a page stands in a picture of 1024 × 1024 pages. A MiB is always a square of 16 × 16 pages in
 * a picture of 64 × 64 MiB, whichever order they stand in.
 *
 *   rows      as an address is read: MiB by rows of 64, pages in each by rows of 16
 *   hilbert   Hilbert's curve: neighbours in the address space are neighbours in the picture
 */

/** Pages, and MiB, along one side of the picture. */
export const SIDE_PAGES = 1024;
export const SIDE_MIB = 64;
/** Pages along one side of a MiB. */
export const MIB_SIDE = SIDE_PAGES / SIDE_MIB;

/** An order of the pages. */
export type CurveName = 'rows' | 'hilbert';

/** The place of each page: y * 1024 + x. */
export function curve(name: CurveName): Uint32Array {
  const known = made.get(name);
  if (known !== undefined) return known;
  const places = new Uint32Array(SIDE_PAGES * SIDE_PAGES);
  if (name === 'rows') fillRows(places);
  else fillHilbert(places);
  made.set(name, places);
  return places;
}

const made = new Map<CurveName, Uint32Array>();

/** The page at a place; both counted in pages from the upper left corner. */
export function pageAt(name: CurveName, x: number, y: number): number {
  return name === 'rows' ? rowsPage(x, y) : hilbertPage(x, y);
}

/** The place of the MiB `index`, in MiB from the upper left corner. */
export function mibPlace(
  name: CurveName,
  index: number,
): { readonly x: number; readonly y: number } {
  const place = curve(name)[index * MIB_SIDE * MIB_SIDE] as number;
  return {
    x: Math.floor((place % SIDE_PAGES) / MIB_SIDE),
    y: Math.floor(place / SIDE_PAGES / MIB_SIDE),
  };
}

function fillRows(places: Uint32Array): void {
  for (let page = 0; page < places.length; page++) {
    const mib = page >>> 8;
    const x = ((mib & 63) << 4) | (page & 15);
    const y = ((mib >>> 6) << 4) | ((page >>> 4) & 15);
    places[page] = (y << 10) | x;
  }
}

function rowsPage(x: number, y: number): number {
  const mib = ((y >>> 4) << 6) | (x >>> 4);
  return (mib << 8) | ((y & 15) << 4) | (x & 15);
}

function fillHilbert(places: Uint32Array): void {
  for (let page = 0; page < places.length; page++) {
    let rest = page;
    let x = 0;
    let y = 0;
    for (let side = 1; side < SIDE_PAGES; side *= 2) {
      const right = 1 & (rest >>> 1);
      const down = 1 & (rest ^ right);
      if (down === 0) {
        if (right === 1) {
          x = side - 1 - x;
          y = side - 1 - y;
        }
        [x, y] = [y, x];
      }
      x += side * right;
      y += side * down;
      rest >>>= 2;
    }
    places[page] = (y << 10) | x;
  }
}

function hilbertPage(atX: number, atY: number): number {
  let page = 0;
  let x = atX;
  let y = atY;
  for (let side = SIDE_PAGES / 2; side > 0; side /= 2) {
    const right = (x & side) > 0 ? 1 : 0;
    const down = (y & side) > 0 ? 1 : 0;
    page += side * side * ((3 * right) ^ down);
    if (down === 0) {
      if (right === 1) {
        x = SIDE_PAGES - 1 - x;
        y = SIDE_PAGES - 1 - y;
      }
      [x, y] = [y, x];
    }
  }
  return page;
}
