/** S1, the Atlas: 64 × 64 MiB, then 16 × 16 pages, then the bits of one entry. */

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { hex, PAGE_BYTES } from '../../src/base/index.js';
import { machine, shownDomain, shownMoment, shownState } from '../app/machine.js';
import { Picture, type PictureTable, type Point, type Size } from '../app/picture.js';
import { choice, numbers } from '../app/place.js';
import type { Screen, ScreenProps } from '../app/screen.js';
import { AT, get, set, theme } from '../app/state.js';
import { useCommands } from '../app/use-commands.js';
import {
  type AtlasScene,
  atlasPageAt,
  atlasPaint,
  atlasSquare,
  type PageRun,
} from '../draw/atlas-picture.js';
import { curve, MIB_SIDE, mibPlace, pageAt, SIDE_MIB, SIDE_PAGES } from '../draw/curve.js';
import { COLOURS } from '../draw/palette.js';
import { SpaceImage } from '../draw/space-image.js';
import { bounded, fitted, panned, type View, WHOLE, zoomed } from '../draw/viewport.js';
import { LAYER_TITLES, type Layer, layerOf, pageMarks } from '../model/layers.js';
import { heatLayer, ownerLayer } from '../model/machine-layers.js';
import { selectionAt } from '../model/selection.js';
import type { Subject } from '../model/subject.js';
import { AS_PAGE, selectPage } from './atlas-params.js';
import { Legend } from './legend.js';
import { mapTable, nextRegion, regionText } from './map-table.js';
import { SelectionPanel, SpacePanel } from './selection-panel.js';
import { ZoomButtons } from './zoom-buttons.js';

const COLOUR = choice('colour', ['rights', 'type', 'domain', 'leaf', 'owner', 'heat']);
/** What only a machine that runs in the page can be coloured by. */
const MACHINE_TITLES = { owner: 'owner capability', heat: 'heat' } as const;
const ALL_TITLES = { ...LAYER_TITLES, ...MACHINE_TITLES };

/** The layer that is asked for; rights where there is no machine to ask. */
function useLayer(subject: Subject): Layer {
  const colour = get(COLOUR);
  const isOfMachine = colour === 'owner' || colour === 'heat';
  const [state, domain, open, moment] = isOfMachine
    ? [shownState.value, shownDomain.value, machine.value, shownMoment.value]
    : [undefined, undefined, undefined, 0];
  return useMemo(() => {
    if (!isOfMachine) return layerOf(subject, colour);
    const rights = layerOf(subject, 'rights');
    if (state === undefined || domain === undefined || open === undefined) return rights;
    if (colour === 'owner') return ownerLayer(state, domain);
    return heatLayer(open.session, domain, moment, rights.pages);
  }, [subject, colour, state, domain, open, moment]);
}
const ORDER = choice('order', ['rows', 'hilbert']);
const VIEW = numbers('view', [1, 0.5, 0.5]);

/** The screen. */
export const atlas: Screen = {
  id: 'atlas',
  title: 'Atlas',
  lead: 'All of 4 GiB: one cell is 1 MiB, one entry of the root table.',
  View: Atlas,
  cli: (subject) => {
    const at = get(AT);
    const view = at === undefined ? ' --view grid' : ` --has ${hex(at)}`;
    return `pagewright show ${subject.word}${view}`;
  },
};

function currentView(): View {
  const [zoom = 1, x = 0.5, y = 0.5] = get(VIEW);
  return bounded({ zoom, x, y });
}

function setView({ zoom, x, y }: View): void {
  set(VIEW, [zoom, x, y]);
}

