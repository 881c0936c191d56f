import type { Readable } from 'node:stream';
import { SlipwayError } from '../errors.ts';
import type { Api } from './api.ts';
import { imagePath, inspectImage, withAlgorithm } from './image-details.ts';
import type { ImageBuildOptions, ImageImportOptions, Images, PullProgress } from './model.ts';
import { localReference, pathPart, shortReference, splitReference } from './reference.ts';
import { handOut, readChunks, readJsonLines } from './stream.ts';
import type { WireProgress } from './wire.ts';

type Transfer = Pick<Images, 'import' | 'save' | 'load' | 'pull' | 'build'>;

/** The calls that move images; loaded only when one is used. */
export function openImageTransfer(api: Api): Transfer {
  return {
    import: (archive, tag, options = {}) => importImage(api, archive, tag, options),
    save: (references, options = {}) => saveImages(api, references, options),
    load: (archive, options = {}) => loadImages(api, archive, options),
    pull: (reference, options = {}) => pullImage(api, reference, options),
    build: (options) => buildImage(api, options),
  };
}

async function importImage(api: Api, archive: Readable, tag: string, options: ImageImportOptions): Promise<string> {
  const action = `import image ${tag}`;
  const { kind } = await api.dialect();
  if (kind === 'podman') {
    const query = { reference: localReference(tag), changes: options.changes };
    const { Id } = await api.json<{ readonly Id: string }>('POST', '/libpod/images/import', { ...options, action, tar: archive, patient: true, query });
    return withAlgorithm(Id);
  }
  const { repository, tag: version } = splitReference(tag);
  const query = { fromSrc: '-', repo: repository, tag: version, changes: options.changes };
  const response = await api.stream('POST', '/images/create', { ...options, action, tar: archive, patient: true, query });
  for await (const line of progressLines(api, response)) throwLineError(line, action, 'E_ENGINE');
  return idOf(api, tag);
}

async function saveImages(api: Api, references: readonly string[], options: Parameters<Images['save']>[1]): Promise<Readable> {
  const action = `save ${references.join(', ')}`;
  const { kind } = await api.dialect();
  // Both engines begin to answer before they have looked: a missing image would be a truncated archive.
  const tags = await Promise.all(references.map((reference) => savedName(api, reference)));
  const response =
    kind === 'podman'
      ? await api.stream('GET', '/libpod/images/export', { ...options, action, patient: true, query: { references: tags, format: 'docker-archive' } })
      : await api.stream('GET', '/images/get', { ...options, action, patient: true, query: { names: tags } });
  return handOut(api.endpoint, response);
}

async function savedName(api: Api, reference: string): Promise<string> {
  if ((await inspectImage(api, reference)) === undefined) throw new SlipwayError('E_NO_IMAGE', `Cannot save ${reference}: there is no such image`);
  return reference;
}

async function loadImages(api: Api, archive: Readable, options: Parameters<Images['load']>[1]): Promise<readonly string[]> {
  const action = 'load an image archive';
  const { kind } = await api.dialect();
  if (kind === 'podman') {
    const { Names } = await api.json<{ readonly Names?: readonly string[] }>('POST', '/libpod/images/load', {
      ...options,
      action,
      tar: archive,
      patient: true,
    });
    return (Names ?? []).map(shortReference);
  }
  const loaded: string[] = [];
  const response = await api.stream('POST', '/images/load', { ...options, action, tar: archive, patient: true, query: { quiet: true } });
  for await (const line of progressLines(api, response)) {
    throwLineError(line, action, 'E_ENGINE');
    const reference = /^Loaded image(?: ID)?: (.+)$/m.exec(line.stream ?? '')?.[1];
    if (reference !== undefined) loaded.push(await withoutLocalhost(api, reference.trim()));
  }
  if (loaded.length === 0) throw new SlipwayError('E_ENGINE', `Cannot ${action}: there is no image in it`);
  return loaded;
}

/** Podman saves `fit:1` as `localhost/fit:1`, which Docker would take for a registry of that name. */
async function withoutLocalhost(api: Api, reference: string): Promise<string> {
  if (!reference.startsWith('localhost/')) return reference;
  const short = shortReference(reference);
  const { repository, tag } = splitReference(short);
  await api.call('POST', `/images/${pathPart(reference)}/tag`, { action: `tag ${reference} as ${short}`, query: { repo: repository, tag } });
  await api.call('DELETE', `/images/${pathPart(reference)}`, { action: `untag ${reference}` });
  return short;
}

