import type { EngineRef } from '../../engine/model.ts';
import type { HealthSettings, InstanceConfig, InstanceKind } from '../model.ts';

/** What is asked of a service, as plain data: a step holds it. */
export interface Watched {
  readonly instance: string;
  readonly kind: InstanceKind;
  readonly engine: EngineRef;
  /** Name or id; of a process nothing is asked of it. */
  readonly container: string;
  /** Where its port is published on the host. */
  readonly address: string;
  readonly port: number;
  readonly health: HealthSettings;
}

export function watchedOf(config: InstanceConfig, container: string): Watched {
  const { name, kind, engine, address, port, health } = config;
  return { instance: name, kind, engine, container, address, port, health };
}

/** Where a client on this machine reaches what is bound to the address. */
export function reachable(address: string): string {
  if (address === '0.0.0.0' || address === '') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
