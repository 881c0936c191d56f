import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { engines, removeLabelled, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { askService, serviceLabel } from '../services.ts';
import { makeInstance, quick, said, supervisionOf } from './supervised.ts';

/** What `slipway supervise` does where there is neither systemd nor launchd. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  const names: string[] = [];
  const children: ChildProcess[] = [];
  /** What the supervisors of a test have said. */
  let texts: (() => string)[] = [];
  const named = (word: string) => {
    const name = uniqueName(word);
    names.push(name);
    return name;
  };
  const supervise = (...args: readonly string[]) => {
    const child = box.start(['supervise', ...args], { env: quick });
    children.push(child);
    texts.push(said(child));
    return Object.assign(child, { exit: once(child, 'exit') });
  };
  const state = async (name: string) => (await box.container(`slipway-${name}`))?.state;
  const poll = (ask: () => unknown) => expect.poll(ask, { timeout: 30_000, interval: 100 });

  beforeAll(async () => {
    box = new Sandbox(lab);
  });
  beforeEach(() => {
    texts = [];
    onTestFailed(() => void process.stderr.write(`${texts.map((text) => text()).join('\n---\n')}\n`));
  });
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await box.dispose();
    for (const name of names) await removeLabelled(box.engine, { [serviceLabel]: name });
  });

  it('starts it, starts it again after kill -9, and stops it gracefully with TERM; it is still meant to run', async () => {
    const name = named('sup');
    const { port } = await makeInstance(box, name, { version: 'v1' });
    const child = supervise(name);
    const text = said(child);
    await poll(() => askService(port, '/').then((answer) => answer.text)).toBe('v1');

    await box.engine.containers.kill(`slipway-${name}`, 'SIGKILL');
    await poll(async () => (await supervisionOf(box, name))?.restarts.length).toBe(1);
    await poll(() => askService(port, '/').then((answer) => answer.text)).toBe('v1');
    expect((await supervisionOf(box, name))?.lastExit).toMatchObject({ exitCode: 137 });

    child.kill('SIGTERM');
    expect(await child.exit, text()).toEqual([0, null]);
    expect(await box.container(`slipway-${name}`)).toMatchObject({ state: 'exited', exitCode: 143 });
    expect(await supervisionOf(box, name)).toMatchObject({ state: 'ended', restarts: [] });
    expect(text()).toMatch(/ended with exit code 137; restart 1 in 100ms/);
  });

  it('a loop of crashes ends in `failed` and exit code 75, with as many restarts as allowed, ever later', async () => {
    const name = named('sup');
    await makeInstance(box, name, { version: 'v1', behaviour: 'crashes' });
    const child = supervise(name);
    const text = said(child);
    expect(await child.exit, text()).toEqual([75, null]);
    const delays = [...text().matchAll(/restart \d in (\w+)/g)].map((match) => match[1]);
    expect(delays).toEqual(['100ms', '200ms', '400ms', '400ms']);
    expect(await supervisionOf(box, name)).toMatchObject({
      state: 'failed',
      lastExit: { exitCode: 3 },
      reason: expect.stringMatching(/exit code 3.*5 times/) as string,
    });
    expect(await state(name)).toBe('exited');
  });

  it('a supervisor that is killed again and again counts on: the loop ends all the same', async () => {
    const name = named('sup');
    await makeInstance(box, name, { version: 'v1', behaviour: 'crashes' });
    let ended: readonly unknown[] | undefined;
    let killed = 0;
    for (; killed < 10 && ended === undefined; killed += 1) {
      const before = (await supervisionOf(box, name))?.restarts.length ?? 0;
      const child = supervise(name);
      await poll(async () => ((await supervisionOf(box, name))?.restarts.length ?? 0) > before || child.exitCode !== null).toBe(true);
      if (child.exitCode === null) child.kill('SIGKILL');
      const end = await child.exit;
      if (end[0] !== null) ended = end;
    }
    expect(ended).toEqual([75, null]);
    expect(killed).toBeLessThanOrEqual(6);
  });

  it('leaves alone what an operation stops and starts, ends with 0 where it is to stop, and does not begin then', async () => {
    const name = named('sup');
    const { port } = await makeInstance(box, name, { version: 'v1' });
    const child = supervise(name);
    await poll(() => askService(port, '/').then((answer) => answer.text)).toBe('v1');
    await box.ok(['instance', 'restart', name]);
    expect((await supervisionOf(box, name))?.restarts).toEqual([]);
    await box.ok(['instance', 'stop', name]);
    expect(await child.exit).toEqual([0, null]);
    expect(await state(name)).toBe('exited');
    expect(await box.slipway(['supervise', name])).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('is stopped') as string });
    expect(await state(name)).toBe('exited');
  });

  it('only one process looks after an instance; one that was killed hands it over as it runs', async () => {
    const name = named('sup');
    const { port } = await makeInstance(box, name, { version: 'v1' });
    const first = supervise(name);
    await poll(() => askService(port, '/').then((answer) => answer.text)).toBe('v1');
    const second = await box.slipway(['supervise', name]);
    expect([second.exitCode, second.stderr]).toEqual([1, expect.stringContaining('[E_SUPERVISED]')]);
    const id = (await box.container(`slipway-${name}`))?.startedAt;
    first.kill('SIGKILL');
    await first.exit;
    const third = supervise(name);
    await poll(async () => (await supervisionOf(box, name))?.state).toBe('watching');
    await box.engine.containers.kill(`slipway-${name}`, 'SIGKILL');
    await poll(async () => (await supervisionOf(box, name))?.restarts.length).toBe(1);
    await poll(() => askService(port, '/').then((answer) => answer.text)).toBe('v1');
    expect((await box.container(`slipway-${name}`))?.startedAt).not.toBe(id);
    third.kill('SIGTERM');
    await third.exit;
  });

  it('makes a container that somebody has removed', async () => {
    const name = named('sup');
    const { port } = await makeInstance(box, name, { version: 'v1' });
    const child = supervise(name);
    await poll(() => askService(port, '/').then((answer) => answer.text)).toBe('v1');
    await box.engine.containers.remove(`slipway-${name}`, { force: true });
    await poll(() => askService(port, '/').then((answer) => answer.text)).toBe('v1');
    child.kill('SIGTERM');
    await child.exit;
  });

  it('without a name it looks after all, also those that are made or started meanwhile, and stops them together', async () => {
    const [one, two] = [named('all'), named('all')];
    const first = await makeInstance(box, one, { version: 'v1' });
    const child = supervise();
    const text = said(child);
    await poll(() => askService(first.port, '/').then((answer) => answer.text)).toBe('v1');
    const second = await makeInstance(box, two, { version: 'v2', behaviour: 'crashes-later', seconds: 2 });
    await poll(() => askService(second.port, '/').then((answer) => answer.text)).toBe('v2');
    await poll(async () => (await supervisionOf(box, two))?.restarts.length).toBeGreaterThan(0);
    await box.ok(['instance', 'stop', one]);
    await poll(async () => (await supervisionOf(box, one))?.state).toBe('ended');
    await box.ok(['instance', 'start', one]);
    await poll(async () => (await supervisionOf(box, one))?.state).toBe('watching');
    await poll(() => askService(first.port, '/').then((answer) => answer.text)).toBe('v1');
    child.kill('SIGTERM');
    expect(await child.exit, text()).toEqual([0, null]);
    expect([await state(one), await state(two)]).toEqual(['exited', 'exited']);
  });
});
