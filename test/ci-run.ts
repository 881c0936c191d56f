import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Sandbox } from './sandbox.ts';

/** `slipway ci show --json`, as far as tests look at it. */
export interface RunJson {
  readonly id: string;
  readonly repository: string;
  readonly state: string;
  readonly phase: string;
  readonly place: number | null;
  readonly source: { readonly repository: string; readonly revision: string; readonly commit: string; readonly ref: string | null; readonly dirty: boolean };
  readonly tree: string | null;
  readonly executor: string | null;
  readonly outcome: {
    readonly kind: string;
    readonly message: string;
    readonly retryable: boolean;
    readonly evidence: Readonly<Record<string, unknown>>;
    readonly job: string | null;
    readonly step: number | null;
  } | null;
  readonly jobs: readonly {
    readonly name: string;
    readonly id: string;
    readonly state: string;
    readonly attempt: number;
    readonly steps: readonly { readonly log: number; readonly exit_code: number | null; readonly reason: string | null }[];
  }[];
  readonly container: Readonly<Record<'image_tag' | 'container_id' | 'container_started_at' | 'container_stopped_at', string | null>>;
  readonly notes: readonly string[];
  /** The process that looks after it. */
  readonly driver: number | null;
  readonly directory: string;
  readonly workspace: string;
}

export interface PipelineFiles {
  readonly pipeline: string;
  readonly dockerfile?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A repository of the person's with a pipeline, committed. Its name is that of its runs. */
export function pipelineRepository(box: Sandbox, name: string, { pipeline, dockerfile, files = {} }: PipelineFiles): Promise<string> {
  return box.repository(name, { ...files, '.slipway/ci.yml': pipeline, ...(dockerfile === undefined ? {} : { '.slipway/Dockerfile': dockerfile }) });
}

export interface Ran {
  readonly exitCode: number | undefined;
  readonly run: RunJson;
  /** What it showed while it went on: with --json stdout is the result's. */
  readonly shown: string;
}

/** Runs the pipeline to its end, and looks whether anything of it is left. */
export async function runPipeline(box: Sandbox, repository: string, args: readonly string[] = []): Promise<Ran> {
  const end = await box.slipway(['ci', 'run', '--json', ...args], { cwd: repository, timeoutMs: 300_000 });
  const run = parseRun(end.stdout, end.stderr);
  await expectNothingLeft(box, run);
  return { exitCode: end.exitCode, run, shown: end.stderr };
}

function parseRun(stdout: string, stderr: string): RunJson {
  try {
    return JSON.parse(stdout) as RunJson;
  } catch {
    throw new Error(`slipway ci run --json wrote no JSON:\n${stdout}\n${stderr}`);
  }
}

/** Containers, networks and workspace are gone; the record is whole. */
export async function expectNothingLeft(box: Sandbox, run: RunJson): Promise<void> {
  const labels = { 'io.slipway.managed': 'true', 'io.slipway.run': run.id };
  const containers = (await box.engine.containers.list({ labels })).map(({ name }) => name);
  const networks = (await box.engine.networks.list({ labels })).map(({ name }) => name);
  expect({ containers, networks, workspace: existsSync(run.workspace) }).toEqual({ containers: [], networks: [], workspace: false });
  expect(JSON.parse(readFileSync(join(run.directory, 'outcome.json'), 'utf8'))).toMatchObject({ kind: run.outcome?.kind });
}

/** The run of a `ci run` that is going on, once `isWanted`. */
export async function goingRun(box: Sandbox, isWanted: (run: RunJson) => boolean): Promise<RunJson> {
  let found: RunJson | undefined;
  await expect
    .poll(
      async () => {
        const shown = await box.slipway(['ci', 'show', 'latest', '--json']);
        found = shown.exitCode === 0 ? (JSON.parse(shown.stdout) as RunJson) : undefined;
        if (found === undefined) return shown.stderr;
        // What is shown where it never comes tells why.
        return isWanted(found) ? 'as wanted' : found;
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe('as wanted');
  return found as RunJson;
}
