import { posix } from 'node:path';
import { ownLabels } from '../../containers/labels.ts';
import type { Labels, Mount } from '../../engine/model.ts';
import type { PipelinePlan, PlannedCache } from '../model.ts';
import { cacheVolume, channelTarget, workspaceTarget } from './container-names.ts';
import { RunFailure } from './failure.ts';

/** A cache at its place in the container. */
export interface MountedCache {
  readonly key: string;
  /** Absolute. */
  readonly target: string;
}

/** The caches of all jobs: they share one container, so that a path can have one of them only. */
export function mountedCaches(jobs: PipelinePlan['jobs']): readonly MountedCache[] {
  const byTarget = new Map<string, PlannedCache>();
  for (const { caches } of jobs) {
    for (const cache of caches) {
      const target = posix.resolve(workspaceTarget, cache.path);
      if (isTaken(target)) throw taken(cache.key, target);
      const other = byTarget.get(target);
      if (other !== undefined && other.key !== cache.key) throw conflict(target, other.key, cache.key);
      byTarget.set(target, cache);
    }
  }
  return [...byTarget].map(([target, { key }]) => ({ key, target }));
}

function isTaken(target: string): boolean {
  const around = (mount: string) => target === '/' || mount === target || mount.startsWith(`${target}/`);
  return around(workspaceTarget) || around(channelTarget) || target.startsWith(`${channelTarget}/`);
}

function taken(key: string, target: string): RunFailure {
  const message = `The cache ${key} wants ${target}, where the run has files of its own.`;
  return new RunFailure(
    'E_CACHE_PLACE',
    { kind: 'pipeline-invalid', message, retryable: false, evidence: { path: target, key } },
    {
      hint: 'Give it a path in the workspace, or one that the image does not need.',
    },
  );
}

function conflict(target: string, one: string, other: string): RunFailure {
  const message = `The caches ${one} and ${other} want the same place, ${target}, and a run has one container.`;
  const outcome = { kind: 'pipeline-invalid', message, retryable: false, evidence: { path: target, key: one, other_key: other } } as const;
  return new RunFailure('E_CACHE_PLACE', outcome, { hint: 'Give them different paths, or the same key.' });
}

export function cacheMounts(install: string, repository: string, caches: readonly MountedCache[]): readonly Mount[] {
  return caches.map(({ key, target }) => ({ type: 'volume', source: cacheVolume(install, repository, key), target }));
}

/** Without a run's label: caches outlive runs. */
export function cacheLabels(install: string, operation: string, repository: string, key: string): Labels {
  return ownLabels(install, operation, 'run', { project: repository, cache: key });
}
