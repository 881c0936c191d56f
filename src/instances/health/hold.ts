import type { Engine } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { exited, lastWords, lookAt } from './life.ts';
import { Prober, probeOf } from './prober.ts';
import type { Watched } from './watched.ts';

const lookMs = 500;

/**
 * Watches a service that is well until a moment (ISO 8601): it fails where the service ends or is started again, and where it is
 * unwell as often in a row as it had to be well. It ends well: a failure at the last question is asked again.
 */
export async function hold(app: App, engine: Engine, watched: Watched, until: string): Promise<void> {
  const { health } = watched;
  const prober = new Prober(app, engine, watched, await probeOf(app, engine, watched));
  const end = Date.parse(until);
  let started: string | undefined;
  let failures = 0;
  for (let nextQuestion = 0; ; ) {
    const life = await lookAt(app, engine, watched);
    if (life.state === 'ended') throw await exited(app, engine, watched, life, 'within the soak period');
    started ??= life.startedAt;
    if (life.startedAt !== started) throw await lost(app, engine, watched, 'it was started again');
    const now = app.clock.now().getTime();
    if (now >= nextQuestion) {
      nextQuestion = now + health.intervalMs;
      const verdict = await prober.ask();
      failures = verdict.well ? 0 : failures + 1;
      if (!verdict.well && failures >= health.passes) throw await unwell(app, engine, watched, verdict.why);
    }
    const left = end - app.clock.now().getTime();
    if (left <= 0 && failures === 0) return;
    const pause = Math.min(lookMs, nextQuestion - app.clock.now().getTime());
    await app.clock.sleep(Math.max(1, failures === 0 ? Math.min(pause, left) : pause), app.signal);
  }
}

/** A service that ends stops to answer first, and its engine says so last. */
async function unwell(app: App, engine: Engine, watched: Watched, why: string): Promise<SlipwayError> {
  for (let looks = 0; looks < 3; looks++) {
    const life = await lookAt(app, engine, watched);
    if (life.state === 'ended') return exited(app, engine, watched, life, 'within the soak period');
    await app.clock.sleep(lookMs, app.signal);
  }
  return lost(app, engine, watched, why);
}

async function lost(app: App, engine: Engine, watched: Watched, why: string): Promise<SlipwayError> {
  return new SlipwayError('E_HEALTH_LOST', `${watched.instance} was well, but not throughout the soak period (${why}).`, {
    hint: `\`slipway instance logs ${watched.instance}\` shows all that it wrote.`,
    ...(await lastWords(app, engine, watched)),
  });
}
