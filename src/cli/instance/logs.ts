import { once } from 'node:events';
import { readInstanceLogs } from '../../instances/read-logs.ts';
import { readInstance } from '../../instances/store.ts';
import type { Call } from '../call.ts';

export interface LogFlags {
  readonly follow?: true | undefined;
  readonly tail?: number | undefined;
  readonly since?: Date | undefined;
  readonly timestamps?: true | undefined;
}

export async function logs(call: Call, name: string, { follow, tail, since, timestamps }: LogFlags): Promise<void> {
  const { app, terminal } = call;
  const config = await readInstance(app.paths, name, app.person.home);
  try {
    for await (const { at, stream, text } of readInstanceLogs(app, config, { follow: follow ?? false, tail, since })) {
      const out = terminal[stream];
      if (!out.write(`${timestamps ? `${at} ` : ''}${text}\n`)) await once(out, 'drain', { signal: app.signal });
    }
  } catch (error) {
    // Ctrl-C ends the following, not the service.
    if (!app.signal.aborted) throw error;
  }
}
