/** What `run` does: performs a scenario and prints what came of it. */
import { dirname, join } from 'node:path';
import { formatBytes, hex, PAGE_BYTES } from '../base/index.js';
import {
  AddressSpace,
  gridLegend,
  gridLines,
  headerLines,
  line,
  MAP_LEGEND,
  machineSpace,
  mapLines,
  mapRows,
  Names,
  type Provenance,
  plainText,
  pmapSpace,
  Regions,
  type StyledLine,
  wrapped,
  wrappedSpans,
} from '../inspect/index.js';
import { MOST_FILE_BYTES } from '../layout/yaml-tree.js';
import { COST_NAMES, type CostName, StrictTlb } from '../machine/index.js';
import {
  type Actor,
  counted,
  type DomainFile,
  eventLine,
  namedRanges,
  parseScenario,
  regionLines,
  type Scenario,
  ScenarioRun,
  type StepLayout,
  stepLines,
  timelineLines,
} from '../scenario/index.js';
import { Exit, type ExitCode } from './exit-code.js';
import { decodeText, readAtMost } from './input-file.js';
import type { Output } from './output.js';
import { readProgram } from './program-file.js';
import { Progress } from './progress.js';
import type { RunFlags } from './run-flags.js';
import { runJson } from './run-json.js';
import { type DomainProof, type Proof, proveRun } from './run-proof.js';
import type { Session } from './session.js';

/** Characters of a line where nobody says how wide one is. */
const USUAL_COLUMNS = 100;
const EVENT_INDENT = 11;

/**
 * Runs the scenario in the file at `path`.
 * Errors: `SOURCE_ERR_READ`, `SOURCE_ERR_FORMAT` it or a program of it cannot be read; those of
 * `parseScenario` and `ScenarioRun`.
 */
export async function runScenario(
  { out, talk }: Session,
  path: string,
  flags: RunFlags,
): Promise<ExitCode> {
  const name = path === '-' ? 'standard input' : path;
  const scenario = parseScenario(decodeText(name, readAtMost(path, MOST_FILE_BYTES)), name);
  const folder = path === '-' ? '.' : dirname(path);
  const run = new ScenarioRun(scenario, (file) => readProgram(join(folder, file)), {
    events: flags.events ?? false,
  });
  const startCosts = run.world.machine.counters.snapshot();
  const json = flags.json === true;
  if (!json) out.print(...openingLines(scenario, run, out));
  const layout = layoutOf(run, out);
  const progress = new Progress(talk);
  for (const result of run.steps()) {
    progress.tell(() => `step ${result.step.number}/${scenario.steps.length}`);
    if (json) continue;
    progress.end();
    const events = result.events.map((event) => eventLine(event, EVENT_INDENT));
    out.print(...stepLines(result, layout), ...events);
    // Lets the stream tell that nobody reads on.
    await new Promise((resume) => setImmediate(resume));
  }
  progress.end();
  const proof = proveRun(run);
  if (json) out.write(`${JSON.stringify(runJson(run, proof, startCosts), null, 2)}\n`);
  else printClosing(out, run, proof, startCosts);
  return proof.holds || flags.exitZero === true ? Exit.FINE : Exit.NO;
}

function layoutOf(run: ScenarioRun, out: Output): StepLayout {
  const nameColumns = Math.max(
    ...[
      ...run.scenario.domains.map(({ name }) => name.length),
      ...run.scenario.steps.map((step) => (step.verb === 'clone' ? step.args.as.length : 0)),
    ],
  );
  return { columns: columnsOf(out), nameColumns, space: machineSpace(run.world.machine) };
}

function columnsOf(out: Output): number {
  return out.columns === Infinity ? USUAL_COLUMNS : out.columns;
}

/** Title, machine, and who lives on it. */
function openingLines(scenario: Scenario, run: ScenarioRun, out: Output): StyledLine[] {
  const columns = columnsOf(out);
  const { machine, kernel } = scenario;
  const banks = machine.banks.map(
    ({ name, base, size }) => `${name} ${formatBytes(size)} at ${hex(base)}`,
  );
  const tlb =
    typeof machine.tlb === 'string' ? machine.tlb : `${machine.tlb.sets} x ${machine.tlb.ways}`;
  const facts = [
    machine.cpu,
    `TLB ${tlb}`,
    ...banks,
    `kernel from ${hex(kernel.memoryOffset)}`,
    `${kernel.attributes} attributes`,
  ];
  return [
    ...wrapped(scenario.title === '' ? scenario.file : scenario.title, columns, 0, 'heading'),
    ...wrapped(scenario.about, columns, 0),
    line(''),
    ...wrapped(facts.join(' · '), columns, 0, 'quiet'),
    ...run.world.actors.flatMap((actor, index) => {
      const settings = scenario.domains[index];
      return settings === undefined ? [] : wrapped(actorText(actor, settings), columns, 0, 'quiet');
    }),
    ...(scenario.steps[0]?.say === '' ? [line('')] : []),
  ];
}

function actorText({ name, domain, program }: Actor, { elf, pager, aslr }: DomainFile): string {
  const budget = pager === undefined ? '' : ` · ${pager.frames} frames, ${pager.policy}`;
  const random = aslr === undefined ? '' : ` · random places, seed ${aslr.seed}`;
  const ram = `${formatBytes(domain.ram.freePages * PAGE_BYTES)} of RAM free${budget}${random}`;
  if (program === undefined) return `${name} · an empty domain · ${ram}`;
  const segments = counted(program.image.segments.length, 'segment');
  return `${name} · spawned by init from ${elf}, ${segments}, entry ${hex(program.image.entry)} · ${ram}`;
}

