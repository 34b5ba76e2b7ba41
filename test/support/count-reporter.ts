import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Prints `12 passed, 0 failed, 0 skipped` alone on the last line of a run, so that any CI can
 * count, and fails a run in which nothing ran.
 *
 * A file that could not be loaded and an error outside every test count as one failure each.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      let failed = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') count.passed++;
        else if (state === 'skipped') count.skipped++;
        else failed++;
      }
      if (failed === 0 && module.state() === 'failed') failed = 1;
      count.failed += failed;
    }
    // At exit, because a coverage table and Vitest's own last words come after this hook.
    process.once('exit', () => {
      if (count.failed > 0 || count.passed === 0) process.exitCode ||= 1;
      writeSync(1, `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
    });
  }
}