function Atlas({ subject }: ScreenProps): JSX.Element {
  const [hover, setHover] = useState<PageRun | undefined>(undefined);
  const colour = get(COLOUR);
  const order = get(ORDER);
  const at = get(AT);
  const asPage = get(AS_PAGE);
  const view = currentView();
  const colours = COLOURS[theme.value];
  // Of moments with the same tables one is drawn, once.
  const drawn = useMemo(() => subject, [subject.regions, subject.names]);
  const selection = useMemo(() => selectionAt(drawn, at, asPage), [drawn, at, asPage]);
  const layer = useLayer(drawn);
  const image = useMemo(
    () => new SpaceImage(drawn, layer, order, colours),
    [drawn, layer, order, colours],
  );
  const marks = useMemo(() => pageMarks(drawn), [drawn]);
  const findings = useMemo(() => findingRuns(drawn), [drawn]);
  const { zoom, x, y } = view;
  const paint = useMemo(
    () =>
      atlasPaint({
        subject: drawn,
        image,
        marks,
        order,
        view: { zoom, x, y },
        selection: selection?.run,
        hover,
        findings,
      }),
    [drawn, image, marks, order, zoom, x, y, selection, hover, findings],
  );
  const table: PictureTable = useMemo(() => mapTable(subject), [subject]);

  const runAt = (point: Point, size: Size): PageRun | undefined => {
    const square = atlasSquare(size, order);
    const page = atlasPageAt(square, view, order, point.x, point.y);
    if (page === undefined) return undefined;
    const pagesShow = (square.side * view.zoom) / SIDE_PAGES >= PRESSED_PAGES;
    const isTable = (subject.space.tableOf[page >>> 8] as number) >= 0;
    return pagesShow && isTable ? { page, pages: 1 } : { page: page & ~255, pages: 256 };
  };
  const unit = (point: Point, size: Size): Point => {
    const square = atlasSquare(size, order);
    return { x: (point.x - square.x) / square.side, y: (point.y - square.y) / square.side };
  };
  const pick = (run: PageRun | undefined): void => {
    if (run === undefined) return;
    const address = run.page * PAGE_BYTES;
    if (address === at && run.pages > 1) fitTo(run);
    selectPage(address, run.pages === 1);
  };
  const fitTo = (run: PageRun | undefined): void => {
    if (run === undefined) setView(WHOLE);
    else setView(viewOf(run, order));
  };
  const up = (): void => {
    if (view.zoom > 1)
      setView(
        selection !== undefined && view.zoom > 40 ? viewOf(mibOf(selection.run), order) : WHOLE,
      );
    else if (selection !== undefined && selection.run.pages < 256)
      selectPage((selection.run.page & ~255) * PAGE_BYTES, false);
    else set(AT, undefined);
  };
  useCommands({
    'zoom-in': () => setView(zoomed(view, 1.5, ...middleOf(selection?.run, view, order))),
    'zoom-out': () => setView(zoomed(view, 1 / 1.5)),
    'pan-left': () => setView(order === 'rows' ? panned(view, 0, -0.2) : panned(view, -0.2, 0)),
    'pan-right': () => setView(order === 'rows' ? panned(view, 0, 0.2) : panned(view, 0.2, 0)),
    fit: () => fitTo(view.zoom > 1 ? undefined : selection?.run),
    up,
    'step-back': () => set(AT, nextRegion(subject, at, -1)),
    'step-forward': () => set(AT, nextRegion(subject, at, 1)),
  });

  return (
    <div class="atlas-screen">
      <section class="atlas-main" aria-label="The address space">
        <div class="picture-tools">
          <label>
            Colour by{' '}
            <select
              value={layer.id}
              onChange={(event) => set(COLOUR, event.currentTarget.value as typeof colour)}
            >
              {Object.entries(machine.value === undefined ? LAYER_TITLES : ALL_TITLES).map(
                ([id, title]) => (
                  <option value={id} key={id}>
                    {title}
                  </option>
                ),
              )}
            </select>
          </label>
          <label class="toggle">
            <input
              type="checkbox"
              checked={order === 'hilbert'}
              onChange={(event) => set(ORDER, event.currentTarget.checked ? 'hilbert' : 'rows')}
            />
            Hilbert order
          </label>
          <span class="spring" />
          <ZoomButtons
            seen={seenText(view.zoom)}
            isWhole={view.zoom === 1}
            onZoom={(factor) => setView(zoomed(view, factor))}
            onWhole={() => setView(WHOLE)}
          />
        </div>
        <Picture
          main
          class="atlas-picture"
          label={`${subject.title}: 4 GiB, coloured by ${layer.title}`}
          paint={paint}
          table={table}
          onHover={(point, size) => setHover(point && runAt(point, size))}
          onPick={(point, size) => pick(runAt(point, size))}
          onDrag={(by, size) => {
            const { side } = atlasSquare(size, order);
            setView(panned(view, -by.x / side, -by.y / side));
          }}
          onZoom={(factor, around, size) => {
            const to = unit(around, size);
            setView(zoomed(view, factor, to.x, to.y));
          }}
          onKey={(key) => moveBy(key, selection?.run, order, fitTo)}
        >
          <p class="hover-text" aria-hidden="true">
            {hover === undefined ? '' : regionText(subject, hover)}
          </p>
        </Picture>
        <Legend layer={layer} />
      </section>
      {selection === undefined ? (
        <SpacePanel subject={subject} onPick={pick} />
      ) : (
        <SelectionPanel
          subject={subject}
          selection={selection}
          layer={layer}
          marks={marks}
          onPick={pick}
        />
      )}
    </div>
  );
}

