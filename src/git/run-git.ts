import { type Environment, run } from '../host/process.ts';

/** For whom git is run: every process that it takes is told to `onStart`, and ended by `signal`. */
export interface GitCaller {
  /** The person's environment. */
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly onStart?: (pid: number) => unknown;
}

export interface GitEnd {
  readonly ok: boolean;
  /** Bytes: names in a repository need not be UTF-8. */
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface GitRun extends GitCaller {
  readonly cwd: string;
  readonly input?: Buffer;
}

/** Runs git to its end; how it ended is data. Throws the signal's reason where that ended it. */
export async function runGit(argv: readonly string[], { cwd, env, signal, input, onStart }: GitRun): Promise<GitEnd> {
  const chunks: Buffer[] = [];
  const end = await run(argv, {
    cwd,
    env,
    signal,
    ...(input ? { input } : {}),
    ...(onStart ? { onStart } : {}),
    onStdout: (chunk) => void chunks.push(chunk),
  });
  signal.throwIfAborted();
  return { ok: end.exitCode === 0, stdout: Buffer.concat(chunks), stderr: end.stderr };
}
