import { describe, expect, it } from 'vitest';
import { VmError } from '../../src/base/index.js';
import { runCommandLine } from '../../src/cli/command-line.js';
import { errorLines } from '../../src/cli/error-report.js';
import { exitCodeOf } from '../../src/cli/exit-code.js';
import { plainLines } from '../../src/inspect/index.js';
import { command } from '../support/command.js';

const EXAMPLE = 'examples/scenarios/execute-never.yaml';

describe('help', () => {
  it.each(['run', 'conform', 'replay'])('of %s', async (name) => {
    const { exit, out, err } = await command([name, '--help']);
    await expect(out).toMatchFileSnapshot(`../golden/cli/${name}-help.txt`);
    expect([exit, err]).toEqual([0, '']);
  });

  it('lists every command, examples and exit codes', async () => {
    const { exit, out, err } = await command(['--help']);
    expect([exit, err]).toEqual([0, '']);
    for (const part of ['run', 'replay', 'conform', 'Examples:', 'Exit codes:', '--color']) {
      expect(out).toContain(part);
    }
  });

  it('is printed where no command is given, as a mistake', async () => {
    const { exit, out, err } = await command([]);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^Usage: pagewright/);
  });
});

describe('a wrong command line ends with exit code 2 and a hint', () => {
  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['rum', EXAMPLE], "unknown command 'rum' (Did you mean run?)"],
    [['run'], "missing required argument 'scenario'"],
    [['run', EXAMPLE, 'more'], "too many arguments for 'run'. Expected 1 argument but got 2."],
    [['run', EXAMPLE, '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
    [
      ['run', EXAMPLE, '--color', 'purple'],
      "option '--color <when>' argument 'purple' is invalid. Allowed choices are auto, always, never.",
    ],
  ])('%s', async (args, message) => {
    const { exit, out, err } = await command(args);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toBe(`pagewright: ${message}\nAdd --help to see what the command takes.\n`);
  });
});

describe('colour', () => {
  const ESCAPE = '\u001b[';
  it.each([
    ['on a terminal', [], { terminal: true }, true],
    ['in a pipe', [], {}, false],
    ['with NO_COLOR', [], { terminal: true, variables: { NO_COLOR: '1' } }, false],
    ['with an empty NO_COLOR', [], { terminal: true, variables: { NO_COLOR: '' } }, true],
    ['on a dumb terminal', [], { terminal: true, variables: { TERM: 'dumb' } }, false],
    ['always', ['--color', 'always'], { variables: { NO_COLOR: '1' } }, true],
    ['never', ['--color', 'never'], { terminal: true }, false],
  ])('%s', async (_, flags, call, colored) => {
    const { out } = await command(['run', EXAMPLE, ...flags], call);
    expect(out.includes(ESCAPE)).toBe(colored);
  });

  it('may be asked for before the command', async () => {
    const { out } = await command(['--color', 'always', 'run', EXAMPLE]);
    expect(out).toContain(ESCAPE);
  });
});

describe('an error', () => {
  it('has an exit code of its kind', () => {
    expect(exitCodeOf(new VmError('USAGE_ERR', ''))).toBe(2);
    expect(exitCodeOf(new VmError('SCENARIO_ERR_SCHEMA', ''))).toBe(3);
    expect(exitCodeOf(new VmError('SOURCE_ERR_TARGET_TIMEOUT', ''))).toBe(4);
    expect(exitCodeOf(new TypeError('x is not a function'))).toBe(70);
  });

  it('that is ours is told without a stack trace', async () => {
    const text = plainLines(errorLines(new TypeError('x is not a function\n    at y')));
    expect(text).toBe(
      'pagewright: internal error: x is not a function\n' +
        'This is a mistake of ours. Please report it, with the command line and its input.\n',
    );
    let err = '';
    const exit = await runCommandLine(['run', EXAMPLE], {
      stdout: {
        write() {
          throw new TypeError('the disk is gone');
        },
      },
      stderr: {
        write(part) {
          err += part;
        },
      },
      variables: {},
    });
    expect([exit, err.split('\n')[0]]).toEqual([
      70,
      'pagewright: internal error: the disk is gone',
    ]);
  });

  it('tells its causes and its chain', () => {
    const cause = new VmError('LIB_ERR_RAM_ALLOC', 'no memory could be had');
    const error = new VmError('SPAWN_ERR_LOAD', 'x could not be spawned', { cause });
    expect(plainLines(errorLines(error))).toBe(
      'pagewright: x could not be spawned\n' +
        '  because no memory could be had\n' +
        'Give the domain more `ram`, or look at the executable with readelf -l.\n' +
        '[SPAWN_ERR_LOAD › LIB_ERR_RAM_ALLOC]\n',
    );
  });
});
