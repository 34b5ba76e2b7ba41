import { defineConfig } from 'vitest/config';

const soak = process.env['SOAK'] === '1';
/** A guard against hangs, on machines that are slow or busy: no measure of speed. */
const HANG_MILLISECONDS = 180_000;

export default defineConfig({
  test: {
    reporters: ['default', './test/support/count-reporter.ts'],
    coverage: { provider: 'v8', include: ['src/**'], reportsDirectory: 'coverage' },
    pool: 'forks',
    maxWorkers: 2,
    projects: soak
      ? [
          {
            test: {
              name: 'soak',
              include: ['test/soak/**/*.test.ts'],
              testTimeout: 3_600_000,
              hookTimeout: HANG_MILLISECONDS,
            },
          },
        ]
      : [
          {
            test: {
              name: 'unit',
              include: ['test/**/*.test.ts'],
              exclude: ['test/soak/**', 'test/lab/*.test.ts'],
              testTimeout: HANG_MILLISECONDS,
              hookTimeout: HANG_MILLISECONDS,
            },
          },
          {
            // The built lab in a real browser; what of it needs no page is tested with the units.
            test: {
              name: 'lab',
              include: ['test/lab/*.test.ts'],
              globalSetup: ['test/support/lab-setup.ts'],
              testTimeout: HANG_MILLISECONDS,
              hookTimeout: HANG_MILLISECONDS,
            },
          },
        ],
  },
});
