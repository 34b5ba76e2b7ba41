/** A painter that writes SVG: no script, no font and no link, so that the file can stand anywhere. */

import {
  DOT_STEP,
  HATCH_STEP,
  type ImagePart,
  type Paint,
  type Painter,
  type Segment,
  type ShapeStyle,
  TEXT_SIZE,
  type TextStyle,
} from './painter.js';
import { type Colours, FONTS } from './palette.js';

/** The picture as the text of an SVG file; `title` says what it shows. */
export function svgText(
  paint: Paint,
  size: { readonly width: number; readonly height: number },
  colours: Colours,
  title: string,
): string {
  const painter = new SvgPainter(colours);
  painter.rect(0, 0, size.width, size.height, { fill: colours.panel });
  paint(painter, size);
  const { width, height } = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" ` +
      `viewBox="0 0 ${round(width)} ${round(height)}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<defs>',
    pattern(
      'hatch',
      HATCH_STEP,
      `<path d="M0 ${HATCH_STEP}L${HATCH_STEP} 0" ${HATCH_STROKE(colours)}/>`,
    ),
    pattern(
      'dots',
      DOT_STEP,
      `<circle cx="2.5" cy="2.5" r="0.9" fill="${colours.mark}" opacity="0.6"/>`,
    ),
    '</defs>',
    ...painter.parts,
    '</svg>',
    '',
  ].join('\n');
}

const HATCH_STROKE = (colours: Colours): string =>
  `stroke="${colours.mark}" stroke-width="1" opacity="0.55"`;

function pattern(id: string, step: number, content: string): string {
  return `<pattern id="${id}" width="${step}" height="${step}" patternUnits="userSpaceOnUse">${content}</pattern>`;
}

class SvgPainter implements Painter {
  readonly colours: Colours;
  readonly parts: string[] = [];
  private clips = 0;
  private readonly ruler = document.createElement('canvas').getContext('2d');

  constructor(colours: Colours) {
    this.colours = colours;
  }

  rect(x: number, y: number, width: number, height: number, style: ShapeStyle): void {
    this.parts.push(`<rect ${box(x, y, width, height)}${shape(style)}/>`);
  }

  hatch(x: number, y: number, width: number, height: number): void {
    this.parts.push(`<rect ${box(x, y, width, height)} fill="url(#hatch)"/>`);
  }

  dots(x: number, y: number, width: number, height: number): void {
    this.parts.push(`<rect ${box(x, y, width, height)} fill="url(#dots)"/>`);
  }

  path(start: readonly [number, number], segments: readonly Segment[], style: ShapeStyle): void {
    const steps = segments.map(
      (each) => `${each.length === 2 ? 'L' : 'C'}${each.map(round).join(' ')}`,
    );
    const d = `M${start.map(round).join(' ')}${steps.join('')}`;
    this.parts.push(`<path d="${d}"${shape(style)}/>`);
  }

  circle(x: number, y: number, radius: number, style: ShapeStyle): void {
    this.parts.push(
      `<circle cx="${round(x)}" cy="${round(y)}" r="${round(radius)}"${shape(style)}/>`,
    );
  }

  text(x: number, y: number, text: string, style: TextStyle = {}): void {
    const { size = TEXT_SIZE, align = 'left', bold = false, mono = false, halo } = style;
    const anchor = { left: 'start', center: 'middle', right: 'end' }[align];
    const family = (mono ? FONTS.mono : FONTS.sans).replaceAll('"', "'");
    const rim =
      halo === undefined
        ? ''
        : ` stroke="${halo}" stroke-width="3" paint-order="stroke" stroke-linejoin="round"`;
    this.parts.push(
      `<text x="${round(x)}" y="${round(y)}" font-family="${family}" font-size="${size}" ` +
        `text-anchor="${anchor}"${bold ? ' font-weight="600"' : ''} ` +
        `fill="${style.colour ?? this.colours.ink}"${rim}>${escaped(text)}</text>`,
    );
  }

  measure(text: string, style: TextStyle = {}): number {
    if (this.ruler === null) return text.length * (style.size ?? TEXT_SIZE) * 0.6;
    this.ruler.font = `${style.bold === true ? '600 ' : ''}${style.size ?? TEXT_SIZE}px ${style.mono === true ? FONTS.mono : FONTS.sans}`;
    return this.ruler.measureText(text).width;
  }

  image(image: HTMLCanvasElement, part: ImagePart, to: ImagePart, smooth: boolean): void {
    const cut = document.createElement('canvas');
    cut.width = Math.max(1, Math.round(part.width));
    cut.height = Math.max(1, Math.round(part.height));
    const context = cut.getContext('2d');
    context?.drawImage(image, part.x, part.y, part.width, part.height, 0, 0, cut.width, cut.height);
    const rendering = smooth ? '' : ' style="image-rendering:pixelated"';
    this.parts.push(
      `<image ${box(to.x, to.y, to.width, to.height)} preserveAspectRatio="none"${rendering} href="${cut.toDataURL('image/png')}"/>`,
    );
  }

  clipped(x: number, y: number, width: number, height: number, paint: () => void): void {
    this.clips += 1;
    const id = `clip${this.clips}`;
    this.parts.push(`<clipPath id="${id}"><rect ${box(x, y, width, height)}/></clipPath>`);
    this.parts.push(`<g clip-path="url(#${id})">`);
    paint();
    this.parts.push('</g>');
  }
}

function box(x: number, y: number, width: number, height: number): string {
  return `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
}

function shape({ fill, stroke, width, opacity, dash }: ShapeStyle): string {
  const outline = stroke === undefined ? '' : ` stroke="${stroke}" stroke-width="${width ?? 1}"`;
  const faint = opacity === undefined ? '' : ` opacity="${opacity}"`;
  const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash.join(' ')}"`;
  return ` fill="${fill ?? 'none'}"${outline}${faint}${dashes}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Text for markup: names of a dropped file may be anything. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd');
}
