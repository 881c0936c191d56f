import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../src/engine/connect.ts';
import type { Programs } from '../../src/engine/programs.ts';
import { processes } from '../../src/host/process.ts';
import { engines, lab } from '../lab.ts';

test('a podman program without a service is given one by the first call, and another when that has ended', async () => {
  const podman = engines.find(({ name }) => name === 'podman');
  if (podman?.pids.mounts === undefined) throw new Error('the lab has no rootful Podman with mounts of its own');
  const inside = ['nsenter', `--mount=/proc/${podman.pids.mounts}/ns/mnt`, '--'];
  const directory = await mkdtemp(join(tmpdir(), 'slipway-demand-'));
  const started: number[] = [];
  const programs: Programs = {
    ...processes,
    async startDetached(argv, options) {
      const pid = await processes.startDetached([...inside, ...argv], { ...options, env: { ...process.env, ...podman.env } });
      started.push(pid);
      return pid;
    },
  };
  const engine = connect({ kind: 'podman', endpoint: `unix://${directory}/slipway/podman.sock` }, { programs });
  try {
    expect((await engine.images.inspect(lab.images.tiny))?.tags).toContain(lab.images.tiny);
    expect(await engine.containers.list({ labels: { nobody: 'here' } })).toEqual([]);
    expect(started).toHaveLength(1);
    process.kill(started[0] ?? 0);
    await expect.poll(() => alive(started[0] ?? 0)).toBe(false);
    expect((await engine.images.inspect(lab.images.tiny))?.tags).toContain(lab.images.tiny);
    expect(started).toHaveLength(2);
  } finally {
    engine.close();
    for (const pid of started) if (alive(pid)) process.kill(pid);
    await rm(directory, { recursive: true, force: true });
  }
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
