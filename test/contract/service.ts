import { expect, test } from 'vitest';
import { connect, open } from '../../src/engine/connect.ts';
import { processes } from '../../src/host/process.ts';
import type { Setting } from './setting.ts';

export function serviceContract({ lab, engine }: Setting): void {
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
