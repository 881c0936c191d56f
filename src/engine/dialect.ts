import type { AnswerHeaders } from './answer-parser.ts';
import type { EngineKind } from './model.ts';

/** What `/_ping` told: who answers, and how to speak to it. */
export interface Dialect {
  readonly kind: EngineKind;
  /** Docker's API version that both sides speak. */
  readonly apiVersion: string;
  /** Podman's own version; empty on Docker. */
  readonly libpodVersion: string;
}

/** The newest Docker API this client was tried with. The engine's own is used where it is older. */
const newestApi = '1.47';
/** Podman 4 and 5 both accept their API's first version of 4. */
const libpodApi = '4.0.0';

export function readDialect(headers: AnswerHeaders): Dialect {
  const libpod = headers['libpod-api-version'];
  const server = headers['server'] ?? '';
  const offered = headers['api-version'];
  return {
    kind: libpod !== undefined || server.startsWith('Libpod/') ? 'podman' : 'docker',
    apiVersion: offered === undefined ? '1.24' : olderVersion(offered, newestApi),
    libpodVersion: libpod ?? '',
  };
}

/** What engines spoke when they were last asked, by endpoint: a guess, which each answer confirms or not. */
export interface DialectMemory {
  read(endpoint: string): Dialect | undefined;
  write(endpoint: string, dialect: Dialect): void;
}

export function isSameDialect(a: Dialect, b: Dialect): boolean {
  return a.kind === b.kind && a.apiVersion === b.apiVersion && a.libpodVersion === b.libpodVersion;
}

/** `/containers/json` with the version in front. Podman accepts any version of Docker's API, so only `/_ping` may decide it. */
export function versionedPath(dialect: Dialect, path: string): string {
  return path.startsWith('/libpod/') ? `/v${libpodApi}${path}` : `/v${dialect.apiVersion}${path}`;
}

function olderVersion(a: string, b: string): string {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor < bMajor || (aMajor === bMajor && aMinor < bMinor) ? a : b;
}
