import { containerUser } from '../../containers/ownership.ts';
import type { EngineRef } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { App } from '../../operations/model.ts';
import { readConfig } from '../../projects/store.ts';
import { openBuildLog } from '../executors/build-log.ts';
import { mountedCaches } from '../executors/caches.ts';
import { containerExecutor } from '../executors/container.ts';
import { ensureImage, type ImageWork, prepareImage } from '../executors/container-image.ts';
import { RunFailure } from '../executors/failure.ts';
import type { Executor } from '../executors/model.ts';
import type { PipelinePlan, PlannedService, RunRecord, RunRef } from '../model.ts';
import { readContainerRecord, writeRun } from '../store.ts';
import { startRun } from '../verbs.ts';
import type { RunEvents } from './run-events.ts';

const defaultPatienceSeconds = 30;

/** Image, services and container of a run. `app.signal` ends it. */
export async function startContainer(app: App, ref: RunRef, record: RunRecord, plan: PipelinePlan, events: RunEvents): Promise<Executor> {
  events.enter('image');
  const { resources } = plan;
  // Mistakes in it are told before anything is built.
  const caches = mountedCaches(plan.jobs);
  const services = servicesOf(plan);
  const engine = await app.engine();
  const info = await engine.info({ signal: app.signal });
  const { kind, endpoint, identity, locality } = info;
  const at: EngineRef = { kind, endpoint, identity };
  if (locality === 'remote') {
    throw new SlipwayError('E_ENGINE_REMOTE', `The engine at ${endpoint} is on another machine, and a run's workspace is a folder of this one.`, {
      hint: 'Choose an engine of this machine with --engine, or run on the host with `slipway ci run --executor host`.',
    });
  }
  // Another user's engine cannot see the workspace: this throws then.
  containerUser(app.person, info);
  await writeRun(app.paths, { ...record, engine: at });
  const log = openBuildLog(app.paths, ref, events.maskStream());
  try {
    const work: ImageWork = { engine, run: ref, log, signal: app.signal };
    const { reference, details } = await prepareImage(app, work, plan.image);
    for (const service of services) await ensureImage(app, work, service.image);
    await log.close();
    events.enter('container');
    const wanted = { run: ref, image: reference, services, caches, ...(resources === undefined ? {} : { resources }) };
    await change(app, startRun, { ...wanted, engine: at, user: details.user });
  } finally {
    await log.close();
  }
  return executorAt(app, ref, at);
}

/** The container that an earlier driver started. Throws where nothing runs in it any more. */
export async function adoptContainer(app: App, ref: RunRef, { engine }: RunRecord): Promise<Executor> {
  if (engine === undefined) throw new Error('a run in a container has no engine');
  const { containerId } = await readContainerRecord(app.paths, ref);
  const found = containerId === undefined ? undefined : await app.engineAt(engine).containers.inspect(containerId, { signal: app.signal });
  if (found?.state !== 'running' && found?.state !== 'paused') {
    const evidence = { container_id: containerId ?? null, container_state: found?.state ?? 'removed' };
    throw new RunFailure('E_RUN_LOST', {
      kind: 'runner-crashed',
      message: "The run's driver died, and its container did not go on.",
      retryable: true,
      evidence,
    });
  }
  return executorAt(app, ref, engine);
}

async function executorAt(app: App, ref: RunRef, engine: EngineRef): Promise<Executor> {
  const { containerId } = await readContainerRecord(app.paths, ref);
  if (containerId === undefined) throw new Error('the container was started, but its id was not recorded');
  // Jobs that always run need it also after a cancel.
  const lasting = { ...app, signal: new AbortController().signal };
  return containerExecutor(lasting, { engine, container: containerId, patienceSeconds: await patienceSeconds(app) });
}

export async function patienceSeconds(app: App): Promise<number> {
  return (await readConfig(app.paths)).ci.enginePatienceSeconds ?? defaultPatienceSeconds;
}

/** One name means one definition in the whole pipeline. */
function servicesOf({ jobs }: PipelinePlan): readonly PlannedService[] {
  return [...new Map(jobs.flatMap(({ services }) => services).map((service) => [service.name, service])).values()];
}
