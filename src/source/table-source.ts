/** Puts a source of tables together from what its reader found and what the user said. */

import { hex0x, VmError } from '../base/index.js';
import type { NamedRange } from '../inspect/index.js';
import { rootTable } from '../machine/index.js';
import type { TableSource } from './address-space-source.js';
import type { ElfRoot } from './elf-source.js';
import { type GivenRegister, RegisterBanks } from './register-banks.js';
import type { MemoryRange, SourceMemory } from './source-memory.js';
import type { FileContext } from './source-options.js';
import {
  ASSUMED,
  chooseCpu,
  chooseRegisters,
  registerOrigins,
  registerText,
  requireRegisters,
  type SourceRegisters,
} from './source-registers.js';
import type { SourceKind } from './source-word.js';

/** What the reader of one kind of source found. */
export interface FoundTables {
  readonly kind: SourceKind;
  readonly memory: SourceMemory;
  readonly registers: readonly GivenRegister[];
  /** The processor that the source names. */
  readonly cpuName: string | undefined;
  /** The root table that the source names; it counts as its TTBR0. */
  readonly root: ElfRoot | undefined;
  /** The name of the table that TTBR0 leads to, where the source only knows that. */
  readonly table?: string | undefined;
  /** In words; worked out when it is first asked for, since it looks at much memory. */
  readonly coverage: () => string;
  readonly notes: readonly string[];
  readonly searchable: readonly MemoryRange[];
  readonly names: () => readonly NamedRange[];
  /** Where the region that holds an address is written, where there are such places. */
  readonly written?: TableSource['written'];
  readonly load: (ranges: readonly MemoryRange[]) => Promise<void>;
  readonly close: () => void;
}

/**
 * The source that `found` is, with the registers that count.
 *
 * Errors: SOURCE_ERR_REGISTER — a register is given twice, or no profile has the name of the
 * processor. SOURCE_ERR_SYMBOL — the named table is not aligned as a root table is.
 */
export function makeTableSource(context: FileContext, found: FoundTables): TableSource {
  const { word, flags, file } = context;
  const { root, memory } = found;
  const rootRegister =
    root === undefined ? [] : [{ name: 'ttbr0', value: root.pa, origin: root.origin }];
  const source = new RegisterBanks([...found.registers, ...rootRegister]);
  const registers = chooseRegisters({ flags, file, source }, context.world);
  if (root !== undefined) checkAlignment(root, registers);
  const cpu = chooseCpu(registers, found.cpuName, context.cpu);
  // A name is that of the table only as long as nobody says that another table is the root.
  const isOwn = (source.get('ttbr0', registers.world)?.value ?? -1) === registers.values?.ttbr0;
  let coverage: string | undefined;
  const table = isOwn ? (root?.name ?? found.table) : undefined;
  return {
    evidence: 'tables',
    word: word.text,
    kind: found.kind,
    memory,
    registers,
    cpu,
    provenance: {
      source: word.text,
      origins: registerOrigins(registers),
      ...(table === undefined ? {} : { table }),
    },
    get coverage() {
      coverage ??= found.coverage();
      return coverage;
    },
    notes: [...found.notes, ...choiceNotes(registers)],
    searchable: found.searchable,
    input: () => ({
      reader: memory,
      registers: requireRegisters(registers, word.text),
      profile: cpu.profile,
    }),
    names: () => [...found.names(), ...context.names],
    written: found.written ?? (() => undefined),
    load: found.load,
    close: found.close,
  };
}

/** What was decided about the registers beside their values: the world, and changes. */
function choiceNotes(registers: SourceRegisters): string[] {
  const { world, worldReason, isBanked, facts } = registers;
  const notes = isBanked ? [`registers of the ${world} world: ${worldReason}`] : [];
  const changed = facts.filter(({ origin, note }) => note !== undefined && origin !== ASSUMED);
  return [...notes, ...changed.map(registerText)];
}

/** Refuses a named table of whose address TTBR0 would drop bits. */
function checkAlignment(root: ElfRoot, registers: SourceRegisters): void {
  const { values } = registers;
  if (values === undefined || values.ttbr0 !== root.pa) return;
  const { base, addressBits } = rootTable(values, 0);
  if (base === root.pa) return;
  const bytes = 2 ** (addressBits - 18);
  const where = `${root.name} lies at ${hex0x(root.pa)}`;
  const want = `a root table with TTBCR.N = ${32 - addressBits} is aligned to ${hex0x(bytes)}`;
  throw new VmError('SOURCE_ERR_SYMBOL', `${where}: ${want}; is it another table?`);
}
