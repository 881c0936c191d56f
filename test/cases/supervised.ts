import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { run } from '../../src/host/process.ts';
import type { InstanceConfig } from '../../src/instances/model.ts';
import { resolveInstance } from '../../src/instances/resolve.ts';
import { patchInstanceState, readInstanceState, writeInstance } from '../../src/instances/store.ts';
import { readSupervision, type Supervision } from '../../src/instances/supervision/file.ts';
import { instanceData, type Paths } from '../../src/state/paths.ts';
import type { Sandbox } from '../sandbox.ts';
import { buildService, servicePort, type ServiceVersion } from '../services.ts';

/** Back-off in milliseconds, as a unit would keep it. */
export const quick = {
  SLIPWAY_RESTART_DELAY: '100ms',
  SLIPWAY_RESTART_LONGEST_DELAY: '400ms',
  SLIPWAY_RESTART_LIMIT: '4',
  SLIPWAY_RESTART_WINDOW: '60s',
} as const;

export const pathsOf = (box: Sandbox): Paths => ({ config: box.path('config'), state: box.path('state'), cache: box.path('cache') });

export const supervisionOf = (box: Sandbox, name: string): Promise<Supervision | undefined> => readSupervision(pathsOf(box), name);

/** What the test wrote as root is the person's. */
async function handOver(box: Sandbox): Promise<void> {
  const { uid, gid } = box.user ?? { uid: 0, gid: 0 };
  await run(['chown', '-R', `${uid}:${gid}`, box.path('state')]);
}

/** An instance of the tests' service that is meant to run, and does not yet. */
export async function makeInstance(box: Sandbox, name: string, version: ServiceVersion): Promise<InstanceConfig> {
  const image = `${name}-${version.version}:test`;
  const digest = await buildService(box.engine, image, name, version);
  const { kind, endpoint, identity } = await box.engine.info();
  const file = { image, engine: { kind, endpoint, identity }, port: await freePort(), container_port: servicePort, stop_timeout: 10 };
  const config = resolveInstance(name, file, undefined, box.path('home'));
  await write(box, config, digest);
  return config;
}

export async function write(box: Sandbox, config: InstanceConfig, digest: string): Promise<void> {
  const paths = pathsOf(box);
  await writeInstance(paths, config, box.path('home'));
  const { salt } = await readInstanceState(paths, config.name);
  await patchInstanceState(paths, config.name, { salt, desired: 'running', digest });
  mkdirSync(instanceData(paths, config.name), { recursive: true });
  chmodSync(instanceData(paths, config.name), 0o777);
  await handOver(box);
}

/** What a child that was started by `box.start` says on both streams. */
export function said(child: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
