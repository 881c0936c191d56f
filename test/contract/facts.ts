import { request } from 'node:http';
import { expect, test } from 'vitest';
import { cli, localCli } from '../lab.ts';
import type { Setting } from './setting.ts';

/** What Docker 20.10 and Podman 4.3 were measured to do, and Slipway builds on: when one of these fails, code that relies on it must be looked at. */
export function factsContract({ lab, engine, create, start, startUp, exec, name, tiny }: Setting): void {
  const docker = lab.kind === 'docker';
  const { containers } = engine;

  test('create with a taken name: 409 on Docker, 500 with the cause in the body on Podman', async () => {
    const called = name();
    await create({ name: called });
    const answer = await ask(lab.endpoint, 'POST', `/v1.40/containers/create?name=${called}`, { Image: tiny });
    expect(answer.status).toBe(docker ? 409 : 500);
    expect(answer.text).toContain('in use');
  });

  test('an API version that is too new: 400 on Docker, accepted by Podman', async () => {
    expect((await ask(lab.endpoint, 'GET', '/v9.99/containers/json')).status).toBe(docker ? 400 : 200);
  });

  test('the reference of a local image as the engine writes it', async () => {
    const { stdout } = await cli(lab, ['images', '--format', '{{.Repository}}:{{.Tag}}', tiny]);
    expect(docker ? [tiny] : [`localhost/${tiny}`, `docker.io/library/${tiny}`]).toContain(stdout.trim());
  });

  test('the words of events', async () => {
    const since = Math.floor(Date.now() / 1000) - 1;
    const id = await start();
    await exec(id, { command: ['true'] });
    await containers.stop(id);
    await containers.remove(id);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const format = docker ? '{{.Action}} {{.Actor.ID}}' : '{{.Status}} {{.ID}}';
    // Podman tells nothing of a past that has an end.
    const end = docker ? ['--until', String(Math.floor(Date.now() / 1000))] : ['--stream=false'];
    const { stdout } = await cli(lab, ['events', '--since', String(since), ...end, '--filter', 'type=container', '--format', format]);
    const words = stdout
      .split('\n')
      .filter((line) => line.endsWith(id))
      .map((line) => line.split(' ')[0]?.replace(/:$/, ''));
    expect(words).toEqual(expect.arrayContaining(docker ? ['start', 'die', 'destroy', 'exec_die'] : ['start', 'died', 'remove', 'exec_died']));
  });

  test('exec by the program in a stopped and in a removed container: 1 and 1, or 255 and 125 (125 and 125 through the service)', async () => {
    const id = await start();
    await containers.stop(id);
    expect((await localCli(lab, ['exec', id, 'true'])).exitCode).toBe(docker ? 1 : 255);
    expect((await cli(lab, ['exec', id, 'true'])).exitCode).toBe(docker ? 1 : 125);
    await containers.remove(id);
    expect((await localCli(lab, ['exec', id, 'true'])).exitCode).toBe(docker ? 1 : 125);
    expect((await cli(lab, ['exec', id, 'true'])).exitCode).toBe(docker ? 1 : 125);
  });

  test('exec of a missing program: 126 on Docker, 127 on Podman', async () => {
    const id = await start();
    expect((await cli(lab, ['exec', id, 'no-such-program'])).exitCode).toBe(docker ? 126 : 127);
    expect((await exec(id, { command: ['no-such-program'] })).exitCode).toBe(docker ? 126 : 127);
  });

  test('TERM to the exec client ends the client, with 0 or by the signal, and the process inside goes on', async () => {
    const id = await start();
    let client = 0;
    const ended = localCli(lab, ['exec', id, 'sh', '-c', 'echo up; exec sleep 432'], {
      onStart: (pid) => (client = pid),
      onStdout: () => process.kill(client, 'SIGTERM'),
    });
    const { exitCode, signal } = await ended;
    // Docker's program of 20.10 does not catch the signal; later ones and Podman's do, and say 0.
    expect(exitCode ?? signal).toBeOneOf([0, 'SIGTERM']);
    expect((await exec(id, { command: ['sh', '-c', 'ps | grep -c "[s]leep 432"'] })).stdout).toBe('1\n');
  });

  test("an exec'd process killed for memory: 137, and the engine does not call the container out of memory", async () => {
    if (lab.rootless && (await engine.info()).cgroupVersion === 1) {
      // No limit can be held here, so nothing is killed.
      const id = await start({ resources: { memoryBytes: 32 << 20 } });
      expect((await exec(id, { command: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1'] })).exitCode).toBe(0);
      return;
    }
    const id = await start({ resources: { memoryBytes: 32 << 20 } });
    const killed = await exec(id, { command: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=256M', 'count=1'] });
    expect(killed.exitCode).toBe(137);
    expect(await containers.inspect(id)).toMatchObject({ state: 'running', oomKilled: false });
    const counter = await exec(id, {
      command: ['sh', '-c', 'cat /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null || cat /sys/fs/cgroup/memory.events'],
    });
    expect(counter.stdout).toMatch(/^oom_kill [1-9]/m);
  });

  test('absent health: no field on Docker, an empty status on Podman', async () => {
    const id = await create();
    const { text } = await ask(lab.endpoint, 'GET', `/v1.40/containers/${id}/json`);
    const { State } = JSON.parse(text) as { readonly State: { readonly Health?: { readonly Status?: string } } };
    expect(docker ? State.Health : State.Health?.Status).toBe(docker ? undefined : '');
  });

  test('a shell as process 1 ignores TERM: without an init process a stop waits its whole timeout', async () => {
    const bare = await start({ init: false });
    let began = Date.now();
    await containers.stop(bare, { timeoutSeconds: 2 });
    expect(Date.now() - began).toBeGreaterThan(1900);
    expect((await containers.inspect(bare))?.exitCode).toBe(137);
    const withInit = await startUp();
    began = Date.now();
    await containers.stop(withInit, { timeoutSeconds: 20 });
    expect(Date.now() - began).toBeLessThan(10_000);
    expect((await containers.inspect(withInit))?.exitCode).toBe(143);
  });
}

function ask(endpoint: string, method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: endpoint.replace('unix://', ''), method, path, headers: { 'Content-Type': 'application/json' } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