function seenText(zoom: number): string {
  if (zoom === 1) return '4 GiB';
  return `× ${zoom < 10 ? zoom.toFixed(1) : Math.round(zoom)}`;
}

/** Pages at least so large, in CSS pixels, can be pressed. */
const PRESSED_PAGES = 6;

function mibOf(run: PageRun): PageRun {
  return { page: run.page & ~255, pages: 256 };
}

/** The view of a run: of its MiB, or nearer where it is less. */
function viewOf(run: PageRun, order: AtlasScene['order']): View {
  if (run.pages >= 256) {
    const { x, y } = mibPlace(order, run.page >>> 8);
    return fitted(x / SIDE_MIB, y / SIDE_MIB, 1 / SIDE_MIB);
  }
  const place = curve(order)[run.page] as number;
  const x = (place % SIDE_PAGES) / SIDE_PAGES;
  const y = Math.floor(place / SIDE_PAGES) / SIDE_PAGES;
  return fitted(x, y, 4 / SIDE_PAGES);
}

/** Where a run is in what is seen, from 0 to 1; the middle where it is not. */
function middleOf(
  run: PageRun | undefined,
  view: View,
  order: AtlasScene['order'],
): [number, number] {
  if (run === undefined) return [0.5, 0.5];
  const place = curve(order)[run.page] as number;
  const half = run.pages >= 256 ? MIB_SIDE / 2 : 0.5;
  const x = ((place % SIDE_PAGES) + half) / SIDE_PAGES;
  const y = (Math.floor(place / SIDE_PAGES) + half) / SIDE_PAGES;
  const seen: [number, number] = [(x - view.x) * view.zoom + 0.5, (y - view.y) * view.zoom + 0.5];
  return seen.every((each) => each >= 0 && each <= 1) ? seen : [0.5, 0.5];
}

/** Moves the selection by a cell; whether the key was one for it. */
function moveBy(
  key: string,
  run: PageRun | undefined,
  order: AtlasScene['order'],
  fitTo: (run: PageRun) => void,
): boolean {
  if (key === 'Enter' && run !== undefined) {
    fitTo(run);
    return true;
  }
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (by === undefined) return false;
  if (run === undefined) {
    set(AT, 0);
    return true;
  }
  const step = run.pages >= 256 ? MIB_SIDE : 1;
  const place = curve(order)[run.page] as number;
  const x = (place % SIDE_PAGES) + (by[0] ?? 0) * step;
  const y = Math.floor(place / SIDE_PAGES) + (by[1] ?? 0) * step;
  if (x < 0 || y < 0 || x >= SIDE_PAGES || y >= SIDE_PAGES) return true;
  const page = pageAt(order, x, y);
  selectPage((step === 1 ? page : page & ~255) * PAGE_BYTES, step === 1);
  return true;
}

function findingRuns(subject: ScreenProps['subject']): PageRun[] {
  return subject.check.findings
    .filter((finding) => finding.bytes < 2 ** 32)
    .slice(0, 200)
    .map(({ va, bytes }) => ({
      page: Math.floor(va / PAGE_BYTES),
      pages: Math.ceil(bytes / PAGE_BYTES),
    }));
}
