import { safeParse } from 'valibot';
import type { App } from '../../operations/model.ts';
import { PipelineInvalid } from './invalid.ts';
import type { DescribedScript, ScriptMistake } from './protocol.ts';
import { describing } from './said.ts';
import { startScript } from './script-process.ts';
import { scriptSource } from './files.ts';

/** Reading a pipeline is no work: what takes longer waits for something that may never come. */
const mostMs = 30_000;

export type Description = { readonly script: DescribedScript } | { readonly mistakes: readonly ScriptMistake[] };

/** Runs the ci.ts of a snapshot, in a process of its own, and gives what it made. What it prints goes where progress goes. */
export async function describeScript({ env, out, signal }: Pick<App, 'env' | 'out' | 'signal'>, folder: string): Promise<Description> {
  signal.throwIfAborted();
  let description: Description | undefined;
  const talk = await startScript(
    { do: 'describe' },
    {
      folder,
      env,
      onMessage: (message) => {
        const said = safeParse(describing, message);
        if (said.success) description = said.output;
      },
      onOutput: (_stream, chunk) => out.raw(chunk.toString('utf8')),
    },
  );
  const kill = () => talk.kill('SIGKILL');
  const timer = setTimeout(kill, mostMs);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const { exitCode, signal: killed } = await talk.ended;
    signal.throwIfAborted();
    if (description !== undefined) return description;
    const how = exitCode === undefined ? `was ended by ${killed} (it has ${mostMs / 1000} s)` : `ended with exit code ${exitCode}`;
    throw new PipelineInvalid(scriptSource, [{ message: `${how} before its pipeline was there` }]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}
