import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import type { Setting } from './setting.ts';

export function containersContract({ lab, engine, labels, create, start, startUp, name, exec, tiny }: Setting): void {
  const { containers } = engine;

  test('what was asked for is what is there', async () => {
    const called = name();
    const id = await start({
      name: called,
      labels: { 'with.dots': 'a=b, "c"' },
      command: ['sh', '-c', 'sleep 600'],
      env: { EMPTY: '', GREETING: 'a b=c' },
      workingDir: '/tmp',
      hostname: 'somewhere',
      mounts: [{ type: 'tmpfs', target: '/scratch' }],
      stopTimeoutSeconds: 2,
    });
    const details = await containers.inspect(called);
    expect(details).toMatchObject({
      id,
      name: called,
      image: tiny,
      state: 'running',
      exitCode: undefined,
      oomKilled: false,
      finishedAt: undefined,
      health: 'none',
      workingDir: '/tmp',
      hostname: 'somewhere',
      tty: false,
      init: true,
      mounts: [{ type: 'tmpfs', target: '/scratch' }],
    });
    expect(details?.labels).toMatchObject({ ...labels, 'with.dots': 'a=b, "c"' });
    expect(details?.env).toEqual(expect.arrayContaining(['EMPTY=', 'GREETING=a b=c']));
    expect(details?.pid).toBeGreaterThan(0);
    expect(Math.abs(Date.parse(details?.startedAt ?? '') - Date.now())).toBeLessThan(60_000);
    expect((await exec(id, { command: ['sh', '-c', 'hostname; pwd; echo "$GREETING"; cat /proc/1/comm'] })).stdout).toMatch(
      /^somewhere\n\/tmp\na b=c\n(docker-init|catatonit|tini|podman-init)\n$/,
    );
  });

  test('nobody of that name is undefined to look at, false to remove, E_NO_SUCH to use', async () => {
    const nobody = name();
    expect(await containers.inspect(nobody)).toBeUndefined();
    expect(await containers.remove(nobody)).toBe(false);
    expect(await containers.remove(nobody, { force: true })).toBe(false);
    for (const outcome of await Promise.allSettled([
      containers.start(nobody),
      containers.stop(nobody),
      containers.kill(nobody, 'SIGTERM'),
      containers.pause(nobody),
      containers.rename(nobody, name()),
      containers.wait(nobody),
      containers.exec(nobody, { command: ['true'] }),
      containers.archiveOut(nobody, '/etc'),
      containers.stats(nobody),
    ])) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'E_NO_SUCH' } });
    }
    await expect(containers.logs(nobody)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'E_NO_SUCH' });
  });

  test('a taken name is E_NAME_TAKEN, a missing image E_NO_IMAGE, and neither leaves anything', async () => {
    const called = name();
    const id = await create({ name: called });
    await expect(create({ name: called })).rejects.toMatchObject({ code: 'E_NAME_TAKEN' });
    expect((await containers.inspect(called))?.id).toBe(id);
    const other = name();
    await expect(create({ name: other, image: `${other}:1` })).rejects.toMatchObject({ code: 'E_NO_IMAGE' });
    expect(await containers.inspect(other)).toBeUndefined();
    const free = await create();
    await expect(containers.rename(free, called)).rejects.toMatchObject({ code: 'E_NAME_TAKEN' });
  });

  test('starting a running one is fine; stopping tells whether it ran', async () => {
    const id = await startUp();
    await containers.start(id);
    expect(await containers.stop(id)).toBe(true);
    expect(await containers.stop(id)).toBe(false);
    const stopped = await containers.inspect(id);
    expect(stopped).toMatchObject({ state: 'exited', exitCode: 143, pid: 0 });
    expect(Date.parse(stopped?.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(stopped?.startedAt ?? ''));
    await containers.start(id);
    expect(await containers.inspect(id)).toMatchObject({ state: 'running', exitCode: undefined, finishedAt: undefined });
  });

  test('a stop without a time of its own gives ten seconds to end well', async () => {
    const id = await start({ command: ['sh', '-c', 'trap "sleep 1; exit 5" TERM; while :; do sleep 0.05; done'] });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await containers.stop(id);
    expect((await containers.inspect(id))?.exitCode).toBe(5);
  });

  test('a stop kills what ignores it after the timeout', async () => {
    const id = await start({ command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'] });
    const began = Date.now();
    expect(await containers.stop(id, { timeoutSeconds: 1 })).toBe(true);
    expect(Date.now() - began).toBeLessThan(8000);
    expect(await containers.inspect(id)).toMatchObject({ state: 'exited', exitCode: 137 });
  });

  test('kill sends any signal', async () => {
    const id = await start({ command: ['sh', '-c', 'trap "exit 42" USR1; while :; do sleep 0.05; done'], init: false });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await containers.kill(id, 'SIGUSR1');
    expect(await containers.wait(id)).toMatchObject({ exitCode: 42 });
    await expect(containers.kill(id, 'SIGTERM')).rejects.toMatchObject({ code: 'E_CONFLICT' });
  });

  test('wait gives the exit code, at once where it has ended', async () => {
    const id = await start({ command: ['sh', '-c', 'sleep 0.5; exit 9'] });
    expect(await containers.wait(id)).toEqual({ exitCode: 9 });
    expect(await containers.wait(id)).toEqual({ exitCode: 9 });
    expect(await containers.inspect(id)).toMatchObject({ state: 'exited', exitCode: 9 });
  });

  test('wait can be left without an end', async () => {
    const id = await start();
    const abort = new AbortController();
    const waiting = containers.wait(id, { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(waiting).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect((await containers.inspect(id))?.state).toBe('running');
  });

  test('removed by several at once it is gone for each', async () => {
    const id = await start();
    const gone = await Promise.all(
      Array.from({ length: 4 }, async () => {
        await containers.remove(id, { force: true });
        return (await containers.inspect(id)) === undefined;
      }),
    );
    expect(gone).toEqual([true, true, true, true]);
  });

  test('a running one is removed only by force, and then without waiting for its stop timeout', async () => {
    const id = await start({ command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'], init: false });
    await expect(containers.remove(id)).rejects.toMatchObject({ code: 'E_CONFLICT' });
    const began = Date.now();
    expect(await containers.remove(id, { force: true })).toBe(true);
    expect(Date.now() - began).toBeLessThan(5000);
    expect(await containers.inspect(id)).toBeUndefined();
  });

  test('pause and unpause', async () => {
    // Without cgroups of its own, rootless Podman cannot freeze a container.
    const frozen = !(lab.rootless && (await engine.info()).cgroupVersion === 1);
    const id = await start();
    if (frozen) {
      await containers.pause(id);
      expect((await containers.inspect(id))?.state).toBe('paused');
      await expect(containers.exec(id, { command: ['true'] })).rejects.toMatchObject({ code: 'E_CONFLICT' });
      await containers.unpause(id);
    } else {
      await expect(containers.pause(id)).rejects.toMatchObject({ code: 'E_ENGINE' });
    }
    expect((await containers.inspect(id))?.state).toBe('running');
  });

  test('rename', async () => {
    const called = name();
    const id = await create();
    await containers.rename(id, called);
    expect((await containers.inspect(called))?.id).toBe(id);
  });

  test('list finds by label and by exact name, stopped ones too', async () => {
    const called = name();
    const group = { [`group-${called}`]: 'yes' };
    const one = await create({ name: called, labels: group });
    const two = await start({ name: `${called}-longer`, labels: group });
    const listed = await containers.list({ labels: group });
    expect(listed.map(({ id }) => id).sort()).toEqual([one, two].sort());
    expect(listed.find(({ id }) => id === one)).toMatchObject({ name: called, image: tiny, state: 'created' });
    expect(listed.find(({ id }) => id === one)?.labels).toMatchObject({ ...group, ...labels });
    expect((await containers.list({ labels: group, all: false })).map(({ id }) => id)).toEqual([two]);
    expect((await containers.list({ name: called })).map(({ id }) => id)).toEqual([one]);
    expect(await containers.list({ labels: { [`group-${called}`]: 'no' } })).toEqual([]);
    expect((await containers.list({ labels: group }))[0]?.imageId).toBe((await engine.images.inspect(tiny))?.id);
  });

  test('a port is bound at start, on the loopback address, and a taken one is E_PORT_TAKEN', async () => {
    const listener = createServer();
    const port = await new Promise<number>((resolve) => {
      listener.listen(0, '127.0.0.1', () => {
        const address = listener.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    try {
      const network = await engine.networks.create(name(), { labels });
      const id = await create({ network, ports: [{ container: 80, protocol: 'tcp', host: port }] });
      await expect(containers.start(id)).rejects.toMatchObject({ code: 'E_PORT_TAKEN' });
      listener.close();
      await containers.start(id);
      expect((await containers.inspect(id))?.ports).toEqual([{ container: 80, protocol: 'tcp', host: port, address: '127.0.0.1' }]);
      expect((await containers.list({ labels })).find((one) => one.id === id)?.ports).toEqual([
        { container: 80, protocol: 'tcp', host: port, address: '127.0.0.1' },
      ]);
      const free = await start({ network, ports: [{ container: 81, protocol: 'tcp', host: 0 }] });
      expect((await containers.inspect(free))?.ports[0]?.host).toBeGreaterThan(1023);
    } finally {
      listener.close();
    }
  });

  test('limits are what the kernel holds, or where the engine cannot hold them, are not claimed', async () => {
    const asked = { memoryBytes: 64 * 1024 * 1024, pids: 77, cpus: 0.5 };
    const unable = lab.rootless && (await engine.info()).cgroupVersion === 1;
    const id = await start({ resources: unable ? { memoryBytes: asked.memoryBytes, pids: asked.pids } : asked });
    const claimed = (await containers.inspect(id))?.resources;
    if (unable) {
      expect(claimed?.memoryBytes).toBeUndefined();
    } else {
      expect(claimed).toEqual(asked);
      const held = await exec(id, {
        command: [
          'sh',
          '-c',
          'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max',
        ],
      });
      expect(held.stdout).toBe(`${asked.memoryBytes}\n${asked.pids}\n`);
    }
  });

  test('capabilities are exactly those given', async () => {
    const id = await start({ capDrop: ['ALL'], capAdd: ['CHOWN', 'SETUID'], securityOpt: ['no-new-privileges'] });
    const { stdout } = await exec(id, { command: ['grep', '-E', 'CapBnd|NoNewPrivs', '/proc/1/status'] });
    expect(stdout).toMatch(/CapBnd:\s+0000000000000081\n/);
    expect(stdout).toMatch(/NoNewPrivs:\s+1/);
  });

  test('stats measure the container, or say that they cannot', async () => {
    const id = await start();
    if (lab.rootless && (await engine.info()).cgroupVersion === 1) {
      await expect(containers.stats(id)).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
      return;
    }
    const stats = await containers.stats(id);
    expect(stats.memoryBytes).toBeGreaterThan(0);
    expect(stats.memoryBytes).toBeLessThan(100 * 1024 * 1024);
    expect(stats.pids).toBeGreaterThanOrEqual(1);
    expect(stats.cpuPercent).toBeGreaterThanOrEqual(0);
    expect(Math.abs(Date.parse(stats.readAt) - Date.now())).toBeLessThan(60_000);
  });

  test('health goes from starting to healthy, and to unhealthy', async () => {
    // Podman runs health checks by systemd timers, which the lab does not have: asking is what makes one.
    const id = await start({ healthcheck: { test: ['CMD-SHELL', 'test ! -e /sick'], intervalMs: 300, timeoutMs: 3000, retries: 1 } });
    expect(['starting', 'healthy']).toContain((await containers.inspect(id))?.health);
    await expect.poll(() => containers.checkHealth(id), { timeout: 15_000 }).toBe('healthy');
    await exec(id, { command: ['touch', '/sick'] });
    await expect.poll(() => containers.checkHealth(id), { timeout: 15_000 }).toBe('unhealthy');
    expect(await containers.checkHealth(await start())).toBe('none');
    await expect(containers.checkHealth(name())).rejects.toMatchObject({ code: 'E_NO_SUCH' });
  });

  test("a stop signal of our own replaces the image's", async () => {
    const script = 'trap "exit 3" TERM; trap "exit 4" USR1; while :; do sleep 0.05; done';
    const id = await start({ command: ['sh', '-c', script], stopSignal: 'SIGUSR1' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await containers.stop(id);
    expect((await containers.inspect(id))?.exitCode).toBe(4);
  });

  test('commit keeps what was written, and its changes', async () => {
    const id = await start();
    await exec(id, { command: ['sh', '-c', 'echo kept > /kept'] });
    const tag = `${name()}:1`;
    const image = await containers.commit(id, tag, { changes: ['CMD ["cat","/kept"]', `LABEL ${Object.entries(labels)[0]?.join('=')}`] });
    expect(await engine.images.inspect(tag)).toMatchObject({ id: image, tags: [tag], command: ['cat', '/kept'] });
    const from = await start({ image: tag, command: ['cat', '/kept'] });
    expect(await containers.wait(from)).toEqual({ exitCode: 0 });
  });

  test('keep-id makes the person the user inside', async () => {
    if (!lab.rootless) {
      // Only a rootless Podman has a person's ids to keep.
      expect((await engine.info()).rootless).toBe(false);
      return;
    }
    const id = await start({ userNamespace: 'keep-id:uid=1000,gid=1000', user: '1000:1000' });
    const { stdout } = await exec(id, { command: ['id', '-u'] });
    expect(stdout).toBe('1000\n');
    const map = await exec(id, { command: ['cat', '/proc/self/uid_map'] });
    expect(map.stdout).toMatch(/^\s+1000\s+0\s+1$/m);
  });
}
