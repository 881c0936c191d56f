import { type InstanceConfig, versionOf } from '../../instances/model.ts';

/** Where a person on this machine reaches it. */
export function serviceUrl({ address, port }: Pick<InstanceConfig, 'address' | 'port'>): string {
  const isHere = /^(?:127\.|0\.0\.0\.0$|::1?$)/.test(address);
  const host = isHere ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

export function runningLine(config: InstanceConfig): string {
  return `Instance ${config.name} running on ${serviceUrl(config)} (${versionOf(config)})`;
}
