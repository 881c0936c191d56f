import { isIdentifier } from '../../state/identifiers.ts';
import { commandFromFile, healthFromFile } from '../from-fields.ts';
import type { ServiceDefinition } from './model.ts';
import type { ServiceFile } from './schema.ts';

/** The checked content of service.yml, as the rest of Slipway reads it. `repository` names the service that does not name itself. */
export function serviceFromFile(file: ServiceFile, repository: string): ServiceDefinition {
  return {
    service: file.service ?? serviceName(repository),
    kind: file.kind ?? 'container',
    build: file.build,
    image: file.image,
    dockerfile: file.dockerfile ?? (file.image === undefined ? 'Dockerfile' : undefined),
    files: file.files ?? [],
    requiredFiles: file.required_files ?? [],
    requiredSecrets: file.required_secrets ?? [],
    port: file.port ?? 8080,
    health: healthFromFile(file.health),
    metrics: file.metrics,
    paths: { ...(file.paths?.data === undefined ? {} : { data: file.paths.data }), ...(file.paths?.logs === undefined ? {} : { logs: file.paths.logs }) },
    command: file.command === undefined ? undefined : commandFromFile(file.command),
    env: Object.fromEntries(Object.entries(file.env ?? {}).map(([name, value]) => [name, String(value)])),
    stopTimeoutSeconds: file.stop_timeout,
  };
}

/** A repository's folder name, as an identifier. */
export function serviceName(repository: string): string {
  const folder = repository.replace(/(?:\/\.git)?\/*$/, '').replace(/^.*[/:]/, '');
  const name = folder
    .replace(/\.git$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/[-_]{2,}/g, '-')
    .slice(0, 63)
    .replace(/^[-_]+|[-_]+$/g, '');
  return isIdentifier(name) ? name : 'service';
}
