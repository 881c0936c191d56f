import type { Readable } from 'node:stream';
import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { inspectContainer } from './containers.ts';
import type { CallOptions } from './model.ts';
import { pathPart } from './reference.ts';
import { handOut } from './stream.ts';

export async function archiveOut(api: Api, id: string, path: string, options: CallOptions = {}): Promise<Readable | undefined> {
  const action = `copy ${path} out of container ${id}`;
  const response = await api.stream('GET', `/containers/${pathPart(id)}/archive`, { ...options, action, query: { path }, accept: [404] });
  if (response.statusCode !== 404) return handOut(api.endpoint, response);
  response.resume();
  // 404 is both "no such path" and "no such container"; the two engines word them differently.
  if ((await inspectContainer(api, id, options)) === undefined) throw new SlipwayError('E_NO_SUCH', `Cannot ${action}: there is no such container`);
  return undefined;
}

export async function archiveIn(api: Api, id: string, directory: string, archive: Readable, options: CallOptions = {}): Promise<void> {
  const action = `copy into ${directory} of container ${id}`;
  const path = `/containers/${pathPart(id)}/archive`;
  // Docker refuses a directory that is not there, Podman makes it: asked before, both refuse.
  await api.call('HEAD', path, {
    ...options,
    action,
    query: { path: directory },
    refused: ({ status }) => (status === 404 ? new SlipwayError('E_NO_SUCH', `Cannot ${action}: there is no such directory, or no such container`) : undefined),
  });
  await api.call('PUT', path, {
    ...options,
    action,
    tar: archive,
    patient: true,
    query: { path: directory },
  });
}
