import { describe, expect, it } from 'vitest';
import {
  type CapabilityScene,
  capabilityAt,
  capabilityPaint,
} from '../../../lab/draw/capability-picture.js';
import type { Painter, TextStyle } from '../../../lab/draw/painter.js';
import { COLOURS } from '../../../lab/draw/palette.js';
import { LabSession } from '../../../lab/engine/lab-session.js';
import { LESSONS } from '../../../lab/lessons/lessons.js';
import { capabilityView, treeRows } from '../../../lab/model/capability-view.js';

/** A text in a picture, with where it ends. */
interface Placed {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly end: number;
}

/** Wider than a letter of any font that the page asks for. */
const LETTER = 0.62;

/** What a picture says, letters in boxes left out. */
function textsOf(scene: CapabilityScene, size: { width: number; height: number }): Placed[] {
  const texts: Placed[] = [];
  const measure = (text: string, { size: letters = 12 }: TextStyle = {}): number =>
    text.length * letters * LETTER;
  const painter: Painter = {
    colours: COLOURS.light,
    rect: () => {},
    hatch: () => {},
    dots: () => {},
    path: () => {},
    circle: () => {},
    image: () => {},
    clipped: (_x, _y, _width, _height, paint) => paint(),
    measure,
    text: (x, y, text, style) => {
      if (style?.align !== 'center') texts.push({ text, x, y, end: x + measure(text, style) });
    },
  };
  capabilityPaint(scene)(painter, size);
  return texts;
}

/** The scenes of every lesson that runs a machine, at its end, for each of its domains. */
function* scenes(): Generator<CapabilityScene> {
  for (const { id, source } of LESSONS) {
    if (source.kind !== 'scenario') continue;
    const session = new LabSession(source.text, { name: `${id}.yaml` });
    session.finish();
    const state = session.at(session.lastMoment);
    for (const domain of state.domains) {
      const view = capabilityView(state, domain);
      yield {
        view,
        rows: treeRows(view, undefined),
        domain: domain.name,
        selected: undefined,
        hover: undefined,
        doomed: undefined,
      };
    }
  }
}

describe('the picture of capabilities', () => {
  it.each([
    [338, 616],
    [500, 616],
    [700, 560],
    [940, 560],
  ])('cuts no name and no page at %i × %i', (width, height) => {
    let lines = 0;
    for (const scene of scenes()) {
      const texts = textsOf(scene, { width, height });
      const pages = texts.find(({ text }) => text === 'Pages they back');
      expect(pages).toBeDefined();
      for (const { text, x, end } of texts) {
        expect(end, text).toBeLessThanOrEqual(x < (pages?.x ?? 0) ? (pages?.x ?? 0) : width);
        lines += 1;
      }
    }
    expect(lines).toBeGreaterThan(200);
  });

  it.each([
    [338, 616],
    [940, 560],
  ])('finds the object of each line and each slot at %i × %i', (width, height) => {
    const size = { width, height };
    for (const scene of scenes()) {
      const texts = textsOf(scene, size);
      const heading = texts.find(({ text }) => text === 'Made from');
      if (heading === undefined) throw new Error('no heading');
      const tree = texts.filter(({ x, y }) => y > heading.y && x >= heading.x && x < width / 2);
      const shown = tree.filter(({ text }) => !text.startsWith('and '));
      for (const [index, { x, y }] of shown.entries()) {
        expect(capabilityAt(scene, size, { x, y: y - 1 })).toBe(scene.rows[index]?.object.number);
      }
      expect(shown.length).toBeGreaterThan(5);
      expect(capabilityAt(scene, size, { x: 5, y: 30 })).toBe(scene.view.slots[0]?.about);
    }
  });
});