async function pullImage(api: Api, reference: string, options: Parameters<Images['pull']>[1] = {}): Promise<string> {
  const action = `pull ${reference}`;
  const { repository, tag } = splitReference(reference);
  const failed = (message: string) => pullError(reference, message);
  // Podman's Docker-compatible call takes a short name to docker.io, as Docker does, instead of asking which registry is meant.
  const response = await api.stream('POST', '/images/create', {
    ...options,
    action,
    patient: true,
    query: { fromImage: repository, tag: tag === '' ? undefined : tag },
    refused: ({ message }) => failed(message),
  });
  for await (const line of progressLines(api, response)) {
    const error = line.errorDetail?.message ?? line.error;
    if (error !== undefined) throw failed(error);
    options.onProgress?.(pullProgress(line));
  }
  return idOf(api, reference);
}

function pullError(reference: string, message: string): SlipwayError {
  if (/no such host|connection refused|i\/o timeout|network is unreachable|dial tcp|deadline exceeded|Client\.Timeout|TLS handshake/i.test(message)) {
    return new SlipwayError('E_REGISTRY_UNREACHABLE', `Cannot pull ${reference}: its registry does not answer: ${message}`, {
      hint: 'Check the network, or import the image from an archive: slipway image import.',
    });
  }
  return new SlipwayError('E_IMAGE_PULL', `Cannot pull ${reference}: ${message}`, { hint: 'Check the name, and whether its registry wants a login.' });
}

function pullProgress(line: WireProgress): PullProgress {
  const { current, total } = line.progressDetail ?? {};
  return {
    status: line.status ?? '',
    ...(line.id === undefined ? {} : { layer: line.id }),
    ...(current === undefined ? {} : { currentBytes: current }),
    ...(total === undefined ? {} : { totalBytes: total }),
  };
}

async function buildImage(api: Api, options: ImageBuildOptions): Promise<string> {
  const action = `build ${options.tags?.[0] ?? 'an image'}`;
  const { kind } = await api.dialect();
  const response = await api.stream('POST', '/build', {
    ...options,
    action,
    tar: options.context,
    patient: true,
    query: {
      dockerfile: options.dockerfile ?? 'Dockerfile',
      t: kind === 'podman' ? options.tags?.map(localReference) : options.tags,
      labels: JSON.stringify(options.labels ?? {}),
      buildargs: JSON.stringify(options.buildArgs ?? {}),
      networkmode: options.network,
      nocache: options.noCache ?? false,
      pull: options.pull ?? false,
      rm: true,
      forcerm: true,
    },
  });
  let id = '';
  const lastLines: string[] = [];
  for await (const line of progressLines(api, response)) {
    const error = line.errorDetail?.message ?? line.error;
    if (error !== undefined) throw new SlipwayError('E_IMAGE_BUILD', `Cannot ${action}: ${error}`, { detail: lastLines.slice(-20).join('') });
    if (line.aux?.ID !== undefined) id = line.aux.ID;
    if (line.stream === undefined) continue;
    id = /^Successfully built ([0-9a-f]+)\s*$/m.exec(line.stream)?.[1] ?? id;
    lastLines.push(line.stream);
    if (lastLines.length > 200) lastLines.splice(0, 100);
    options.onProgress?.(line.stream);
  }
  return idOf(api, id === '' ? (options.tags?.[0] ?? '') : id);
}

function progressLines(api: Api, response: Readable): AsyncGenerator<WireProgress> {
  return readJsonLines(readChunks(api.endpoint, response)) as AsyncGenerator<WireProgress>;
}

/** These calls answer 200 before they know; what goes wrong later is a line. */
function throwLineError(line: WireProgress, action: string, code: 'E_ENGINE'): void {
  const error = line.errorDetail?.message ?? line.error;
  if (error !== undefined) throw new SlipwayError(code, `Cannot ${action}: ${error}`);
}

async function idOf(api: Api, reference: string): Promise<string> {
  const { Id } = await api.json<{ readonly Id: string }>('GET', imagePath(reference, '/json'), { action: `inspect image ${reference}` });
  return withAlgorithm(Id);
}
