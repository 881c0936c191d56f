import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function slipway(argv: readonly string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end();
  const env = { HOME: home, SLIPWAY_CONFIG_DIR: join(home, 'config'), SLIPWAY_STATE_DIR: join(home, 'state'), SLIPWAY_CACHE_DIR: join(home, 'cache') };
  const exitCode = await runProgram({
    argv,
    env,
    terminal: { stdin, stdout, stderr, isTerminal: false, print: (text) => void stdout.write(text) },
    signal: new AbortController().signal,
  });
  return { exitCode, stdout: stdout.read()?.toString() ?? '', stderr: stderr.read()?.toString() ?? '' };
}

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
