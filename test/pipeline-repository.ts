import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { type ProcessEnd, run } from '../src/host/process.ts';
import type { PipelinePlan } from '../src/runs/model.ts';

/** An install of Slipway and a repository whose pipeline is looked at. No engine is asked. */
export class PipelineRepository {
  readonly folder = mkdtempSync('/var/tmp/slipway-test-pipeline-');
  readonly repository = join(this.folder, 'repository');

  async begin(): Promise<this> {
    mkdirSync(this.repository);
    await this.git('init', '-q', '-b', 'main');
    return this;
  }

  env(): Readonly<Record<string, string>> {
    const here = (name: string) => join(this.folder, name);
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: here('home'),
      SLIPWAY_CONFIG_DIR: here('config'),
      SLIPWAY_STATE_DIR: here('state'),
      SLIPWAY_CACHE_DIR: here('cache'),
      LANG: 'C.UTF-8',
      SECRET_TOKEN: 'of the person',
    };
  }

  slipway(args: readonly string[], cwd = this.repository): Promise<ProcessEnd> {
    return run([process.execPath, inject('program'), ...args], { cwd, env: this.env() });
  }

  /** Runs one that has to succeed, and gives its stdout. */
  async ok(args: readonly string[], cwd = this.repository): Promise<string> {
    const end = await this.slipway(args, cwd);
    if (end.exitCode !== 0) throw new Error(`slipway ${args.join(' ')} ended with ${end.exitCode}:\n${end.stdout}${end.stderr}`);
    return end.stdout;
  }

  async plan(cwd = this.repository): Promise<PipelinePlan> {
    return JSON.parse(await this.ok(['ci', 'plan', '--json'], cwd)) as PipelinePlan;
  }

  async git(...args: readonly string[]): Promise<string> {
    const end = await run(['git', '-C', this.repository, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { env: this.env() });
    if (end.exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with ${end.exitCode}:\n${end.stderr}`);
    return end.stdout.trim();
  }

  async commit(): Promise<string> {
    await this.git('add', '-A');
    await this.git('commit', '-q', '-m', 'A commit');
    return this.git('rev-parse', 'HEAD');
  }

  write(path: string, ...lines: readonly string[]): string {
    const file = join(this.repository, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** A ci.ts that leaves a trace where it is run. */
  writeScript(...jobs: readonly string[]): string {
    const trace = join(this.folder, 'trace');
    this.write(
      '.slipway/ci.ts',
      "import { appendFileSync } from 'node:fs';",
      "import { job, pipeline } from 'slipway';",
      `appendFileSync(${JSON.stringify(trace)}, 'run\\n');`,
      `export default pipeline({ jobs: [${jobs.join(', ')}] });`,
    );
    return trace;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
