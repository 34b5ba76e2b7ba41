/**
 * What a picture is drawn with. A picture is one function of a painter and a size; the canvas on the
 * screen and the file of "as SVG" are drawn by the same function, so that they cannot differ.
 *
 * All lengths are CSS pixels.
 */

import type { Colours } from './palette.js';

/** How text is set. */
export interface TextStyle {
  readonly colour?: string;
  readonly size?: number;
  readonly align?: 'left' | 'center' | 'right';
  readonly bold?: boolean;
  /** For addresses and words. */
  readonly mono?: boolean;
  /** Drawn around the letters, so that they stand out from what is below. */
  readonly halo?: string;
}

/** A line of a path: straight, or a cubic curve with its two control points. */
export type Segment =
  | readonly [x: number, y: number]
  | readonly [x1: number, y1: number, x2: number, y2: number, x: number, y: number];

/** How a shape is filled and outlined. */
export interface ShapeStyle {
  readonly fill?: string;
  readonly stroke?: string;
  readonly width?: number;
  readonly opacity?: number;
  readonly dash?: readonly number[];
}

/** A part of an image. */
export interface ImagePart {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The strokes of a picture. */
export interface Painter {
  readonly colours: Colours;
  rect(x: number, y: number, width: number, height: number, style: ShapeStyle): void;
  /** Diagonal lines over a rectangle: a device. */
  hatch(x: number, y: number, width: number, height: number): void;
  /** Dots over a rectangle: shared memory. */
  dots(x: number, y: number, width: number, height: number): void;
  /** A shape with these corners; closed where it is filled. */
  path(
    start: readonly [x: number, y: number],
    segments: readonly Segment[],
    style: ShapeStyle,
  ): void;
  circle(x: number, y: number, radius: number, style: ShapeStyle): void;
  /** Text whose baseline starts, or has its middle or end, at a point. */
  text(x: number, y: number, text: string, style?: TextStyle): void;
  /** The width of a text in this style. */
  measure(text: string, style?: TextStyle): number;
  /** A part of an image, stretched over a rectangle; its pixels stay squares unless `smooth`. */
  image(image: HTMLCanvasElement, part: ImagePart, to: ImagePart, smooth: boolean): void;
  /** Draws what `paint` draws, inside a rectangle only. */
  clipped(x: number, y: number, width: number, height: number, paint: () => void): void;
}

/** A picture. */
export type Paint = (
  painter: Painter,
  size: { readonly width: number; readonly height: number },
) => void;

/** Distance of the lines of a hatch and of dots. */
export const HATCH_STEP = 5;
export const DOT_STEP = 5;
/** The size of text unless it is said. */
export const TEXT_SIZE = 12;
