/**
 * A layer as two images, one pixel for each page and one for each MiB, so that 4 GiB of small pages
 * are drawn at any zoom by copying one image.
 */

import { ROOT_ENTRIES, ROOT_ENTRY_PAGES, SPACE_PAGES } from '../../src/inspect/index.js';
import type { Layer } from '../model/layers.js';
import { type CurveName, curve, mibPlace, SIDE_MIB, SIDE_PAGES } from './curve.js';
import type { Colours } from './palette.js';

/** A layer drawn. */
export interface SpaceImage {
  readonly pages: HTMLCanvasElement;
  readonly mibs: HTMLCanvasElement;
  /** The strongest class of each MiB, by its number. */
  readonly mibClasses: Uint8Array;
}

/** Draws a layer. */
export function spaceImage(layer: Layer, order: CurveName, colours: Colours): SpaceImage {
  const words = Uint32Array.from(layer.classes, ({ colour }) =>
    pixelWord(colour === 'hole' ? colours.hole : colour),
  );
  const places = curve(order);
  const pagePixels = new Uint32Array(SPACE_PAGES);
  const mibPixels = new Uint32Array(ROOT_ENTRIES);
  const mibClasses = new Uint8Array(ROOT_ENTRIES);
  for (let mib = 0; mib < ROOT_ENTRIES; mib++) {
    let strongest = 0;
    const end = (mib + 1) * ROOT_ENTRY_PAGES;
    for (let page = mib * ROOT_ENTRY_PAGES; page < end; page++) {
      const found = layer.pages[page] as number;
      if (found > strongest) strongest = found;
      pagePixels[places[page] as number] = words[found] as number;
    }
    const { x, y } = mibPlace(order, mib);
    mibClasses[mib] = strongest;
    mibPixels[y * SIDE_MIB + x] = words[strongest] as number;
  }
  return {
    pages: canvasOf(pagePixels, SIDE_PAGES),
    mibs: canvasOf(mibPixels, SIDE_MIB),
    mibClasses,
  };
}

function canvasOf(pixels: Uint32Array<ArrayBuffer>, side: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side;
  const bytes = new Uint8ClampedArray(pixels.buffer);
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, side, side), 0, 0);
  return canvas;
}

/** `#rrggbb` as the word of a pixel, whose bytes are R, G, B and A in this order. */
function pixelWord(colour: string): number {
  const value = Number.parseInt(colour.slice(1), 16);
  const [r, g, b] = [value >>> 16, (value >>> 8) & 255, value & 255];
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
