import { createServer, type Server } from 'node:net';
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, removeLabelled, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { askService, type Behaviour, buildService, serviceLabel } from '../services.ts';

interface StatusJson {
  readonly id: string;
  readonly state: string;
  readonly desired: string;
  readonly well: boolean;
  readonly version: string;
  readonly digest: string | null;
  readonly port: number;
  readonly container_id: string | null;
  readonly drift: readonly { readonly key: string; readonly configured: string | null; readonly running: string | null }[];
  readonly problems: readonly { readonly kind: string }[];
  readonly health?: { readonly state: string; readonly probe: string } | null;
  readonly metrics?: string | null;
  readonly mounts?: readonly { readonly source: string; readonly target: string; readonly read_only: boolean }[];
}

/** Ports of this file's own: several files ask for the first free one at the same time. */
const basePort = 18_000 + (process.pid % 500) * 20;

describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  const owner = uniqueName('instances');
  const tag = (name: string) => `${owner}:${name}`;
  const ports = { web: basePort + engines.indexOf(lab) * 6, other: basePort + engines.indexOf(lab) * 6 + 1, third: basePort + engines.indexOf(lab) * 6 + 2 };
  const create = (name: string, image: string, ...more: readonly string[]) =>
    box.slipway(['instance', 'create', name, '--image', tag(image), '--health', '/health', '--no-unit', ...more]);
  const status = (name: string) => box.json<StatusJson>(['instance', 'status', name]);
  const file = (name: string, path: string) => box.path('state/instances', name, path);

  beforeAll(async () => {
    box = new Sandbox(lab);
    const versions: readonly (readonly [string, Behaviour])[] = [
      ['good', 'good'],
      ['ill', 'never-healthy'],
      ['exits', 'exits'],
      ['crashes', 'crashes'],
      ['stubborn', 'stubborn'],
    ];
    for (const [version, behaviour] of versions) await buildService(box.engine, tag(version), owner, { version, behaviour });
    await buildService(box.engine, tag('checked'), owner, { version: 'checked', healthcheck: true, user: 'nobody' });
  }, 300_000);
  afterAll(async () => {
    try {
      await box.dispose();
    } finally {
      const engine = new Sandbox(lab);
      await removeLabelled(engine.engine, { [serviceLabel]: owner }).finally(() => engine.dispose());
    }
  }, 180_000);

  it('is created, and answers on its port', async () => {
    const end = await create('web', 'good', '--port', String(ports.web), '--env', 'TOKEN=s3cret word');
    expect([end.exitCode, end.stdout]).toEqual([0, `Instance web running on http://localhost:${ports.web} (${tag('good')})\n`]);
    expect(end.stderr).toContain('');
    expect(await askService(ports.web, '/')).toEqual({ status: 200, text: 'good' });
    expect((await askService(ports.web, '/env')).text).toContain('TOKEN=s3cret word');
    expect(await status('web')).toMatchObject({ state: 'running', desired: 'running', well: true, drift: [], problems: [], health: { state: 'healthy', probe: 'http /health' } });
  });
});
