import type { ContainerDetails, Engine, EngineRef } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { Outcome } from '../model.ts';
import { isAway, isSameEngine, patiently } from './engine-patience.ts';
import { engineLost, isEngineLost } from './failure.ts';

export interface Watched {
  readonly engine: EngineRef;
  /** Its id: another container may get its name. */
  readonly container: string;
  /** How long an engine may be away. */
  readonly patienceSeconds: number;
}

/** A daemon that is told to end stops its containers first: it may answer for a moment after one has ended. */
const engineEndsMs = 1_500;
/** Between two questions, where one has just failed. */
const pauseMs = 250;
/** From the kill to the removal of `rm -f`. */
const removalMs = 3_000;

/** Settles when the run's container does not run any more, or nobody can tell. Throws where `signal` aborts. */
export async function containerEnded(app: App, watched: Watched, signal: AbortSignal): Promise<Outcome> {
  const engine = app.engineAt(watched.engine);
  for (;;) {
    const answered = await waitForEnd(engine, watched.container, signal);
    await app.clock.sleep(answered ? engineEndsMs : pauseMs, signal);
    let look: Look;
    try {
      look = await lookAt(app, engine, watched, signal);
    } catch (error) {
      if (signal.aborted || !isAway(error)) throw error;
      return neverBack(watched, error as SlipwayError);
    }
    const { details } = look;
    if (details?.state === 'running' || details?.state === 'paused') continue;
    if (!answered || look.wasAway) return cameBack(watched, details);
    const settled = details && (await untilRemoved(app, engine, details, signal));
    return settled === undefined ? removed(watched) : died(settled);
  }
}

/** Whether the engine said that it ended, or is not there. Else the engine went away. */
async function waitForEnd(engine: Engine, container: string, signal: AbortSignal): Promise<boolean> {
  try {
    await engine.containers.wait(container, { signal });
    return true;
  } catch (error) {
    if (signal.aborted || !(error instanceof SlipwayError)) throw error;
    // A refusal is an answer: Podman has several for a container that is removed while it is waited for.
    return !isEngineLost(error) && error.code !== 'E_STREAM';
  }
}

interface Look {
  readonly details: ContainerDetails | undefined;
  readonly wasAway: boolean;
}

async function lookAt(app: App, engine: Engine, watched: Watched, signal: AbortSignal): Promise<Look> {
  let questions = 0;
  const details = await patiently({ app, seconds: watched.patienceSeconds, signal, isAway }, async () => {
    questions++;
    const found = await engine.containers.inspect(watched.container, { signal });
    if (found === undefined && !(await isSameEngine(app, watched.engine, signal))) throw otherEngine(watched.engine);
    return found;
  });
  return { details, wasAway: questions > 1 };
}

/** A container that is being removed ends first. */
async function untilRemoved(app: App, engine: Engine, details: ContainerDetails, signal: AbortSignal): Promise<ContainerDetails | undefined> {
  for (let waited = 0; waited < removalMs; waited += 250) {
    await app.clock.sleep(250, signal);
    const now = await engine.containers.inspect(details.id, { signal });
    if (now === undefined) return undefined;
    if (now.state !== 'removing' && waited >= 500) return now;
  }
  return details;
}

function died(details: ContainerDetails): Outcome {
  const { exitCode, oomKilled, finishedAt, error } = details;
  const evidence = {
    exit_code: exitCode ?? null,
    oom_killed: oomKilled,
    finished_at: finishedAt ?? null,
    ...(error === '' ? {} : { engine_error: error }),
  };
  if (oomKilled) {
    return { kind: 'out-of-memory', message: "The run's container ended because the kernel killed it for memory.", retryable: false, evidence };
  }
  return {
    kind: 'container-died',
    message: `The run's container ended with exit code ${exitCode ?? 'unknown'} while jobs ran in it.`,
    retryable: true,
    evidence,
  };
}

function removed({ container }: Watched): Outcome {
  const evidence = { container_id: container, engine_answered: true };
  return { kind: 'container-removed', message: "The run's container was removed by another program while jobs ran in it.", retryable: true, evidence };
}

function neverBack({ engine, patienceSeconds }: Watched, error: SlipwayError): Outcome {
  const evidence = { endpoint: engine.endpoint, error: error.code, engine_error: error.message, waited_seconds: patienceSeconds };
  return engineLost(`The engine at ${engine.endpoint} went away and was not back after ${patienceSeconds} s.`, evidence);
}

function cameBack({ engine, container }: Watched, details: ContainerDetails | undefined): Outcome {
  const evidence = { endpoint: engine.endpoint, container_id: container, container_state: details?.state ?? 'removed', exit_code: details?.exitCode ?? null };
  return engineLost(`The engine at ${engine.endpoint} went away, and the run's container did not outlive it.`, evidence);
}

function otherEngine(engine: EngineRef): SlipwayError {
  return new SlipwayError('E_ENGINE_CHANGED', `Another engine answers at ${engine.endpoint} than the one that had the run's container.`);
}
