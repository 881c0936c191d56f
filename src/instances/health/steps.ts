import type { Json, Step, StepKind } from '../../operations/model.ts';
import type { InstanceConfig } from '../model.ts';
import { awaitHealthy } from './wait.ts';
import { type Watched, watchedOf } from './watched.ts';

interface HealthyStep extends Step {
  readonly do: 'instance.healthy';
  readonly instance: string;
  readonly watched: Watched & { readonly [key: string]: Json };
}

/** Waits for what the step before it started. Its deadline is absolute: it counts from the container's own start. */
export function healthyStep(config: InstanceConfig, container: string): Step {
  return { do: 'instance.healthy', instance: config.name, watched: watchedOf(config, container) as unknown as Json };
}

const healthy: StepKind = {
  do: 'instance.healthy',
  describe: (step) => `Wait until ${(step as HealthyStep).instance} is well`,
  async apply({ app }, step) {
    const { watched } = step as unknown as { readonly watched: Watched };
    await awaitHealthy(app, app.engineAt(watched.engine), watched);
  },
};

export const steps: readonly StepKind[] = [healthy];
