import type { VolumeDetails } from '../../engine/model.ts';
import { change } from '../../operations/change.ts';
import type { App } from '../../operations/model.ts';
import { SERVICE } from './constants.ts';
import { volumesOf } from './template.ts';
import { ensureVolumes, removeVolumes } from './volumes.ts';

/** Gives the names of those that were missing. */
export async function ensureServiceVolumes(app: App, instance: string): Promise<readonly string[]> {
  const { plan } = await change(app, ensureVolumes, { instance, volumes: volumesOf(instance) });
  return plan.steps.map(({ volume }) => String(volume));
}

export async function readVolume(app: App, name: string): Promise<VolumeDetails | undefined> {
  return (await app.engine()).volumes.inspect(name, { signal: app.signal });
}

/** Gives the names of those that there were. */
export async function removeServiceVolumes(app: App, volumes: readonly string[]): Promise<readonly string[]> {
  const instance = /^slipway-([a-z0-9_-]+)-(?:session|projects|config)$/.exec(volumes[0] ?? '')?.[1] ?? SERVICE;
  const { plan } = await change(app, removeVolumes, { instance, volumes });
  return plan.steps.map(({ volume }) => String(volume));
}
