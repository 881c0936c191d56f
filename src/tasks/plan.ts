import type { ContainerDetails, EngineRef } from '../engine/model.ts';
import type { Json, Plan, Step } from '../operations/model.ts';
import { inTheWay, neverRun, notRunning, otherMode, ranBefore } from './errors.ts';
import { asideName, containerName, isStopped, type TaskMetadata, type TaskMode, type TaskRun } from './model.ts';
import type { Making } from './making.ts';
import type { TaskObserved } from './observe.ts';

export type TaskVerb = 'run-cli' | 'stop' | 'restart' | 'delete';
export type Standing = 'never-run' | 'running' | 'stopped' | 'none';
export type Action = 'nothing' | 'start' | 'create' | 'stop' | 'delete' | 'not-running' | 'never-run';

/** Design 5's state table. */
export const actions: Readonly<Record<TaskVerb, Readonly<Record<Standing, Action>>>> = {
  'run-cli': { 'never-run': 'create', running: 'nothing', stopped: 'start', none: 'create' },
  stop: { 'never-run': 'never-run', running: 'stop', stopped: 'not-running', none: 'not-running' },
  restart: { 'never-run': 'never-run', running: 'nothing', stopped: 'start', none: 'create' },
  delete: { 'never-run': 'delete', running: 'delete', stopped: 'delete', none: 'delete' },
};

/** The entry script copies nothing and asks nobody; the first `keep-id` start of an image copies it, which takes seconds per gigabyte. */
const readyMs = 120_000;

/** The row and column of a task now. Paused, restarting and removing are errors that name the state and the way out; `delete` takes them too. */
export function actionOf(verb: TaskVerb, { metadata, container }: TaskObserved): Action {
  if (metadata.mode === undefined) return actions[verb]['never-run'];
  if (container === undefined) return actions[verb].none;
  if (container.state === 'running') return actions[verb].running;
  if (isStopped(container.state)) return actions[verb].stopped;
  if (verb === 'delete') return 'delete';
  throw inTheWay(metadata, container.state);
}

/** `run-cli`. */
export function planRunCli(task: TaskObserved): Plan {
  const { metadata } = task;
  if (metadata.mode !== undefined && metadata.mode !== 'cli') throw otherMode(metadata, metadata.mode);
  const action = actionOf('run-cli', task);
  return { steps: action === 'nothing' ? [] : action === 'start' ? startSteps(task) : createSteps(task, 'cli') };
}

/** One headless run in a task that has never run. Until the agent has started, all of it can be undone. */
export function planHeadless(task: TaskObserved, run: TaskRun): Plan {
  const { metadata } = task;
  if (metadata.mode !== undefined) throw ranBefore(metadata);
  const steps = createSteps({ ...task, metadata: { ...metadata, run } }, 'run');
  return {
    steps: steps.map((step) => (step.do === 'container.start' ? { ...step, commit: true as const } : step)),
    otherwise: [
      { do: 'container.remove-made', engine: json(makingOf(task).engine) },
      { do: 'task.tidy', project: metadata.project, task: metadata.id },
      writeStep(metadata),
    ],
  };
}

export interface RestartOptions {
  /** Stop a running one first. */
  readonly force: boolean;
  /** A new container from the current image; the workspace stays. */
  readonly recreate: boolean;
  /** When it was asked for, ISO 8601: a container started after that is the restarted one. */
  readonly after: string;
}

export function isRestarted({ container }: TaskObserved, { after }: Pick<RestartOptions, 'after'>): boolean {
  return container?.state === 'running' && (container.startedAt ?? '') > after;
}

export function planRestart(task: TaskObserved, options: RestartOptions): Plan {
  const action = actionOf('restart', task);
  if (action === 'never-run') throw neverRun(task.metadata);
  if (options.recreate && task.container) return withoutAside(task, isRestarted(task, options) ? { steps: [] } : planRecreate(task, task.container));
  if (action === 'create') return { steps: createSteps(task, modeOf(task.metadata)) };
  if (action === 'start') return { steps: startSteps(task) };
  return { steps: options.force ? [stopStep(task), ...startSteps(task)] : [] };
}

/** A replaced container that an earlier, cut-off `--recreate` left goes first. */
function withoutAside({ metadata, aside }: TaskObserved, plan: Plan): Plan {
  if (aside === undefined) return plan;
  return { ...plan, steps: [{ do: 'container.remove', engine: json(recordedEngine(metadata)), container: aside.name }, ...plan.steps] };
}

/** The old container is kept under another name until the new one is ready. */
function planRecreate(task: TaskObserved, old: ContainerDetails): Plan {
  const name = nameOf(task.metadata);
  const engine = json(recordedEngine(task.metadata));
  const wasRunning = old.state === 'running';
  return {
    steps: [
      ...(wasRunning ? [stopStep(task)] : []),
      { do: 'container.rename', engine, container: old.id, name: asideName(name) },
      ...createSteps(task, modeOf(task.metadata)).map((step) => (step.do === 'container.ready' ? { ...step, commit: true as const } : step)),
      { do: 'container.remove', engine, container: old.id },
    ],
    otherwise: [
      { do: 'container.remove-made', engine },
      { do: 'container.rename', engine, container: old.id, name },
      ...(task.metadata.run === undefined ? [] : [writeStep(task.metadata)]),
      ...(wasRunning ? [startStep(task, name, engine)] : []),
    ],
  };
}

