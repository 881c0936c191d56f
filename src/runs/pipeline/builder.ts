import type { FunctionSettings, Job, JobFunction, JobSettings, Pipeline, PipelineSettings, ShResult } from './settings.ts';

/**
 * What `.slipway/ci.ts` is written with. It is loaded by another process than the one that reads the result, and maybe from
 * another copy of this file: what is made is recognized by symbols that all copies share.
 */
export const jobMark = Symbol.for('slipway.job');
export const pipelineMark = Symbol.for('slipway.pipeline');
/** A list on `globalThis`, there while a ci.ts is read: every job that is made, so that one which no pipeline has can be told. */
export const madeMark = Symbol.for('slipway.made');

export interface CallSite {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface MadeJob {
  readonly settings: unknown;
  readonly run: JobFunction | undefined;
  readonly at: CallSite | undefined;
}

export interface MadePipeline {
  readonly settings: unknown;
  readonly at: CallSite | undefined;
}

/** A job of steps. Its mistakes are told with those of all others, when the pipeline is read. */
export function job(name: string, settings: JobSettings): Job;
/** A job whose work is a function; the commands that it gives to `sh` run where steps do. */
export function job(name: string, run: JobFunction): Job;
export function job(name: string, settings: FunctionSettings, run: JobFunction): Job;
export function job(name: string, settings: FunctionSettings | JobFunction, run?: JobFunction): Job {
  if (typeof name !== 'string') throw new TypeError("job(name, settings): expected the job's name first");
  const made: MadeJob = { settings: typeof settings === 'function' ? {} : settings, run: typeof settings === 'function' ? settings : run, at: callSite(job) };
  const result: Job = Object.freeze({ name, kind: 'job' as const, [jobMark]: made });
  const all: unknown = Reflect.get(globalThis, madeMark);
  if (Array.isArray(all)) all.push(result);
  return result;
}

/** The pipeline: `export default pipeline({ jobs: [ … ] })`. */
export function pipeline(settings: PipelineSettings): Pipeline {
  const made: MadePipeline = { settings, at: callSite(pipeline) };
  return Object.freeze({ kind: 'pipeline' as const, [pipelineMark]: made });
}

/** A command of `sh` ended with another exit code than 0. */
export class ShError extends Error implements ShResult {
  override readonly name = 'ShError';
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly cmd: string;

  constructor({ exit, stdout, stderr, cmd }: ShResult) {
    super(`\`${cmd}\` exited with ${exit}`);
    this.exit = exit;
    this.stdout = stdout;
    this.stderr = stderr;
    this.cmd = cmd;
  }
}

/** Where one of these functions was called: V8 can tell, other engines need not. */
function callSite(called: (...args: never[]) => unknown): CallSite | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, called);
    const [site] = holder.stack as readonly NodeJS.CallSite[];
    const file = site?.getFileName();
    const line = site?.getLineNumber();
    return typeof file === 'string' && typeof line === 'number' ? { file, line } : undefined;
  } catch {
    return undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
