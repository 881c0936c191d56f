import { buildWithProgram, type ProgramBuild } from '../engine/build-program.ts';
import type { Engine } from '../engine/model.ts';
import { openDuplex, startDetached } from '../host/background.ts';
import { run } from '../host/process.ts';
import type { App, StepContext } from '../operations/model.ts';
import { hostRegistry, needsHostNetwork, proxyArguments } from './build-env.ts';
import { adviseOnCertificates } from './certificate-advice.ts';
import { pinnedBaseTag } from './names.ts';

/** Hands over a reference that means exactly this image, that no registry is asked for, and that no other operation takes away. */
export async function withPinnedBase<T>(engine: Engine, operation: string, baseId: string, use: (reference: string) => Promise<T>): Promise<T> {
  const tag = pinnedBaseTag(operation);
  await engine.images.tag(baseId, tag);
  try {
    return await use(localName(engine, tag));
  } finally {
    await unpin(engine, tag);
  }
}

/** Takes the pin off. Where it is the image's last name, a person removed the others meanwhile, and the image stays. */
export async function unpin(engine: Engine, tag: string): Promise<void> {
  const pinned = await engine.images.inspect(tag);
  if (pinned && pinned.tags.length > 1) await engine.images.remove(tag);
}

/** Podman looks for short names at registries; Docker knows `localhost/` only as a registry. */
export function localName(engine: Engine, tag: string): string {
  return engine.kind === 'podman' ? `localhost/${tag}` : tag;
}

export interface HostBuild extends Pick<ProgramBuild, 'context' | 'tags' | 'noCache'> {
  /** Reference that the Dockerfile's SLIPWAY_PARENT stands for. */
  readonly parent: string;
  /** The project's or config.yml's own; `undefined`: the host's where a proxy or a registry is on its loopback address. */
  readonly network: string | undefined;
  /** Whether it installs from npm's registry. */
  readonly npm: boolean;
}

/** Builds with what the host has set up: its proxies, its npm registry. Gives the image's id. */
export async function buildOnHost(context: StepContext, engine: Engine, build: HostBuild): Promise<string> {
  const { app } = context;
  const proxies = proxyArguments(app.env);
  const registry = build.npm ? await registryArgument(app) : {};
  const network = build.network ?? (needsHostNetwork({ ...proxies, ...registry }) ? 'host' : undefined);
  return buildWithProgram(
    engine,
    { run, openDuplex, startDetached },
    {
      context: build.context,
      tags: build.tags ?? [],
      buildArgs: { SLIPWAY_PARENT: build.parent, ...registry },
      quietArgs: proxies,
      ...(network === undefined ? {} : { network }),
      ...(build.noCache ? { noCache: true } : {}),
      signal: app.signal,
      onProgress: (text) => app.out.raw(text),
      onStart: (pid) => context.child(pid),
    },
  ).catch((error: unknown) => {
    throw adviseOnCertificates(error);
  });
}

/** The host's npm registry. */
async function registryArgument(app: App): Promise<Readonly<Record<string, string>>> {
  const { registry, secret } = await hostRegistry(app.env);
  if (secret) {
    app.out.warn("The npm registry of this machine has a password in its address, which an image must not hold: npm's own registry is installed from.");
  }
  return registry === undefined ? {} : { npm_config_registry: registry };
}
