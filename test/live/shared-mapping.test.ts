import { afterEach, expect, it, vi } from 'vitest';
import { GuestMemory } from '../../src/live/guest-memory.js';

afterEach(() => {
  vi.doUnmock('koffi');
  vi.resetModules();
});

it('is not there where the package koffi is not installed', async () => {
  vi.resetModules();
  vi.doMock('koffi', () => {
    throw new Error('Cannot find package');
  });
  const { mapShared } = await import('../../src/live/shared-mapping.js');
  const ram = GuestMemory.create(0x4000_0000, 2 ** 20);
  expect(await mapShared(ram.fd, 2 ** 20)).toBeUndefined();
  ram.close();
});

it('is a named error where the system refuses', async () => {
  const { mapShared } = await import('../../src/live/shared-mapping.js');
  await expect(mapShared(-1, 2 ** 20)).rejects.toMatchObject({ code: 'LIVE_ERR_MEMORY' });
});
