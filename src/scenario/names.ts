/** Whether a scenario uses only names that it defines, and defines each once. */

import { closest } from '../layout/spelling.js';
import type { YamlPath } from '../layout/yaml-tree.js';
import type { Place } from './quantities.js';
import type { Scenario, ScenarioStep } from './scenario.js';

/** A name that is wrong, and where it stands. */
export interface NameProblem {
  readonly path: YamlPath;
  readonly message: string;
}

/** What a domain has names for at some step. */
interface Known {
  readonly frames: Set<string>;
  /** Regions, and other places that steps name. */
  readonly regions: Set<string>;
  readonly objects: Set<string>;
  readonly heaps: Set<string>;
  /** Whether it runs a program, whose symbols are names too. */
  readonly program: boolean;
}

/** Every name of `scenario` that is not defined where it is used, or defined twice. */
export function nameProblems(scenario: Scenario): NameProblem[] {
  return new NameCheck(scenario).problems;
}

class NameCheck {
  readonly problems: NameProblem[] = [];
  private readonly scenario: Scenario;
  private readonly domains = new Map<string, Known>();

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.unique(scenario.machine.banks, ['machine', 'banks']);
    this.unique(scenario.domains, ['domains']);
    for (const { name, elf } of scenario.domains) {
      this.domains.set(name, knownOf(elf !== undefined));
    }
    for (const step of scenario.steps) this.step(step);
  }

  private unique(named: readonly { readonly name: string }[], path: YamlPath): void {
    const seen = new Set<string>();
    for (const [index, { name }] of named.entries()) {
      if (seen.has(name)) this.tell([...path, index, 'name'], `\`${name}\` is there twice`);
      seen.add(name);
    }
  }

  private step(step: ScenarioStep): void {
    const path = ['steps', step.number - 1];
    const at = [...path, step.verb];
    if (step.verb === 'switch') {
      this.domain(step.args, at);
      return;
    }
    const known = this.domain(step.domain, [...path, 'domain']);
    if (known === undefined) return;
    switch (step.verb) {
      case 'allocate':
        this.allocate(step.args, known, at);
        break;
      case 'map':
        this.frameOrObject(step.args, known, at);
        this.places(step.args, known, at);
        known.regions.add(step.args.as ?? step.args.frame ?? step.args.object ?? '');
        break;
      case 'share':
        this.share(step.args, known, at);
        break;
      case 'revoke':
        this.frameOrObject(step.args, known, at);
        if (step.args.from !== undefined) this.domain(step.args.from, [...at, 'from']);
        break;
      case 'free':
        this.frame(step.args.frame, known, at);
        known.frames.delete(step.args.frame);
        break;
      case 'transfer': {
        const { frame, to, as } = step.args;
        this.frame(frame, known, at);
        known.frames.delete(frame);
        this.domain(to, [...at, 'to'])?.frames.add(as ?? frame);
        break;
      }
      case 'create':
        this.create(step.args, known, at);
        break;
      case 'fill':
        this.object(step.args.object, known, [...at, 'object']);
        if (step.args.frame !== undefined) this.frame(step.args.frame, known, at);
        break;
      case 'unfill':
      case 'append':
      case 'pin':
      case 'unpin':
      case 'evict':
      case 'flush':
        this.object(step.args.object, known, [...at, 'object']);
        break;
      case 'reserve':
      case 'guard':
        this.places(step.args, known, at);
        known.regions.add(step.args.as);
        break;
      case 'stack':
        known.regions.add(step.args.as).add(`${step.args.as}.top`);
        break;
      case 'heap':
        known.heaps.add(step.args.as);
        known.regions.add(step.args.as);
        break;
      case 'malloc':
        this.heap(step.args.heap, known, at);
        known.regions.add(step.args.as);
        break;
      case 'release':
        this.heap(step.args.heap, known, at);
        this.place(step.args.at, known, at);
        break;
      case 'clone':
        this.clone(step.args.as, known, at);
        break;
      case 'exit':
      case 'kill':
        this.domain(step.args, at);
        break;
      case 'trim':
      case 'budget':
        break;
      default:
        this.place(step.args.at, known, at);
    }
  }

  private allocate(args: AllocateArguments, known: Known, at: YamlPath): void {
    if (known.frames.has(args.frame)) {
      this.tell([...at, 'frame'], `a frame \`${args.frame}\` is there already`);
    }
    known.frames.add(args.frame);
    const { device } = args;
    if (device === undefined) {
      if (args.size === undefined) this.tell(at, '`size` is missing');
      return;
    }
    const devices = this.scenario.machine.banks.filter((bank) => bank.kind === 'device');
    const names = devices.map((bank) => bank.name);
    if (!names.includes(device)) {
      this.tell([...at, 'device'], unknown('device bank', device, names));
    }
  }

  private share(args: ShareArguments, known: Known, at: YamlPath): void {
    this.frameOrObject(args, known, at);
    const other = this.domain(args.with, [...at, 'with']);
    if (other === undefined) return;
    const source = args.frame ?? args.object ?? '';
    const name = args.as ?? source;
    if (other === known && name === source) {
      this.tell(at, 'a domain that shares with itself needs another name: add `as`');
    }
    (args.frame === undefined ? other.objects : other.frames).add(name);
    if (args.at !== undefined) this.place(args.at, other, at);
    if (args.map) other.regions.add(name);
  }

  private create(args: CreateArguments, known: Known, at: YamlPath): void {
    if (known.objects.has(args.object)) {
      this.tell([...at, 'object'], `an object \`${args.object}\` is there already`);
    }
    for (const [index, frame] of (args.frames ?? []).entries()) {
      this.frameAt(frame, known, [...at, 'frames', index]);
    }
    if (args.frame !== undefined) this.frame(args.frame, known, at);
    if (args.of !== undefined) this.object(args.of, known, [...at, 'of']);
    known.objects.add(args.object);
  }

  /** A clone knows what its parent knows, but its frames. */
  private clone(name: string, parent: Known, at: YamlPath): void {
    if (this.domains.has(name)) {
      this.tell([...at, 'as'], `a domain \`${name}\` is there already`);
    }
    const child = knownOf(parent.program);
    for (const region of parent.regions) child.regions.add(region);
    for (const object of parent.objects) child.objects.add(object);
    this.domains.set(name, child);
  }

  private domain(name: string, path: YamlPath): Known | undefined {
    const known = this.domains.get(name);
    if (known === undefined) this.tell(path, unknown('domain', name, [...this.domains.keys()]));
    return known;
  }

  private frame(name: string, known: Known, at: YamlPath): void {
    this.frameAt(name, known, [...at, 'frame']);
  }

  private frameAt(name: string, known: Known, path: YamlPath): void {
    if (!known.frames.has(name)) this.tell(path, unknown('frame', name, [...known.frames]));
  }

  private object(name: string, known: Known, path: YamlPath): void {
    if (!known.objects.has(name)) this.tell(path, unknown('object', name, [...known.objects]));
  }

  /** The one of both that is there. */
  private frameOrObject(
    { frame, object }: { readonly frame?: string; readonly object?: string },
    known: Known,
    at: YamlPath,
  ): void {
    if (frame !== undefined) this.frame(frame, known, at);
    if (object !== undefined) this.object(object, known, [...at, 'object']);
  }

  private heap(name: string, known: Known, at: YamlPath): void {
    if (!known.heaps.has(name)) {
      this.tell([...at, 'heap'], unknown('heap', name, [...known.heaps]));
    }
  }

  private places(
    wanted: { readonly at?: Place; readonly above?: Place; readonly below?: Place },
    known: Known,
    path: YamlPath,
  ): void {
    for (const key of ['at', 'above', 'below'] as const) {
      const place = wanted[key];
      if (place !== undefined) this.place(place, known, path, key);
    }
  }

  private place({ base }: Place, known: Known, at: YamlPath, key = 'at'): void {
    if (typeof base !== 'string' || known.regions.has(base) || known.program) return;
    this.tell([...at, key], unknown('region', base, [...known.regions]));
  }

  private tell(path: YamlPath, message: string): void {
    this.problems.push({ path, message });
  }
}

type ArgumentsOf<V extends ScenarioStep['verb']> = Extract<ScenarioStep, { verb: V }>['args'];
type AllocateArguments = ArgumentsOf<'allocate'>;
type ShareArguments = ArgumentsOf<'share'>;
type CreateArguments = ArgumentsOf<'create'>;

function knownOf(program: boolean): Known {
  return {
    frames: new Set(),
    regions: new Set(),
    objects: new Set(),
    heaps: new Set(),
    program,
  };
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const meant = closest(name, known);
  const there =
    known.length === 0 ? `there is none here` : `here: ${known.slice(0, 12).join(', ')}`;
  const remedy = meant === undefined ? there : `did you mean \`${meant}\`?`;
  return `no ${what} is called \`${name}\`; ${remedy}`;
}
