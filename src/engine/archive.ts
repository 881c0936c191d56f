import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { inspectContainer } from './inspect-container.ts';
import type { CallOptions } from './model.ts';
import { pathPart } from './reference.ts';
import { handOut } from './stream.ts';

export async function archiveOut(api: Api, id: string, path: string, options: CallOptions = {}): Promise<Readable | undefined> {
  const action = `copy ${path} out of container ${id}`;
  const response = await api.stream('GET', `/containers/${pathPart(id)}/archive`, { ...options, action, query: { path }, accept: [404] });
  const link = (await api.dialect()).kind === 'podman' ? linkTarget(response.headers['x-docker-container-path-stat']) : undefined;
  if (link !== undefined) {
    response.destroy();
    return archiveOfLink(path, link);
  }
  if (response.statusCode !== 404) return handOut(api.endpoint, response);
  response.resume();
  // 404 is both "no such path" and "no such container"; the two engines word them differently.
  if ((await inspectContainer(api, id, options)) === undefined) throw new SlipwayError('E_NO_SUCH', `Cannot ${action}: there is no such container`);
  return undefined;
}

/** Go's bit of a symbolic link in a file's mode. */
const linkMode = 2 ** 27;

/** Where a link leads; `undefined` for all else. */
function linkTarget(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined;
  const { mode, linkTarget: target } = JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as { readonly mode: number; readonly linkTarget: string };
  return Math.floor(mode / linkMode) % 2 === 1 ? target : undefined;
}

/** Podman follows a link and archives what it leads to, as though that stood in its place; Docker gives the link. */
async function archiveOfLink(path: string, target: string): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  archive.entry({ name: posix.basename(path), type: 'symlink', linkname: posix.relative(posix.dirname(path), target) });
  archive.finalize();
  return Readable.from(archive);
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
