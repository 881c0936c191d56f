import { createHash } from 'node:crypto';
import type { RunRef } from '../model.ts';

/** Also the name of its network. */
export const containerName = ({ repository, run }: RunRef) => `slipway-ci-${repository}-${run}`;

export const serviceContainer = (ref: RunRef, service: string) => `${containerName(ref)}-${service}`;

export const imageTag = ({ repository, run }: RunRef) => `slipway-ci/${repository}:${run}`;

/** The run that a tag of `imageTag` is of. */
export function runOfTag(tag: string): RunRef | undefined {
  const [, repository, run] = /^slipway-ci\/([^/:]+):([^/:]+)$/.exec(tag) ?? [];
  return repository === undefined || run === undefined ? undefined : { repository, run };
}

/** A key is a person's text, and two installs may share an engine: neither can be a volume's name as it is. */
export function cacheVolume(install: string, repository: string, key: string): string {
  const hash = createHash('sha256').update([install, repository, key].join('\0')).digest('hex');
  return `slipway-ci-${repository}-cache-${hash.slice(0, 16)}`;
}

/** Where the container has the workspace and the channel. */
export const workspaceTarget = '/work';
export const channelTarget = '/run/slipway/ci';