export interface StopOptions {
  /** Default: the project's `shutdown_timeout`. */
  readonly timeoutSeconds?: number | undefined;
}

export function planStop(task: TaskObserved, options: StopOptions): Plan {
  switch (actionOf('stop', task)) {
    case 'never-run':
      throw neverRun(task.metadata);
    case 'not-running':
      throw notRunning(task.metadata, task.container?.state);
    default:
      return { steps: [stopStep(task, options.timeoutSeconds)] };
  }
}

/** Container, then files, then metadata: what remains after a crash is still a task that `delete` finishes. */
export function planDelete(task: TaskObserved): Plan {
  const { project, id } = task.metadata;
  return {
    steps: [
      ...(task.container ? [{ do: 'container.remove', engine: json(recordedEngine(task.metadata)), container: task.container.name }] : []),
      { do: 'task.remove-files', project, task: id, ...(task.metadata.engine ? { engine: json(task.metadata.engine) } : {}), image: task.container?.imageId },
      { do: 'task.remove-metadata', project, task: id },
    ],
  };
}

function createSteps(task: TaskObserved, mode: TaskMode): readonly Step[] {
  const making = makingOf(task);
  const { project, id, seededAt } = task.metadata;
  const { name } = making.spec;
  const engine = json(making.engine);
  const metadata: TaskMetadata = { ...withRenewedRun(task), mode, engine: making.engine, seededAt: seededAt ?? task.at };
  return [
    { do: 'task.prepare', project, task: id, agents: making.credentials },
    ...(seededAt === undefined ? [{ do: 'task.seed', project, task: id, repository: making.repository, branch: making.branch }] : []),
    writeStep(metadata),
    ...environmentSteps(metadata),
    { do: 'container.create', engine, container: name, spec: json(making.spec) },
    startStep(task, name, engine),
    readyStep(task, name, engine),
  ];
}

function startSteps(task: TaskObserved): readonly Step[] {
  const engine = json(recordedEngine(task.metadata));
  const name = nameOf(task.metadata);
  return [...renewRun(task), startStep(task, name, engine), readyStep(task, name, engine)];
}

function renewRun(task: TaskObserved): readonly Step[] {
  const metadata = withRenewedRun(task);
  return metadata.run === undefined ? [] : [writeStep(metadata), ...environmentSteps(metadata)];
}

/** A headless task that is started or made again runs its agent again: its record begins anew. */
function withRenewedRun({ metadata, at }: TaskObserved): TaskMetadata {
  const { run } = metadata;
  return run === undefined ? metadata : { ...metadata, run: { agent: run.agent, prompt: run.prompt, timeoutSeconds: run.timeoutSeconds, startedAt: at } };
}

/** A headless agent's variables, such as an API key, reach it by a file of its task; the step has no values in it. */
function environmentSteps({ project, id, run }: TaskMetadata): readonly Step[] {
  return run === undefined ? [] : [{ do: 'task.write-environment', project, task: id, agent: run.agent }];
}

const marker = ({ records }: TaskObserved) => `${records}/ready`;

function startStep(task: TaskObserved, container: string, engine: Json): Step {
  return { do: 'container.start', engine, container, marker: marker(task) };
}

function readyStep(task: TaskObserved, container: string, engine: Json): Step {
  const { project, id } = task.metadata;
  const deadline = new Date(Date.parse(task.at) + readyMs).toISOString();
  return { do: 'container.ready', engine, container, marker: marker(task), deadline, logs: `slipway task logs ${project} ${id}` };
}

function stopStep({ metadata, container }: TaskObserved, timeoutSeconds?: number): Step {
  return {
    do: 'container.stop',
    engine: json(recordedEngine(metadata)),
    container: container?.name ?? '',
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}

function writeStep(metadata: TaskMetadata): Step {
  return { do: 'task.write', metadata: json(metadata) };
}

const nameOf = (task: TaskMetadata) => containerName({ project: task.project, mode: modeOf(task), task: task.id });

function modeOf({ mode }: TaskMetadata): TaskMode {
  if (mode === undefined) throw new Error('a task that never ran has no mode');
  return mode;
}

function makingOf({ making }: TaskObserved): Making {
  if (making === undefined) throw new Error('a container is to be made, but nothing was observed for it');
  return making;
}

/** Models are readonly data without functions: they are JSON as they are. */
function json(value: object): Json {
  return value as unknown as Json;
}

function recordedEngine({ engine }: TaskMetadata): EngineRef {
  if (engine === undefined) throw new Error('a task with a container has no engine');
  return engine;
}
