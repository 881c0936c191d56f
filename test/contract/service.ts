import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect, open } from '../../src/engine/connect.ts';
import { processes } from '../../src/host/process.ts';
import { collect, type Setting } from './setting.ts';

export function serviceContract({ lab, engine, labels, start }: Setting): void {
  test('answers a ping in milliseconds', async () => {
    expect(await engine.ping()).toBeGreaterThan(0);
  });

  test('describes itself', async () => {
    const info = await engine.info();
    expect(info).toMatchObject({ kind: lab.kind, endpoint: lab.endpoint, rootless: lab.rootless, locality: 'local', os: 'linux' });
    expect(info.version).toMatch(/^\d+\.\d+/);
    expect(info.identity.length).toBeGreaterThan(15);
    expect(info.storageRoot).toMatch(/^\//);
    expect(info.cpus).toBeGreaterThan(0);
    expect(info.memoryBytes).toBeGreaterThan(1e8);
  });

  test('keeps its identity from one connection to the next', async () => {
    const again = await open(lab.endpoint, { programs: processes });
    expect(again.kind).toBe(lab.kind);
    expect((await again.info()).identity).toBe((await engine.info()).identity);
    again.close();
  });

  test('a socket that is not there is E_ENGINE_UNREACHABLE for every question, never "there is none"', async () => {
    const gone = connect({ kind: lab.kind, endpoint: `${lab.endpoint}.gone` }, { programs: processes });
    const questions = [
      gone.ping(),
      gone.containers.inspect('x'),
      gone.containers.list(),
      gone.containers.remove('x', { force: true }),
      gone.images.inspect('x'),
      gone.images.remove('x'),
      gone.volumes.inspect('x'),
      gone.networks.inspect('x'),
    ];
    for (const outcome of await Promise.allSettled(questions)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'E_ENGINE_UNREACHABLE' } });
    }
    gone.close();
  });

  test('is reached over ssh as over its socket, exec included', async () => {
    const bin = await mkdtemp(join(tmpdir(), 'slipway-contract-ssh-'));
    try {
      // Stands for ssh and the other machine: runs the remote command here.
      await writeFile(join(bin, 'ssh'), '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n', { mode: 0o755 });
      const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
      const far = await open(lab.endpoint.replace('unix://', 'ssh://box'), { programs: processes, env, timeoutMs: 10_000 });
      try {
        expect(far.kind).toBe(lab.kind);
        expect((await far.info()).locality).toBe('remote');
        const id = await start();
        expect((await far.containers.list({ labels })).map((one) => one.id)).toContain(id);
        const session = await far.containers.exec(id, { command: ['sh', '-c', 'cat; exit 6'], stdin: true });
        session.stdin?.end('over ssh');
        expect(await collect(session.output)).toEqual({ stdout: 'over ssh', stderr: '' });
        expect(await session.exitCode()).toBe(6);
      } finally {
        far.close();
      }
    } finally {
      await rm(bin, { recursive: true, force: true });
    }
  });

  test('names that an engine would resolve elsewhere are refused before it is asked', async () => {
    for (const name of ['', '..', '../images', 'a/../b', '.']) {
      await expect(engine.containers.inspect(name)).rejects.toMatchObject({ code: 'E_BAD_NAME' });
      await expect(engine.volumes.remove(name)).rejects.toMatchObject({ code: 'E_BAD_NAME' });
    }
  });

  test('a call that is aborted throws the reason at once, and the connection goes on', async () => {
    const abort = new AbortController();
    const events = (async () => {
      for await (const _ of engine.events({ signal: abort.signal, types: ['volume'], labels: { never: 'there' } }));
    })();
    setTimeout(() => abort.abort(), 100);
    await expect(events).rejects.toMatchObject({ code: 'E_CANCELLED', exitCode: 130 });
    await expect(engine.containers.list({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'E_CANCELLED' });
    await engine.ping();
  });
}
