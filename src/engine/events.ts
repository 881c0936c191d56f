import { type Api, filters, labelFilters } from './api.ts';
import type { EngineEvent, EventFilter } from './model.ts';
import { readChunks, readJsonLines } from './stream.ts';
import type { WireEvent } from './wire.ts';

const types: readonly string[] = ['container', 'image', 'volume', 'network'] satisfies readonly EngineEvent['type'][];

/** Podman's words, and those of Docker that carry more than a name. */
const actions: Readonly<Record<string, string>> = { died: 'die', remove: 'destroy', exec_died: 'exec-die', exec_die: 'exec-die', health_status: 'health' };

export async function* readEvents(api: Api, filter: EventFilter = {}): AsyncGenerator<EngineEvent> {
  const seconds = (date: Date | undefined) => (date === undefined ? undefined : (date.getTime() / 1000).toFixed(3));
  const { kind } = await api.dialect();
  // With an end that is past, Podman ends before it has told anything: it is asked for all of the past, and cut here.
  const past = kind === 'podman' && filter.until !== undefined && filter.until.getTime() <= Date.now();
  const response = await api.stream('GET', '/events', {
    ...filter,
    action: 'watch events',
    query: {
      since: seconds(filter.since),
      until: past ? undefined : seconds(filter.until),
      stream: past ? false : undefined,
      filters: filters({ type: filter.types, label: labelFilters(filter.labels) }),
    },
  });
  for await (const line of readJsonLines(readChunks(api.endpoint, response))) {
    const event = readEvent(line as WireEvent);
    if (event === undefined) continue;
    if (past && Date.parse(event.at) > (filter.until?.getTime() ?? 0)) return;
    yield event;
  }
}

/** `undefined` for kinds that Slipway has no use for, such as `daemon` or `pod`. */
export function readEvent(wire: WireEvent): EngineEvent | undefined {
  const type = wire.Type ?? '';
  if (!isType(type)) return undefined;
  // `exec_start: sh -c …` and `health_status: healthy`: what follows the colon is in the attributes, or is a command line.
  const [word = ''] = (wire.Action ?? '').split(':');
  // Only a container's removal is its destruction: images and networks are removed on both engines.
  const action = word === 'remove' && type !== 'container' ? word : (actions[word] ?? word.replaceAll('_', '-'));
  const milliseconds = wire.timeNano === undefined ? (wire.time ?? 0) * 1000 : wire.timeNano / 1e6;
  return { type, action, id: wire.Actor?.ID ?? '', attributes: wire.Actor?.Attributes ?? {}, at: new Date(milliseconds).toISOString() };
}

function isType(type: string): type is EngineEvent['type'] {
  return types.includes(type);
}
