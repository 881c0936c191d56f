import type { Engine, ExecSession } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import type { HealthProbe } from '../model.ts';
import { askHttp } from './http.ts';
import { askTcp } from './tcp.ts';
import type { Verdict } from './verdict.ts';
import { reachable, type Watched } from './watched.ts';

/** Without a probe of the instance's own, the image's HEALTHCHECK counts where there is one. */
export async function probeOf(app: App, engine: Engine, { container, kind, health }: Watched): Promise<HealthProbe> {
  if (health.probe !== undefined) return health.probe;
  if (kind === 'process') return { kind: 'none' };
  const details = await engine.containers.inspect(container, { signal: app.signal });
  return { kind: details === undefined || details.health === 'none' ? 'none' : 'image' };
}

/** Asks one service, again and again. */
export class Prober {
  private readonly app: App;
  private readonly engine: Engine;
  private readonly watched: Watched;
  private readonly probe: HealthProbe;
  /** A command that did not end in time goes on in the container: no second one is begun beside it. */
  private hanging: Promise<unknown> | undefined;
  /** The command of the image's HEALTHCHECK. */
  private test: readonly string[] | undefined;

  constructor(app: App, engine: Engine, watched: Watched, probe: HealthProbe) {
    this.app = app;
    this.engine = engine;
    this.watched = watched;
    this.probe = probe;
  }

  /** With the probe `none` it is well as long as it is there, which the caller looks at. */
  async ask(): Promise<Verdict> {
    const { signal } = this.app;
    const { timeoutMs } = this.watched.health;
    const at = { host: reachable(this.watched.address), port: this.watched.port, timeoutMs, signal };
    switch (this.probe.kind) {
      case 'http':
        return askHttp({ ...at, path: this.probe.path });
      case 'tcp':
        return askTcp(at);
      case 'image':
        return this.askImage();
      case 'command':
        return this.watched.kind === 'process' ? this.askHost(this.probe.command) : this.askCommand(this.probe.command);
      case 'none':
        return { well: true };
    }
  }

  private async askImage(): Promise<Verdict> {
    try {
      const health = await this.engine.containers.checkHealth(this.watched.container, { signal: this.app.signal });
      if (health === 'healthy') return { well: true };
      // Docker asks for the first time after an interval, which is 30 s where the image does not say: until then we do.
      if (health === 'starting' && this.engine.kind === 'docker') return await this.askCommand(await this.imageTest());
      return { well: false, why: health === 'none' ? 'its image has no HEALTHCHECK' : `the image's HEALTHCHECK says ${health}` };
    } catch (error) {
      if (isGone(error)) return gone;
      throw error;
    }
  }

  private async imageTest(): Promise<readonly string[]> {
    if (this.test !== undefined) return this.test;
    const { signal } = this.app;
    const container = await this.engine.containers.inspect(this.watched.container, { signal });
    const [how, ...words] = (container && (await this.engine.images.inspect(container.imageId, { signal })))?.healthTest ?? ['CMD', 'false'];
    this.test = how === 'CMD-SHELL' ? ['/bin/sh', '-c', words.join(' ')] : words;
    return this.test;
  }

  private async askCommand(command: readonly string[]): Promise<Verdict> {
    const { timeoutMs } = this.watched.health;
    const late: Verdict = { well: false, why: `the health command did not end within ${timeoutMs / 1000} s` };
    if (this.hanging !== undefined) return late;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const { signal } = this.app;
      const session = await this.engine.containers.exec(this.watched.container, { command }, { signal });
      const ending = exitOf(session);
      const code = await Promise.race([ending, aborted(limit)]);
      if (code !== undefined) return code === 0 ? { well: true } : { well: false, why: `the health command exited with ${code}` };
      this.hanging = ending
        .catch(() => {})
        .finally(() => {
          this.hanging = undefined;
        });
      return late;
    } catch (error) {
      if (isGone(error)) return gone;
      throw error;
    }
  }

  private async askHost(command: readonly string[]): Promise<Verdict> {
    const { run } = await import('../../host/process.ts');
    const { instanceDir } = await import('../../state/paths.ts');
    const { instance, port, health } = this.watched;
    const env = { ...this.app.env, SLIPWAY_INSTANCE: instance, PORT: String(port) };
    const end = await run(command, { cwd: instanceDir(this.app.paths, instance), env, timeoutMs: health.timeoutMs, graceMs: 500, signal: this.app.signal });
    this.app.signal.throwIfAborted();
    if (end.exitCode === 0) return { well: true };
    return {
      well: false,
      why: end.timedOut ? `the health command did not end within ${health.timeoutMs / 1000} s` : `the health command ended with ${end.exitCode ?? end.signal}`,
    };
  }
}

/** Between two looks it may have ended: the next look says so. */
const gone: Verdict = { well: false, why: 'it does not run' };

function isGone(error: unknown): boolean {
  return error instanceof SlipwayError && ['E_CONFLICT', 'E_NO_SUCH'].includes(error.code);
}

async function exitOf(session: ExecSession): Promise<number> {
  for await (const _ of session.output);
  return session.exitCode();
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
