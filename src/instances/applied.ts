import { createHmac } from 'node:crypto';
import type { SecretEnvironment } from './env-file.ts';
import { type InstanceConfig, versionOf } from './model.ts';

/** What a container was made from, flat: the keys of `Drift`. Values of `.env` are salted digests. */
export type Applied = Readonly<Record<string, string>>;

interface AppliedFacts {
  /** Of the container's image. */
  readonly image: string;
  readonly environment: { readonly secret: SecretEnvironment };
  readonly salt: string;
}

/** A value of `.env`, as the label has it. */
export const secretMark = 'hmac-sha256:';

export function appliedOf(config: InstanceConfig, { image, environment, salt }: AppliedFacts): Applied {
  return { ...configured(config, environment.secret, salt), image };
}

/** What the configuration asks for now, but for the image, which only an engine or a release can tell. */
export function configured(config: InstanceConfig, secret: SecretEnvironment, salt: string): Applied {
  const { limits, paths } = config;
  return {
    version: versionOf(config),
    address: config.address,
    port: String(config.port),
    container_port: String(config.containerPort),
    'paths.data': paths.data,
    ...(paths.logs === undefined ? {} : { 'paths.logs': paths.logs }),
    ...(paths.projects === undefined ? {} : { 'paths.projects': `${paths.projects.source} at ${paths.projects.target}` }),
    ...keyed('env', config.env, (value) => value),
    ...keyed('env', secret, (value) => `${secretMark}${createHmac('sha256', salt).update(value.reveal()).digest('base64url').slice(0, 22)}`),
    ...Object.fromEntries(
      config.mounts.map(({ type, source = '', target, readOnly }) => [
        `mounts.${target}`,
        `${type === 'volume' ? 'volume ' : ''}${source}${readOnly ? ' (read-only)' : ''}`,
      ]),
    ),
    ...(limits.memoryBytes === undefined ? {} : { 'limits.memory': String(limits.memoryBytes) }),
    ...(limits.cpus === undefined ? {} : { 'limits.cpus': String(limits.cpus) }),
    ...(limits.pids === undefined ? {} : { 'limits.pids': String(limits.pids) }),
    ...(config.command === undefined ? {} : { command: JSON.stringify(config.command) }),
    ...(config.user === undefined ? {} : { user: config.user }),
    ...(config.workingDir === undefined ? {} : { working_dir: config.workingDir }),
    ...(config.hostname === undefined ? {} : { hostname: config.hostname }),
    stop_timeout: String(config.stopTimeoutSeconds),
    ...keyed('settings', config.settings, (value) => JSON.stringify(value)),
  };
}

function keyed<T>(prefix: string, values: Readonly<Record<string, T>>, text: (value: T) => string): Applied {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, text(value)]));
}
