import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import type { Engine, EngineRef } from '../../src/engine/model.ts';
import { checkOnce } from '../../src/instances/health/check-once.ts';
import { hold } from '../../src/instances/health/hold.ts';
import { awaitHealthy } from '../../src/instances/health/wait.ts';
import type { Watched } from '../../src/instances/health/watched.ts';
import type { HealthProbe, HealthSettings } from '../../src/instances/model.ts';
import { connectLab, engines, removeLabelled, uniqueName } from '../lab.ts';
import { buildService, type ServiceVersion, serviceLabel, servicePort } from '../services.ts';

const settings: HealthSettings = { probe: undefined, intervalMs: 300, timeoutMs: 1_000, startPeriodMs: 500, passes: 2, waitMs: 4_000, soakMs: 1_000 };
const http: HealthProbe = { kind: 'http', path: '/health' };
const inside: HealthProbe = { kind: 'command', command: ['wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${servicePort}/health`] };

/** Each way of asking, of real services on each engine. */
describe.each(engines)('$name', (lab) => {
  const owner = uniqueName('health');
  let engine: Engine;
  let ref: EngineRef;
  let sequence = 0;
  const built = new Map<string, Promise<string>>();
  const app = createApp({ env: process.env, out: { progress() {}, note() {}, warn() {}, raw() {} }, signal: new AbortController().signal });

  beforeAll(async () => {
    engine = connectLab(lab);
    const { kind, endpoint, identity } = await engine.info();
    ref = { kind, endpoint, identity };
  });
  afterAll(async () => {
    await removeLabelled(engine, { [serviceLabel]: owner });
    engine.close();
  });

  /** A container of this version, and what is asked of it. */
  async function service(version: Omit<ServiceVersion, 'version'>, health: Partial<HealthSettings>): Promise<Watched> {
    const key = JSON.stringify(version);
    const name = `${owner}-${++sequence}`;
    if (!built.has(key)) built.set(key, buildService(engine, `${owner}:${sequence}`, owner, { ...version, version: String(sequence) }));
    const image = (await built.get(key)) ?? '';
    const container = await engine.containers.create({
      name,
      image,
      labels: { [serviceLabel]: owner },
      ports: [{ container: servicePort, host: 0, protocol: 'tcp' }],
      mounts: [{ type: 'tmpfs', target: '/data' }],
      stopTimeoutSeconds: 1,
    });
    await engine.containers.start(container);
    const port = (await engine.containers.inspect(container))?.ports[0]?.host ?? 0;
    return { instance: name, kind: 'container', engine: ref, container, address: '127.0.0.1', port, health: { ...settings, ...health } };
  }

  const waiting = (watched: Watched) => awaitHealthy(app, engine, watched);

  it.each<[string, HealthProbe | undefined]>([
    ['a path', http],
    ['a command', inside],
    ["the image's HEALTHCHECK", { kind: 'image' }],
    ["the image's HEALTHCHECK, chosen by nobody", undefined],
    ['its port', { kind: 'tcp' }],
    ['staying up', { kind: 'none' }],
  ])('finds a good service well by %s, and keeps finding it so', async (_, probe) => {
    const watched = await service({ healthcheck: true }, { probe });
    await waiting(watched);
    expect(await checkOnce(app, engine, watched)).toMatchObject({ state: 'healthy', why: undefined });
    await hold(app, engine, watched, new Date(Date.now() + 1_000).toISOString());
  });

  it.each<[string, HealthProbe, RegExp]>([
    ['a path', http, /\/health answered 503/],
    ['a command', inside, /the health command exited with 1/],
    ['a command that hangs', { kind: 'command', command: ['sleep', '60'] }, /the health command did not end within 1 s/],
    ["the image's HEALTHCHECK", { kind: 'image' }, /the image's HEALTHCHECK says (starting|unhealthy)|the health command exited with 1/],
  ])('gives up at the deadline where %s never finds it well, with the last lines', async (_, probe, why) => {
    const watched = await service({ behaviour: 'never-healthy', healthcheck: true }, { probe });
    const error: unknown = await waiting(watched).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'E_HEALTH_TIMEOUT',
      message: expect.stringMatching(/^Health check timeout: .* was not well within 4 s/),
      detail: expect.stringMatching(/^service \d+ starts$/),
    });
    expect(error).toMatchObject({ message: expect.stringMatching(why) });
    expect(await checkOnce(app, engine, watched)).toMatchObject({ state: 'unhealthy', why: expect.stringMatching(why) });
  });

  it("waits for no interval of the image's HEALTHCHECK", async () => {
    const check = `HEALTHCHECK --interval=60s CMD wget -q -O /dev/null http://127.0.0.1:${servicePort}/health`;
    const watched = await service({ lines: [check] }, { waitMs: 20_000 });
    await waiting(watched);
    expect(await checkOnce(app, engine, watched)).toMatchObject({ state: 'healthy', probe: 'image' });
    const ill = await service({ behaviour: 'never-healthy', lines: [check] }, {});
    await expect(waiting(ill)).rejects.toMatchObject({ code: 'E_HEALTH_TIMEOUT' });
  });

  it('has the kernel ask again where Docker was asked too early, which it tells nobody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-ip-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    onTestFinished(() => void vi.unstubAllEnvs());
    const said = join(folder, 'said');
    writeFileSync(join(folder, 'ip'), `#!/bin/sh\necho "$@" >> ${said}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    const watched = await service({}, { probe: http });
    await waiting(watched);
    const addresses = Object.values((await engine.containers.inspect(watched.container))?.networks ?? {}).map(({ address }) => address);
    const wanted = engine.kind === 'docker' ? addresses.map((address) => `neighbour flush to ${address} nud incomplete\n`).join('') : '';
    expect([addresses.length > 0 || lab.rootless, existsSync(said) ? readFileSync(said, 'utf8') : '']).toEqual([true, wanted]);
  });

  it('follows no redirect, which is an answer', async () => {
    const watched = await service(
      { lines: [`RUN sed -i "s#'200 OK' well#'302 Found\\\\r\\\\nLocation: http://127.0.0.1:1/'#" /service/handle`] },
      { probe: http },
    );
    await waiting(watched);
  });

  it.each<['exits' | 'crashes', number, string]>([
    ['exits', 0, 'nothing to do'],
    ['crashes', 3, 'cannot start'],
  ])('fails at once where a container %s', async (behaviour, code, last) => {
    const began = Date.now();
    const watched = await service({ behaviour }, { probe: http, waitMs: 60_000 });
    await expect(waiting(watched)).rejects.toMatchObject({
      code: 'E_INSTANCE_EXITED',
      message: expect.stringContaining(`ended with exit code ${code} before it was well`),
      detail: expect.stringContaining(last),
    });
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(await checkOnce(app, engine, watched)).toMatchObject({ state: 'ended', why: `ended with exit code ${code}` });
  });

  it('fails without a probe where a container ends within its start period', async () => {
    const watched = await service({ behaviour: 'crashes-later', seconds: 1 }, { probe: { kind: 'none' }, startPeriodMs: 10_000 });
    await expect(waiting(watched)).rejects.toMatchObject({ code: 'E_INSTANCE_EXITED', message: expect.stringContaining('ended with exit code 7') });
  });

  it.each<['crashes-later' | 'turns-unhealthy', string, string]>([
    ['crashes-later', 'E_INSTANCE_EXITED', 'ended with exit code 7 within the soak period'],
    ['turns-unhealthy', 'E_HEALTH_LOST', '/health answered 503'],
  ])('does not hold where a service %s', async (behaviour, code, words) => {
    const watched = await service({ behaviour, seconds: 6 }, { probe: http, passes: 1 });
    await waiting(watched);
    const until = new Date(Date.now() + 60_000).toISOString();
    await expect(hold(app, engine, watched, until)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  it('does not hold where it was started again', async () => {
    const watched = await service({}, { probe: http, passes: 1 });
    await waiting(watched);
    const holding = hold(app, engine, watched, new Date(Date.now() + 60_000).toISOString());
    const expected = expect(holding).rejects.toMatchObject({ code: expect.stringMatching(/^E_(HEALTH_LOST|INSTANCE_EXITED)$/) });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await engine.containers.stop(watched.container, { timeoutSeconds: 0 });
    await engine.containers.start(watched.container);
    await expected;
  });
});
