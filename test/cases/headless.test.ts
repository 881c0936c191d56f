import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { makeProject } from './project.ts';

interface RunJson {
  readonly state: string;
  readonly run: { readonly exit_code: number | null; readonly reason: string | null; readonly ended_at: string | null } | null;
}

/** Headless runs: the agent here is the shell, so that its exit code and output are what the test says. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'auto');
  });
  afterAll(() => box.dispose());

  const lastTask = async () => (await box.json<readonly { readonly id: string }[]>(['task', 'list', 'auto'])).at(-1)?.id ?? '';
  const status = (task: string) => box.json<RunJson>(['task', 'status', 'auto', task]);

  it.each([0, 3, 125, 137])("exits with the agent's own code %i and records it", async (code) => {
    const end = await box.slipway(['run', 'auto', `echo out; echo err >&2; exit ${code}`]);
    expect(end.exitCode).toBe(code);
    expect(end.stdout).toBe('out\n');
    expect(end.stderr).toContain('err\n');
    expect(await status(await lastTask())).toMatchObject({ state: 'exited', run: { exit_code: code, reason: 'exited' } });
  });

  it('streams while the agent works, the last line without a newline too', async () => {
    const seen: { readonly text: string; readonly at: number }[] = [];
    const end = await box.slipway(['run', 'auto', 'echo first; sleep 3; printf last'], {
      onStdout: (chunk) => seen.push({ text: chunk.toString(), at: Date.now() }),
    });
    expect(end.exitCode).toBe(0);
    expect(seen.map(({ text }) => text).join('')).toBe('first\nlast');
    expect((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(1500);
  });

  it('a time limit ends the whole tree, exits 124 and says so', async () => {
    const end = await box.slipway(['run', 'auto', '--timeout', '1', 'trap "" TERM; sleep 300 & sleep 300; sleep 300']);
    expect(end.exitCode).toBe(124);
    expect(await status(await lastTask())).toMatchObject({ state: 'exited', run: { exit_code: 124, reason: 'timeout' } });
  });

  it('task stop during a run stops it at once, from another process, and the follower tells', async () => {
    const follower = box.start(['run', 'auto', 'echo working; sleep 3600']);
    const exit = once(follower, 'exit');
    await once(follower.stdout as NodeJS.ReadableStream, 'data');
    const task = await lastTask();
    const before = Date.now();
    await box.ok(['task', 'stop', 'auto', task]);
    expect(Date.now() - before).toBeLessThan(20_000);
    expect((await exit)[0]).not.toBe(0);
    expect(await status(task)).toMatchObject({ state: 'exited', run: { reason: 'stopped' } });
  });

  it('outlives a follower that was killed, and its exit code is recorded all the same', async () => {
    const follower = box.start(['run', 'auto', 'echo working; sleep 3; echo done > made; exit 7']);
    await once(follower.stdout as NodeJS.ReadableStream, 'data');
    const task = await lastTask();
    follower.kill('SIGKILL');
    await once(follower, 'exit');
    expect((await status(task)).state).toBe('running');
    await expect.poll(() => status(task), { timeout: 20_000, interval: 500 }).toMatchObject({ state: 'exited', run: { exit_code: 7, reason: 'exited' } });
    expect(box.read(`state/tasks/auto/${task}/workspace/made`)).toBe('done\n');
  });

  it('Ctrl-C detaches: the run goes on', async () => {
    const follower = box.start(['run', 'auto', 'echo working; sleep 4; exit 5']);
    await once(follower.stdout as NodeJS.ReadableStream, 'data');
    const task = await lastTask();
    follower.kill('SIGINT');
    expect((await once(follower, 'exit'))[0]).toBe(130);
    expect((await status(task)).state).toBe('running');
    await expect.poll(() => status(task), { timeout: 20_000, interval: 500 }).toMatchObject({ run: { exit_code: 5 } });
  });

  it('detached: prints the task, records the end, also when the container was removed by hand afterwards', async () => {
    const task = await box.ok(['run', 'auto', '--detach', 'echo hello; exit 9']);
    await expect.poll(() => status(task), { timeout: 20_000, interval: 300 }).toMatchObject({ run: { exit_code: 9, reason: 'exited' } });
    expect((await box.slipway(['task', 'logs', 'auto', task])).stdout).toContain('hello\n');
    await box.engineProgram(['rm', '-f', `auto-run-${task}`]);
    expect(await status(task)).toMatchObject({ state: 'not-found', run: { exit_code: 9, reason: 'exited' } });
  });

  it('a container removed by hand in the middle of a run is no success', async () => {
    const follower = box.start(['run', 'auto', 'echo working; sleep 3600']);
    const exit = once(follower, 'exit');
    await once(follower.stdout as NodeJS.ReadableStream, 'data');
    const task = await lastTask();
    await box.engineProgram(['rm', '-f', `auto-run-${task}`]);
    // Docker kills it, and nothing is left that could tell; Podman asks it to end first, and the supervisor records that.
    const [code, run] = lab.kind === 'docker' ? [125, { exit_code: null, reason: 'lost' }] : [143, { exit_code: 143, reason: 'stopped' }];
    expect((await exit)[0]).toBe(code);
    expect(await status(task)).toMatchObject({ state: 'not-found', run });
  });

  it('wrong input makes no task', async () => {
    const before = await box.json<readonly unknown[]>(['task', 'list', 'auto']);
    for (const args of [['--agent', 'nobody', 'x'], [''], ['--timeout', 'soon', 'x']]) {
      const end = await box.slipway(['run', 'auto', ...args]);
      expect([2, 125]).toContain(end.exitCode);
    }
    expect(await box.json<readonly unknown[]>(['task', 'list', 'auto'])).toHaveLength(before.length);
  });

  it('task logs: the tail, and a follower that ends with the container', async () => {
    const task = await box.ok(['run', 'auto', '--detach', 'for i in 1 2 3; do echo line $i; done; sleep 2; echo end']);
    const end = await box.slipway(['task', 'logs', '-f', 'auto', task]);
    expect(end.stdout).toContain('line 1\nline 2\nline 3\nend\n');
    expect((await box.slipway(['task', 'logs', '--tail', '1', 'auto', task])).stdout).toBe('end\n');
  });

  it('hands the agent the variables that its definition names, and no inspect shows them', async () => {
    box.write(
      'config/agents/keyed.yml',
      'label: Keyed\ninstall: ["true"]\nversion: [sh, -c, "echo 1"]\ncommand: [sh]\nheadless:\n  command: [sh, -c, "{prompt}"]\npass_env: [SECRET_KEY]\n',
    );
    box.write(
      'config/projects/keyed/project.yml',
      box
        .read('config/projects/auto/project.yml')
        .replace('id: auto', 'id: keyed')
        .replace('[shell]', '[keyed]')
        .replace('default_agent: shell', 'default_agent: keyed'),
    );
    await box.ok(['build', 'keyed'], { timeoutMs: 600_000 });
    const end = await box.slipway(['run', 'keyed', 'printf %s "$SECRET_KEY" | rev'], { env: { SECRET_KEY: "it's secret" } });
    expect([end.exitCode, end.stdout]).toEqual([0, "terces s'ti"]);
    expect(await box.engineProgram(['inspect', 'keyed-run-1'])).not.toContain("it's secret");
    expect(await box.as(['sh', '-c', 'grep -rl "s secret" state/journal state/projects || true'])).toBe('');
  });
});
