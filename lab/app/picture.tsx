/**
 * A picture: a canvas at the resolution of the device, a table that says the same to those who cannot
 * see it, and the SVG of the whole for "as SVG".
 */

import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { CanvasPainter } from '../draw/canvas-painter.js';
import type { Paint } from '../draw/painter.js';
import { COLOURS } from '../draw/palette.js';
import { svgText } from '../draw/svg-painter.js';
import { theme } from './state.js';

/** What a picture says, as a table. */
export interface PictureTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is said below the rows where there are more. */
  readonly more?: string;
}

/** A point in a picture, in CSS pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The size of a picture, in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a reader does to a picture. */
interface PictureHandlers {
  /** The pointer is over a point; undefined when it has left. */
  readonly onHover?: (point: Point | undefined, size: Size) => void;
  /** A point was pressed and let go without moving. */
  readonly onPick?: (point: Point, size: Size) => void;
  /** The picture was dragged by so much. */
  readonly onDrag?: (by: Point, size: Size) => void;
  /** The wheel was turned, or two fingers moved apart: larger than 1 is nearer. */
  readonly onZoom?: (factor: number, around: Point, size: Size) => void;
  /** A key was pressed while the picture has the focus; whether it was used. */
  readonly onKey?: (key: string) => boolean;
}

interface PictureProps extends PictureHandlers {
  /** What it shows, in a few words. */
  readonly label: string;
  /** A function that is another one whenever the picture is another one. */
  readonly paint: Paint;
  readonly table: PictureTable;
  /** Whether "as SVG" saves this one. */
  readonly main?: boolean;
  readonly class?: string;
  /** How high it is at a width; as high as the style sheet says, where it is left out. */
  readonly height?: (width: number) => number;
  /** What lies over it. */
  readonly children?: ComponentChildren;
}

/** The SVG of the picture that is shown. */
export const pictureSvg = signal<(() => string) | undefined>(undefined);

/** Moves that are still a press. */
const STILL_PIXELS = 4;

/** A picture. */
export function Picture(props: PictureProps): JSX.Element {
  const { label, paint, table, main = false, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const handlers = useRef<PictureHandlers>(props);
  handlers.current = props;
  const colours = COLOURS[theme.value];

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = element;
      setSize((before) =>
        before.width === width && before.height === height ? before : { width, height },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d', { alpha: false });
    if (element === null || context === null || context === undefined || size.width === 0) return;
    const scale = devicePixelRatio;
    const width = Math.round(size.width * scale);
    const height = Math.round(size.height * scale);
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = colours.panel;
    context.fillRect(0, 0, size.width, size.height);
    paint(new CanvasPainter(context, colours, scale), size);
  }, [paint, colours, size]);

  useLayoutEffect(() => {
    if (!main) return;
    const make = (): string => svgText(paint, size, colours, label);
    pictureSvg.value = make;
    return () => {
      if (pictureSvg.peek() === make) pictureSvg.value = undefined;
    };
  }, [main, paint, size, colours, label]);

  useLayoutEffect(
    () => (canvas.current === null ? undefined : listen(canvas.current, handlers)),
    [],
  );

  return (
    <figure class={`picture ${props.class ?? ''}`}>
      <div
        class={`picture-box${props.height === undefined ? '' : ' high'}`}
        ref={box}
        style={props.height === undefined ? undefined : { height: `${props.height(size.width)}px` }}
      >
        <canvas ref={canvas} role="img" aria-label={label} tabIndex={0} />
        {children}
      </div>
      <TableBehind table={table} />
    </figure>
  );
}

function TableBehind({ table }: { readonly table: PictureTable }): JSX.Element {
  const { caption, columns, rows, more } = table;
  return (
    <details class="table-behind">
      <summary>As a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
      <section class="table-scroll" tabIndex={0} aria-label={caption}>
        <table>
          <caption>{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th scope="col" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row[0]}>
                {row.map((cell, index) => (
                  <td key={columns[index]}>{cell}</td>
                ))}
              </tr>
            ))}
            {more !== undefined && (
              <tr>
                <td colSpan={columns.length}>{more}</td>
              </tr>
            )}
          </tbody>
        </table>
      </section>
    </details>
  );
}

/** Listens to pointer, wheel and keys over a canvas. */
function listen(
  canvas: HTMLCanvasElement,
  handlers: { readonly current: PictureHandlers },
): () => void {
  const pointers = new Map<number, Point>();
  let moved = 0;
  const size = (): Size => ({ width: canvas.clientWidth, height: canvas.clientHeight });
  const pointOf = (event: MouseEvent): Point => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const listeners: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void } =
    {
      pointerdown: (event) => {
        if (event.button !== 0) return;
        canvas.setPointerCapture(event.pointerId);
        pointers.set(event.pointerId, pointOf(event));
        if (pointers.size === 1) moved = 0;
      },
      pointermove: (event) => {
        const point = pointOf(event);
        const before = pointers.get(event.pointerId);
        if (before === undefined) {
          handlers.current.onHover?.(point, size());
          return;
        }
        const spread = spreadOf(pointers);
        pointers.set(event.pointerId, point);
        const by = { x: point.x - before.x, y: point.y - before.y };
        moved += Math.abs(by.x) + Math.abs(by.y);
        if (pointers.size === 2) {
          const after = spreadOf(pointers);
          if (spread.length > 0 && after.length > 0) {
            handlers.current.onZoom?.(after.length / spread.length, after.middle, size());
          }
          moved = Infinity;
        } else if (moved > STILL_PIXELS) handlers.current.onDrag?.(by, size());
      },
      pointerup: (event) => {
        const wasDown = pointers.delete(event.pointerId);
        if (wasDown && pointers.size === 0 && moved <= STILL_PIXELS) {
          handlers.current.onPick?.(pointOf(event), size());
        }
      },
      pointercancel: (event) => {
        pointers.delete(event.pointerId);
      },
      pointerleave: () => handlers.current.onHover?.(undefined, size()),
      wheel: (event) => {
        const { onZoom } = handlers.current;
        if (onZoom === undefined) return;
        event.preventDefault();
        const lines = event.deltaMode === 1 ? 20 : 1;
        onZoom(1.0015 ** (-event.deltaY * lines), pointOf(event), size());
      },
      keydown: (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (handlers.current.onKey?.(event.key) === true) {
          event.preventDefault();
          event.stopPropagation();
        }
      },
    };
  const names = Object.keys(listeners) as (keyof typeof listeners)[];
  for (const name of names) {
    canvas.addEventListener(name, listeners[name] as EventListener, { passive: false });
  }
  return () => {
    for (const name of names) canvas.removeEventListener(name, listeners[name] as EventListener);
  };
}

/** How far two fingers are apart, and the point between them. */
function spreadOf(pointers: ReadonlyMap<number, Point>): { length: number; middle: Point } {
  const [first, second] = pointers.values();
  if (first === undefined || second === undefined) return { length: 0, middle: { x: 0, y: 0 } };
  return {
    length: Math.hypot(first.x - second.x, first.y - second.y),
    middle: { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 },
  };
}
