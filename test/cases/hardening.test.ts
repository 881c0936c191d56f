import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { makeProject } from './project.ts';

interface DoctorJson {
  readonly engines: readonly { readonly endpoint: string; readonly findings: readonly { readonly code: string }[] }[];
}

/** What a task may do, and what it may not. The person is unprivileged everywhere: for root there is no `sudo` to switch off. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  /** Whether the kernel enforces the engine's limits: rootless, not before version 2 of the control groups. */
  let limited: boolean;

  beforeAll(async () => {
    box = new Sandbox(lab, { as: 'person' });
    await makeProject(box, 'lax', 'resources:\n  pids: 100\n  memory: 128m\n');
    const settings = box.read('config/projects/lax/project.yml').replace('shutdown_timeout: 3', 'shutdown_timeout: 30');
    box.write('config/projects/lax/project.yml', settings);
    await makeProject(box, 'served', 'ports:\n  - container: 8080\n    host: 0\n');
    await makeProject(box, 'strict', 'hardening: strict\n');
    const info = await box.engine.info();
    limited = !info.rootless || info.cgroupVersion === 2;
  }, 600_000);
  afterAll(() => box.dispose());

  const startTask = async (project: string) => {
    const task = await box.ok(['task', 'new', project]);
    await box.ok(['task', 'run-cli', project, task]);
    return task;
  };
  const exec = (project: string, task: string, command: string, ...flags: readonly string[]) =>
    box.slipway(['task', 'exec', ...flags, project, task, '--', 'sh', '-c', command]);

  it("standard: the agent's user is not root, and may become it by sudo, inside the container's capabilities", async () => {
    const task = await startTask('lax');
    expect((await exec('lax', task, 'id -un')).stdout).toBe('dev\n');
    expect(await exec('lax', task, 'sudo -n id -u')).toMatchObject({ exitCode: 0, stdout: '0\n' });
    expect(await exec('lax', task, 'sudo -n sh -c "echo x > /opt/x" && cat /opt/x')).toMatchObject({ exitCode: 0, stdout: 'x\n' });
    for (const command of ['mount -t tmpfs none /mnt', 'chroot / true', 'hostname other', 'mknod /tmp/sda b 8 0', 'date -s @0']) {
      expect([command, (await exec('lax', task, `sudo -n ${command}`)).exitCode]).not.toEqual([command, 0]);
    }
    expect((await exec('lax', task, 'grep NoNewPrivs /proc/self/status')).stdout).toMatch(/\t0\n$/);
  });

  it('strict: sudo is refused, and root work is done by task exec --root', async () => {
    const task = await startTask('strict');
    expect((await exec('strict', task, 'grep NoNewPrivs /proc/self/status')).stdout).toMatch(/\t1\n$/);
    expect((await exec('strict', task, 'sudo -n id -u')).exitCode).not.toBe(0);
    expect((await exec('strict', task, 'su -c true')).exitCode).not.toBe(0);
    expect(await exec('strict', task, 'echo root > /opt/x && id -u && cat /opt/x', '--root')).toMatchObject({ exitCode: 0, stdout: '0\nroot\n' });
    expect((await exec('strict', task, 'echo mine >> /opt/x')).exitCode).not.toBe(0);
  });

  it('limits of processes and memory hold where the kernel enforces them; where not, doctor says so', async () => {
    const task = await startTask('lax');
    expect((await box.container(`lax-cli-${task}`))?.state).toBe('running');
    const eats = await exec('lax', task, 'head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null');
    const forks = await exec('lax', task, 'i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; echo all; pkill -u dev -x sleep');
    if (limited) {
      expect(forks.stdout).not.toContain('all');
      expect(eats.exitCode).toBe(137);
    } else {
      expect([forks.stdout, eats.exitCode]).toEqual(['all\n', 0]);
      const doctor = await box.slipway(['doctor', '--json']);
      const engine = (JSON.parse(doctor.stdout) as DoctorJson).engines.find(({ endpoint }) => endpoint === lab.endpoint);
      expect(engine?.findings).toContainEqual(expect.objectContaining({ code: 'limits-ignored' }));
    }
    // One task's excess is not the end of it.
    await expect.poll(async () => (await exec('lax', task, 'echo alive')).stdout, { timeout: 60_000 }).toBe('alive\n');
  });

  it('ports are open on 127.0.0.1 and nowhere else', async () => {
    const task = await startTask('served');
    const serve = '$all = IO::Socket::INET->new(LocalPort => 8080, Listen => 5); while ($one = $all->accept) { print $one "served"; close $one }';
    expect((await exec('served', task, `nohup perl -MIO::Socket::INET -e '${serve}' >/dev/null 2>&1 &`)).exitCode).toBe(0);
    const published = await box.engineProgram(['port', `served-cli-${task}`, '8080']);
    expect(published).toMatch(/^127\.0\.0\.1:\d+$/);
    const port = Number(published.split(':')[1]);
    await expect.poll(() => ask('127.0.0.1', port), { timeout: 20_000 }).toBe('served');
    const elsewhere = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of elsewhere) expect([address, await ask(address, port)]).toEqual([address, '']);
  });

  it('a key that exec hands to an agent is in no configuration, journal, metadata or argument', async () => {
    box.write('config/agents/keyed.yml', 'label: Keyed\ninstall: ["true"]\nversion: [sh, -c, "echo 1"]\ncommand: [sh]\npass_env: [SECRET_KEY]\n');
    box.write(
      'config/projects/keyed/project.yml',
      box
        .read('config/projects/lax/project.yml')
        .replace('id: lax', 'id: keyed')
        .replace('[shell]', '[keyed]')
        .replace('default_agent: shell', 'default_agent: keyed'),
    );
    await box.ok(['build', 'keyed'], { timeoutMs: 600_000 });
    const env = { SECRET_KEY: 'k3y-of-the-person' };
    const task = await box.ok(['task', 'new', 'keyed'], { env });
    await box.ok(['task', 'run-cli', 'keyed', task], { env });
    const seen = await box.slipway(
      ['task', 'exec', 'keyed', task, '--', 'sh', '-c', 'echo "$SECRET_KEY"; cat /proc/1/environ /proc/1/cmdline 2>/dev/null | grep -c k3y-of'],
      { env },
    );
    expect(seen.stdout).toBe('k3y-of-the-person\n0\n');
    expect(await box.engineProgram(['inspect', `keyed-cli-${task}`])).not.toContain(env.SECRET_KEY);
    expect(await box.as(['sh', '-c', `grep -rl ${env.SECRET_KEY} state || true`])).toBe('');
  });

  it('an idle task stops at once, and its container has no zombies', async () => {
    const task = await startTask('lax');
    await exec('lax', task, 'for i in 1 2 3; do (sleep 0.1 &) ; done');
    await expect
      .poll(async () => (await exec('lax', task, 'grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l')).stdout.trim(), { timeout: 20_000 })
      .toBe('0');
    const before = Date.now();
    await box.ok(['task', 'stop', 'lax', task]);
    // Without an init process it waits out all of its 30 seconds.
    expect(Date.now() - before).toBeLessThan(20_000);
    expect((await box.container(`lax-cli-${task}`))?.state).toBe('exited');
  });

  it('an agent that traps TERM gets its time, headless and entered', async () => {
    const agent = (file: string) => `trap "sleep 2; echo saved > ${file}; exit 0" TERM; echo working; while :; do sleep 0.2; done`;
    const headless = await box.ok(['run', 'lax', '--detach', agent('headless')]);
    await expect.poll(async () => (await box.slipway(['task', 'logs', 'lax', headless])).stdout, { timeout: 30_000 }).toContain('working');
    await box.ok(['task', 'stop', 'lax', headless]);
    expect(box.read(`state/tasks/lax/${headless}/workspace/headless`)).toBe('saved\n');

    const entered = await startTask('lax');
    let working = (): void => {};
    const begun = new Promise<void>((resolve) => {
      working = resolve;
    });
    const inside = box.slipway(['task', 'exec', 'lax', entered, '--', 'sh', '-c', agent('entered')], { onStdout: () => working() });
    await begun;
    await box.ok(['task', 'stop', 'lax', entered]);
    await inside;
    expect(box.read(`state/tasks/lax/${entered}/workspace/entered`)).toBe('saved\n');
  });

  it('one that ignores TERM is ended when its time is over', async () => {
    const task = await box.ok(['run', 'lax', '--detach', 'trap "" TERM; echo working; while :; do sleep 1; done']);
    await expect.poll(async () => (await box.slipway(['task', 'logs', 'lax', task])).stdout, { timeout: 30_000 }).toContain('working');
    const before = Date.now();
    await box.ok(['task', 'stop', 'lax', task, '--timeout', '2']);
    expect(Date.now() - before).toBeLessThan(25_000);
    const status = await box.json<{ readonly state: string; readonly run: { readonly exit_code: number; readonly reason: string } }>([
      'task',
      'status',
      'lax',
      task,
    ]);
    expect(status).toMatchObject({ state: 'exited', run: { exit_code: 137, reason: 'stopped' } });
  });
});

/** What is said on a port; empty where nobody takes the call. */
function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 });
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(text));
  });
}
