/**
 * The part of a square picture that is seen, as pure functions. The picture is one unit wide and high;
 * a view has its zoom, 1 for all of it, and the point in its middle.
 */

/** What is seen. */
export interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

/** Everything. */
export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };
/** A page of 4 KiB is a fifth of the picture at this zoom. */
const MOST_ZOOM = 192;

/** The view with its zoom and place in bounds: the picture always fills what is seen. */
export function bounded({ zoom, x, y }: View): View {
  const inBounds = Math.min(MOST_ZOOM, Math.max(1, zoom));
  const half = 0.5 / inBounds;
  return { zoom: inBounds, x: clamp(x, half), y: clamp(y, half) };
}

function clamp(value: number, half: number): number {
  return Math.min(1 - half, Math.max(half, value));
}

/** The point of the picture at a point of what is seen, both from 0 to 1. */
export function pictureAt(
  view: View,
  x: number,
  y: number,
): { readonly x: number; readonly y: number } {
  return { x: view.x + (x - 0.5) / view.zoom, y: view.y + (y - 0.5) / view.zoom };
}

/** The view nearer by `factor`, with the point under (x, y), from 0 to 1, staying where it is. */
export function zoomed(view: View, factor: number, x = 0.5, y = 0.5): View {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
  const fixed = pictureAt(view, x, y);
  return bounded({ zoom, x: fixed.x - (x - 0.5) / zoom, y: fixed.y - (y - 0.5) / zoom });
}

/** The view moved by parts of what is seen. */
export function panned(view: View, x: number, y: number): View {
  return bounded({ zoom: view.zoom, x: view.x + x / view.zoom, y: view.y + y / view.zoom });
}

/** The view that shows a square of the picture with as much again around it. */
export function fitted(x: number, y: number, side: number): View {
  return bounded({ zoom: 1 / (side * 3), x: x + side / 2, y: y + side / 2 });
}
