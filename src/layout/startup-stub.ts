/**
 * The start-up stub: a routine in GNU assembly that loads the registers of a build and turns the MMU
 * on (Arm ARM B3.10.2, "Switching the MMU on").
 */
import { hex0x } from '../base/index.js';
import { Sctlr } from '../machine/index.js';
import type { Build } from './build.js';
import type { Emission } from './listing.js';

/** What is written, in this order: the value, the register of CP15, and what it is for. */
interface Load {
  readonly value: number;
  readonly register: string;
  readonly what: string;
}

function loadsOf({ registers, layout }: Build): Load[] {
  const { split, texRemap } = layout.mmu;
  const n = split === 0 ? 'TTBR0 alone' : `N = ${split}: TTBR0 below ${hex0x(2 ** (32 - split))}`;
  const loads: Load[] = [
    { value: registers.ttbcr, register: 'c2, c0, 2', what: `TTBCR: ${n}` },
    { value: registers.ttbr0, register: 'c2, c0, 0', what: 'TTBR0' },
  ];
  if (split > 0) loads.push({ value: registers.ttbr1, register: 'c2, c0, 1', what: 'TTBR1' });
  loads.push({ value: registers.dacr, register: 'c3, c0, 0', what: 'DACR' });
  if (texRemap) {
    loads.push({ value: registers.prrr, register: 'c10, c2, 0', what: 'PRRR' });
    loads.push({ value: registers.nmrr, register: 'c10, c2, 1', what: 'NMRR' });
  }
  loads.push({ value: 0, register: 'c13, c0, 1', what: 'CONTEXTIDR: ASID 0' });
  return loads;
}

/** The stub of a build. */
export function emitStub({ build, command }: Emission): string {
  const { AFE, TRE, EE, WXN, UWXN } = Sctlr;
  const off = (AFE | TRE | EE | (build.layout.profile.hasVirtualization ? WXN | UWXN : 0)) >>> 0;
  const loads = loadsOf(build).flatMap(({ value, register, what }) => [
    ...constant('r0', value),
    noted(`mcr p15, 0, r0, ${register}`, what),
  ]);
  const lines = [
    `@ Made by: ${command}`,
    '@',
    '@ pagewright_mmu_on: loads the translation registers and turns the MMU on. Call it privileged, with',
    '@ the MMU off, from a page that the tables map at its own address, executable at PL1. The tables',
    '@ must be in memory, not only in a cache: walks do not look into the caches. Changes r0 and r1.',
    '',
    '    .syntax unified',
    '    .arch armv7-a',
    '    .arm',
    '',
    '    .section .text.pagewright_mmu_on, "ax", %progbits',
    '    .balign 4',
    '    .global pagewright_mmu_on',
    '    .type pagewright_mmu_on, %function',
    'pagewright_mmu_on:',
    '    dsb',
    '    mov r0, #0',
    noted('mcr p15, 0, r0, c8, c7, 0', 'TLBIALL'),
    noted('mcr p15, 0, r0, c7, c5, 0', 'ICIALLU'),
    noted('mcr p15, 0, r0, c7, c5, 6', 'BPIALL'),
    '    dsb',
    '    isb',
    ...loads,
    '    isb',
    noted('mrc p15, 0, r0, c1, c0, 0', 'SCTLR'),
    ...constant('r1', off),
    '    bic r0, r0, r1',
    ...constant('r1', build.registers.sctlr),
    '    orr r0, r0, r1',
    '    mcr p15, 0, r0, c1, c0, 0',
    '    isb',
    '    bx lr',
    '    .size pagewright_mmu_on, . - pagewright_mmu_on',
  ];
  return `${lines.join('\n')}\n`;
}

/** An instruction with what it is for. */
function noted(instruction: string, what: string): string {
  return `${`    ${instruction}`.padEnd(40)}@ ${what}`;
}

/** A word into a register, without a literal pool that would have to be near. */
function constant(register: string, value: number): string[] {
  return [
    `    movw ${register}, #${hex0x(value & 0xffff)}`,
    `    movt ${register}, #${hex0x(value >>> 16)}`,
  ];
}
