import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileIfAny, stateError, writeFileAtomic } from '../state/atomic.ts';
import { isIdentifier, isRunId } from '../state/identifiers.ts';
import { lockHolder } from '../state/lock.ts';
import { locksDir, openRunsDir, type Paths } from '../state/paths.ts';
import type { RunRef } from './model.ts';
import { namesIn } from './store.ts';

/** A run that has not ended, or whose end left something behind: a file of its own in `runs/open/`. */
export interface OpenRun extends RunRef {
  /** `left`: it has its outcome, but something of it could not be removed. */
  readonly state: 'queued' | 'started' | 'left';
  /** For `--supersede`. */
  readonly ref?: string;
  /** Not to be tried before, where it is `left`. */
  readonly after?: string;
}

// A repository may be called `open`: its runs are folders named by an id alone.
const fileOf = (paths: Paths, { repository, run }: RunRef) => join(openRunsDir(paths), `${run}.${repository}`);

/** Held by a run's driver: where it is free, nobody looks after the run. */
export const driverLock = ({ repository, run }: RunRef) => `run/${repository}/${run}`;

/** Under it, places are given out, in the order of the queue. */
export const queueLock = 'run-queue';

/** Oldest first. A folder that is empty nearly always. */
export async function openRuns(paths: Paths): Promise<readonly OpenRun[]> {
  const found = (await namesIn(openRunsDir(paths))).flatMap((name): RunRef[] => {
    const dot = name.indexOf('.');
    const [run, repository] = [name.slice(0, dot), name.slice(dot + 1)];
    return dot > 0 && isRunId(run) && isIdentifier(repository) ? [{ run, repository }] : [];
  });
  const read = await Promise.all(found.map((ref) => readOpenRun(paths, ref)));
  return read.filter((one) => one !== undefined).sort((a, b) => (a.run < b.run ? -1 : 1));
}

export async function readOpenRun(paths: Paths, { repository, run }: RunRef): Promise<OpenRun | undefined> {
  const text = await readFileIfAny(fileOf(paths, { repository, run }));
  if (text === undefined) return undefined;
  try {
    const { state, ref, after } = JSON.parse(text) as Partial<OpenRun>;
    if (state === 'queued' || state === 'started' || state === 'left')
      return { repository, run, state, ...(typeof ref === 'string' ? { ref } : {}), ...(typeof after === 'string' ? { after } : {}) };
  } catch {
    // As below.
  }
  // What a power cut left: that there is such a run is what matters.
  return { repository, run, state: 'started' };
}

export async function writeOpenRun(paths: Paths, { repository, run, ...content }: OpenRun): Promise<void> {
  await writeFileAtomic(fileOf(paths, { repository, run }), `${JSON.stringify(content)}\n`);
}

export async function removeOpenRun(paths: Paths, ref: RunRef): Promise<void> {
  const file = fileOf(paths, ref);
  await rm(file, { force: true }).catch((cause: unknown) => {
    throw stateError('remove', file, cause);
  });
}

/** The process of the run's driver, where one lives. */
export async function driverOf(paths: Paths, ref: RunRef): Promise<number | undefined> {
  return (await lockHolder(locksDir(paths), driverLock(ref)))?.pid;
}
