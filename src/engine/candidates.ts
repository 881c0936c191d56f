import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Machine, runtimeDirectory } from './machine.ts';
import type { EngineKind } from './model.ts';

export interface Place {
  /** As a person would name it: `DOCKER_HOST`, `rootless Podman's socket`. */
  readonly source: string;
  /** What is expected there; who answers decides. */
  readonly kind: EngineKind;
  readonly endpoint: string;
}

/** Where an engine may listen, in the order of preference. Nothing is started and nobody is asked. */
export async function socketPlaces(machine: Machine): Promise<readonly Place[]> {
  const { env, home } = machine;
  const runtime = runtimeDirectory(machine);
  const places: Place[] = [];
  const add = (kind: EngineKind, source: string, endpoint: string | undefined) => {
    if (endpoint && !places.some((place) => place.endpoint === endpoint)) places.push({ source, kind, endpoint });
  };
  add('podman', 'CONTAINER_HOST', env['CONTAINER_HOST']);
  if (runtime !== undefined) add('podman', "rootless Podman's socket", `unix://${join(runtime, 'podman/podman.sock')}`);
  add('docker', 'DOCKER_HOST', env['DOCKER_HOST']);
  const context = await currentContext(machine);
  if (context !== undefined) add('docker', `Docker's context "${context.name}"`, context.endpoint);
  add('docker', "Docker's socket", 'unix:///var/run/docker.sock');
  add('docker', "Docker Desktop's socket", `unix://${join(home, '.docker/desktop/docker.sock')}`);
  add('docker', "Docker Desktop's socket", `unix://${join(home, '.docker/run/docker.sock')}`);
  if (runtime !== undefined) add('docker', "rootless Docker's socket", `unix://${join(runtime, 'docker.sock')}`);
  add('podman', "rootful Podman's socket", 'unix:///run/podman/podman.sock');
  return places;
}

/** Docker's rule: DOCKER_CONTEXT, else `currentContext` of its configuration; `default` means no context. Metadata lies under the SHA-256 of the name. */
async function currentContext({ env, home, readText }: Machine): Promise<{ readonly name: string; readonly endpoint: string } | undefined> {
  const directory = env['DOCKER_CONFIG'] || join(home, '.docker');
  const config = parse<{ readonly currentContext?: unknown }>(await readText(join(directory, 'config.json')));
  const name = env['DOCKER_CONTEXT'] || config?.currentContext;
  if (typeof name !== 'string' || name === '' || name === 'default') return undefined;
  const digest = createHash('sha256').update(name).digest('hex');
  const text = await readText(join(directory, 'contexts/meta', digest, 'meta.json'));
  const endpoint = parse<{ readonly Endpoints?: { readonly docker?: { readonly Host?: unknown } } }>(text)?.Endpoints?.docker?.Host;
  return typeof endpoint === 'string' ? { name, endpoint } : undefined;
}

function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // Somebody else's broken file is no reason to find no engine at all.
    return undefined;
  }
}
