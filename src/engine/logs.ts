import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { inspectContainer } from './inspect-container.ts';
import { asStdout, demultiplex, type FramePart } from './demultiplex.ts';
import type { LogChunk, LogOptions } from './model.ts';
import { pathPart } from './reference.ts';
import { readChunks } from './stream.ts';

/** `since`: seconds since 1970 with a fraction, as the engine takes them. */
type LogQuery = Omit<LogOptions, 'since'> & { readonly since?: string };

export async function* readLogs(api: Api, id: string, { since, ...options }: LogOptions = {}): AsyncGenerator<LogChunk> {
  // Only the container knows whether its log is framed: not every version says it in the answer's content type.
  const container = await inspectContainer(api, id, options);
  if (container === undefined) throw new SlipwayError('E_NO_SUCH', `Cannot ${actionOn(id)}: there is no such container`);
  const query: LogQuery = { ...options, ...(since && { since: (since.getTime() / 1000).toFixed(3) }) };
  if (container.tty) yield* asStdout(await open(api, id, query));
  else if (options.follow && (await api.dialect(options)).kind === 'docker') yield* followDocker(api, id, query);
  else yield* demultiplex(await open(api, id, query));
}

const actionOn = (id: string) => `read the logs of container ${id}`;

async function open(
  api: Api,
  id: string,
  { follow = false, timestamps = false, tail = 'all', since, ...options }: Omit<LogQuery, 'tail'> & { tail?: number | 'all' },
) {
  const query = { stdout: true, stderr: true, follow, timestamps, tail, since };
  return readChunks(api.endpoint, await api.stream('GET', `/containers/${pathPart(id)}/logs`, { ...options, action: actionOn(id), query }));
}

/** Where in a log a reader is: the stamp of the last message it got, and how many it got of that stamp. */
interface Position {
  stamp: string;
  messages: number;
}

/**
 * Docker before 23 may end a follow without the messages that a container wrote just before its end, most often where the last line has no newline.
 * So the log is read on, once it is closed, from the last message that came.
 */
async function* followDocker(api: Api, id: string, query: LogQuery): AsyncGenerator<LogChunk> {
  const position: Position = { stamp: '', messages: 0 };
  const wanted = { ...query, timestamps: true };
  const shown = query.timestamps ?? false;
  yield* unstamp(demultiplex(await open(api, id, wanted)), position, shown, { stamp: '', messages: 0 });
  const { tail, ...rest } = wanted;
  const from = position.stamp === '' ? { ...rest, ...(tail !== undefined && { tail }) } : { ...rest, since: asSince(position.stamp) };
  const log = await open(api, id, { ...from, follow: false }).catch((error: unknown) => {
    // Removed together with its end: there is no more to read.
    if (error instanceof SlipwayError && error.code === 'E_NO_SUCH') return undefined;
    throw error;
  });
  if (log !== undefined) yield* unstamp(demultiplex(log), { stamp: '', messages: 0 }, shown, position);
}

/** Takes the stamp off each message, and leaves out those up to a position. Docker gives each message a frame, and each frame a stamp. */
async function* unstamp(parts: AsyncIterable<FramePart>, position: Position, shown: boolean, after: Readonly<Position>): AsyncGenerator<LogChunk> {
  let head: Buffer | undefined;
  let seen = false;
  for await (const { stream, data, first } of parts) {
    if (first) head = Buffer.alloc(0);
    if (head === undefined) {
      if (!seen) yield { stream, data };
      continue;
    }
    head = Buffer.concat([head, data]);
    const space = head.indexOf(0x20);
    if (space < 0) continue;
    const stamp = head.subarray(0, space).toString('latin1');
    position.messages = stamp === position.stamp ? position.messages + 1 : 1;
    position.stamp = stamp;
    seen = stamp === after.stamp && position.messages <= after.messages;
    const text = shown ? head : head.subarray(space + 1);
    head = undefined;
    if (!seen && text.length > 0) yield { stream, data: text };
  }
}

/** `2026-11-21T07:02:39.152000000Z` → `1795244559.152000000`. */
function asSince(stamp: string): string {
  const [seconds = '', fraction = ''] = stamp.replace('Z', '').split('.');
  return `${Date.parse(`${seconds}Z`) / 1000}.${fraction.padEnd(9, '0')}`;
}
