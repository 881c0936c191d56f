import { change } from './operations/change.ts';
import type { App, Changed } from './operations/model.ts';
import { type CreateRequest, draftInstance } from './instances/draft.ts';
import { withSecretsFile } from './instances/hand-over.ts';
import type { InstanceConfig } from './instances/model.ts';
import { provideDraft } from './instances/provide.ts';
import { pruneReleases as pruneReleasesVerb } from './instances/releases/verbs.ts';
import { listInstanceNames } from './instances/store.ts';
import * as instanceVerbs from './instances/verbs.ts';
import type { NewProjectWanted } from './projects/observe.ts';
import { deleteProject as deleteProjectVerb, newProject as newProjectVerb } from './projects/verbs.ts';
import { Secret } from './state/secret.ts';
import { SlipwayError } from './errors.ts';
import type { PruneWanted } from './runs/prune.ts';
import { pruneRuns } from './runs/verbs.ts';
import type { TaskRef } from './tasks/model.ts';
import * as taskVerbs from './tasks/verbs.ts';

/**
 * Slipway as a library: a verb of the program is a function here. Every function takes the `App` that `createApp` makes, throws
 * `SlipwayError`, and with `dryRun` in the app's options plans without changing anything.
 */
export { createApp } from './app/create-app.ts';
export type { AppOptions, OwnedApp } from './app/create-app.ts';
export { SlipwayError } from './errors.ts';
export { diagnose } from './engine/doctor.ts';
export { buildProject } from './images/build.ts';
export { instanceDetail } from './instances/detail.ts';
export { readHistory as readInstanceHistory } from './instances/history.ts';
export { readInstanceLogs } from './instances/read-logs.ts';
export { readInstance } from './instances/store.ts';
export { listInstances } from './instances/status.ts';
export { replaceVersion } from './instances/update/replace.ts';
export { ensureRelease } from './instances/releases/ensure.ts';
export { listReleases, readRelease } from './instances/releases/store.ts';
export { verifyRelease } from './instances/releases/verify.ts';
export { readJournal } from './operations/read-journal.ts';
export { recoverOperations } from './operations/recover.ts';
export { readProjects } from './projects/store.ts';
export { resolveProject } from './projects/resolve.ts';
export { cancelCiRun } from './runs/cancel.ts';
export { followCiRun } from './runs/follow.ts';
export { retryCiRun, startCiRun } from './runs/new-run.ts';
export { job, pipeline, ShError } from './runs/pipeline/builder.ts';
export { loadPipeline } from './runs/pipeline/load.ts';
export { reapCiRuns } from './runs/reap-runs.ts';
export { runStatus as ciRunStatus, listCiRuns } from './runs/status.ts';
export { execInTask } from './tasks/exec.ts';
export { followRun } from './tasks/follow.ts';
export { listTasks, taskStatus } from './tasks/status.ts';
export type { App, Changed, Clock, Out, Plan, Step } from './operations/model.ts';
export type { RunEnd, TaskMetadata, TaskMode, TaskRef, TaskRun, TaskState, TaskStatus } from './tasks/model.ts';
export type {
  Command,
  FunctionSettings,
  Job,
  JobContext,
  JobFunction,
  JobSettings,
  Limit,
  Needed,
  Pipeline,
  PipelineSettings,
  Push,
  ServiceSettings,
  ShOptions,
  ShResult,
  StepSettings,
  Variables,
} from './runs/pipeline/settings.ts';
export type { InstanceDetail } from './instances/detail.ts';
export type { CreateRequest } from './instances/draft.ts';
export type { LogLine } from './instances/log-lines.ts';
export type { Drift, HistoryEntry, InstanceConfig, InstanceStateWord } from './instances/model.ts';
export type { InstanceList, InstanceProblem, InstanceSummary } from './instances/status.ts';
export type { ReplaceResult } from './instances/update/replace.ts';
export type { EnsuredRelease, ReleaseRequest } from './instances/releases/ensure.ts';
export type { Manifest, Release, ReleaseRef, ServiceDefinition } from './instances/releases/model.ts';
export type { ReleaseEntry } from './instances/releases/store.ts';
export type { Verified } from './instances/releases/verify.ts';
export type { RunRequest as CiRunRequest } from './runs/new-run.ts';
export type { JobState, Outcome, OutcomeKind, PipelinePlan, PlannedJob, RunEvent, RunRecord, RunRef } from './runs/model.ts';
export type { JobStatus, RunList, RunStatus, RunSummary } from './runs/status.ts';
export type { Engine, EngineInfo, EngineKind, EngineRef } from './engine/model.ts';

export type NewProject = NewProjectWanted;

/** Writes a project's `project.yml`. E_PROJECT_EXISTS where there is one. */
export const newProject = (app: App, project: NewProject): Promise<Changed<unknown>> => change(app, newProjectVerb, project);

