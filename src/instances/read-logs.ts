import type { ContainerDetails, Engine } from '../engine/model.ts';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { findContainer } from './find-container.ts';
import { readKeptLogs } from './kept-logs.ts';
import { isAfter, type LogLine, readLines } from './log-lines.ts';
import type { InstanceConfig } from './model.ts';
import { readInstanceIfAny, readInstanceState } from './store.ts';

export interface LogRequest {
  readonly follow: boolean;
  readonly tail?: number | undefined;
  readonly since?: Date | undefined;
}

const lookMs = 300;

/** What an instance's containers wrote, the replaced ones' first. Followed, it goes on over restarts, updates and rollbacks, until the instance is stopped or gone. */
export async function* readInstanceLogs(app: App, config: InstanceConfig, { follow, tail, since }: LogRequest): AsyncGenerator<LogLine> {
  if (config.kind === 'process') return yield* (await import('./supervision/read-log.ts')).readProcessLog(app, config.name, { follow, tail, since });
  const engine = app.engineAt(config.engine);
  const container = await findContainer(app, config);
  const past = await readKeptLogs(app.paths, config.name, container?.id);
  const isWanted = (line: LogLine) => since === undefined || Date.parse(line.at) >= since.getTime();
  // The last line at least: where it stands, following begins.
  const now = container === undefined ? [] : await collect(engine, container, { tail: tail === 0 ? 1 : tail, since, signal: app.signal });
  const all = [...past.filter(isWanted), ...now];
  const shown = tail === undefined ? all : tail === 0 ? [] : all.slice(-tail);
  yield* shown;
  if (follow) yield* followOn(app, config, engine, container?.id, now.at(-1)?.at ?? since?.toISOString());
}

async function collect(
  engine: Engine,
  { id }: ContainerDetails,
  options: { readonly tail: number | undefined; readonly since: Date | undefined; readonly signal: AbortSignal },
) {
  const { tail, since, signal } = options;
  const lines: LogLine[] = [];
  const chunks = engine.containers.logs(id, { timestamps: true, signal, ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) });
  for await (const line of readLines(chunks)) lines.push(line);
  return lines;
}

/** `last`: stamp of the last line that was shown of the container `first`. */
async function* followOn(app: App, config: InstanceConfig, engine: Engine, first: string | undefined, last: string | undefined): AsyncGenerator<LogLine> {
  let position = { container: first, stamp: last };
  for (;;) {
    app.signal.throwIfAborted();
    const container = await findContainer(app, config).catch(ignoreAway);
    if (container !== undefined) {
      const stamp = container.id === position.container ? position.stamp : undefined;
      position = { container: container.id, stamp };
      try {
        for await (const line of newLines(app, engine, container.id, stamp)) {
          position = { container: container.id, stamp: line.at };
          yield line;
        }
      } catch (error) {
        ignoreAway(error);
      }
    }
    if (await hasEnded(app, config)) return;
    await app.clock.sleep(lookMs, app.signal);
  }
}

/** The engine takes milliseconds, and its lines have more: those of the same moment that were shown are left out. */
async function* newLines(app: App, engine: Engine, container: string, stamp: string | undefined): AsyncGenerator<LogLine> {
  const since = stamp === undefined ? {} : { since: new Date(Math.floor(Date.parse(stamp))) };
  for await (const line of readLines(engine.containers.logs(container, { follow: true, timestamps: true, signal: app.signal, ...since }))) {
    if (stamp === undefined || isAfter(line.at, stamp)) yield line;
  }
}

async function hasEnded(app: App, { name }: InstanceConfig): Promise<boolean> {
  const config = await readInstanceIfAny(app.paths, name, app.person.home);
  if (config === undefined) return true;
  if ((await readInstanceState(app.paths, name)).desired === 'running') return false;
  const container = await findContainer(app, config).catch(ignoreAway);
  return container?.state !== 'running';
}

/** The engine is away, or the container was replaced just now: that is looked at again. */
function ignoreAway(error: unknown): undefined {
  if (error instanceof SlipwayError && /^E_(?:NO_SUCH|ENGINE|ENGINE_UNREACHABLE|ENGINE_TIMEOUT|CONFLICT)$/.test(error.code)) return undefined;
  throw error;
}
