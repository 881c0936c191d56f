import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { readInstances } from '../store.ts';
import type { Replaced } from './model.ts';
import { replaceVersion } from './replace.ts';
import { type UpdateFlags, updateTarget } from './targets.ts';

export type UpdatedOne = { readonly instance: string } & ({ readonly result: Replaced } | { readonly error: SlipwayError });

/** One after the other, so that a version that is bad for all takes no two down at once; a bad one keeps none of the rest. */
export async function updateAll(app: App, flags: UpdateFlags, told: (one: UpdatedOne) => void): Promise<readonly UpdatedOne[]> {
  const done: UpdatedOne[] = [];
  for (const entry of await readInstances(app.paths, app.person.home)) {
    app.signal.throwIfAborted();
    const one = 'error' in entry ? { instance: entry.name, error: entry.error } : await updateOne(app, entry.name, entry.config, flags);
    done.push(one);
    told(one);
  }
  return done;
}

async function updateOne(app: App, instance: string, config: Parameters<typeof updateTarget>[1], flags: UpdateFlags): Promise<UpdatedOne> {
  try {
    return { instance, result: await replaceVersion(app, 'update', { instance, ...(await updateTarget(app, config, flags)) }) };
  } catch (error) {
    if (!(error instanceof SlipwayError) || app.signal.aborted) throw error;
    return { instance, error };
  }
}
