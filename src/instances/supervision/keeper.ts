import { existsSync } from 'node:fs';
import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { errorCode } from '../../state/atomic.ts';
import { formatSpan } from '../../state/duration.ts';
import { instanceFile } from '../../state/paths.ts';
import { readInstanceState } from '../store.ts';
import { afterEnd, type RestartSettings, restartsAfterRun } from './back-off.ts';
import { type LastExit, wordsOfExit } from './file.ts';
import type { SupervisionRecord } from './record.ts';
import { readRequest, removeRequest } from './request.ts';
import type { Seen, Service } from './service.ts';

/** `stopped`: it is not meant to run any more. `told`: this process was told to end. `gone`: there is no such instance any more. */
export type KeeperEnd = 'stopped' | 'failed' | 'told' | 'gone';

export interface KeeperOptions {
  readonly name: string;
  readonly restart: RestartSettings;
  /** Nobody looked after it before in this boot: that it does not run now is no end of it. */
  readonly isNew: boolean;
  /** Stay when it is stopped or has failed, and take it up again when somebody has it started. */
  readonly stays: boolean;
}

const lookMs = 250;
const longestEngineWaitMs = 5_000;

/** Keeps one service running: starts it when it has ended, ever later, and gives up in the end. */
export class Keeper {
  readonly #app: App;
  readonly #service: Service;
  readonly #record: SupervisionRecord;
  readonly #options: KeeperOptions;
  /** Of an end that has not been dealt with; `undefined`: it is to be started as it is. */
  #mayStart: boolean;
  #engineWaitMs = 0;

  constructor(app: App, service: Service, record: SupervisionRecord, options: KeeperOptions) {
    this.#app = app;
    this.#service = service;
    this.#record = record;
    this.#options = options;
    this.#mayStart = options.isNew;
  }

  /** `told` is aborted where this process is told to end. */
  async keep(told: AbortSignal): Promise<KeeperEnd> {
    for (;;) {
      const end = await this.#once(told).catch((error: unknown) => this.#waitForEngine(error, told));
      if (end !== undefined) return end;
    }
  }

  async #once(told: AbortSignal): Promise<KeeperEnd | undefined> {
    const { paths } = this.#app;
    const { name, stays } = this.#options;
    if (told.aborted) return this.#end('told');
    if (!existsSync(instanceFile(paths, name))) return this.#end('gone');
    if ((await readInstanceState(paths, name)).desired === 'stopped') {
      if (!stays) return this.#end('stopped');
      await this.#idle(told);
      return undefined;
    }
    if (await this.#service.hasToRest()) {
      await this.#service.stop();
      await this.#record.write({ state: 'held', lastExit: exitOf(await this.#service.see()) ?? this.#record.now.lastExit });
      this.#mayStart = true;
      await this.#sleep(lookMs, told);
      return undefined;
    }
    const seen = await this.#service.see();
    this.#engineWaitMs = 0;
    if (seen.running) {
      await this.#watch(seen, told);
      return undefined;
    }
    if (!(await this.#service.isFree())) {
      await this.#sleep(lookMs, told);
      return undefined;
    }
    return this.#startAgain(seen, told);
  }