/** Address spaces, costs, proof. */
function printClosing(
  out: Output,
  run: ScenarioRun,
  proof: Proof,
  startCosts: Readonly<Record<CostName, number>>,
): void {
  const columns = columnsOf(out);
  const timeline = timelineLines(run, columns);
  if (timeline.length > 0) out.print(line(''), ...timeline);
  for (const actor of run.world.actors) {
    out.print(line(''), ...spaceLines(actor, run, out.columns));
    const regions = regionLines(actor, out.columns);
    if (regions.length > 0) out.print(line(''), ...regions);
  }
  out.print(line(''), ...[...gridLegend()].flatMap((each) => wrappedSpans(each, columns, 0)));
  if (out.isColored) out.print(...MAP_LEGEND.flatMap((each) => wrappedSpans(each, columns, 0)));
  out.print(line(''), ...costLines(run, startCosts));
  out.print(line(''), ...proofLines(run, proof, columns));
}

/** The map of one domain, and the picture of its 4 GiB. */
function spaceLines(actor: Actor, run: ScenarioRun, columns: number): StyledLine[] {
  const { kernel } = run.world;
  const space = new AddressSpace(pmapSpace(kernel, actor.domain.pmap));
  const regions = new Regions(space);
  const provenance: Provenance = { source: `domain ${actor.name}` };
  const rows = mapRows(regions, {
    names: new Names(namedRanges(actor.domain.vspace.all(), run.scenario)),
  });
  const map = [...mapLines(space, rows, provenance, undefined, { room: columns })];
  if (regions.count === 1) return map;
  const header = headerLines(space, provenance).length;
  const grid = [...gridLines(regions, provenance)].slice(header, -[...gridLegend()].length);
  return [...map, line(''), ...foldedGrid(grid)];
}

const EMPTY_ROW = /^[0-9a-f]{8} {2}·{64}$/;

/** The grid without its empty rows, of which the picture has many. */
function foldedGrid(grid: readonly StyledLine[]): StyledLine[] {
  const lines: StyledLine[] = [];
  for (let at = 0; at < grid.length; ) {
    let end = at;
    while (end < grid.length && EMPTY_ROW.test(plainText(grid[end] ?? []))) end += 1;
    if (end - at > 2) {
      lines.push(line(`          ⋮ ${end - at} rows of nothing`, 'hole'));
      at = end;
    } else {
      lines.push(grid[at] ?? []);
      at += 1;
    }
  }
  return lines;
}

/** What the machine did, before and during the steps. */
function costLines(run: ScenarioRun, start: Readonly<Record<CostName, number>>): StyledLine[] {
  const now = run.world.machine.counters.snapshot();
  const number = (value: number): string => value.toLocaleString('en').padStart(11);
  const rows = COST_NAMES.map((name) => {
    const before = start[name];
    const label = name.toLowerCase().replaceAll('_', ' ').replace('tlb', 'TLB');
    return line(`  ${label.padEnd(22)}${number(before)}${number(now[name] - before)}`);
  });
  return [
    line(`  ${'costs'.padEnd(22)}${'start'.padStart(11)}${'steps'.padStart(11)}`, 'heading'),
    ...rows,
  ];
}

/** The proof of each domain, the TLB's, and the verdict. */
function proofLines(run: ScenarioRun, proof: Proof, columns: number): StyledLine[] {
  const width = Math.max(3, ...proof.domains.map(({ domain }) => domain.name.length));
  const lines = proof.domains.flatMap((domain) => domainProofLines(domain, width));
  const { tlb } = run.world.machine;
  if (tlb instanceof StrictTlb) {
    const holds = proof.violations === 0;
    lines.push([
      { text: `  ${'TLB'.padEnd(width)}  ` },
      holds
        ? { text: '✓ nothing stale, no break-before-make breach', style: 'good' }
        : { text: `✗ ${counted(proof.violations, 'violation')}`, style: 'bad' },
    ]);
  }
  return [line('  proof', 'heading'), ...lines, line(''), ...verdictLines(run, columns)];
}

function domainProofLines({ domain, verification }: DomainProof, width: number): StyledLine[] {
  const { pages, leaves, tables, disagreements, first } = verification;
  const head = { text: `  ${domain.name.padEnd(width)}  ` };
  if (disagreements > 0) {
    return [
      [head, { text: `✗ ${counted(disagreements, 'disagreement')}`, style: 'bad' }],
      ...first.map(({ va, shadow, tables: words }) =>
        line(`    ${hex(va)}: the shadow says ${shadow}, the tables say ${words}`, 'bad'),
      ),
    ];
  }
  const what = `${counted(leaves, 'leaf', 'leaves')}, ${counted(tables, 'table')}`;
  const proven = `every page (${pages.toLocaleString('en')}): shadow = tables = walk`;
  return [[head, { text: `✓ ${proven}`, style: 'good' }, { text: `  ${what}` }]];
}

function verdictLines(run: ScenarioRun, columns: number): StyledLine[] {
  const { failure, results, scenario } = run;
  const all = scenario.steps.length;
  if (failure === undefined) return [line(`✓ ${counted(all, 'step')}, all as expected`, 'good')];
  const { number, line: row } = failure.step;
  const left = all - results.length;
  const rest = left === 0 ? '' : `; ${counted(left, 'step')} after it not performed`;
  const what = `✗ step ${number} (${scenario.file}:${row}) did not end as expected${rest}`;
  return wrapped(what, columns, 0, 'bad');
}
