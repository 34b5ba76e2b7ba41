#!/usr/bin/env node
import { runCommandLine } from './command-line.js';
import { Exit } from './exit-code.js';

// Who reads our output may stop reading: `pagewright run … | head` ends quietly. A full disk does not.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    if (stream === process.stdout) {
      const text = `pagewright: standard output cannot be written: ${error.message}`;
      process.stderr.write(`${text}\n[SOURCE_ERR_WRITE]\n`);
    }
    process.exit(Exit.INPUT);
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
});
