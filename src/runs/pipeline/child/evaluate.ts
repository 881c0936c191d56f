import { join, sep } from 'node:path';
import { type MadeJob, type MadePipeline, jobMark, madeMark, pipelineMark } from '../builder.ts';
import type { ScriptMistake, ScriptPlace } from '../protocol.ts';
import { openScript, scriptFile } from './script.ts';

export interface Evaluated {
  /** `undefined`: its default export is no pipeline. */
  readonly pipeline: MadePipeline | undefined;
  /** Every job that was made, in order. */
  readonly made: readonly object[];
}

/** Runs ci.ts. */
export async function evaluate(folder: string, library: unknown): Promise<Evaluated> {
  const made: object[] = [];
  Reflect.set(globalThis, madeMark, made);
  const module = await openScript(folder, library).import<unknown>(scriptFile(folder));
  const pipeline: unknown =
    isObject(module) && isObject(Reflect.get(module, 'default')) ? Reflect.get(Reflect.get(module, 'default'), pipelineMark) : undefined;
  return { pipeline: isObject(pipeline) ? (pipeline as MadePipeline) : undefined, made };
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What `job` made, if it did. */
export function madeJob(value: unknown): { readonly name: string; readonly made: MadeJob } | undefined {
  if (!isObject(value)) return undefined;
  const made: unknown = Reflect.get(value, jobMark);
  const name: unknown = Reflect.get(value, 'name');
  return isObject(made) && typeof name === 'string' ? { name, made: made as MadeJob } : undefined;
}

/** The first line of the person's own in an error's stack. */
export function placeOfError(error: unknown, folder: string): ScriptPlace | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const root = join(folder, '.slipway') + sep;
  for (const line of stack.split('\n')) {
    const match = /(?:\(|at )(?:file:\/\/)?(\/.*):(\d+):(\d+)\)?$/.exec(line);
    if (match?.[1]?.startsWith(root)) return { file: match[1].slice(root.length), line: Number(match[2]), column: Number(match[3]) };
  }
  return undefined;
}

/** As people see it: the folder that it was run from is not theirs. */
export function errorText(error: unknown, folder: string): string {
  const text = error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error);
  return text.replaceAll(folder + sep, '');
}

export function broken(error: unknown, folder: string): ScriptMistake {
  const place = placeOfError(error, folder);
  return { ...(place === undefined ? {} : { place }), message: errorText(error, folder) };
}
