import type { Api, ApiPath } from './api.ts';
import type { ImageDetails, Images } from './model.ts';
import { pathPart, shortReference } from './reference.ts';
import type { WireImage, WirePodmanImage } from './wire.ts';

/** Podman's Docker-compatible image calls look for short names at docker.io only, so that `localhost/` images are not found: its own API is asked there. */
export function imagePath(reference: string, rest = ''): ApiPath {
  const path = `/images/${pathPart(reference)}${rest}`;
  return (kind) => (kind === 'podman' ? `/libpod${path}` : path);
}

export async function inspectImage(api: Api, reference: string, options: Parameters<Images['inspect']>[1] = {}): Promise<ImageDetails | undefined> {
  const found = await api.find<WireImage & WirePodmanImage>(imagePath(reference, '/json'), { ...options, action: `inspect image ${reference}` });
  return found === undefined ? undefined : imageDetails(found);
}

function imageDetails(image: WireImage & WirePodmanImage): ImageDetails {
  const config = image.Config ?? {};
  const named = (config.Healthcheck ?? image.Healthcheck)?.Test ?? [];
  const test = named[0] === 'NONE' ? [] : named;
  return {
    id: withAlgorithm(image.Id),
    tags: shortTags(image.RepoTags),
    labels: config.Labels ?? image.Labels ?? {},
    createdAt: image.Created === undefined ? new Date(0).toISOString() : new Date(image.Created).toISOString(),
    sizeBytes: image.Size,
    digests: image.RepoDigests ?? [],
    os: image.Os,
    arch: image.Architecture,
    user: config.User ?? '',
    env: config.Env ?? [],
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    workingDir: config.WorkingDir ?? '',
    exposedPorts: Object.keys(config.ExposedPorts ?? {}),
    hasHealthcheck: test.length > 0,
    ...(test.length > 0 ? { healthTest: test } : {}),
  };
}

/** Docker writes `sha256:` before an image's id, Podman's own API does not. */
export function withAlgorithm(id: string): string {
  return id.includes(':') ? id : `sha256:${id}`;
}

export function shortTags(tags: readonly string[] | null | undefined): readonly string[] {
  return [...new Set((tags ?? []).filter((tag) => tag !== '<none>:<none>').map(shortReference))];
}
