import { join } from 'node:path';
import type { App } from '../../operations/model.ts';
import { runCacheDir, runWorkspace } from '../../state/paths.ts';
import type { PipelinePlan, RunRecord, RunRef } from '../model.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { repositoryHome } from '../repositories.ts';
import { writePlan, writeRun } from '../store.ts';
import { materialize } from '../workspace/materialize.ts';
import { resolveSource } from '../workspace/source.ts';
import { chooseJobs } from './choose-jobs.ts';
import type { RunEvents } from './run-events.ts';

export interface Prepared {
  readonly record: RunRecord;
  /** With the run's own jobs only. */
  readonly plan: PipelinePlan;
}

/** Workspace and plan. `app.signal` ends it. */
export async function prepareRun(app: App, ref: RunRef, first: RunRecord, events: RunEvents): Promise<Prepared> {
  events.enter('workspace');
  const { record, tree } = await makeWorkspace(app, ref, first);
  events.enter('plan');
  const directory = runWorkspace(app.paths, ref.repository, ref.run);
  const home = (await repositoryHome(app.paths, ref.repository)) ?? record.source.repository;
  const whole = await loadPipeline(app, {
    directory,
    home,
    ...(record.source.dirty ? {} : { revision: record.source.commit }),
    ...(record.executor === undefined ? {} : { executor: record.executor }),
  });
  const plan = { ...whole, jobs: chooseJobs(whole, record.jobs) };
  await writePlan(app.paths, ref, plan);
  const planned: RunRecord = { ...record, tree, executor: plan.executor };
  await writeRun(app.paths, planned);
  return { record: planned, plan };
}

async function makeWorkspace(app: App, ref: RunRef, first: RunRecord): Promise<{ readonly record: RunRecord; readonly tree: string }> {
  const { paths, env, signal } = app;
  const { source } = first;
  // A revision that named nothing when the run was asked for: either it is told now why, or it does by now.
  const known = source.commit === '' ? await resolveSource(source.repository, source.revision, { paths, env, signal, dirty: source.dirty }) : source;
  const { repository, revision, commit, dirty } = known;
  const record: RunRecord = { ...first, source: { repository, revision, commit, dirty, ...(known.ref === undefined ? {} : { ref: known.ref }) } };
  const { tree } = await materialize({
    paths,
    env,
    signal,
    source: record.source,
    directory: runWorkspace(paths, ref.repository, ref.run),
    temporary: join(runCacheDir(paths, ref.repository, ref.run), 'making'),
  });
  return { record, tree };
}
