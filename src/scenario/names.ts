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
  readonly regions: Set<string>;
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
      const known = { frames: new Set<string>(), regions: new Set<string>() };
      this.domains.set(name, { ...known, program: elf !== undefined });
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
        this.frame(step.args.frame, known, at);
        if (step.args.at !== undefined) this.place(step.args.at, known, at);
        known.regions.add(step.args.as ?? step.args.frame);
        break;
      case 'share':
        this.share(step.args, known, at);
        break;
      case 'revoke':
        this.frame(step.args.frame, known, at);
        break;
      case 'free':
        this.frame(step.args.frame, known, at);
        known.frames.delete(step.args.frame);
        break;
      case 'trim':
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
    this.frame(args.frame, known, at);
    const other = this.domain(args.with, [...at, 'with']);
    if (other === undefined) return;
    const name = args.as ?? args.frame;
    if (other === known && name === args.frame) {
      this.tell(at, 'a domain that shares with itself needs another name: add `as`');
    }
    other.frames.add(name);
    if (args.at !== undefined) this.place(args.at, other, at);
    if (args.map) other.regions.add(name);
  }

  private domain(name: string, path: YamlPath): Known | undefined {
    const known = this.domains.get(name);
    if (known === undefined) this.tell(path, unknown('domain', name, [...this.domains.keys()]));
    return known;
  }

  private frame(name: string, known: Known, at: YamlPath): void {
    if (!known.frames.has(name)) {
      this.tell([...at, 'frame'], unknown('frame', name, [...known.frames]));
    }
  }

  private place({ base }: Place, known: Known, at: YamlPath): void {
    if (typeof base !== 'string' || known.regions.has(base) || known.program) return;
    this.tell([...at, 'at'], unknown('region', base, [...known.regions]));
  }

  private tell(path: YamlPath, message: string): void {
    this.problems.push({ path, message });
  }
}

type ArgumentsOf<V extends ScenarioStep['verb']> = Extract<ScenarioStep, { verb: V }>['args'];
type AllocateArguments = ArgumentsOf<'allocate'>;
type ShareArguments = ArgumentsOf<'share'>;

function unknown(what: string, name: string, known: readonly string[]): string {
  const meant = closest(name, known);
  const there =
    known.length === 0 ? `there is none here` : `here: ${known.slice(0, 12).join(', ')}`;
  const remedy = meant === undefined ? there : `did you mean \`${meant}\`?`;
  return `no ${what} is called \`${name}\`; ${remedy}`;
}
