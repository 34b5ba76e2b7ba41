#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

const program = new Command('pagewright')
  .description('Build, read, explain and check ARM address spaces')
  .version(packageVersion())
  .showHelpAfterError();

await program.parseAsync();

/** The version is read, not compiled in: package.json lies two levels up from src/cli and dist/bin alike. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
