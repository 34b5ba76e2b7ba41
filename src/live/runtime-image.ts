/**
 * The runtime of a live machine, as it was assembled from `guest/live.S`, so that nobody needs an
 * assembler to boot a program. `test/live/runtime-image.test.ts` assembles it anew and compares.
 */
import { virtualAddress } from '../base/index.js';
import type { BootImage } from './qemu-process.js';

/** Its words. */
export const RUNTIME_WORDS = `
  ea00000e e320f000 e320f000 e320f000 e320f000 e320f000 e320f000 e320f000
  ea000055 ea000048 ea00003f ea000035 ea00002b ea000050 ea00004f ea00004e
  f10e01d3 e24f804c e2888601 e5980000 e3500000 0afffffc f57ff04f e3a00000
  ee080f17 ee070f15 ee0d0f30 e2881004 e891007c ee022f10 ee023f30 ee024f50
  ee035f10 ee110f10 e59f1290 e1c00001 e1800006 f57ff04f f57ff06f ee010f10
  f57ff06f e59ff278 e59f0278 ee0c0f10 e59f8274 e2880c01 f1020017 e1a0d000
  f102001b e1a0d000 f1020013 e1a0d000 e3a00001 e3a01010 e3a02000 e3a03000
  ea00002e e24ee008 e8cd7fff e14f1000 e58de03c e58d1040 ee152f10 ee163f10
  e3a00003 ea000025 e24ee004 e8cd7fff e14f1000 e58de03c e58d1040 ee152f30
  ee163f50 e3a00004 ea00001c e8cd7fff e14f1000 e58de03c e58d1040 e3a02000
  e3a03000 e3a00002 ea000014 e8cd7fff e14f1000 e58de03c e58d1040 e3110020
  124ee002 024ee004 e58de03c e3a02000 e3a03000 e3a00005 ea000008 e59f81a8
  e288dc01 e8cd7fff e14f1000 e58de03c e58d1040 e3a02000 e3a03000 e3a00006
  e201400f e3540000 13a00006 e59f8178 e2889040 e5994000 e2844001 e5890004
  e5892008 e589300c f57ff05f e5894000 f57ff05f e59800c0 e3500000 0a000002
  e28810c4 e3a00003 ef123456 e288a080 e3a0b901 e59a0000 e1500004 0a00000c
  e25bb001 1afffffa e3a00001 e58800c8 f57ff05f e59a0000 e1500004 13a00007
  13a01000 1f123456 e3a00000 e58800c8 eaffffed f57ff05f e59a6004 e5896010
  e3560000 0a000012 e2887c02 f57ff04f e8b70003 e3500004 908ff180 eaffffc6
  ee081f17 ea000006 ee081f37 ea000004 ee081f57 ea000002 ee081f77 ea000000
  eb000016 e2566001 1afffff0 f57ff04f f57ff06f e59a0008 e3500000 0a000008
  e3a00000 ee0d0f30 f57ff06f e59a000c ee020f10 f57ff06f e59a0010 ee0d0f30
  f57ff06f f57ff01f e59d0040 e16ff000 e59de03c e8dd7fff e320f000 e1b0f00e
  e7eb3051 e2833001 e7cb101f e0813603 e8911805 e8811805 ee071f3b e2811010
  e1510003 1afffff9 f57ff04f ee070f15 ee070fd5 f57ff04f f57ff06f e12fff1e
  72181003 801000a8 80100020 80200000
`;

/** The runtime at the physical address `address`, which is where it starts. */
export function runtimeImage(address: number): BootImage {
  const words = RUNTIME_WORDS.trim().split(/\s+/);
  const file = new Uint8Array(words.length * 4);
  const view = new DataView(file.buffer);
  for (const [index, word] of words.entries()) {
    view.setUint32(index * 4, Number.parseInt(word, 16), true);
  }
  const place = virtualAddress(address);
  const segments = [{ address: place, fileOffset: 0, fileBytes: file.length }];
  return { entry: place, file, segments };
}
