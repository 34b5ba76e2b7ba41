/** Tables as source text: C, GNU assembly, Rust. */
import { hex0x } from '../base/index.js';
import {
  type Emission,
  headLines,
  registerValues,
  TABLES_ALIGNMENT,
  tableParts,
  wordList,
  wordRuns,
} from './listing.js';

/** The section that all forms put the tables in. */
export const TABLES_SECTION = '.pagewright_tables';

/** Text that cannot end a comment of C. */
function inComment(line: string): string {
  return line.replaceAll('*/', '* /').replaceAll('/*', '/ *');
}

function blockComment(lines: readonly string[]): string {
  return `/*\n${lines.map((line) => ` * ${inComment(line)}`.trimEnd()).join('\n')}\n */\n`;
}

/** The tables as one C array, with their places and registers as macros. */
export function emitC(emission: Emission): string {
  const { build } = emission;
  const { image } = build;
  const macros = [
    ...registerValues(build).map(
      ([name, value]) => `#define PAGEWRIGHT_${name.toUpperCase()} ${hex0x(value, 8)}u`,
    ),
    `#define PAGEWRIGHT_TABLES_BASE ${hex0x(image.base, 8)}u`,
    ...tableParts(build).map(({ symbol, at }) => `#define ${symbol} (&pagewright_tables[${at}])`),
  ];
  const rows: string[] = [];
  for (const part of tableParts(build)) {
    rows.push(`    /* ${part.what} */`);
    for (const run of wordRuns(image.words, part.at, part.at + part.words)) {
      if (!run.isZero) rows.push(`    [${run.at}] = ${wordList(run.words)},`);
    }
  }
  return `${blockComment(headLines(emission))}
#include <stdint.h>

${macros.join('\n')}

__attribute__((aligned(${TABLES_ALIGNMENT}), section("${TABLES_SECTION}")))
uint32_t pagewright_tables[${image.words.length}] = {
${rows.join('\n')}
};
`;
}

/** The tables in GNU assembly, each under its symbol, the registers as absolute symbols. */
export function emitAssembly(emission: Emission): string {
  const { build } = emission;
  const { words, base } = build.image;
  const lines: string[] = [];
  for (const [name, value] of [
    ...registerValues(build),
    ['tables_base', base] as const,
    ['tables_bytes', words.byteLength] as const,
  ]) {
    lines.push(`    .global pagewright_${name}`, `    .set pagewright_${name}, ${hex0x(value, 8)}`);
  }
  lines.push('', `    .section ${TABLES_SECTION}, "aw", %progbits`);
  lines.push(`    .balign ${TABLES_ALIGNMENT}`, '    .global pagewright_tables');
  lines.push('    .type pagewright_tables, %object', 'pagewright_tables:');
  let end = 0;
  for (const part of tableParts(build)) {
    if (part.at > end) lines.push(`    .fill ${part.at - end}, 4, 0`);
    lines.push('', `    /* ${part.what} */`, `    .global ${part.symbol}`);
    lines.push(`    .type ${part.symbol}, %object`, `${part.symbol}:`);
    for (const run of wordRuns(words, part.at, part.at + part.words)) {
      const text = run.isZero
        ? `    .fill ${run.words.length}, 4, 0`
        : `    .word ${wordList(run.words)}`;
      lines.push(text);
    }
    lines.push(`    .size ${part.symbol}, . - ${part.symbol}`);
    end = part.at + part.words;
  }
  lines.push('    .size pagewright_tables, . - pagewright_tables');
  return `${blockComment(headLines(emission))}\n${lines.join('\n')}\n`;
}

/** The tables as a Rust static, with their registers as constants. */
export function emitRust(emission: Emission): string {
  const { build } = emission;
  const { words, base } = build.image;
  const constants = [...registerValues(build), ['tables_base', base] as const].map(
    ([name, value]) => `pub const ${name.toUpperCase()}: u32 = ${hex0x(value, 8)};`,
  );
  for (const { symbol, at, what } of tableParts(build)) {
    const name = symbol.replace('pagewright_', '').toUpperCase();
    constants.push(`/// Where in the tables ${what} begins, in words.`);
    constants.push(`pub const ${name}: usize = ${at};`);
  }
  const rows: string[] = [];
  for (let at = 0; at < words.length; at += 8) {
    rows.push(`    ${wordList(words.subarray(at, at + 8))},`);
  }
  const head = headLines(emission).map((line) => `// ${line}`.trimEnd());
  return `${head.join('\n')}

${constants.join('\n')}

/// Translation tables, aligned as TTBR0 wants it.
#[repr(C, align(${TABLES_ALIGNMENT}))]
pub struct Tables(pub [u32; ${words.length}]);

/// Put this static at the physical address TABLES_BASE.
pub static TABLES: Tables = Tables([
${rows.join('\n')}
]);
`;
}
