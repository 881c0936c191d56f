import type { Paths } from '../state/paths.ts';
import type { InstanceSource } from './model.ts';
import type { ServiceDefinition } from './releases/model.ts';

/** How a version's repository declared it. `undefined`: an image has none, or the release was removed by hand. */
export async function definitionOf(paths: Paths, source: InstanceSource): Promise<ServiceDefinition | undefined> {
  if (!('release' in source)) return undefined;
  const { readReleaseIfAny } = await import('./releases/store.ts');
  return (await readReleaseIfAny(paths, source.release))?.definition;
}
