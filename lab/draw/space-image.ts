/**
 * A layer as two images, one pixel for each page and one for each MiB, so that 4 GiB of small pages
 * are drawn at any zoom by copying one image. The large one is only made when somebody is so near; MiB
 * in which nothing is cost nothing, since most of a space is empty and time travels through many.
 */

import { Kind } from '../../src/format/index.js';
import { ROOT_ENTRIES, ROOT_ENTRY_PAGES, SPACE_PAGES } from '../../src/inspect/index.js';
import type { Layer } from '../model/layers.js';
import type { Subject } from '../model/subject.js';
import { type CurveName, curve, mibPlace, SIDE_MIB, SIDE_PAGES } from './curve.js';
import type { Colours } from './palette.js';

/** A layer drawn. */
export class SpaceImage {
  /** One pixel for each MiB, in the colour of its strongest class. */
  readonly mibs: HTMLCanvasElement;
  private readonly layer: Layer;
  private readonly order: CurveName;
  /** The pixel of each class. */
  private readonly words: Uint32Array;
  /** The MiB in which there may be something. */
  private readonly used: readonly number[];
  private pagesMade: HTMLCanvasElement | undefined;

  constructor(subject: Subject, layer: Layer, order: CurveName, colours: Colours) {
    this.layer = layer;
    this.order = order;
    this.words = Uint32Array.from(layer.classes, ({ colour }) =>
      pixelWord(colour === 'hole' ? colours.hole : colour),
    );
    const { rootKinds } = subject.space;
    this.used = Array.from({ length: ROOT_ENTRIES }, (_, mib) => mib).filter(
      (mib) => rootKinds[mib] !== Kind.FAULT,
    );
    this.mibs = this.drawMibs();
  }

  /** One pixel for each page. */
  get pages(): HTMLCanvasElement {
    this.pagesMade ??= this.drawPages();
    return this.pagesMade;
  }

  private drawMibs(): HTMLCanvasElement {
    const { layer, order, words } = this;
    const pixels = new Uint32Array(ROOT_ENTRIES).fill(words[0] as number);
    for (const mib of this.used) {
      let strongest = 0;
      const end = (mib + 1) * ROOT_ENTRY_PAGES;
      for (let page = mib * ROOT_ENTRY_PAGES; page < end; page++) {
        const found = layer.pages[page] as number;
        if (found > strongest) strongest = found;
      }
      const { x, y } = mibPlace(order, mib);
      pixels[y * SIDE_MIB + x] = words[strongest] as number;
    }
    return canvasOf(pixels, SIDE_MIB);
  }

  private drawPages(): HTMLCanvasElement {
    const { layer, words } = this;
    const places = curve(this.order);
    const pixels = new Uint32Array(SPACE_PAGES).fill(words[0] as number);
    for (const mib of this.used) {
      const end = (mib + 1) * ROOT_ENTRY_PAGES;
      for (let page = mib * ROOT_ENTRY_PAGES; page < end; page++) {
        pixels[places[page] as number] = words[layer.pages[page] as number] as number;
      }
    }
    return canvasOf(pixels, SIDE_PAGES);
  }
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