  async #watch(seen: Seen, told: AbortSignal): Promise<void> {
    const { state, startedAt, restarts } = this.#record.now;
    if (state !== 'watching' || startedAt !== seen.startedAt) this.#app.out.note(`${this.#options.name} runs.`);
    const fresh = { nextAttemptAt: undefined, failedAt: undefined, reason: undefined, restarts: state === 'failed' ? [] : restarts };
    await this.#record.write({ ...fresh, state: 'watching', startedAt: seen.startedAt });
    this.#mayStart = false;
    await this.#service.watch(told);
  }

  async #startAgain(seen: Seen, told: AbortSignal): Promise<KeeperEnd | undefined> {
    if (this.#mayStart || (await this.#isWished())) {
      await this.#record.write({ restarts: [], failedAt: undefined, reason: undefined });
      return this.#start();
    }
    if (this.#record.now.state === 'failed') {
      await this.#sleep(lookMs, told);
      return undefined;
    }
    return this.#afterEnd(exitOf(seen), told);
  }

  async #afterEnd(exit: LastExit | undefined, told: AbortSignal): Promise<KeeperEnd | undefined> {
    const { name, restart, stays } = this.#options;
    const now = this.#app.clock.now();
    const restarts = restartsAfterRun(this.#record.now.restarts, this.#record.now.startedAt, now, restart);
    const decision = afterEnd(restarts, now, restart);
    const { reason: refused } = this.#record.now;
    const how = refused === undefined ? (exit === undefined ? 'is not there' : `ended ${wordsOfExit(exit)}`) : `cannot be started: ${refused}`;
    const lastExit = exit ?? this.#record.now.lastExit;
    if ('failed' in decision) {
      const reason = `${how}; ${decision.failed}`;
      await this.#record.write({ state: 'failed', restarts, lastExit, nextAttemptAt: undefined, failedAt: now.toISOString(), reason });
      this.#app.out.warn(`${name} has failed: ${reason}. \`slipway instance start ${name}\` tries again.`);
      return stays ? undefined : 'failed';
    }
    const { restartInMs } = decision;
    this.#app.out.note(`${name} ${how}; restart ${restarts.length + 1} in ${formatSpan(restartInMs)}.`);
    await this.#record.write({ state: 'waiting', restarts, lastExit, nextAttemptAt: new Date(now.getTime() + restartInMs).toISOString() });
    if (!(await this.#waitFor(restartInMs, told))) return undefined;
    await this.#record.write({ restarts: [...restarts, this.#app.clock.now().toISOString()] });
    return this.#start();
  }

  /** One that cannot be started has ended at once; an engine that does not answer is waited for, and that counts as nothing. */
  async #start(): Promise<undefined> {
    const { hold } = await readRequest(this.#app.paths, this.#options.name);
    if (hold !== undefined) return undefined;
    await this.#record.write({ reason: undefined });
    await removeRequest(this.#app.paths, this.#options.name);
    try {
      await this.#service.start();
      this.#mayStart = false;
      const { startedAt } = await this.#service.see();
      const { process } = this.#service;
      await this.#record.write({ state: 'watching', startedAt, nextAttemptAt: undefined, reason: undefined, ...(process === undefined ? {} : { process }) });
      this.#app.out.note(`${this.#options.name} was started.`);
    } catch (error) {
      if (isAway(error)) throw error;
      this.#mayStart = false;
      const reason = error instanceof Error ? error.message : String(error);
      await this.#record.write({ state: 'waiting', startedAt: undefined, reason });
    }
    return undefined;
  }

  /** False: something came between, and what is true has to be looked at again. */
  async #waitFor(ms: number, told: AbortSignal): Promise<boolean> {
    const { paths } = this.#app;
    for (const until = Date.now() + ms; Date.now() < until; ) {
      await this.#sleep(Math.min(lookMs, until - Date.now()), told);
      if (told.aborted || (await this.#service.hasToRest()) || (await this.#isWished())) return false;
      if ((await readInstanceState(paths, this.#options.name)).desired === 'stopped') return false;
    }
    return this.#service.isFree();
  }

  /** Somebody asked for a start after what is on record. */
  async #isWished(): Promise<boolean> {
    const { start } = await readRequest(this.#app.paths, this.#options.name);
    if (start === undefined) return false;
    const { startedAt, restarts, lastExit } = this.#record.now;
    return [startedAt, restarts.at(-1), lastExit?.at].every((at) => at === undefined || at < start);
  }

  async #idle(told: AbortSignal): Promise<void> {
    if (this.#service.process !== undefined) await this.#service.stop();
    await this.#record.write({ state: 'ended', restarts: [], nextAttemptAt: undefined, failedAt: undefined, reason: undefined });
    this.#mayStart = true;
    await this.#sleep(lookMs, told);
  }

  async #end(end: KeeperEnd): Promise<KeeperEnd> {
    // A program has no other parent; a container that is to run no more was stopped by who said so.
    if (end === 'told' || this.#service.process !== undefined) await this.#stopInTime();
    if (end === 'gone') return end;
    const exit = await this.#service.see().then(exitOf, () => undefined);
    await this.#record.write({ state: 'ended', restarts: [], nextAttemptAt: undefined, lastExit: exit ?? this.#record.now.lastExit });
    return end;
  }

  /** An engine that goes down at the same time takes its containers with it. */
  async #stopInTime(): Promise<void> {
    try {
      await this.#service.stop();
    } catch (error) {
      this.#app.out.warn(`${this.#options.name} could not be stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #waitForEngine(error: unknown, told: AbortSignal): Promise<undefined> {
    if (told.aborted) return;
    if (!isAway(error)) throw error;
    if (this.#engineWaitMs === 0) this.#app.out.warn(`${error instanceof Error ? error.message : String(error)} Waiting for it.`);
    this.#engineWaitMs = Math.min(this.#engineWaitMs * 2 || lookMs, longestEngineWaitMs);
    await this.#sleep(this.#engineWaitMs, told);
  }

  async #sleep(ms: number, told: AbortSignal): Promise<void> {
    await this.#app.clock.sleep(ms, told).catch(() => {});
  }
}

/** An engine that starts or ends answers with errors of all kinds; a disk that is full and a file half edited are mended by people. */
function isAway(error: unknown): boolean {
  const passing = ['E_ENGINE_UNREACHABLE', 'E_ENGINE_TIMEOUT', 'E_ENGINE_PERMISSION', 'E_ENGINE_STOPPED', 'E_STREAM', 'E_BUSY', 'E_DISK_FULL', 'E_BAD_FILE'];
  return errorCode(error) === 'ENOENT' || (error instanceof SlipwayError && passing.includes(error.code));
}

const exitOf = (seen: Seen): LastExit | undefined => (seen.running ? undefined : seen.exit);
