import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { inspectContainer } from './containers.ts';
import { asStdout, demultiplex } from './demultiplex.ts';
import type { LogChunk, LogOptions } from './model.ts';
import { pathPart } from './reference.ts';
import { readChunks } from './stream.ts';

export async function* readLogs(api: Api, id: string, options: LogOptions = {}): AsyncGenerator<LogChunk> {
  const action = `read the logs of container ${id}`;
  // Only the container knows whether its log is framed: not every version says it in the answer's content type.
  const container = await inspectContainer(api, id, options);
  if (container === undefined) throw new SlipwayError('E_NO_SUCH', `Cannot ${action}: there is no such container`);
  const response = await api.stream('GET', `/containers/${pathPart(id)}/logs`, {
    ...options,
    action,
    query: {
      stdout: true,
      stderr: true,
      follow: options.follow ?? false,
      timestamps: options.timestamps ?? false,
      tail: options.tail ?? 'all',
      since: options.since === undefined ? undefined : (options.since.getTime() / 1000).toFixed(3),
    },
  });
  const chunks = readChunks(api.endpoint, response);
  yield* container.tty ? asStdout(chunks) : demultiplex(chunks);
}
