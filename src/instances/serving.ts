import type { ContainerDetails, ContainerSummary } from '../engine/model.ts';
import { readApplied } from './drift.ts';
import type { InstanceConfig } from './model.ts';

/** The configuration with the port that the container really has: an edited one is the next container's. */
export function servedBy(config: InstanceConfig, container: ContainerDetails | ContainerSummary | undefined): InstanceConfig {
  const applied = container === undefined ? undefined : readApplied(container.labels);
  const port = Number(applied?.['port']);
  return applied === undefined || !Number.isInteger(port) ? config : { ...config, port, address: applied['address'] ?? config.address };
}
