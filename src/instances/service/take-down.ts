import { change } from '../../operations/change.ts';
import type { App, Changed } from '../../operations/model.ts';
import { readInstanceIfAny } from '../store.ts';
import { deleteInstance } from '../verbs.ts';
import { volumesOf } from './template.ts';
import { removeVolumes } from './volumes.ts';

/** Stops and removes the container with its settings; the volumes too where that is wanted. What is gone already is no mistake. */
export async function takeDownService(app: App, instance: string, { volumes }: { readonly volumes: boolean }): Promise<readonly Changed<unknown>[]> {
  const config = await readInstanceIfAny(app.paths, instance, app.person.home);
  if (config !== undefined) return [await change(app, deleteInstance, { instance, keepData: false, volumes })];
  return volumes ? [await change(app, removeVolumes, { instance, volumes: volumesOf(instance) })] : [];
}
