import type { ContainerDetails } from '../../engine/model.ts';
import { SlipwayError } from '../../errors.ts';
import { change } from '../../operations/change.ts';
import type { App } from '../../operations/model.ts';
import { instanceContainer, type InstanceConfig } from '../model.ts';
import { readInstance } from '../store.ts';
import { isBeingChanged } from './request.ts';
import { restInstance, reviveInstance } from './revive.ts';
import type { Seen, Service } from './service.ts';

/** However the wait for its end went, it is looked at after so long. */
const lookAgainMs = 60_000;
/** A wait that broke off is not begun again at once. */
const pauseMs = 500;

/** A container on an engine, which runs whether or not anybody looks. */
export class ContainerService implements Service {
  readonly process = undefined;
  readonly #app: App;
  readonly #name: string;

  constructor(app: App, name: string) {
    this.#app = app;
    this.#name = name;
  }

  async see(): Promise<Seen> {
    const found = await this.#inspect();
    if (found === undefined) return { running: false, startedAt: undefined, exit: undefined };
    const startedAt = found.startedAt;
    if (found.state === 'running' || found.state === 'paused') return { running: true, startedAt };
    const exit = found.finishedAt === undefined ? undefined : { at: found.finishedAt, exitCode: found.exitCode, signal: undefined };
    return { running: false, startedAt, exit };
  }

  async watch(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(lookAgainMs)]);
    try {
      const { engine } = await this.#config();
      await this.#app.engineAt(engine).containers.wait(instanceContainer(this.#name), { signal: until });
    } catch {
      // The engine went away, or the container did: what is true is asked next.
      if (!until.aborted) await this.#app.clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  async start(): Promise<void> {
    await change(this.#app, reviveInstance, { instance: this.#name });
  }

  /** An operation at work, or one that was cut off, has it in hand: what becomes of it is decided there. */
  async stop(): Promise<void> {
    try {
      await change(this.#app, restInstance, { instance: this.#name });
    } catch (error) {
      if (!(error instanceof SlipwayError && error.code === 'E_BUSY')) throw error;
    }
  }

  async isFree(): Promise<boolean> {
    return !(await isBeingChanged(this.#app.paths, this.#name));
  }

  hasToRest(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async #inspect(): Promise<ContainerDetails | undefined> {
    const { engine } = await this.#config();
    return this.#app.engineAt(engine).containers.inspect(instanceContainer(this.#name));
  }

  #config(): Promise<InstanceConfig> {
    return readInstance(this.#app.paths, this.#name, this.#app.person.home);
  }
}
