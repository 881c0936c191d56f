import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { typeAt } from '../../test/typed-program.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const slipway = (argv: readonly string[]) => typeAt(home, argv);

describe('--engine', () => {
  const address = `unix://${join(tmpdir(), 'slipway-nobody.sock')}`;

  test.each([
    ['before the noun', ['--engine', address, 'image', 'list']],
    ['after the noun', ['image', '--engine', address, 'list']],
    ['after the verb', ['image', 'list', '--engine', address]],
    ['with an equals sign', ['image', 'list', `--engine=${address}`]],
  ])('is taken %s', async (_, argv) => {
    const end = await slipway(argv);
    expect(end).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(address) });
  });
});

describe('the typed words', () => {
  test.each([
    ['a noun alone', ['task'], 2, 'stderr', ['Usage: slipway task', 'restart [options]', 'status [options]']],
    ["a noun's help", ['task', '--help'], 0, 'stdout', ['restart [options]', 'status [options]']],
    ['help for a noun', ['help', 'task'], 0, 'stdout', ['restart [options]', 'status [options]']],
    ['help for a verb', ['task', 'help', 'status'], 0, 'stdout', ['Usage: slipway task status']],
    ["a verb's help", ['task', 'status', '--help'], 0, 'stdout', ['Usage: slipway task status [options] <project> <task>']],
    ['a verb two words below', ['instance', 'env', 'list', '--help'], 0, 'stdout', ['Usage: slipway instance env list']],
    ['an alias', ['task', 'ls', '--json'], 0, 'stdout', ['[]']],
    ['a verb that there is not', ['task', 'stats'], 2, 'stderr', ["unknown command 'stats'", 'Did you mean status?']],
    ['a noun that there is not', ['tusk'], 2, 'stderr', ["unknown command 'tusk'", 'Did you mean task?']],
    ['too few words', ['task', 'status', 'p'], 2, 'stderr', ["missing required argument 'task'"]],
    ['an option that there is not', ['task', 'status', '--jsn', 'p', '1'], 2, 'stderr', ["unknown option '--jsn'", 'Did you mean --json?']],
    ['what every object has', ['constructor'], 2, 'stderr', ["unknown command 'constructor'"]],
  ] as const)('%s', async (_, argv, exitCode, stream, words) => {
    const end = await slipway(argv);
    expect(end.exitCode).toBe(exitCode);
    for (const word of words) expect(end[stream]).toContain(word);
  });
});
