/** Sources that are live targets: their tables are captured at once, and the target is let go. */

import { formatBytes, VmError } from '../base/index.js';
import type { TableSource } from './address-space-source.js';
import { captureRanges, captureTables } from './capture.js';
import { CapturedMemory } from './captured-memory.js';
import { openGdbTarget } from './gdb-target.js';
import { type LiveTarget, type TargetOptions, withTarget } from './live-target.js';
import { openQmpTarget } from './qmp-target.js';
import { RegisterBanks } from './register-banks.js';
import { type MemoryRange, sizeText } from './source-memory.js';
import type { SourceContext } from './source-options.js';
import { chooseCpu, chooseRegisters } from './source-registers.js';
import { makeTableSource } from './table-source.js';

/** Memory that may be captured in all, beside the tables. */
const MOST_BYTES = 256 * 2 ** 20;

/** A target behind a gdbstub. Errors: those of its connection and of `chooseCpu`. */
export function openGdb(context: SourceContext): Promise<TableSource> {
  return openLive(context, 'gdb', openGdbTarget);
}

/** A target behind QMP. Errors: those of its connection and of `chooseCpu`. */
export function openQmp(context: SourceContext): Promise<TableSource> {
  return openLive(context, 'qmp', openQmpTarget);
}

function openLive(
  context: SourceContext,
  kind: 'gdb' | 'qmp',
  openTarget: (place: string, options: TargetOptions) => Promise<LiveTarget>,
): Promise<TableSource> {
  const open = (): Promise<LiveTarget> => openTarget(context.word.place, context.target);
  const memory = new CapturedMemory();
  return withTarget(open, async (target) => {
    const source = new RegisterBanks(target.registers);
    const layers = { flags: context.flags, file: context.file, source };
    const registers = chooseRegisters(layers, context.world);
    const cpu = chooseCpu(registers, undefined, context.cpu);
    if (registers.values !== undefined) {
      await captureTables(target, registers.values, cpu.profile, memory, context.watch);
    }
    const ram = target.regions.filter((region) => region.kind === 'ram');
    const coverage = `${sizeText(bytesOf(memory.ranges))} read: the tables`;
    return makeTableSource(context, {
      kind,
      memory,
      registers: target.registers,
      cpuName: undefined,
      root: undefined,
      coverage: () => coverage,
      notes: target.notes,
      searchable: ram.map(({ base, bytes }) => ({ pa: base, bytes })),
      names: () => target.regions,
      load: (ranges) => loadMore(open, ranges, memory, context),
      close: () => {},
    });
  });
}

async function loadMore(
  open: () => Promise<LiveTarget>,
  ranges: readonly MemoryRange[],
  memory: CapturedMemory,
  context: SourceContext,
): Promise<void> {
  const bytes = bytesOf(ranges) + bytesOf(memory.ranges);
  if (bytes > MOST_BYTES) {
    const what = `${formatBytes(bytes)} of ${context.word.text} are too much to hold`;
    const remedy = 'save a dump of it and name that';
    throw new VmError('SOURCE_ERR_READ', `${what}, at most ${formatBytes(MOST_BYTES)}: ${remedy}`);
  }
  if (ranges.every((range) => memory.missing(range).length === 0)) return;
  await withTarget(open, (target) =>
    captureRanges(target, ranges, memory, 'memory', context.watch),
  );
}

function bytesOf(ranges: readonly MemoryRange[]): number {
  return ranges.reduce((sum, range) => sum + range.bytes, 0);
}
