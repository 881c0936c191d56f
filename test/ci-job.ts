import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSession } from '../src/host/background.ts';
import type { Executor } from '../src/runs/executors/model.ts';
import { hostExecutor } from '../src/runs/executors/host.ts';
import type { JobEnd, JobRequest } from '../src/runs/jobs/model.ts';
import { runJob } from '../src/runs/jobs/run-job.ts';
import type { LogFrame } from '../src/runs/logs/format.ts';
import { readRunLogs } from '../src/runs/logs/run-logs.ts';
import type { PlannedJob, PlannedStep, RunEvent, RunRef } from '../src/runs/model.ts';
import { writeSnapshot } from '../src/runs/pipeline/snapshot.ts';
import { readTree, treeHash } from '../src/runs/pipeline/tree.ts';
import { type Paths, runChannel, runDir, runWorkspace } from '../src/state/paths.ts';

export type StepLike = string | readonly string[] | (Partial<PlannedStep> & Pick<PlannedStep, 'command'>);

export interface JobOptions {
  readonly job?: Partial<PlannedJob>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly request?: Partial<JobRequest>;
}

export interface StepSeen {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly frames: readonly LogFrame[];
}

export interface JobRunOptions {
  /** What its supervisors are run by, instead of /bin/sh. */
  readonly shell?: readonly string[];
  /** Where its own folder is made. */
  readonly below?: string;
  /** A folder that another process has made a run of. */
  readonly directory?: string;
  readonly channel?: string;
  readonly record?: string;
}

/** A run of one job on this machine, below a folder of its own, without a driver. */
export class JobRun {
  readonly directory: string;
  readonly paths: Paths;
  readonly ref: RunRef;
  readonly workspace: string;
  readonly channel: string;
  readonly record: string;
  readonly executor: Executor;
  readonly events: Parameters<JobRequest['onEvent']>[0][] = [];
  private readonly controller = new AbortController();

  constructor(options: JobRunOptions = {}) {
    this.directory = options.directory ?? mkdtempSync(join(options.below ?? tmpdir(), 'slipway-job-'));
    this.paths = { config: join(this.directory, 'config'), state: join(this.directory, 'state'), cache: join(this.directory, 'cache') };
    const named = createHash('sha256').update(this.directory).digest('hex').slice(0, 8);
    this.ref = { repository: 'demo', run: `20261121t035312-${named}` };
    const { paths, ref } = this;
    this.workspace = runWorkspace(paths, ref.repository, ref.run);
    this.channel = options.channel ?? runChannel(paths, ref.repository, ref.run);
    this.record = options.record ?? runDir(paths, ref.repository, ref.run);
    for (const folder of [this.workspace, this.channel, this.record]) mkdirSync(folder, { recursive: true });
    const host = hostExecutor({ paths, env: process.env }, ref);
    const { shell } = options;
    const launch: Executor['launch'] =
      shell === undefined
        ? (argv, env, signal) => host.launch(argv, env, signal)
        : async (argv, env) => {
            const session = await startSession([...shell, ...argv.slice(1)], { cwd: this.workspace, env: { ...process.env, ...env } });
            return { ...session, exited: () => session.exited };
          };
    this.executor = { ...host, channel: this.channel, launch };
  }

  request(steps: readonly StepLike[], { job, secrets = {}, request }: JobOptions = {}): JobRequest {
    return {
      job: {
        name: 'The job',
        id: 'the-job',
        group: 'The job',
        needs: [],
        always: false,
        allowFailure: false,
        retry: 0,
        env: {},
        cwd: '.',
        secrets: Object.keys(secrets),
        services: [],
        artifacts: [],
        caches: [],
        work: { kind: 'steps', steps: steps.map(stepOf) },
        ...job,
      },
      attempt: 1,
      executor: this.executor,
      channel: this.channel,
      record: this.record,
      env: { CI: 'true' },
      secrets: new Map(Object.entries(secrets)),
      needs: {},
      script: { paths: this.paths, env: process.env, push: { sha: '0'.repeat(40), dirty: false } },
      graceSeconds: 1,
      cancel: this.controller.signal,
      adopted: false,
      onEvent: (event) => void this.events.push(event),
      ...request,
    };
  }

  run(steps: readonly StepLike[], options: JobOptions = {}): Promise<JobEnd> {
    return runJob(this.request(steps, options));
  }

  /** A job whose function is this source: the text of a function of `{ sh, … }`. */
  async runFunction(source: string, { job, ...options }: JobOptions = {}): Promise<JobEnd> {
    const folder = join(this.directory, 'script');
    mkdirSync(join(folder, '.slipway'), { recursive: true });
    writeFileSync(
      join(folder, '.slipway/ci.ts'),
      `import { job, pipeline } from 'slipway';\nexport default pipeline({ jobs: [job('The job', ${source})] });\n`,
    );
    const files = await readTree(folder);
    const hash = treeHash(files);
    await writeSnapshot(this.paths, hash, files);
    return this.run([], { ...options, job: { work: { kind: 'function', hash }, ...job } });
  }

  cancel(): void {
    this.controller.abort();
  }

  /** What the log of a step holds. */
  async step(log: number): Promise<StepSeen> {
    const frames: LogFrame[] = [];
    for await (const piece of readRunLogs(this.record, ['the-job'])) {
      if (piece.log === log) frames.push(...piece.frames.map((frame) => (frame.kind === 'end' ? frame : { ...frame, bytes: Buffer.from(frame.bytes) })));
    }
    const of = (stream: string) => Buffer.concat(frames.flatMap((frame) => (frame.kind === 'chunk' && frame.stream === stream ? [frame.bytes] : [])));
    return { stdout: of('stdout'), stderr: of('stderr'), frames };
  }

  async stdout(log = 1): Promise<string> {
    return (await this.step(log)).stdout.toString();
  }

  endsOf(): readonly Extract<RunEvent, { event: 'step-end' }>['end'][] {
    return this.events.flatMap((event) => (event.event === 'step-end' ? [event.end] : []));
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function stepOf(step: StepLike): PlannedStep {
  if (typeof step === 'string') return { name: step.split('\n')[0] ?? '', command: step, env: {} };
  if (Array.isArray(step)) return { name: step.join(' '), command: step as readonly string[], env: {} };
  return { ...(step as PlannedStep), name: 'a step', env: (step as PlannedStep).env ?? {} };
}
