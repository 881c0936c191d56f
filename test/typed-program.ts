import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runProgram } from '../src/cli/program.ts';

export interface TypedEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Types a command without a terminal, in this process; all that Slipway keeps is below `home`. */
export async function typeAt(home: string, argv: readonly string[], input = ''): Promise<TypedEnd> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const env = { HOME: home, SLIPWAY_CONFIG_DIR: join(home, 'config'), SLIPWAY_STATE_DIR: join(home, 'state'), SLIPWAY_CACHE_DIR: join(home, 'cache') };
  const exitCode = await runProgram({
    argv,
    env,
    terminal: { stdin, stdout, stderr, isTerminal: false, print: (text) => void stdout.write(text) },
    signal: new AbortController().signal,
  });
  return { exitCode, stdout: stdout.read()?.toString() ?? '', stderr: stderr.read()?.toString() ?? '' };
}
