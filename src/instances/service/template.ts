import type { Mount } from '../../engine/model.ts';
import { type InstanceConfig, instanceContainer } from '../model.ts';
import { defaultHealth } from '../resolve.ts';
import { CONTAINER_PORT, MOUNT_POINTS, WORKING_DIR } from './constants.ts';

/** What a template says of an instance; the rest is the person's or Slipway's default. */
export type TemplateSettings = Pick<InstanceConfig, 'containerPort' | 'paths' | 'mounts' | 'health' | 'workingDir' | 'hostname' | 'stopTimeoutSeconds'>;

type VolumeKey = keyof typeof MOUNT_POINTS;

const volumeKeys = Object.keys(MOUNT_POINTS) as readonly VolumeKey[];

/** The volumes of an instance: two instances never share one. */
export const volumesOf = (instance: string): readonly string[] => volumeKeys.map((key) => `${instanceContainer(instance)}-${key}`);

/** Template `opencode`. Its data is what OpenCode keeps of sessions: a volume instead of the instance's `data/`. */
export function openCodeSettings(instance: string): TemplateSettings {
  return {
    containerPort: CONTAINER_PORT,
    paths: { data: MOUNT_POINTS.session, logs: undefined, projects: undefined },
    mounts: volumeKeys.map((key): Mount => ({ type: 'volume', source: `${instanceContainer(instance)}-${key}`, target: MOUNT_POINTS[key] })),
    // Its first answer takes a slow machine a while, and its own check knows its password.
    health: { ...defaultHealth, waitMs: 90_000 },
    workingDir: WORKING_DIR,
    hostname: instanceContainer(instance).replaceAll('_', '-').slice(0, 63),
    stopTimeoutSeconds: 10,
  };
}
