import { label } from '../containers/labels.ts';
import type { Labels } from '../engine/model.ts';
import { type Applied, configured, secretMark } from './applied.ts';
import type { SecretEnvironment } from './env-file.ts';
import type { Drift, InstanceConfig } from './model.ts';

export interface DriftFacts {
  readonly secret: SecretEnvironment;
  /** Of state.json. */
  readonly salt: string;
  /** Of the container: a list of containers has them. */
  readonly labels: Labels;
}

/** Where configuration and container differ, in the order of the configuration. Whatever else was done to the container does not show here. */
export function driftOf(config: InstanceConfig, { secret, salt, labels }: DriftFacts): readonly Drift[] {
  const running = readApplied(labels);
  if (running === undefined) return [{ key: 'container', configured: 'made by Slipway', running: 'not known: its label is missing' }];
  const wanted = configured(config, secret, salt);
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(running)])].filter((key) => key !== 'image');
  return keys.filter((key) => wanted[key] !== running[key]).map((key) => ({ key, configured: shown(wanted[key]), running: shown(running[key]) }));
}

/** What a container was made from. `undefined`: its label is missing. */
export function readApplied(labels: Labels): Applied | undefined {
  try {
    const applied: unknown = JSON.parse(labels[label.applied] ?? '');
    return typeof applied === 'object' && applied !== null ? (applied as Applied) : undefined;
  } catch {
    return undefined;
  }
}

function shown(value: string | undefined): string | undefined {
  return value?.startsWith(secretMark) ? '***' : value;
}
