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
  const { run, engine: ref_ } = metadata;
  if (run === undefined) return undefined;
  if (container !== undefined && ref_ !== undefined) {
    const engine = app.engineAt(ref_);
    try {
      await copyChunks(engine.containers.logs(container.id, { follow: true, since: new Date(run.startedAt), signal: app.signal }), to);
      await engine.containers.wait(container.id, { signal: app.signal });
    } catch (error) {
      if (app.signal.aborted) return undefined;
      // Removed under our eyes: the record tells how it ended. Anything else is an error.
      if ((await observeTask(app, ref)).container !== undefined) throw error;
    }
  }
  const after = await observeTask(app, ref);
  const end = endOf(after.container, await readExitRecord(after.records), after.at);
  await change(app, recordEnd, { ...ref, startedAt: run.startedAt });
  return end;
}

/** Writes each chunk to its stream, no faster than it takes them. */
export async function copyChunks(chunks: AsyncIterable<LogChunk>, to: FollowTarget): Promise<void> {
  for await (const { stream, data } of chunks) {
    const target = stream === 'stdout' ? to.stdout : to.stderr;
    if (!target.write(data)) await once(target, 'drain');
  }
}
