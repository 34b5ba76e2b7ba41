/** A painter of canvases. */

import {
  DOT_STEP,
  HATCH_STEP,
  type ImagePart,
  type Painter,
  type Segment,
  type ShapeStyle,
  TEXT_SIZE,
  type TextStyle,
} from './painter.js';
import { type Colours, FONTS } from './palette.js';

/** Draws on a canvas whose unit has been set to CSS pixels. */
export class CanvasPainter implements Painter {
  readonly colours: Colours;
  private readonly context: CanvasRenderingContext2D;
  private readonly patterns: Patterns;

  constructor(context: CanvasRenderingContext2D, colours: Colours, scale: number) {
    this.context = context;
    this.colours = colours;
    this.patterns = patternsOf(context, colours.mark, scale);
  }

  rect(x: number, y: number, width: number, height: number, style: ShapeStyle): void {
    const { context } = this;
    this.apply(style);
    if (style.fill !== undefined) context.fillRect(x, y, width, height);
    if (style.stroke !== undefined) context.strokeRect(x, y, width, height);
    context.globalAlpha = 1;
  }

  hatch(x: number, y: number, width: number, height: number): void {
    this.context.fillStyle = this.patterns.hatch;
    this.context.fillRect(x, y, width, height);
  }

  dots(x: number, y: number, width: number, height: number): void {
    this.context.fillStyle = this.patterns.dots;
    this.context.fillRect(x, y, width, height);
  }

  path(start: readonly [number, number], segments: readonly Segment[], style: ShapeStyle): void {
    const { context } = this;
    context.beginPath();
    context.moveTo(...start);
    for (const segment of segments) {
      if (segment.length === 2) context.lineTo(...segment);
      else context.bezierCurveTo(...segment);
    }
    this.finish(style);
  }

  circle(x: number, y: number, radius: number, style: ShapeStyle): void {
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.finish(style);
  }

  text(x: number, y: number, text: string, style: TextStyle = {}): void {
    const { context } = this;
    context.font = fontOf(style);
    context.textAlign = style.align ?? 'left';
    if (style.halo !== undefined) {
      context.strokeStyle = style.halo;
      context.lineWidth = 3;
      context.lineJoin = 'round';
      context.strokeText(text, x, y);
    }
    context.fillStyle = style.colour ?? this.colours.ink;
    context.fillText(text, x, y);
  }

  measure(text: string, style: TextStyle = {}): number {
    this.context.font = fontOf(style);
    return this.context.measureText(text).width;
  }

  image(image: HTMLCanvasElement, part: ImagePart, to: ImagePart, smooth: boolean): void {
    const { context } = this;
    context.imageSmoothingEnabled = smooth;
    context.drawImage(
      image,
      part.x,
      part.y,
      part.width,
      part.height,
      to.x,
      to.y,
      to.width,
      to.height,
    );
  }

  clipped(x: number, y: number, width: number, height: number, paint: () => void): void {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    paint();
    context.restore();
  }

  private finish(style: ShapeStyle): void {
    const { context } = this;
    this.apply(style);
    if (style.fill !== undefined) context.fill();
    if (style.stroke !== undefined) context.stroke();
    context.globalAlpha = 1;
  }

  private apply(style: ShapeStyle): void {
    const { context } = this;
    context.globalAlpha = style.opacity ?? 1;
    if (style.fill !== undefined) context.fillStyle = style.fill;
    if (style.stroke !== undefined) {
      context.strokeStyle = style.stroke;
      context.lineWidth = style.width ?? 1;
      context.setLineDash(style.dash === undefined ? [] : [...style.dash]);
    }
  }
}

/** The CSS font of a style. */
function fontOf(style: TextStyle): string {
  const family = style.mono === true ? FONTS.mono : FONTS.sans;
  return `${style.bold === true ? '600 ' : ''}${style.size ?? TEXT_SIZE}px ${family}`;
}

interface Patterns {
  readonly hatch: CanvasPattern | string;
  readonly dots: CanvasPattern | string;
}

/** Patterns made before, by colour and scale: making one costs more than a picture. */
const made = new Map<string, { hatch: HTMLCanvasElement; dots: HTMLCanvasElement }>();

function patternsOf(context: CanvasRenderingContext2D, colour: string, scale: number): Patterns {
  const key = `${colour} ${scale}`;
  const tiles = made.get(key) ?? { hatch: hatchTile(colour, scale), dots: dotTile(colour, scale) };
  made.set(key, tiles);
  const pattern = (tile: HTMLCanvasElement): CanvasPattern | string => {
    const filled = context.createPattern(tile, 'repeat');
    filled?.setTransform(new DOMMatrix().scale(1 / scale));
    return filled ?? 'transparent';
  };
  return { hatch: pattern(tiles.hatch), dots: pattern(tiles.dots) };
}

function tile(
  step: number,
  scale: number,
  draw: (context: CanvasRenderingContext2D, size: number) => void,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const size = Math.max(2, Math.round(step * scale));
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext('2d');
  if (context !== null) draw(context, size);
  return canvas;
}

function hatchTile(colour: string, scale: number): HTMLCanvasElement {
  return tile(HATCH_STEP, scale, (context, size) => {
    context.strokeStyle = colour;
    context.globalAlpha = 0.55;
    context.lineWidth = scale;
    // Three strokes, so that the corners join those of the next tile.
    for (const shift of [-size, 0, size]) {
      context.beginPath();
      context.moveTo(shift, size);
      context.lineTo(shift + size, 0);
      context.stroke();
    }
  });
}

function dotTile(colour: string, scale: number): HTMLCanvasElement {
  return tile(DOT_STEP, scale, (context, size) => {
    context.fillStyle = colour;
    context.globalAlpha = 0.6;
    context.beginPath();
    context.arc(size / 2, size / 2, scale * 0.9, 0, 2 * Math.PI);
    context.fill();
  });
}
