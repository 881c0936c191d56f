import type { ContainerDetails } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { findContainer } from './find-container.ts';
import { checkOnce, type HealthNow } from './health/check-once.ts';
import { watchedOf } from './health/watched.ts';
import { readHistory } from './history.ts';
import { readMetrics } from './metrics.ts';
import { type HistoryEntry, instanceContainer, type InstanceStateWord } from './model.ts';
import { type InstanceSummary, summarize } from './status.ts';
import { readInstance } from './store.ts';
import { isSupervised, readSupervision, runningProcess, type Supervision } from './supervision/file.ts';
import { observeUnit, type UnitObserved } from './units/units.ts';

export interface InstanceDetail extends InstanceSummary {
  readonly details: ContainerDetails | undefined;
  readonly startedAt: string | undefined;
  readonly exitCode: number | undefined;
  readonly health: HealthNow | undefined;
  readonly unit: UnitObserved | undefined;
  readonly supervised: boolean;
  readonly supervision: Supervision | undefined;
  /** The service's own figures: the beginning of what it answers. */
  readonly metrics: string | undefined;
  readonly lastChange: HistoryEntry | undefined;
}

/** All that can be told of one instance. An engine that does not answer makes its state `unknown`. */
export async function instanceDetail(app: App, name: string): Promise<InstanceDetail> {
  const config = await readInstance(app.paths, name, app.person.home);
  const found = await lookFor(() => (config.kind === 'process' ? Promise.resolve(undefined) : findContainer(app, config)));
  const details = found instanceof SlipwayError ? undefined : found;
  const lost = found instanceof SlipwayError ? found : undefined;
  const [summary, program, supervision, supervised, unit, history] = await Promise.all([
    summarize(app, config, { container: details, lost }),
    config.kind === 'process' ? runningProcess(app.paths, name) : undefined,
    readSupervision(app.paths, name),
    isSupervised(app.paths, name),
    observeUnit(app, name).catch(ignoreOwn),
    readHistory(app.paths, name),
  ]);
  const running = details?.state === 'running' || program !== undefined;
  const [health, metrics] = running
    ? await Promise.all([
        checkOnce(app, app.engineAt(config.engine), watchedOf(summary.config, instanceContainer(name))).catch(ignoreOwn),
        config.metrics === undefined ? undefined : readMetrics(summary.config, config.metrics),
      ])
    : [undefined, undefined];
  const state = stateOf(summary.state, health);
  return {
    ...summary,
    state,
    well: state === 'running' || (state === 'stopped' && summary.desired === 'stopped'),
    problems: [...summary.problems, ...(state === 'unhealthy' && health?.why ? [{ kind: 'health', message: `is not well: ${health.why}` } as const] : [])],
    details,
    startedAt: program?.startedAt ?? (running ? details?.startedAt : undefined),
    exitCode: details?.exitCode,
    health,
    unit,
    supervised,
    supervision,
    metrics,
    lastChange: history.at(-1),
  };
}

function stateOf(state: InstanceStateWord, health: HealthNow | undefined): InstanceStateWord {
  if (state !== 'running') return state;
  return health?.state === 'starting' || health?.state === 'unhealthy' ? health.state : state;
}

async function lookFor<T>(ask: () => Promise<T>): Promise<T | SlipwayError> {
  return ask().catch((error: unknown) => {
    // Another's container of that name is no trouble of the engine's.
    if (error instanceof SlipwayError && error.code !== 'E_NAME_TAKEN') return error;
    throw error;
  });
}

function ignoreOwn(error: unknown): undefined {
  if (!(error instanceof SlipwayError)) throw error;
  return undefined;
}
