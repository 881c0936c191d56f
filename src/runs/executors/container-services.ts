import { lastLines } from '../../containers/logs.ts';
import type { ContainerDetails, Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { PlannedService } from '../model.ts';
import { startFailure } from './container-ready.ts';

export interface WatchedService extends Pick<PlannedService, 'name' | 'health'> {
  readonly container: string;
}

/** For an image's own check, which says how often but not how long. */
const patienceSeconds = 120;
const lookMs = 250;

/** Waits until every service is healthy; the first that ends or stays unhealthy fails all. */
export async function awaitServices(app: App, engine: Engine, services: readonly WatchedService[]): Promise<void> {
  const others = new AbortController();
  const signal = AbortSignal.any([app.signal, others.signal]);
  try {
    await Promise.all(services.map((service) => awaitService({ ...app, signal }, engine, service)));
  } finally {
    others.abort();
  }
}

async function awaitService(app: App, engine: Engine, service: WatchedService): Promise<void> {
  const { health } = service;
  const seconds = health?.timeoutSeconds ?? patienceSeconds;
  let looks = 0;
  for (;;) {
    const details = await engine.containers.inspect(service.container, { signal: app.signal });
    if (details?.state !== 'running')
      throw await failure(
        engine,
        service,
        details,
        details === undefined ? 'was removed before it was healthy' : `ended with exit code ${details.exitCode ?? 'unknown'} before it was healthy`,
      );
    const until = Date.parse(details.startedAt ?? '') + seconds * 1000;
    if (health === undefined) {
      const state = await checkHealth(app, engine, service);
      // Without a check it must still run a moment later.
      if (state === 'healthy' || (state === 'none' && ++looks > 2)) return;
    } else if (await succeeds(app, engine, service, health.command, until)) return;
    if (Date.now() >= until) throw await failure(engine, service, details, `was not healthy within ${seconds} s`);
    await app.clock.sleep(Math.min(health === undefined ? lookMs : health.intervalSeconds * 1000, Math.max(0, until - Date.now())), app.signal);
  }
}

/** It may end between two questions: the next look says so. */
async function checkHealth(app: App, engine: Engine, { container }: WatchedService): Promise<'healthy' | 'none' | undefined> {
  try {
    const state = await engine.containers.checkHealth(container, { signal: app.signal });
    return state === 'healthy' || state === 'none' ? state : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function succeeds(app: App, engine: Engine, { container }: WatchedService, command: string | readonly string[], until: number): Promise<boolean> {
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const limit = AbortSignal.timeout(Math.max(1, until - Date.now()));
  try {
    const session = await engine.containers.exec(container, { command: argv }, { signal: AbortSignal.any([app.signal, limit]) });
    for await (const _ of session.output);
    return (await session.exitCode()) === 0;
  } catch (error) {
    // A check that hangs is one that fails; the process goes with the container.
    if (isGone(error) || (limit.aborted && !app.signal.aborted)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof SlipwayError && ['E_CONFLICT', 'E_NO_SUCH'].includes(error.code);
}

async function failure(engine: Engine, { name }: WatchedService, details: ContainerDetails | undefined, what: string): Promise<SlipwayError> {
  const lines = details === undefined ? '' : await lastLines(engine, details.id, 10).catch(() => '');
  return startFailure(`Service ${name} ${what}.`, details, lines, { service: name });
}
