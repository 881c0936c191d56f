import { startWatched, type Watched } from '../../host/background.ts';
import type { App } from '../../operations/model.ts';
import { instanceDir } from '../../state/paths.ts';
import { bootId, currentProcess, processStartTime } from '../../state/process-identity.ts';
import { readInstance } from '../store.ts';
import { endOrphan } from './end-orphan.ts';
import type { LastExit, SupervisedProcess } from './file.ts';
import { ProcessLog } from './log.ts';
import { programOf } from './program.ts';
import { readRequest } from './request.ts';
import type { Seen, Service } from './service.ts';

const lookMs = 200;

/** A program of a release, whose parent is this process: it ends with it, and it alone starts it. */
export class ProcessService implements Service {
  readonly #app: App;
  readonly #name: string;
  readonly #record: (program: SupervisedProcess) => Promise<void>;
  #process: SupervisedProcess | undefined;
  #running: Watched | undefined;
  #exit: LastExit | undefined;
  #wasKilled = false;

  /** `record` writes down which program runs, before it begins. */
  constructor(app: App, name: string, record: (program: SupervisedProcess) => Promise<void>) {
    this.#app = app;
    this.#name = name;
    this.#record = record;
  }

  get process(): SupervisedProcess | undefined {
    return this.#process;
  }

  see(): Promise<Seen> {
    const startedAt = this.#process?.startedAt;
    return Promise.resolve(this.#running === undefined ? { running: false, startedAt, exit: this.#exit } : { running: true, startedAt });
  }

  async watch(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#running?.ended, this.#app.clock.sleep(lookMs, signal)]).catch(() => {});
  }

  async start(): Promise<void> {
    const { paths } = this.#app;
    await endOrphan(this.#app, this.#name);
    const { argv, env } = await programOf(this.#app, await readInstance(paths, this.#name, this.#app.person.home));
    const log = ProcessLog.open(paths, this.#name);
    this.#wasKilled = false;
    const program = await startWatched(argv, {
      env,
      cwd: instanceDir(paths, this.#name),
      onOutput: (stream, chunk) => log.write(stream, chunk),
      onStart: async (pid) => {
        const startTime = processStartTime(pid) ?? '';
        const { pidNamespace } = currentProcess();
        this.#process = { pid, startTime, bootId: bootId(), pidNamespace, startedAt: this.#app.clock.now().toISOString() };
        await this.#record(this.#process);
      },
    });
    this.#running = program;
    void program.ended.then(({ exitCode, signal }) => {
      log.close();
      this.#running = undefined;
      this.#exit = { at: this.#app.clock.now().toISOString(), exitCode, signal, ...(this.#wasKilled ? { killed: true as const } : {}) };
    });
  }

  async stop(): Promise<void> {
    const program = this.#running;
    if (program === undefined) return;
    const { stopTimeoutSeconds } = await readInstance(this.#app.paths, this.#name, this.#app.person.home);
    program.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#wasKilled = true;
      program.kill('SIGKILL');
    }, stopTimeoutSeconds * 1000);
    await program.ended;
    clearTimeout(timer);
  }

  async isFree(): Promise<boolean> {
    return !(await this.hasToRest());
  }

  async hasToRest(): Promise<boolean> {
    return (await readRequest(this.#app.paths, this.#name)).hold !== undefined;
  }
}
