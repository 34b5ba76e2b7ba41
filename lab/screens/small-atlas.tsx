/** The Atlas in small, beside what speaks of it; the cells that are meant pulse. */

import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Picture } from '../app/picture.js';
import { theme } from '../app/state.js';
import {
  type AtlasScene,
  atlasPageAt,
  atlasPaint,
  atlasSquare,
  type PageRun,
} from '../draw/atlas-picture.js';
import { mibBoxes } from '../draw/mib-boxes.js';
import { COLOURS } from '../draw/palette.js';
import { SpaceImage } from '../draw/space-image.js';
import { WHOLE } from '../draw/viewport.js';
import { layerOf, pageMarks } from '../model/layers.js';
import type { Subject } from '../model/subject.js';
import { Legend } from './legend.js';
import { mapTable } from './map-table.js';

interface SmallAtlasProps {
  readonly subject: Subject;
  readonly label: string;
  /** The runs that are marked. */
  readonly marked: readonly PageRun[];
  /** Whether what is marked pulses. */
  readonly pulses?: boolean;
  readonly selected?: PageRun | undefined;
  readonly onPick?: (page: number) => void;
}

/** The most rectangles that pulse. */
const MOST_BOXES = 300;

/** The picture. */
export function SmallAtlas(props: SmallAtlasProps): JSX.Element {
  const { subject, label, marked, pulses = false, selected, onPick } = props;
  const colours = COLOURS[theme.value];
  const layer = useMemo(() => layerOf(subject, 'rights'), [subject]);
  const image = useMemo(
    () => new SpaceImage(subject, layer, 'rows', colours),
    [subject, layer, colours],
  );
  const marks = useMemo(() => pageMarks(subject), [subject]);
  const table = useMemo(() => mapTable(subject), [subject]);
  const paint = useMemo(() => {
    const scene: AtlasScene = {
      subject,
      image,
      marks,
      order: 'rows',
      view: WHOLE,
      selection: selected,
      hover: undefined,
      findings: marked,
    };
    return atlasPaint(scene);
  }, [subject, image, marks, selected, marked]);
  const boxes = useMemo(() => marked.flatMap(mibBoxes).slice(0, MOST_BOXES), [marked]);
  return (
    <>
      <Picture
        main
        class="small-atlas"
        height={(width) => width}
        label={label}
        paint={paint}
        table={table}
        onPick={(point, size) => {
          const page = atlasPageAt(atlasSquare(size, 'rows'), WHOLE, 'rows', point.x, point.y);
          if (page !== undefined) onPick?.(page & ~255);
        }}
      >
        {pulses && (
          <svg class="pulse" viewBox="0 0 64 64" preserveAspectRatio="none" aria-hidden="true">
            {boxes.map(({ x, y, width, height }, index) => (
              <rect x={x} y={y} width={width} height={height} key={index} />
            ))}
          </svg>
        )}
      </Picture>
      <Legend layer={layer} />
    </>
  );
}
