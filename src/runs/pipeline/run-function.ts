import { safeParse } from 'valibot';
import type { Json } from '../../operations/model.ts';
import type { Env, Paths } from '../../state/paths.ts';
import type { PlannedJob, Stream } from '../model.ts';
import type { FunctionEnd, ShCall } from './protocol.ts';
import { running } from './said.ts';
import { startScript } from './script-process.ts';
import type { Needed, Push } from './settings.ts';
import { snapshotIfAny } from './snapshot.ts';

export interface FunctionRequest {
  readonly paths: Paths;
  /** The person's environment: the function gets the little of it that programs need. */
  readonly env: Env;
  /** One whose work is a function. */
  readonly job: PlannedJob;
  /** What the function finds in `process.env` besides, such as what steps get. Nothing secret. */
  readonly variables: Readonly<Record<string, string>>;
  readonly needs: Readonly<Record<string, Needed>>;
  readonly push: Push;
}

/** What a function asks for while it runs. What a callback throws, the function's call throws. */
export interface FunctionCallbacks {
  /** Several at a time where the function does not wait. `cwd` and `timeoutSeconds` are as in a step of the plan. */
  sh(command: ShCall['command'], options: ShCall['options']): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }>;
  /** Only called for secrets that the job names. */
  secret(name: string): Promise<string>;
  /** What the function itself prints, by `console.log` and the like. */
  log(stream: Stream, chunk: Buffer): void;
}

/** `lost`: the process ended without a word. */
export type FunctionResult = FunctionEnd | { readonly kind: 'cancelled' } | { readonly kind: 'lost'; readonly message: string };

const graceMs = 2_000;

/** Runs a job's function in a process of its own, from the tree that was trusted, until it ends or `signal` ends it. How it ended is data. */
export async function runFunction(request: FunctionRequest, callbacks: FunctionCallbacks, signal: AbortSignal): Promise<FunctionResult> {
  const { job, needs, push, paths, env, variables } = request;
  if (job.work.kind !== 'function') throw new TypeError(`${job.name} is no function`);
  if (signal.aborted) return { kind: 'cancelled' };
  const folder = await snapshotIfAny(paths, job.work.hash);
  if (folder === undefined) return { kind: 'lost', message: `the trusted files of .slipway/ are gone from ${paths.cache}` };
  let end: FunctionEnd | undefined;
  const talk = await startScript(
    { do: 'run', job: job.group, matrix: job.matrix ?? {}, needs, push },
    {
      folder,
      env,
      variables,
      onOutput: (stream, chunk) => callbacks.log(stream, chunk),
      onMessage: (message, answer) => {
        const { success, output: said } = safeParse(running, message);
        if (!success || signal.aborted) return;
        if (said.say === 'end') end = said.end;
        else
          void answerTo('sh' in said ? callbacks.sh(said.sh.command, said.sh.options) : secretOf(job, said.secret, callbacks)).then((result) =>
            answer({ answer: said.call, ...result }),
          );
      },
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    talk.kill('SIGTERM');
    timer = setTimeout(() => talk.kill('SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const { exitCode, signal: killed } = await talk.ended;
    if (signal.aborted) return { kind: 'cancelled' };
    return (
      end ?? {
        kind: 'lost',
        message: `the function's process ended ${exitCode === undefined ? `by ${killed}` : `with exit code ${exitCode}`} before the function did`,
      }
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

async function secretOf(job: PlannedJob, name: string, callbacks: FunctionCallbacks): Promise<string> {
  if (job.secrets.includes(name)) return callbacks.secret(name);
  throw new Error(`secret(${JSON.stringify(name)}): the job does not name it under \`secrets\``);
}

async function answerTo(work: Promise<Json>): Promise<{ readonly value: Json } | { readonly error: string }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
