import type { Engine } from '../../engine/model.ts';
import type { App } from '../../operations/model.ts';
import { lookAt } from './life.ts';
import { Prober, probeOf } from './prober.ts';
import type { Watched } from './watched.ts';

export interface HealthNow {
  readonly state: 'healthy' | 'unhealthy' | 'starting' | 'ended';
  /** What was asked: `http /health`. */
  readonly probe: string;
  readonly why: string | undefined;
}

/** One question, for `status`: a failure within the start period is `starting`. */
export async function checkOnce(app: App, engine: Engine, watched: Watched): Promise<HealthNow> {
  const life = await lookAt(app, engine, watched);
  const probe = await probeOf(app, engine, watched);
  const told = probe.kind === 'http' ? `http ${probe.path}` : probe.kind === 'command' ? `command ${probe.command.join(' ')}` : probe.kind;
  if (life.state === 'ended') return { state: 'ended', probe: told, why: life.what };
  const verdict = await new Prober(app, engine, watched, probe).ask();
  const starting = app.clock.now().getTime() - Date.parse(life.startedAt) < watched.health.startPeriodMs;
  if (verdict.well) return { state: probe.kind === 'none' && starting ? 'starting' : 'healthy', probe: told, why: undefined };
  return { state: starting ? 'starting' : 'unhealthy', probe: told, why: verdict.why };
}
