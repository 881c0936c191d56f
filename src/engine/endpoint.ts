import type { Duplex } from 'node:stream';
import { SlipwayError } from '../errors.ts';
import type { Locality } from './model.ts';

/** A new connection to the engine. That it cannot be made is an `error` of the stream. */
export type Dial = () => Duplex;

export type Endpoint =
  | { readonly scheme: 'unix'; readonly path: string }
  | { readonly scheme: 'tcp'; readonly host: string; readonly port: number }
  | { readonly scheme: 'ssh'; readonly host: string; readonly user: string | undefined; readonly port: number | undefined; readonly path: string };

/** Throws E_ENGINE_ENDPOINT. `http://` and `https://` are read as `tcp://`; a bare path as `unix://`. */
export function parseEndpoint(text: string): Endpoint {
  if (text.startsWith('/')) return { scheme: 'unix', path: text };
  if (text.startsWith('unix://')) return { scheme: 'unix', path: text.slice('unix://'.length) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  switch (url?.protocol) {
    case 'tcp:':
    case 'http:':
    case 'https:':
      // URL drops a port that is the scheme's own, and tcp has none.
      if (host !== '') return { scheme: 'tcp', host, port: Number(url.port || 2375) };
      break;
    case 'ssh:':
      if (host !== '' && !host.startsWith('-')) {
        return {
          scheme: 'ssh',
          host,
          user: url.username === '' ? undefined : decodeURIComponent(url.username),
          port: url.port === '' ? undefined : Number(url.port),
          path: url.pathname === '/' ? '' : url.pathname,
        };
      }
  }
  throw new SlipwayError('E_ENGINE_ENDPOINT', `"${text}" is not an engine's address`, {
    hint: 'Use auto, docker, podman, or unix:///path, tcp://host:port, ssh://[user@]host.',
  });
}

/** How far away an endpoint is, as far as the address alone tells. */
export function endpointLocality(endpoint: Endpoint): Locality {
  switch (endpoint.scheme) {
    case 'unix':
      return 'local';
    case 'tcp':
      return /^(localhost|127\.|::1$)/.test(endpoint.host) ? 'local' : 'remote';
    case 'ssh':
      return 'remote';
  }
}
