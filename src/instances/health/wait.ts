import type { Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { HealthSettings } from '../model.ts';
import { dropUnresolvedNeighbours } from './neighbours.ts';
import { exited, lastWords, lookAt } from './life.ts';
import { Prober, probeOf } from './prober.ts';
import type { Watched } from './watched.ts';

/** Until its first answer a service is asked often: what waits for it is mostly a person. */
const eagerMs = 200;

/**
 * Waits until a started service has been well `passes` times in a row; without a probe, until it has stayed up for the start period.
 * The deadline counts from its own start, so that a recovered operation does not wait anew.
 * Throws E_INSTANCE_EXITED at once where it ends, E_HEALTH_TIMEOUT at the deadline.
 */
export async function awaitHealthy(app: App, engine: Engine, watched: Watched): Promise<void> {
  const { health } = watched;
  await dropUnresolvedNeighbours(app, engine, watched);
  const probe = await probeOf(app, engine, watched);
  const prober = new Prober(app, engine, watched, probe);
  let why = 'it did not answer';
  for (let passes = 0; ; ) {
    const life = await lookAt(app, engine, watched);
    if (life.state === 'ended') throw await exited(app, engine, watched, life, 'before it was well');
    const up = app.clock.now().getTime() - Date.parse(life.startedAt);
    if (probe.kind === 'none') {
      if (up >= health.startPeriodMs) return;
      await app.clock.sleep(Math.min(eagerMs, health.startPeriodMs - up), app.signal);
      continue;
    }
    const verdict = await prober.ask();
    passes = verdict.well ? passes + 1 : 0;
    if (passes >= health.passes) return;
    if (!verdict.well) why = verdict.why;
    const left = patience(health) - up;
    if (left <= 0) throw await timedOut(app, engine, watched, why);
    const pause = passes > 0 ? health.intervalMs : Math.min(health.intervalMs, eagerMs);
    await app.clock.sleep(Math.min(pause, left), app.signal);
  }
}

/** A service that is allowed a long start gets it, also where `wait` was left at its default. */
export function patience({ waitMs, startPeriodMs }: HealthSettings): number {
  return Math.max(waitMs, startPeriodMs);
}

async function timedOut(app: App, engine: Engine, watched: Watched, why: string): Promise<SlipwayError> {
  const seconds = patience(watched.health) / 1000;
  return new SlipwayError('E_HEALTH_TIMEOUT', `Health check timeout: ${watched.instance} was not well within ${seconds} s (${why}).`, {
    hint: `\`slipway instance logs ${watched.instance}\` shows all that it wrote; \`health\` in its config.yml says what is asked and for how long.`,
    ...(await lastWords(app, engine, watched)),
  });
}
