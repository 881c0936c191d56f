import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import type { ContainerDetails, Engine } from '../src/engine/model.ts';
import { type ProcessEnd, run } from '../src/host/process.ts';
import { cli, connectLab, type LabEngine, type LabUser, lab, removeLabelled } from './lab.ts';

export interface SandboxOptions {
  /** Who types the commands. Default: the owner of a rootless engine, root on Podman, an unprivileged person on Docker. */
  readonly as?: 'root' | 'person';
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onStdout?: (chunk: Buffer) => void;
  /** Default: the sandbox's own folder. */
  readonly cwd?: string;
}

/**
 * One install of Slipway for a person on one engine of the lab: configuration, state and cache of its own, and the built
 * program. `dispose` removes everything that carries the install's label.
 */
export class Sandbox {
  readonly lab: LabEngine;
  readonly engine: Engine;
  readonly directory: string;
  readonly user: LabUser | null;

  constructor(engine: LabEngine, options: SandboxOptions = {}) {
    this.lab = engine;
    this.engine = connectLab(engine);
    this.user = engine.user ?? (options.as === 'root' || (options.as === undefined && engine.kind === 'podman') ? null : lab.person);
    this.directory = mkdtempSync('/var/tmp/slipway-test-');
    this.own(this.directory);
    mkdirSync(this.path('home'));
    this.own(this.path('home'));
  }

  /** Where the person's files are. */
  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  get uid(): number {
    return this.user?.uid ?? 0;
  }

  /** Runs a slipway command to its end. */
  slipway(args: readonly string[], options: RunOptions = {}): Promise<ProcessEnd> {
    return run([...this.asUser(), process.execPath, inject('program'), ...args], {
      ...options,
      env: this.env(options.env),
      cwd: options.cwd ?? this.directory,
      timeoutMs: options.timeoutMs ?? 120_000,
    });
  }

  /** Runs one that has to succeed, and gives its stdout without the last newline. */
  async ok(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const end = await this.slipway(args, options);
    if (end.exitCode !== 0) throw new Error(`slipway ${args.join(' ')} ended with ${end.exitCode ?? end.signal}:\n${end.stdout}${end.stderr}`);
    return end.stdout.trimEnd();
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok([...args, '--json'])) as T;
  }

  /** Starts one and gives the process itself, to be killed. With setpriv in front the pid is still the program's: it execs. */
  start(args: readonly string[], options: RunOptions = {}): ChildProcess {
    const [program = '', ...rest] = [...this.asUser(), process.execPath, inject('program'), ...args];
    return spawn(program, rest, { cwd: options.cwd ?? this.directory, env: this.env(options.env), stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The engine's own program, as somebody beside Slipway would use it. */
  async engineProgram(args: readonly string[]): Promise<string> {
    const end = await cli(this.lab, args);
    if (end.exitCode !== 0) throw new Error(`${this.lab.program[0]} ${args.join(' ')} ended with ${end.exitCode}:\n${end.stderr}`);
    return end.stdout.trim();
  }

  container(name: string): Promise<ContainerDetails | undefined> {
    return this.engine.containers.inspect(name);
  }

  /** Writes a file of the person's. */
  write(path: string, text: string): string {
    const file = this.path(path);
    for (const folder of missingFolders(dirname(file))) {
      mkdirSync(folder);
      this.own(folder);
    }
    writeFileSync(file, text);
    this.own(file);
    return file;
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** A git repository of the person's with these files on branch main. */
  async repository(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    for (const [file, text] of Object.entries(files)) this.write(join(name, file), text);
    const git = (...args: readonly string[]) => this.as(['git', '-C', this.path(name), '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args]);
    await git('init', '-q', '-b', 'main');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'First');
    return this.path(name);
  }

  /** Runs any program as the person. */
  async as(argv: readonly string[]): Promise<string> {
    const end = await run([...this.asUser(), ...argv], { env: this.env(), cwd: this.directory });
    if (end.exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${end.exitCode}:\n${end.stderr}`);
    return end.stdout.trim();
  }

  get installId(): string | undefined {
    const file = this.path('state/install.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly id: string }).id : undefined;
  }

  /** Removes what this install made, on the engine and on disk, also after a failure. */
  async dispose(): Promise<void> {
    try {
      const id = this.installId;
      if (id !== undefined) await removeLabelled(this.engine, { 'io.slipway.install': id });
    } finally {
      this.engine.close();
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  private asUser(): readonly string[] {
    return this.user === null ? [] : ['setpriv', `--reuid=${this.user.uid}`, `--regid=${this.user.gid}`, '--init-groups', '--'];
  }

  env(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return {
      PATH: process.env.PATH ?? '',
      ...this.lab.env,
      HOME: this.path('home'),
      SLIPWAY_CONFIG_DIR: this.path('config'),
      SLIPWAY_STATE_DIR: this.path('state'),
      SLIPWAY_CACHE_DIR: this.path('cache'),
      SLIPWAY_ENGINE: this.lab.endpoint,
      LANG: 'C.UTF-8',
      ...more,
    };
  }

  private own(path: string): void {
    if (this.user !== null) chownSync(path, this.user.uid, this.user.gid);
  }
}

function missingFolders(directory: string): readonly string[] {
  if (existsSync(directory)) return [];
  return [...missingFolders(dirname(directory)), directory];
}

/** An agent without a network or a key: its prompt is a shell script. */
export const shellAgent = `label: Shell
install: ["true"]
version: [sh, -c, "echo 1"]
command: [sh]
headless:
  command: [sh, -c, "{prompt}"]
`;
