import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { type Api, type ApiRequest, filters, labelFilters } from './api.ts';
import { containerBody } from './container-body.ts';
import { containerSummary } from './container-details.ts';
import { inspectContainer } from './inspect-container.ts';
import { inspectImage } from './image-details.ts';
import type { Containers, ContainerSpec } from './model.ts';
import { whilePassing } from './passing.ts';
import { pathPart } from './reference.ts';
import type { WireContainerSummary } from './wire.ts';

/** Podman unmounts a container's root a moment after it has stopped: a start that falls into that moment finds its files gone, and the next one does not. */
const rootGone = /no such file or directory: OCI runtime/;

export function openContainers(api: Api): Containers {
  const act = (id: string, verb: string, request: Partial<ApiRequest> = {}) =>
    api.call('POST', `/containers/${pathPart(id)}/${verb}`, { action: `${verb} container ${id}`, ...request });
  return {
    create: (spec, options = {}) => createContainer(api, spec, options),
    async start(id, options = {}) {
      // 304: it runs already.
      await whilePassing(rootGone, () => act(id, 'start', { ...options, accept: [304] }));
    },
    async stop(id, options = {}) {
      const { timeoutSeconds: t } = options;
      // Without a time of its own the container's is waited, which we do not know.
      const timeoutMs = options.timeoutMs ?? ((t ?? 540) + 60) * 1000;
      const answer = await act(id, 'stop', { ...options, timeoutMs, query: { t }, accept: [304] });
      return answer.status !== 304;
    },
    async kill(id, signal, options = {}) {
      await act(id, 'kill', { ...options, query: { signal } });
    },
    remove: (id, options = {}) => removeContainer(api, id, options),
    async pause(id, options = {}) {
      await act(id, 'pause', options);
    },
    async unpause(id, options = {}) {
      await act(id, 'unpause', options);
    },
    async rename(id, name, options = {}) {
      await act(id, 'rename', { ...options, query: { name } });
    },
    inspect: (id, options) => inspectContainer(api, id, options),
    async list(filter = {}) {
      const by = filters({ label: labelFilters(filter.labels), name: filter.name === undefined ? undefined : [`^/?${escapeRegExp(filter.name)}$`] });
      const query = { all: filter.all ?? true, filters: by };
      const found = await api.json<readonly WireContainerSummary[] | null>('GET', '/containers/json', { ...filter, action: 'list containers', query });
      return (found ?? []).map(containerSummary);
    },
    async *logs(id, options) {
      yield* (await import('./logs.ts')).readLogs(api, id, options);
    },
    wait: async (id, options) => (await import('./wait.ts')).waitContainer(api, id, options),
    exec: async (id, spec, options) => (await import('./exec.ts')).startExec(api, id, spec, options),
    checkHealth: async (id, options) => (await import('./health.ts')).checkHealth(api, id, options),
    stats: async (id, options) => (await import('./stats.ts')).readStats(api, id, options),
    commit: async (id, tag, options) => (await import('./commit.ts')).commitContainer(api, id, tag, options),
    archiveOut: async (id, path, options) => (await import('./archive.ts')).archiveOut(api, id, path, options),
    archiveIn: async (id, directory, archive, options) => (await import('./archive.ts')).archiveIn(api, id, directory, archive, options),
  };
}

async function createContainer(api: Api, spec: ContainerSpec, options: Parameters<Containers['create']>[1]): Promise<string> {
  const dialect = await api.dialect();
  const image = dialect.kind === 'podman' ? await podmanImageName(api, spec.image, options) : spec.image;
  const { Id } = await api.json<{ readonly Id: string }>('POST', '/containers/create', {
    ...options,
    action: `create container ${spec.name}`,
    query: { name: spec.name },
    json: containerBody({ ...spec, image }, dialect),
    refused: ({ status, message }) => {
      if (status === 404) return noImage(spec);
      // Docker's 409, Podman's 500.
      if (/name .*in use/i.test(message)) return nameTaken(spec.name, message);
      return undefined;
    },
  });
  return Id;
}

/** Podman's Docker-compatible create looks for short names at docker.io only; its own API finds `localhost/` ones. */
async function podmanImageName(api: Api, image: string, options: Parameters<Containers['create']>[1] = {}): Promise<string> {
  const found = await inspectImage(api, image, options);
  if (found === undefined) throw new SlipwayError('E_NO_IMAGE', `There is no image ${image}`, { hint: 'Build, pull or import it first.' });
  return found.id.replace('sha256:', '');
}

function noImage(spec: ContainerSpec): SlipwayError {
  return new SlipwayError('E_NO_IMAGE', `Cannot create container ${spec.name}: there is no image ${spec.image}`, { hint: 'Build, pull or import it first.' });
}

function nameTaken(name: string, message: string): SlipwayError {
  return new SlipwayError('E_NAME_TAKEN', `Cannot create container ${name}: ${message}`, { hint: `Remove or rename the container that is called ${name}.` });
}

async function removeContainer(api: Api, id: string, options: Parameters<Containers['remove']>[1] = {}): Promise<boolean> {
  try {
    return await removeNow(api, id, options);
  } catch (error) {
    // Docker refuses a removal while another one is at work: that one's end is this one's, too.
    if (!(error instanceof SlipwayError && /removal of container .* already in progress/i.test(error.message))) throw error;
    for (let tries = 1; (await inspectContainer(api, id, options)) !== undefined; tries++) {
      if (tries === 50) throw error;
      await sleep(100, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
    return true;
  }
}

async function removeNow(api: Api, id: string, options: NonNullable<Parameters<Containers['remove']>[1]>): Promise<boolean> {
  const { kind } = await api.dialect();
  const force = options.force ?? false;
  const path = `${kind === 'podman' ? '/libpod' : ''}/containers/${pathPart(id)}`;
  // Podman's Docker-compatible call waits out the stop timeout of a running container; its own can be told not to.
  const query = kind === 'podman' ? { force, v: true, timeout: force ? 0 : undefined } : { force, v: true };
  const { status, text } = await api.call('DELETE', path, {
    ...options,
    action: `remove container ${id}`,
    query,
    accept: [404],
    refused: ({ message }) => (/running|paused|stop the container/i.test(message) ? stillRunning(id, message) : undefined),
  });
  if (status === 404) return false;
  if (kind === 'podman' && text.startsWith('[')) {
    const failed = (JSON.parse(text) as readonly { readonly Err?: unknown }[]).find((report) => report.Err !== undefined && report.Err !== null);
    if (failed !== undefined) throw new SlipwayError('E_ENGINE', `Cannot remove container ${id}: ${JSON.stringify(failed.Err)}`);
  }
  return true;
}

function stillRunning(id: string, message: string): SlipwayError {
  return new SlipwayError('E_CONFLICT', `Cannot remove container ${id}: ${message}`, { hint: 'Stop it first.' });
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
