import { PassThrough } from 'node:stream';
import { pack } from 'tar-stream';
import { buildAgain } from '../src/engine/build-again.ts';
import type { Engine } from '../src/engine/model.ts';
import { lab } from './lab.ts';

/** What a version of the tests' service does. */
export type Behaviour =
  | 'good'
  /** Serves, and answers /health with 503. */
  | 'never-healthy'
  /** Well until `seconds` after its start, then /health is 503. */
  | 'turns-unhealthy'
  /** Exit 0 at once. */
  | 'exits'
  /** Exit 3 at once, with a last line on stderr. */
  | 'crashes'
  /** Well, and ends with exit 7 `seconds` after its start. */
  | 'crashes-later'
  /** Removes what is in its data directory when it starts, then serves. */
  | 'loses-data'
  /** The same, and is never healthy. */
  | 'loses-data-unhealthy'
  /** Takes no notice of TERM. */
  | 'stubborn';

export interface ServiceVersion {
  /** What it answers at `/`: each version is another image. */
  readonly version: string;
  /** Default `good`. */
  readonly behaviour?: Behaviour;
  /** Of `crashes-later` and `turns-unhealthy`. Default 3. */
  readonly seconds?: number;
  /** Whether the image has a HEALTHCHECK of its own. Default false. */
  readonly healthcheck?: boolean;
  /** `USER` of the image. Default root. */
  readonly user?: string;
  /** More lines of the Dockerfile. */
  readonly lines?: readonly string[];
}

/** Every image of the tests' service carries it; the value is the caller's own, for `removeLabelled`. */
export const serviceLabel = 'slipway-test.service';

/** The service's own port in its container. */
export const servicePort = 8080;

const start = `#!/bin/sh
. /service/config
PORT=\${PORT:-${servicePort}}
DATA=\${DATA_DIR:-/data}
mkdir -p "$DATA"
echo "service $VERSION starts"
case $BEHAVIOUR in
  exits) echo "nothing to do for $VERSION"; exit 0 ;;
  crashes) echo "cannot start $VERSION: no luck" >&2; exit 3 ;;
  loses-data*) rm -rf "$DATA"/* "$DATA"/.[!.]* ;;
esac
date +%s > /tmp/started
echo "$VERSION" >> "$DATA/starts"
case $BEHAVIOUR in
  crashes-later)
    nc -ll -p "$PORT" -e /bin/sh /service/handle &
    server=$!
    trap 'kill $server; exit 0' TERM
    sleep "$SECONDS_GIVEN" & wait $!
    echo "service $VERSION crashes" >&2
    kill $server
    exit 7 ;;
  stubborn) trap '' TERM ;;
esac
exec nc -ll -p "$PORT" -e /bin/sh /service/handle
`;

const handle = `#!/bin/sh
. /service/config
DATA=\${DATA_DIR:-/data}
read -r method path rest
while read -r line && [ "\${#line}" -gt 1 ]; do :; done
answer() {
  printf 'HTTP/1.1 %s\\r\\nContent-Type: text/plain\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s\\n' "$1" "$((\${#2} + 1))" "$2"
}
health() {
  case $BEHAVIOUR in
    never-healthy|loses-data-unhealthy) return 1 ;;
    turns-unhealthy) [ "$(($(date +%s) - $(cat /tmp/started)))" -lt "$SECONDS_GIVEN" ] ;;
    *) return 0 ;;
  esac
}
name=\${path##*/}
case $path in
  /) answer '200 OK' "$VERSION" ;;
  /health) if health; then answer '200 OK' well; else answer '503 Service Unavailable' ill; fi ;;
  /metrics) answer '200 OK' "starts_total $(wc -l < "$DATA/starts" | tr -d ' ')" ;;
  /env) answer '200 OK' "$(env)" ;;
  /log/*) echo "$name" >&2; answer '200 OK' logged ;;
  /put/*/*) name=\${path#/put/}; printf %s "\${name#*/}" > "$DATA/\${name%%/*}"; answer '200 OK' written ;;
  /get/*) if [ -f "$DATA/$name" ]; then answer '200 OK' "$(cat "$DATA/$name")"; else answer '404 Not Found' nothing; fi ;;
  *) answer '404 Not Found' "no $path" ;;
esac
`;

/**
 * The files that a version of the service is built from, by their paths: `Dockerfile`, `service/…`. It answers with its version at `/`,
 * its health at `/health`, figures at `/metrics`, its variables at `/env`; `/put/NAME/VALUE` writes a file to its data, `/get/NAME` reads one,
 * `/log/WORD` writes a line to its log. The data is at `$DATA_DIR`, else `/data`, where `starts` has a line for each start.
 */
export function serviceFiles({
  version,
  behaviour = 'good',
  seconds = 3,
  healthcheck = false,
  user,
  lines = [],
}: ServiceVersion): Readonly<Record<string, string>> {
  const dockerfile = [
    `FROM ${lab.images.tiny}`,
    'COPY service /service',
    ...(user === undefined ? [] : [`USER ${user}`]),
    `EXPOSE ${servicePort}`,
    ...(healthcheck ? [`HEALTHCHECK --interval=1s --timeout=2s --retries=2 CMD wget -q -O /dev/null http://127.0.0.1:${servicePort}/health`] : []),
    ...lines,
    'CMD ["/bin/sh", "/service/start"]',
    '',
  ].join('\n');
  return {
    Dockerfile: dockerfile,
    'service/config': `VERSION='${version}'\nBEHAVIOUR='${behaviour}'\nSECONDS_GIVEN='${seconds}'\n`,
    'service/start': start,
    'service/handle': handle,
  };
}

/** Builds a version of the service on an engine and gives the image's id. `owner` is the value of its label, for `removeLabelled(engine, { [serviceLabel]: owner })`. */
export async function buildService(engine: Engine, tag: string, owner: string, version: ServiceVersion): Promise<string> {
  return buildAgain(() => {
    const context = pack();
    for (const [name, text] of Object.entries(serviceFiles(version))) context.entry({ name, mode: 0o644 }, text);
    context.finalize();
    return engine.images.build({ context: context.pipe(new PassThrough()), tags: [tag], labels: { [serviceLabel]: owner }, network: 'none' });
  });
}

/** What a service answers at a path of its published port, or why it does not. */
export async function askService(port: number, path: string, address = '127.0.0.1'): Promise<{ readonly status: number; readonly text: string }> {
  const url = `http://${address}:${port}${path}`;
  let status: number | undefined;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000), headers: { connection: 'close' } });
    status = response.status;
    return { status, text: (await response.text()).trimEnd() };
  } catch (error) {
    throw new Error(`${url} (${status ?? 'no answer'}): ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
