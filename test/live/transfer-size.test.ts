import { describe, expect, it } from 'vitest';
import { armTransferBytes, thumbTransferBytes } from '../../src/live/transfer-size.js';

describe('the size of an access by its instruction', () => {
  it.each([
    ['ldr r0, [r1]', 0xe591_0000, 4],
    ['str r0, [r1, r2]', 0xe781_0002, 4],
    ['ldrb r0, [r1]', 0xe5d1_0000, 1],
    ['strb r0, [r1, #1]!', 0xe5e1_0001, 1],
    ['ldrh r0, [r1]', 0xe1d1_00b0, 2],
    ['strh r0, [r1]', 0xe1c1_00b0, 2],
    ['ldrsb r0, [r1]', 0xe1d1_00d0, 1],
    ['ldrsh r0, [r1]', 0xe1d1_00f0, 2],
    ['ldrd r0, [r2]', 0xe1c2_00d0, 4],
    ['strd r0, [r2]', 0xe1c2_00f0, 4],
    ['ldm r0, {r1, r2}', 0xe890_0006, 4],
    ['ldrex r0, [r1]', 0xe191_0f9f, 4],
    ['ldrexb r0, [r1]', 0xe1d1_0f9f, 1],
    ['strexh r0, r1, [r2]', 0xe1e2_0f91, 2],
    ['swpb r0, r1, [r2]', 0xe142_0091, 1],
    ['push {r0}', 0xe52d_0004, 4],
  ])('%s', (_text, word, bytes) => {
    expect(armTransferBytes(word)).toBe(bytes);
  });

  it.each([
    ['ldr r0, [r1]', 0x6808, 4],
    ['strb r0, [r1]', 0x7008, 1],
    ['ldrh r0, [r1]', 0x8808, 2],
    ['ldrsb r0, [r1, r2]', 0x5688, 1],
    ['strh r0, [r1, r2]', 0x5288, 2],
    ['push {r0}', 0xb401, 4],
    ['ldrb.w r0, [r1]', 0xf891, 1],
    ['ldrsh.w r0, [r1]', 0xf9b1, 2],
    ['str.w r0, [r1]', 0xf8c1, 4],
  ])('%s in Thumb', (_text, first, bytes) => {
    expect(thumbTransferBytes(first)).toBe(bytes);
  });
});
