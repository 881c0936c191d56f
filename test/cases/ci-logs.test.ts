import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run as runProgram } from '../../src/host/process.ts';
import { writeOutcome, writePlan } from '../../src/runs/store.ts';
import { JobRun } from '../ci-job.ts';

let run: JobRun;
const env = () => ({ ...process.env, SLIPWAY_STATE_DIR: run.paths.state, SLIPWAY_CONFIG_DIR: run.paths.config, SLIPWAY_CACHE_DIR: run.paths.cache });

async function logs(...args: readonly string[]) {
  const end = await runProgram([process.execPath, inject('program'), 'ci', 'logs', ...args], { env: env(), cwd: run.directory });
  return { exitCode: end.exitCode, stdout: end.stdout, stderr: end.stderr };
}

const outcome = { kind: 'succeeded', message: 'All jobs succeeded.', retryable: false, evidence: {} } as const;
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('');

beforeAll(async () => {
  run = new JobRun();
  const request = run.request(['seq 1 100; echo oops >&2', 'printf "tail \\377 end"']);
  await writePlan(run.paths, run.ref, { format: 1, source: '.slipway/ci.yml', executor: 'host', env: {}, jobs: [request.job] });
  expect(await run.run(['seq 1 100; sleep 0.1; echo oops >&2', 'printf "tail \\377 end"'])).toMatchObject({ state: 'succeeded' });
});
afterAll(() => run.dispose());

describe('slipway ci logs', () => {
  it('prints each stream to its own, and says on stderr what it is of', async () => {
    expect(await logs(run.ref.run)).toEqual({
      exitCode: 0,
      stdout: `${lines(1, 100)}tail \ufffd end`,
      stderr: 'The job: seq 1 100; sleep 0.1; echo oops >&2\noops\nThe job: printf "tail \\377 end"\n',
    });
  });

  it('prints bytes as they are', async () => {
    const child = spawn(process.execPath, [inject('program'), 'ci', 'logs', 'latest', 'the-job', '--step', '2'], {
      env: env(),
      cwd: run.directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks)).toEqual(Buffer.from('tail \xff end', 'latin1'));
  });

  it('prints the last lines, or some', async () => {
    expect((await logs('latest', '--tail', '4')).stdout).toBe('99\n100\ntail \ufffd end');
    expect((await logs('latest', 'The job', '--lines', '5-7')).stdout).toBe('5\n6\n7\n');
    expect((await logs('latest', '--step', '1', '--lines', '98-')).stdout).toBe('98\n99\n100\n');
    expect((await logs('latest', '--tail', '0')).stdout).toBe('');
    expect(await logs('latest', '--lines', '7-5')).toMatchObject({ exitCode: 2 });
  });

  it('prints lines with their times, as Kubernetes does, and as JSON', async () => {
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;
    const stamped = (await logs('latest', '-t', '--lines', '1-2')).stdout.split('\n');
    expect(stamped.map((line) => line.replace(time, 'T'))).toEqual(['T 1', 'T 2', '']);
    const cri = (await logs('latest', '--cri', '--tail', '3')).stdout.split('\n');
    expect(cri.map((line) => line.replace(time, 'T'))).toEqual(['T stdout F 100', 'T stderr F oops', 'T stdout P tail \ufffd end', '']);
    const json = (await logs('latest', '--json', '--tail', '2')).stdout.trim().split('\n');
    expect(json.map((line) => JSON.parse(line) as unknown)).toEqual([
      { at: expect.stringMatching(time), job: 'The job', attempt: 1, log: 1, stream: 'stderr', text: 'oops', partial: false },
      { at: expect.stringMatching(time), job: 'The job', attempt: 1, log: 2, stream: 'stdout', text: 'tail \ufffd end', partial: true },
    ]);
  });

  it('prints the beginning and the end in little room', async () => {
    const { stdout } = await logs('latest', '--window', '150');
    expect(stdout).toMatch(
      /^The job: seq 1 100.*\n[\s\S]*\n\[… \d+ bytes, \d+ lines left out …\]\n[\s\S]*\noops\nThe job: printf "tail \\377 end"\ntail \ufffd end$/,
    );
    expect(Buffer.byteLength(stdout)).toBeLessThan(220);
  });

  it('follows a run as it goes, and ends with it', async () => {
    const live = new JobRun();
    try {
      const steps = ['echo one; sleep 2; echo two', 'echo three'];
      await writePlan(live.paths, live.ref, { format: 1, source: '.slipway/ci.yml', executor: 'host', env: {}, jobs: [live.request(steps).job] });
      const liveEnv = { ...process.env, SLIPWAY_STATE_DIR: live.paths.state, SLIPWAY_CONFIG_DIR: live.paths.config, SLIPWAY_CACHE_DIR: live.paths.cache };
      const seen: { readonly text: string; readonly at: number }[] = [];
      const following = runProgram([process.execPath, inject('program'), 'ci', 'logs', live.ref.run, '-f'], {
        env: liveEnv,
        cwd: live.directory,
        onStdout: (chunk) => seen.push({ text: chunk.toString(), at: Date.now() }),
      });
      const end = await live.run(steps);
      expect(end.state).toBe('succeeded');
      await writeOutcome(live.paths, live.ref, outcome);
      expect((await following).exitCode).toBe(0);
      expect(seen.map(({ text }) => text).join('')).toBe('The job | one\nThe job | two\nThe job | three\n'.replaceAll('The job | ', ''));
      expect((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(1000);
    } finally {
      live.dispose();
    }
  });

  it('names the jobs that there are', async () => {
    const { exitCode, stderr } = await logs('latest', 'nope');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('has no job nope');
    expect(stderr).toContain('It has The job.');
  });
});
