import { proxyArguments, needsHostNetwork } from '../../images/build-env.ts';
import { describePull } from '../../images/pull-step.ts';
import { ownLabels } from '../../containers/labels.ts';
import { buildWithProgram } from '../../engine/build-program.ts';
import type { Engine, ImageDetails, PullProgress } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { processes } from '../../host/process.ts';
import type { App } from '../../operations/model.ts';
import { bootId, processStartTime } from '../../state/process-identity.ts';
import { runWorkspace } from '../../state/paths.ts';
import type { RunRef } from '../model.ts';
import { writeContainerRecord } from '../store.ts';
import { buildFailure } from './build-failure.ts';
import type { BuildLog } from './build-log.ts';
import { imageTag } from './container-names.ts';
import { findDockerfile } from './dockerfile.ts';
import { isEngineLost, outcomeOfError, RunFailure } from './failure.ts';

/** An image as containers are made of it. */
export interface RunImage {
  readonly reference: string;
  readonly details: ImageDetails;
}

export interface ImageWork {
  readonly engine: Engine;
  readonly run: RunRef;
  readonly log: BuildLog;
  readonly signal: AbortSignal;
}

/** The image of the run's container: the one that the pipeline names, else one built from `.slipway/Dockerfile`. Throws RunFailure, or E_CANCELLED. */
export async function prepareImage(app: App, work: ImageWork, declared: string | undefined): Promise<RunImage> {
  if (declared === undefined) return buildImage(app, work);
  const image = await ensureImage(app, work, declared);
  await writeContainerRecord(app.paths, work.run, { imageTag: declared });
  return image;
}

async function buildImage(app: App, { engine, run, log, signal }: ImageWork): Promise<RunImage> {
  const workspace = runWorkspace(app.paths, run.repository, run.run);
  const dockerfile = await findDockerfile(workspace);
  const tag = imageTag(run);
  const proxies = proxyArguments(app.env);
  const now = () => app.clock.now().toISOString();
  await writeContainerRecord(app.paths, run, { buildStartedAt: now() });
  try {
    const id = await buildWithProgram(engine, processes, {
      context: workspace,
      dockerfile,
      tags: [tag],
      labels: ownLabels(await app.installId(), run.run, 'run', { project: run.repository, run: run.run }),
      quietArgs: proxies,
      ...(needsHostNetwork(proxies) ? { network: 'host' } : {}),
      signal,
      onProgress: (text) => log.write(text),
      onStart: (pid) => writeContainerRecord(app.paths, run, { buildProcess: { pid, startTime: processStartTime(pid) ?? '', bootId: bootId() } }),
    });
    const details = await engine.images.inspect(id, { signal });
    if (details === undefined) throw new SlipwayError('E_NO_IMAGE', `The image ${tag} was removed as soon as it was built.`);
    await writeContainerRecord(app.paths, run, { imageTag: tag });
    return { reference: tag, details };
  } catch (error) {
    throw failed(error, 'image-build-failed');
  } finally {
    await writeContainerRecord(app.paths, run, { buildFinishedAt: now(), buildProcess: undefined });
  }
}

/** An image that is on the engine, or is pulled. */
export async function ensureImage(app: App, { engine, log, signal }: ImageWork, reference: string): Promise<RunImage> {
  try {
    const found = await engine.images.inspect(reference, { signal });
    if (found !== undefined) return { reference, details: found };
    await engine.images.pull(reference, { signal, onProgress: pullProgress(app, log, reference) });
    const details = await engine.images.inspect(reference, { signal });
    if (details === undefined) throw new SlipwayError('E_NO_IMAGE', `The image ${reference} was removed as soon as it was pulled.`);
    log.write(`Pulled ${reference}\n`);
    return { reference, details };
  } catch (error) {
    throw failed(error, 'image-pull-failed');
  }
}

/** Each change would be a line: one a second is enough for a person. */
function pullProgress(app: App, log: BuildLog, reference: string): (progress: PullProgress) => void {
  const layers = new Map<string, PullProgress>();
  let next = 0;
  return (progress) => {
    if (progress.layer !== undefined) layers.set(progress.layer, progress);
    const now = app.clock.now().getTime();
    if (now < next) return;
    next = now + 1000;
    log.write(`${describePull(reference, [...layers.values()], progress.status)}\n`);
  };
}

function failed(error: unknown, kind: 'image-build-failed' | 'image-pull-failed'): unknown {
  if (error instanceof SlipwayError && error.code === 'E_IMAGE_BUILD') {
    return new RunFailure('E_RUN_IMAGE', buildFailure(error), { cause: error, ...(error.detail === undefined ? {} : { detail: error.detail }) });
  }
  const outcome = outcomeOfError(error, kind);
  if (outcome === undefined || error instanceof RunFailure) return error;
  // A registry that does not answer, or has had enough, may answer later.
  const again = error instanceof SlipwayError && (error.code === 'E_REGISTRY_UNREACHABLE' || /toomanyrequests|\b5\d\d\b/i.test(error.message));
  return new RunFailure(isEngineLost(error) ? 'E_ENGINE_UNREACHABLE' : 'E_RUN_IMAGE', { ...outcome, retryable: outcome.retryable || again }, { cause: error });
}
