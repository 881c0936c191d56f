import { expect, test } from 'vitest';
import type { EngineEvent } from '../../src/engine/model.ts';
import type { Setting } from './setting.ts';

export function eventsContract({ engine, labels, create, exec, name }: Setting): void {
  test("a container's life reads the same on every engine", async () => {
    const mine = { ...labels, life: name() };
    const abort = new AbortController();
    const seen: EngineEvent[] = [];
    const watching = (async () => {
      for await (const event of engine.events({ types: ['container'], labels: { life: mine.life }, signal: abort.signal })) seen.push(event);
    })().catch((error: { readonly code?: string }) => error.code);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const id = await create({ labels: mine });
    await engine.containers.start(id);
    expect((await exec(id, { command: ['true'] })).exitCode).toBe(0);
    await engine.containers.stop(id);
    await engine.containers.remove(id);
    const told = ['create', 'start', 'exec-die', 'die', 'destroy'];
    await expect.poll(() => seen.filter(({ action }) => told.includes(action)).map(({ action }) => action), { timeout: 10_000 }).toEqual(told);
    abort.abort();
    expect(await watching).toBe('E_CANCELLED');
    expect(new Set(seen.map((event) => event.id))).toEqual(new Set([id]));
    const death = seen.find(({ action }) => action === 'die');
    expect(death?.attributes['exitCode'] ?? death?.attributes['containerExitCode']).toBe('143');
    expect(Math.abs(Date.parse(death?.at ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('past events are told between since and until, and the stream ends', async () => {
    const since = new Date(Date.now() - 1000);
    const id = await create();
    await engine.containers.remove(id);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const actions: string[] = [];
    for await (const event of engine.events({ types: ['container'], labels, since, until: new Date() })) if (event.id === id) actions.push(event.action);
    expect(actions).toEqual(['create', 'destroy']);
  });
}