/** Removes a project that has no tasks. */
export const deleteProject = (app: App, id: string): Promise<Changed<unknown>> => change(app, deleteProjectVerb, { id });

/** Makes a task and gives its reference; its workspace is filled by its first run. */
export async function newTask(app: App, project: string, options: { readonly name?: string } = {}): Promise<TaskRef> {
  const { plan } = await change(app, taskVerbs.newTask, { project, ...options });
  return { project, task: taskVerbs.plannedTask(plan).id };
}

/** Makes sure that the task's container runs. */
export const runTask = (app: App, ref: TaskRef): Promise<Changed<unknown>> => change(app, taskVerbs.runCli, ref);

/** Starts one headless run of an agent in a task that has never run; `followRun` streams it and gives its end. */
export const startRun = (app: App, ref: TaskRef, run: taskVerbs.HeadlessWanted['run']): Promise<Changed<unknown>> =>
  change(app, taskVerbs.runHeadless, { ...ref, run });

/** Stops a running task's container; the workspace, the metadata and what the container holds stay. */
export const stopTask = (app: App, ref: TaskRef, options: { readonly timeoutSeconds?: number } = {}): Promise<Changed<unknown>> =>
  change(app, taskVerbs.stopTask, { ...ref, ...options });

export interface RestartOptions {
  /** Stop a running one first. Default false. */
  readonly force?: boolean;
  /** A new container from the current image; the workspace stays. Default false. */
  readonly recreate?: boolean;
}

/** Starts the task's container again, or makes it anew where it is gone. */
export const restartTask = (app: App, ref: TaskRef, { force = false, recreate = false }: RestartOptions = {}): Promise<Changed<unknown>> =>
  change(app, taskVerbs.restartTask, { ...ref, force, recreate, after: app.clock.now().toISOString() });

/** Removes container, workspace and metadata. */
export const deleteTask = (app: App, ref: TaskRef): Promise<Changed<unknown>> => change(app, taskVerbs.deleteTask, ref);

/** Removes old runs with all that belongs to them; those that go on stay. */
export const pruneCiRuns = (app: App, which: PruneWanted): Promise<Changed<unknown>> => change(app, pruneRuns, which);

/** Removes releases that no instance uses or could roll back to, but for the newest `keep` of each service. */
export const pruneReleases = async (app: App, keep = 5): Promise<Changed<unknown>> =>
  change(app, pruneReleasesVerb, { keep, instances: await listInstanceNames(app.paths) });

/**
 * Makes an instance and starts nothing; `env` goes into its `.env`. Everything is checked first: E_INSTANCE_EXISTS, E_NO_TAG, E_PORT_TAKEN,
 * E_NO_SECRET where `env` lacks what the service needs, E_BAD_SETTING and the like.
 */
export async function createInstance(app: App, request: CreateRequest, env: Readonly<Record<string, string>> = {}): Promise<InstanceConfig> {
  const draft = await draftInstance(app, request);
  const values = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, new Secret(value)]));
  const missing = draft.config.requiredSecrets.filter((name) => values[name] === undefined);
  if (missing.length > 0) throw new SlipwayError('E_NO_SECRET', `Instance ${request.name} needs ${missing.join(', ')}.`, { hint: 'Give them in `env`.' });
  const { release: _release, ...wanted } = await provideDraft(app, draft);
  await withSecretsFile(app, values, (secretsFile) =>
    change(app, instanceVerbs.createInstance, { ...wanted, ...(secretsFile === undefined ? {} : { secretsFile }) }),
  );
  return draft.config;
}

/** Makes sure that an instance runs and is well. E_DRIFT where its configuration differs, unless `asIs`; `replaceVersion(app, 'apply-drift', …)` applies it. */
export const startInstance = (app: App, instance: string, { asIs = false } = {}): Promise<Changed<unknown>> =>
  change(app, instanceVerbs.startInstance, { instance, asIs });

/** The same container stops and starts. */
export const restartInstance = (app: App, instance: string): Promise<Changed<unknown>> =>
  change(app, instanceVerbs.restartInstance, { instance, after: app.clock.now().toISOString() });

/** TERM, and KILL after `timeoutSeconds` (default: the instance's, 30). */
export const stopInstance = (app: App, instance: string, options: { readonly timeoutSeconds?: number } = {}): Promise<Changed<unknown>> =>
  change(app, instanceVerbs.stopInstance, { instance, ...options });

/** Removes container, unit, folder and volumes; with `keepData` what it kept stays. */
export const deleteInstance = (app: App, instance: string, { keepData = false } = {}): Promise<Changed<unknown>> =>
  change(app, instanceVerbs.deleteInstance, { instance, keepData });
