import type { Writable } from 'node:stream';
import { once } from 'node:events';
import type { LogChunk } from '../engine/model.ts';
import { change } from '../operations/change.ts';
import type { App } from '../operations/model.ts';
import type { RunEnd, TaskRef } from './model.ts';
import { observeTask } from './observe.ts';
import { endOf, readExitRecord } from './run-end.ts';
import { recordEnd } from './verbs.ts';

export interface FollowTarget {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * Streams a headless run's output until it ends, then records the end. Holds no lock: `stop` and `delete` work meanwhile.
 * `undefined`: the follower was cut off (Ctrl-C) and the run goes on.
 */
export async function followRun(app: App, ref: TaskRef, to: FollowTarget): Promise<RunEnd | undefined> {
  const { metadata, container } = await observeTask(app, ref);
  const { run, engine: holder } = metadata;
  if (run === undefined) return undefined;
  if (container !== undefined && holder !== undefined) {
    const engine = app.engineAt(holder);
    try {
      await copyChunks(engine.containers.logs(container.id, { follow: true, since: new Date(run.startedAt), signal: app.signal }), to);
      await engine.containers.wait(container.id, { signal: app.signal });
    } catch (error) {
      if (app.signal.aborted) return undefined;
      // Removed under our eyes: the record tells how it ended. Anything else is an error.
      if ((await observeTask(app, ref)).container !== undefined) throw error;
    }
  }
  const end = await settledEnd(app, ref);
  await change(app, recordEnd, { ...ref, startedAt: run.startedAt });
  return end;
}

/** A container that is being removed still counts as running for a moment after its end. */
async function settledEnd(app: App, ref: TaskRef): Promise<RunEnd> {
  for (let look = 0; look < 50; look++) {
    const { container, records, at } = await observeTask(app, ref);
    const end = endOf(container, await readExitRecord(records), at);
    if (end !== undefined) return end;
    await app.clock.sleep(200, app.signal);
  }
  // Somebody started it again: that is another run, and nobody can tell any more how this one ended.
  return { reason: 'lost', at: app.clock.now().toISOString() };
}

/** Writes each chunk to its stream, no faster than it takes them. */
export async function copyChunks(chunks: AsyncIterable<LogChunk>, to: FollowTarget): Promise<void> {
  for await (const { stream, data } of chunks) {
    const target = stream === 'stdout' ? to.stdout : to.stderr;
    if (!target.write(data)) await once(target, 'drain');
  }
}
