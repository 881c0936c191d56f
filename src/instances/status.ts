import { label } from '../containers/labels.ts';
import { listSought, type UnreachableEngine } from '../containers/list-sought.ts';
import type { ContainerSummary } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { driftOf } from './drift.ts';
import { readEnvFile } from './env-file.ts';
import { type Drift, type InstanceConfig, instanceContainer, type InstanceState, type InstanceStateWord, versionOf } from './model.ts';
import { servedBy } from './serving.ts';
import { readInstances, readInstanceState } from './store.ts';
import { isSupervised, readSupervision, runningProcess, type Supervision } from './supervision/file.ts';

/** One of the table, computed from its files and one list of its engine. */
export interface InstanceSummary {
  readonly name: string;
  /** With the port that its container has. */
  readonly config: InstanceConfig;
  readonly state: InstanceStateWord;
  readonly desired: InstanceState['desired'];
  readonly version: string;
  readonly digest: string | undefined;
  readonly container: ContainerSummary | undefined;
  readonly drift: readonly Drift[];
  /** It serves as it is meant to, or is stopped on purpose. */
  readonly well: boolean;
  /** What a person should know, with what mends it. */
  readonly problems: readonly InstanceProblem[];
}

export interface InstanceProblem {
  readonly kind: 'engine' | 'stopped' | 'failed' | 'drift' | 'update' | 'supervision' | 'health' | 'file';
  readonly message: string;
  readonly fix?: string;
}

export interface InstanceList {
  readonly instances: readonly InstanceSummary[];
  /** Files that could not be read; they are instances too. */
  readonly broken: readonly { readonly name: string; readonly error: SlipwayError }[];
  readonly unreachable: readonly UnreachableEngine[];
}

/** All instances. Each engine in use is asked once. */
export async function listInstances(app: App): Promise<InstanceList> {
  const entries = await readInstances(app.paths, app.person.home);
  const broken: { name: string; error: SlipwayError }[] = entries.flatMap((entry) => ('error' in entry ? [{ name: entry.name, error: entry.error }] : []));
  const configs = entries.flatMap((entry) => ('config' in entry ? [entry.config] : []));
  const { containers, unreachable } = await findContainers(
    app,
    configs.filter(({ kind }) => kind === 'container'),
  );
  const lost = new Map(unreachable.map(({ endpoint, error }) => [endpoint, error]));
  const summaries = await Promise.all(
    configs.map(async (config) => {
      try {
        return await summarize(app, config, {
          container: containers.get(config.name),
          lost: config.kind === 'process' ? undefined : lost.get(config.engine.endpoint),
        });
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
        broken.push({ name: config.name, error });
        return undefined;
      }
    }),
  );
  return { instances: summaries.filter((one) => one !== undefined), broken, unreachable };
}

export interface Seen {
  readonly container: ContainerSummary | undefined;
  /** Why its engine could not be asked. */
  readonly lost: SlipwayError | undefined;
}

export async function summarize(app: App, config: InstanceConfig, { container, lost }: Seen): Promise<InstanceSummary> {
  const { name } = config;
  const [state, secret, supervision, program] = await Promise.all([
    readInstanceState(app.paths, name),
    readEnvFile(app.paths, name),
    readSupervision(app.paths, name),
    config.kind === 'process' ? runningProcess(app.paths, name) : undefined,
  ]);
  const supervised = supervision !== undefined && (await isSupervised(app.paths, name));
  const word = wordOf({ config, container, lost, supervision, program: program !== undefined, desired: state.desired });
  const drift = container === undefined ? [] : driftOf(config, { secret, salt: state.salt, labels: container.labels });
  return {
    name,
    config: servedBy(config, container),
    state: word,
    desired: state.desired,
    version: container?.labels[label.version] ?? versionOf(config),
    digest: container?.imageId ?? state.digest,
    container,
    drift,
    well: word === 'running' || (word === 'stopped' && state.desired === 'stopped'),
    problems: problemsOf({ name, word, state, lost, supervision, supervised, drift }),
  };
}

interface Facts {
  readonly config: InstanceConfig;
  readonly container: ContainerSummary | undefined;
  readonly lost: SlipwayError | undefined;
  readonly supervision: Supervision | undefined;
  /** Of a process: its program runs. */
  readonly program: boolean;
  readonly desired: InstanceState['desired'];
}

function wordOf({ config, container, lost, supervision, program, desired }: Facts): InstanceStateWord {
  if (lost !== undefined) return 'unknown';
  const rests = desired === 'stopped' ? 'stopped' : supervision?.state === 'failed' ? 'failed' : supervision?.state === 'waiting' ? 'restarting' : 'exited';
  if (config.kind === 'process') return program ? 'running' : rests;
  if (container === undefined) return 'not-created';
  switch (container.state) {
    case 'running':
      return 'running';
    case 'restarting':
      return 'restarting';
    case 'paused':
      return 'unhealthy';
    default:
      return rests;
  }
}

function problemsOf(facts: {
  readonly name: string;
  readonly word: InstanceStateWord;
  readonly state: InstanceState;
  readonly lost: SlipwayError | undefined;
  readonly supervision: Supervision | undefined;
  readonly supervised: boolean;
  readonly drift: readonly Drift[];
}): readonly InstanceProblem[] {
  const { name, word, state, lost, supervision, supervised, drift } = facts;
  const start = `slipway instance start ${name}`;
  const problems: InstanceProblem[] = [];
  if (lost !== undefined) problems.push({ kind: 'engine', message: lost.message, ...(lost.hint === undefined ? {} : { fix: lost.hint }) });
  if (word === 'failed') problems.push({ kind: 'failed', message: `was given up: ${supervision?.reason ?? 'it ended too often'}`, fix: start });
  if (word === 'exited') problems.push({ kind: 'stopped', message: 'is to run, and does not', fix: start });
  if (word === 'not-created' && state.desired === 'running') problems.push({ kind: 'stopped', message: 'is to run, and its container is gone', fix: start });
  if (state.update !== undefined) problems.push({ kind: 'update', message: 'an update of it was cut off, or goes on' });
  if (drift.length > 0)
    problems.push({
      kind: 'drift',
      message: `its container differs from its configuration in ${drift.length} ${drift.length === 1 ? 'setting' : 'settings'}`,
      fix: start,
    });
  if (word === 'restarting' && !supervised) problems.push({ kind: 'supervision', message: 'waits for a restart, and nobody looks after it', fix: start });
  return problems;
}

async function findContainers(
  app: App,
  configs: readonly InstanceConfig[],
): Promise<{ readonly containers: ReadonlyMap<string, ContainerSummary>; readonly unreachable: readonly UnreachableEngine[] }> {
  const sought = configs.map(({ name, engine }) => ({ engine, container: instanceContainer(name) }));
  const { containers, unreachable } = await listSought(app, { kind: 'instance', sought, what: "these instances' containers" });
  const named = containers.map((container) => [container.labels[label.instance] ?? '', container] as const);
  // An update has a next or a former one beside it for a while.
  return { containers: new Map(named.filter(([name, container]) => container.name === instanceContainer(name))), unreachable };
}
