import { open } from 'node:fs/promises';
import { SlipwayError } from '../errors.ts';
import type { App } from '../operations/model.ts';
import { isMissing, stateError } from '../state/atomic.ts';
import { runDir } from '../state/paths.ts';
import { launchDriverOf } from './driver/launch.ts';
import { eventsFile, parseEvents } from './events.ts';
import { Growth } from './logs/growth.ts';
import type { Outcome, RunEvent, RunRef } from './model.ts';
import { driverOf } from './open-runs.ts';
import { readOutcome } from './store.ts';

/** A driver takes a moment to start, and one that has died is started again. */
const driverMs = 3_000;
const mostDrivers = 8;

/**
 * Hands on a run's events as they come, those that are there already first, and gives its outcome. A run whose driver has died gets
 * another one. `signal` ends the following, not the run: then it throws the signal's reason.
 */
export async function followCiRun(app: App, ref: RunRef, onEvent: (event: RunEvent) => Promise<void> | void, signal: AbortSignal): Promise<Outcome> {
  const growth = new Growth();
  try {
    growth.watch(runDir(app.paths, ref.repository, ref.run));
    return await followGrowing(app, ref, growth, onEvent, signal);
  } finally {
    growth.close();
  }
}

async function followGrowing(app: App, ref: RunRef, growth: Growth, onEvent: (event: RunEvent) => Promise<void> | void, signal: AbortSignal): Promise<Outcome> {
  const events = new EventReader(eventsFile(app.paths, ref));
  let lookAt = Date.now() + driverMs;
  for (let drivers = 0; ; ) {
    signal.throwIfAborted();
    const outcome = await readOutcome(app.paths, ref);
    const fresh = await events.next();
    for (const event of fresh) await onEvent(event);
    // The event of the end is written behind the outcome.
    if (outcome !== undefined && (events.hasEnded || (await driverOf(app.paths, ref)) === undefined)) {
      for (const event of await events.next()) await onEvent(event);
      return outcome;
    }
    if (outcome === undefined && Date.now() >= lookAt) {
      lookAt = Date.now() + driverMs;
      if ((await driverOf(app.paths, ref)) === undefined) {
        drivers += 1;
        if (drivers > mostDrivers) throw noDriver(ref);
        await launchDriverOf(app, ref);
      }
    }
    await growth.next(signal);
  }
}

function noDriver({ run }: RunRef): SlipwayError {
  return new SlipwayError('E_RUN_LOST', `The process that looks after run ${run} ends as soon as it is started.`, {
    hint: `Look into driver.log of its record (\`slipway ci show ${run}\` names the folder).`,
  });
}

/** Whole lines of a growing file, each once. */
class EventReader {
  hasEnded = false;
  private readonly file: string;
  private position = 0;

  constructor(file: string) {
    this.file = file;
  }

  async next(): Promise<readonly RunEvent[]> {
    const bytes = await this.read();
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
    this.position += whole.length;
    const events = parseEvents(whole.toString('utf8'));
    this.hasEnded ||= events.some(({ event }) => event === 'end');
    return events;
  }

  private async read(): Promise<Buffer> {
    try {
      const handle = await open(this.file, 'r');
      try {
        const { size } = await handle.stat();
        const buffer = Buffer.alloc(Math.max(0, size - this.position));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.position);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (cause) {
      if (isMissing(cause)) return Buffer.alloc(0);
      throw stateError('read', this.file, cause);
    }
  }
}
