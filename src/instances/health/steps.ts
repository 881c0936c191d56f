import { SlipwayError } from '../../errors.ts';
import type { App, Json, Step, StepContext, StepKind } from '../../operations/model.ts';
import type { InstanceConfig } from '../model.ts';
import { patchInstanceState, readInstanceState } from '../store.ts';
import { hold } from './hold.ts';
import { awaitHealthy } from './wait.ts';
import { type Watched, watchedOf } from './watched.ts';

interface HealthStep extends Step {
  readonly instance: string;
  readonly watched: Watched & { readonly [key: string]: Json };
}

const data = (config: InstanceConfig, container: string) => ({ instance: config.name, watched: watchedOf(config, container) as unknown as Json });

/** Waits for what the step before it started. Its deadline is absolute: it counts from the service's own start. */
export const healthyStep = (config: InstanceConfig, container: string): Step => ({ do: 'instance.healthy', ...data(config, container) });

/** Of an update: until the soak period is over, counted from the moment at which it was well. */
export const holdStep = (config: InstanceConfig, container: string): Step => ({ do: 'instance.hold', ...data(config, container) });

/** Of what was put back: it serves when the command ends, if it can; that it cannot is no reason to leave an undo unfinished. */
export const servesAgainStep = (config: InstanceConfig, container: string): Step => ({ do: 'instance.serves-again', ...data(config, container) });

const healthy: StepKind = {
  do: 'instance.healthy',
  describe: (step) => `Wait until ${(step as HealthStep).instance} is well`,
  async apply(context, step) {
    const { app } = context;
    const watched = watchedBy(step);
    await noted(context, watched.instance, () => awaitHealthy(app, app.engineAt(watched.engine), watched));
    await note(context, watched.instance, { healthyAt: app.clock.now().toISOString() });
  },
};

const holding: StepKind = {
  do: 'instance.hold',
  describe: (step) => `Wait ${watchedBy(step).health.soakMs / 1000} s to see that ${(step as HealthStep).instance} stays well`,
  async apply(context, step) {
    const { app } = context;
    const watched = watchedBy(step);
    const { update } = await readInstanceState(app.paths, watched.instance);
    const from = update?.healthyAt === undefined ? app.clock.now().getTime() : Date.parse(update.healthyAt);
    const until = new Date(from + watched.health.soakMs).toISOString();
    await noted(context, watched.instance, () => hold(app, app.engineAt(watched.engine), watched, until));
  },
};

const servesAgain: StepKind = {
  do: 'instance.serves-again',
  describe: (step) => `Wait until ${(step as HealthStep).instance} serves again`,
  async apply({ app }, step) {
    const watched = watchedBy(step);
    try {
      await awaitHealthy(app, app.engineAt(watched.engine), watched);
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      app.out.warn(`${watched.instance} runs as before, but is not well: ${error.message}`);
    }
  },
};

function watchedBy(step: Step): Watched {
  return (step as unknown as { readonly watched: Watched }).watched;
}

/** Why it was not taken goes into the instance's history, which is written by a step that knows nothing of this one. */
async function noted(context: StepContext, instance: string, ask: () => Promise<void>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    await note(context, instance, { failure: reasonOf(context.app, error) }).catch(() => {});
    throw error;
  }
}

function reasonOf(app: App, error: unknown): string {
  if (app.signal.aborted) return 'It was cancelled.';
  return error instanceof Error ? error.message : String(error);
}

/** In the state of an update of this operation; a start has none. */
async function note({ app, operation }: StepContext, instance: string, what: { readonly healthyAt?: string; readonly failure?: string }): Promise<void> {
  const { update } = await readInstanceState(app.paths, instance);
  if (update?.operation === operation) await patchInstanceState(app.paths, instance, { update: { ...update, ...what } });
}

export const steps: readonly StepKind[] = [healthy, holding, servesAgain];
