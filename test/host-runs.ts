import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, inject } from 'vitest';
import { type ProcessEnd, run } from '../src/host/process.ts';
import type { RunEvent } from '../src/runs/model.ts';
import { isRunning } from './processes.ts';
import type { RunJson } from './ci-run.ts';

export interface HostRunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Ran {
  readonly exitCode: number | undefined;
  readonly run: RunJson;
  /** What was shown while it went on. */
  readonly shown: string;
}

/** One install with a repository, for runs on the host. Its engine is none, so that whoever asks for one fails. */
export class HostRuns {
  readonly directory = mkdtempSync('/var/tmp/slipway-test-runs-');
  readonly repository = this.path('work');

  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  env(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.path('home'),
      SLIPWAY_CONFIG_DIR: this.path('config'),
      SLIPWAY_STATE_DIR: this.path('state'),
      SLIPWAY_CACHE_DIR: this.path('cache'),
      SLIPWAY_ENGINE: `unix://${this.path('no-engine')}`,
      LANG: 'C.UTF-8',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.org',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.org',
      ...more,
    };
  }

  write(path: string, text: string): void {
    const file = this.path(path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Commits these files, and what else there is, in the repository. Gives the commit. */
  async commit(files: Readonly<Record<string, string>>): Promise<string> {
    for (const [path, text] of Object.entries(files)) this.write(join('work', path), text);
    if (!existsSync(join(this.repository, '.git'))) await this.git('init', '-q', '-b', 'main');
    await this.git('add', '-A');
    await this.git('commit', '-q', '--allow-empty', '-m', 'A commit');
    return this.git('rev-parse', 'HEAD');
  }

  /** Commits a pipeline. */
  pipeline(text: string): Promise<string> {
    return this.commit({ '.slipway/ci.yml': text });
  }

  async git(...args: readonly string[]): Promise<string> {
    const end = await run(['git', '-C', this.repository, ...args], { env: this.env() });
    if (end.exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with ${end.exitCode}:\n${end.stderr}`);
    return end.stdout.trim();
  }

  slipway(args: readonly string[], { cwd = this.repository, env = {}, timeoutMs = 120_000 }: HostRunOptions = {}): Promise<ProcessEnd> {
    return run([process.execPath, inject('program'), ...args], { cwd, env: this.env(env), timeoutMs });
  }

  async ok(args: readonly string[], options: HostRunOptions = {}): Promise<string> {
    const end = await this.slipway(args, options);
    if (end.exitCode !== 0) throw new Error(`slipway ${args.join(' ')} ended with ${end.exitCode ?? end.signal}:\n${end.stdout}${end.stderr}`);
    return end.stdout.trimEnd();
  }

  async json<T>(args: readonly string[], options: HostRunOptions = {}): Promise<T> {
    return JSON.parse(await this.ok([...args, '--json'], options)) as T;
  }

  /** Runs the pipeline to its end, and looks whether anything of it is left. */
  async run(args: readonly string[] = [], options: HostRunOptions = {}): Promise<Ran> {
    const end = await this.slipway(['ci', 'run', '--json', ...args], options);
    const told = this.parse(end);
    await this.expectNothingLeft(told);
    return { exitCode: end.exitCode, run: told, shown: end.stderr };
  }

  parse(end: Pick<ProcessEnd, 'stdout' | 'stderr'>): RunJson {
    try {
      return JSON.parse(end.stdout) as RunJson;
    } catch {
      throw new Error(`no JSON:\n${end.stdout}\n${end.stderr}`);
    }
  }

  /** Starts a command, to be killed. */
  start(args: readonly string[], options: HostRunOptions = {}): ChildProcess {
    return spawn(process.execPath, [inject('program'), ...args], {
      cwd: options.cwd ?? this.repository,
      env: this.env(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  show(id = 'latest'): Promise<RunJson> {
    return this.json<RunJson>(['ci', 'show', id]);
  }

  list(): Promise<readonly RunJson[]> {
    return this.json<readonly RunJson[]>(['ci', 'list']);
  }

  /** The run, once it is as it is wanted. */
  async until(isWanted: (run: RunJson) => boolean, id = 'latest'): Promise<RunJson> {
    let found: RunJson | undefined;
    await expect
      .poll(
        async () => {
          const end = await this.slipway(['ci', 'show', id, '--json']);
          found = end.exitCode === 0 ? this.parse(end) : undefined;
          return found !== undefined && isWanted(found);
        },
        { timeout: 60_000, interval: 100 },
      )
      .toBe(true);
    return found as RunJson;
  }

  events(run: RunJson): readonly RunEvent[] {
    return readFileSync(join(run.directory, 'events.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as RunEvent);
  }

  /** A whole record with one outcome; no file, process or place in the queue that anybody would have to look after. A driver has still to end when its run has. */
  async expectNothingLeft(run: RunJson): Promise<void> {
    const left = () => {
      const { kind } = JSON.parse(readFileSync(join(run.directory, 'outcome.json'), 'utf8')) as { readonly kind: string };
      return {
        kind,
        ends: this.events(run).filter(({ event }) => event === 'end').length,
        open: readdirSync(this.path('state/runs/open')).filter((name) => name.startsWith(run.id)),
        reserve: existsSync(join(run.directory, 'reserve')),
        cache: existsSync(dirname(run.workspace)),
        processes: this.processes(run.id),
      };
    };
    await expect
      .poll(left, { timeout: 10_000, interval: 100 })
      .toEqual({ kind: run.outcome?.kind, ends: 1, open: [], reserve: false, cache: false, processes: [] });
  }

  /** Command lines of processes that steps of a run have started. */
  processes(id: string): readonly string[] {
    return this.processesWith(`SLIPWAY_STEP=${id}/`);
  }

  /** Command lines of processes whose environment holds a text. */
  processesWith(text: string): readonly string[] {
    return pids().flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text) ? [command] : [];
      } catch {
        return [];
      }
    });
  }

  /** Pid of a run's driver. */
  driver(run: RunJson): number | undefined {
    try {
      const { pid } = JSON.parse(readFileSync(this.path('state/locks/run', run.repository, `${run.id}.lock`), 'utf8')) as { readonly pid: number };
      return isRunning(pid) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends whatever this install has started, also after a failure. */
  dispose(): void {
    for (const pid of pids()) {
      try {
        if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.directory)) process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}
