import { type Api, openApi } from './api.ts';
import { openContainers } from './containers.ts';
import type { DialectMemory } from './dialect.ts';
import { openImages } from './images.ts';
import type { Engine, EngineInfo, EngineRef } from './model.ts';
import { openNetworks } from './networks.ts';
import { engineProgram } from './program.ts';
import type { Environment, Programs } from './programs.ts';
import { openTransport, reviving } from './transport.ts';
import { openVolumes } from './volumes.ts';

export interface ConnectOptions {
  /** Starts `ssh` for ssh:// endpoints: `processes` of host/process.ts. */
  readonly programs: Programs;
  /** Default `process.env`. */
  readonly env?: Environment;
  /** Spares the ping before the first question. */
  readonly dialects?: DialectMemory;
  /** Default `process.platform`. */
  readonly platform?: NodeJS.Platform;
}

/** So long an engine is taken for the same one. */
const infoLastsMs = 10_000;

/** An engine at an endpoint. Nothing is asked before the first call, which also negotiates how to speak. */
export function connect(to: Pick<EngineRef, 'kind' | 'endpoint'>, options: ConnectOptions): Engine {
  const env = options.env ?? process.env;
  const transport = openTransport(to.endpoint, options.programs, env);
  const revived = to.endpoint.endsWith('/slipway/podman.sock') ? reviving(transport, () => revive(to.endpoint, options, env)) : transport;
  const api = openApi(revived, options.dialects);
  return engineAt(to, api, options);
}

/** Asks an endpoint of unknown kind what it is, by one ping, and connects. Starts nothing. */
export async function open(endpoint: string, options: ConnectOptions & { readonly timeoutMs?: number }): Promise<Engine> {
  const api = openApi(openTransport(endpoint, options.programs, options.env ?? process.env), options.dialects);
  try {
    const { kind } = await api.dialect({ timeoutMs: options.timeoutMs ?? 3000 });
    return engineAt({ kind, endpoint }, api, options);
  } catch (error) {
    api.close();
    throw error;
  }
}

function engineAt(to: Pick<EngineRef, 'kind' | 'endpoint'>, api: Api, options: ConnectOptions): Engine {
  let info: Promise<EngineInfo> | undefined;
  let askedAt = 0;
  return {
    kind: to.kind,
    endpoint: to.endpoint,
    ping: (call) => api.ping(call),
    info(call) {
      if (info !== undefined && performance.now() - askedAt < infoLastsMs) return info;
      askedAt = performance.now();
      info = (async () => (await import('./info.ts')).readInfo(api, options.platform ?? process.platform, call))().catch((error: unknown) => {
        info = undefined;
        throw error;
      });
      return info;
    },
    images: openImages(api),
    containers: openContainers(api),
    volumes: openVolumes(api),
    networks: openNetworks(api),
    async *events(filter) {
      yield* (await import('./events.ts')).readEvents(api, filter);
    },
    program: () => engineProgram(to.kind, to.endpoint, options.env ?? process.env),
    close: () => api.close(),
  };
}

/** For sockets that podman-service.ts chose: loaded only where one is in use. */
async function revive(endpoint: string, options: ConnectOptions, env: Environment): Promise<void> {
  const { startPodmanService } = await import('./podman-service.ts');
  await startPodmanService(endpoint, options.programs, env, async () => (await open(endpoint, { ...options, timeoutMs: 1000 })).close());
}
