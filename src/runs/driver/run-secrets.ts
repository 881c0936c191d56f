import type { App } from '../../operations/model.ts';
import { readConfig } from '../../projects/store.ts';
import type { PipelinePlan } from '../model.ts';
import { Masker } from '../secrets/masker.ts';
import { readSecrets } from '../secrets/sources.ts';
import type { RunEvents } from './run-events.ts';

/** The values that the plan's jobs name. From here on nothing that is written shows one. */
export async function readRunSecrets(app: App, { jobs }: PipelinePlan, events: RunEvents): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(jobs.flatMap(({ secrets }) => secrets))];
  if (names.length === 0) return new Map();
  const { secrets: sources } = await readConfig(app.paths);
  const { env, person, paths, signal } = app;
  const secrets = await readSecrets(sources, names, { env, home: env.HOME || person.home, folder: paths.config, signal });
  const values = new Map([...secrets].map(([name, secret]) => [name, secret.reveal()] as const));
  const masker = new Masker(values);
  events.maskWith(masker);
  if (masker.warning !== undefined) events.note(masker.warning);
  return values;
}
