import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { engines, lab, type LabEngine } from '../lab.ts';
import { ModelEndpoint } from '../model-endpoint.ts';
import { type RunOptions, Sandbox } from '../sandbox.ts';

interface StatusJson {
  readonly state: string;
  readonly run: { readonly agent: string; readonly exit_code: number | null; readonly reason: string | null } | null;
}

interface Place {
  readonly name: string;
  readonly engine: LabEngine;
  readonly agents: readonly string[];
  /** Which agents are ended in which way. */
  readonly stopped: readonly string[];
  readonly refused: readonly string[];
  readonly left: readonly string[];
}

const all = ['claude', 'codex', 'opencode'];
const key = 'sk-scripted-4711';

/**
 * Every kind of person: an unprivileged one on Docker, root on Podman, for whom Claude Code has a rule of its own, and the owner
 * of a rootless Podman. An agent's end is Slipway's own doing there as on Docker, so one agent a way shows it.
 */
const places: readonly Place[] = engines.map((engine) => {
  if (engine.name === 'docker') return { name: engine.name, engine, agents: all, stopped: all, refused: all, left: all };
  if (engine.name === 'podman') return { name: engine.name, engine, agents: ['claude'], stopped: ['claude'], refused: ['claude'], left: ['claude'] };
  return { name: engine.name, engine, agents: all, stopped: ['claude'], refused: ['codex'], left: ['opencode'] };
});

/** The agents of the npm registry in a real L1, as their built-in definitions start them, against a model that this test scripts. */
describe.each(places)('$name', ({ engine, agents, stopped, refused, left }) => {
  let box: Sandbox;
  let model: ModelEndpoint;

  beforeAll(async () => {
    model = await ModelEndpoint.start();
    box = new Sandbox(engine);
    const repository = await box.repository('repos/real', { 'README.md': '# Real\n', 'opencode.json': openCodeSettings(model.url) });
    // Codex reads its provider from its own folder, which Slipway keeps for all tasks.
    box.write('state/envs/codex/config.toml', codexSettings(model.url));
    const settings = [
      `repository: ${repository}`,
      'branch: main',
      `base: ${lab.images.debian}`,
      `agents: [${agents.join(', ')}]`,
      'network: host',
      'shutdown_timeout: 5',
      'build:',
      '  network: host',
      '',
    ];
    box.write('config/projects/real/project.yml', settings.join('\n'));
    await box.ok(['build', 'real'], { timeoutMs: 900_000 });
  }, 960_000);
  afterAll(async () => {
    await box.dispose();
    await model.close();
  }, 300_000);
  afterEach(() => {
    model.release();
    model.refuse = false;
  });

  const environment: RunOptions = { env: { ANTHROPIC_API_KEY: key, OPENAI_API_KEY: key } };
  const withModel = (): RunOptions => ({ env: { ...environment.env, ANTHROPIC_BASE_URL: model.url } });
  const run = (agent: string, ...more: readonly string[]) => box.slipway(['run', 'real', '--agent', agent, ...more, `Write ${model.edit.path}`], withModel());
  const lastTask = async () => (await box.json<readonly { readonly id: string }[]>(['task', 'list', 'real'])).at(-1)?.id ?? '';
  const status = (task: string) => box.json<StatusJson>(['task', 'status', 'real', task]);
  const edited = (task: string) => `state/tasks/real/${task}/workspace/${model.edit.path}`;

  it('each answers --version inside a task', async () => {
    await box.ok(['task', 'start', 'real']);
    const task = await lastTask();
    for (const agent of agents) expect(await box.ok(['task', 'exec', 'real', task, '--', agent, '--version'])).toMatch(/\d+\.\d+\.\d+/);
    await box.ok(['task', 'stop', 'real', task]);
  });

  it.each(agents)("%s does a headless edit: exit code 0, the file is the person's, the key reached the model", async (agent) => {
    model.edit = { path: `by-${agent}.txt`, text: `It's ${agent}'s.\n` };
    model.requests.length = 0;
    const end = await run(agent);
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stdout).toContain('The file is edited.');
    const task = await lastTask();
    expect(box.read(edited(task))).toBe(model.edit.text);
    expect(statSync(box.path(edited(task))).uid).toBe(box.uid);
    expect(new Set(model.requests.map((request) => request.key))).toEqual(new Set([key]));
    expect(await status(task)).toMatchObject({ state: 'exited', run: { agent, exit_code: 0, reason: 'exited' } });
  });

  it.each(stopped)('%s is stopped half-way: at once, told as stopped, and what it had edited stays', async (agent) => {
    model.hold();
    const task = await box.ok(['run', 'real', '--agent', agent, '--detach', 'Write half.txt'], withModel());
    await expect.poll(() => model.agentsWaiting, { timeout: 60_000, interval: 200 }).toBeGreaterThan(0);
    const before = Date.now();
    await box.ok(['task', 'stop', 'real', task]);
    expect(Date.now() - before).toBeLessThan(20_000);
    const after = await status(task);
    expect(after).toMatchObject({ state: 'exited', run: { agent, reason: 'stopped' } });
    expect(after.run?.exit_code).not.toBe(0);
    expect(existsSync(box.path(edited(task)))).toBe(true);
  });

  it.each(refused)('%s exits non-zero where the model refuses, and so does the command', async (agent) => {
    model.refuse = true;
    const end = await run(agent);
    expect(end.exitCode).toBeGreaterThan(0);
    expect(end.exitCode).toBeLessThan(125);
    expect(`${end.stdout}${end.stderr}`).toContain('The scripted model refuses.');
    expect(await status(await lastTask())).toMatchObject({ state: 'exited', run: { agent, exit_code: end.exitCode, reason: 'exited' } });
  });

  it.each(left)('%s outlives its follower, and its end is recorded', async (agent) => {
    model.hold();
    const before = await lastTask();
    const follower = box.start(['run', 'real', '--agent', agent, 'Write on'], withModel());
    const exit = once(follower, 'exit');
    await expect.poll(() => model.agentsWaiting, { timeout: 60_000, interval: 200 }).toBeGreaterThan(0);
    follower.kill('SIGKILL');
    await exit;
    const task = await lastTask();
    expect(task).not.toBe(before);
    expect(await status(task)).toMatchObject({ state: 'running', run: { agent } });
    model.release();
    await expect.poll(() => status(task), { timeout: 60_000, interval: 500 }).toMatchObject({ state: 'exited', run: { exit_code: 0, reason: 'exited' } });
    expect((await box.slipway(['task', 'logs', 'real', task])).stdout).toContain('The file is edited.');
  });

  it("no container's configuration, journal or metadata holds the key", async () => {
    const names = (await box.json<readonly { readonly container: string | null }[]>(['task', 'list', 'real'])).flatMap(({ container }) => container ?? []);
    expect(await box.engineProgram(['inspect', ...names])).not.toContain(key);
    expect(await box.as(['sh', '-c', `grep -rl ${key} state/journal state/projects || true`])).toBe('');
  });
});

function openCodeSettings(url: string): string {
  return JSON.stringify({
    $schema: 'https://opencode.ai/config.json',
    model: 'scripted/m1',
    provider: {
      scripted: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Scripted',
        options: { baseURL: `${url}/v1`, apiKey: '{env:OPENAI_API_KEY}' },
        models: { m1: { name: 'm1' } },
      },
    },
  });
}

function codexSettings(url: string): string {
  return `model = "m1"
model_provider = "scripted"
[model_providers.scripted]
name = "Scripted"
base_url = "${url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
`;
}
