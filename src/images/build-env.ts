import { run } from '../host/process.ts';
import type { Env } from '../state/paths.ts';

const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];
const defaultRegistry = 'https://registry.npmjs.org/';

/** The host's proxies in both spellings, as programs look for either. Builders keep these arguments out of the image and its history. */
export function proxyArguments(env: Env): Readonly<Record<string, string>> {
  return Object.fromEntries(
    proxyNames.flatMap((name) => {
      const value = env[name] || env[name.toLowerCase()];
      return value ? [[name, value] as const, [name.toLowerCase(), value] as const] : [];
    }),
  );
}

export interface HostRegistry {
  /** `undefined`: npm's own, or one that must not be passed on. */
  readonly registry: string | undefined;
  /** It has a password in it, which would stay in the image's history. */
  readonly secret: boolean;
}

/** The npm registry that the host is set up for. */
export async function hostRegistry(env: Env): Promise<HostRegistry> {
  const address = env.npm_config_registry || env.NPM_CONFIG_REGISTRY || (await askNpm(env));
  if (!address || !URL.canParse(address)) return { registry: undefined, secret: false };
  const url = new URL(address);
  if (url.username !== '' || url.password !== '') return { registry: undefined, secret: true };
  return { registry: url.href === defaultRegistry ? undefined : url.href, secret: false };
}

async function askNpm(env: Env): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await run(['npm', 'config', 'get', 'registry'], { cwd: '/', env, timeoutMs: 10_000 });
    return exitCode === 0 ? stdout.trim() : undefined;
  } catch {
    // No npm on the host: nothing is set up.
    return undefined;
  }
}

/** A proxy or registry on the host's own loopback address is another machine's inside a build, unless it runs in the host's network. */
export function needsHostNetwork(buildArgs: Readonly<Record<string, string>>): boolean {
  return Object.entries(buildArgs).some(
    ([name, value]) => !/^no_proxy$/i.test(name) && URL.canParse(value) && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(value).hostname),
  );
}
