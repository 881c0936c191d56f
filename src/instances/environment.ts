import type { Paths } from '../state/paths.ts';
import { readEnvFile, type SecretEnvironment } from './env-file.ts';
import { definitionOf } from './definition.ts';
import { type InstanceConfig, versionOf } from './model.ts';

/** What a service is told: those of `.env` stand above plain ones, Slipway's own above both. */
export interface InstanceEnvironment {
  readonly plain: Readonly<Record<string, string>>;
  readonly secret: SecretEnvironment;
  readonly own: Readonly<Record<string, string>>;
}

/** Read where it is used, and never kept: a value of `.env` stands in no step, journal, label or message. */
export async function readEnvironment(paths: Paths, config: InstanceConfig): Promise<InstanceEnvironment> {
  const [definition, secret] = await Promise.all([definitionOf(paths, config.source), readEnvFile(paths, config.name)]);
  return {
    plain: { ...definition?.env, ...config.env },
    secret,
    own: {
      SLIPWAY_INSTANCE: config.name,
      SLIPWAY_VERSION: versionOf(config),
      SLIPWAY_SETTINGS: JSON.stringify(config.settings),
      PORT: String(config.kind === 'process' ? config.port : config.containerPort),
    },
  };
}

/** As the service gets it. */
export function revealed({ plain, secret, own }: InstanceEnvironment): Readonly<Record<string, string>> {
  return { ...plain, ...Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, value.reveal()])), ...own };
}
