import { stripVTControlCharacters } from 'node:util';
import type { SlipwayError } from '../../errors.ts';
import type { Outcome } from '../model.ts';
import { dockerfilePath } from './dockerfile.ts';
import { engineLost } from './failure.ts';

/** Docker's two builders and Podman's, in their words. */
const words = {
  full: /no space left on device|disk quota exceeded/i,
  gone: /error during connect|cannot connect to the docker daemon|unable to connect to podman|connection refused|connection reset by peer|unexpected EOF|broken pipe/i,
  command: /returned a non-zero code: (\d+)|did not complete successfully: exit code: (\d+)|exit status (\d+)|exited with (?:code|status) (\d+)/i,
  invalid:
    /dockerfile parse error|unknown (?:flag|instruction)|file with no instructions|(?:dockerfile|containerfile)[^\n]* (?:is|cannot be) empty|no contents in|no build stage in current context|no FROM statement|requires (?:at least|exactly|either)|failed to parse|can't find a suitable|invalid reference format|repository name must be lowercase|circular dependency/i,
  base: /pull access denied|manifest (?:for .* )?(?:unknown|not found)|failed to resolve|initializing source|short-name|name unknown|repository does not exist|no such host|i\/o timeout|TLS handshake|dial tcp|server misbehaving|error creating build container|toomanyrequests/i,
};

/** Why a build failed, read from what the engine said. `error` is E_IMAGE_BUILD. */
export function buildFailure(error: SlipwayError): Outcome {
  const said = stripVTControlCharacters(`${error.detail ?? ''}\n${error.message}`).trim();
  const last = lastLine(said);
  const of = (reason: string, message: string, more: { readonly retryable?: boolean; readonly exitCode?: number } = {}): Outcome => ({
    kind: 'image-build-failed',
    message,
    retryable: more.retryable ?? false,
    evidence: {
      reason,
      dockerfile: dockerfilePath,
      ...(more.exitCode === undefined ? {} : { exit_code: more.exitCode }),
      last_lines: said,
    },
  });
  if (words.full.test(said))
    return { kind: 'disk-full', message: `No space left to build the image from ${dockerfilePath}.`, retryable: true, evidence: { last_lines: said } };
  if (words.invalid.test(last)) return of('invalid', `${dockerfilePath} is not a Dockerfile that can be built: ${last}`);
  const exitCode = words.command.exec(last)?.slice(1).find(Boolean);
  if (exitCode !== undefined) return of('command', `A command of ${dockerfilePath} failed with exit code ${exitCode}.`, { exitCode: Number(exitCode) });
  if (words.base.test(last)) return of('base-image', `An image that ${dockerfilePath} starts from cannot be had: ${last}`, { retryable: true });
  if (words.gone.test(last)) return engineLost(`The engine went away while it built the image: ${last}`, { last_lines: said });
  return of('other', `The image could not be built from ${dockerfilePath}: ${last}`);
}

/** The engine's last word. Its two streams come by two pipes, so that the end of a command's output may stand below it. */
function lastLine(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const spoken = lines.filter((line) => line !== '' && !/^Cannot build .*: (?:exit code \d+|ended by \w+)$/.test(line));
  return spoken.findLast((line) => /^(?:error\b|failed to|the command |(?:copy|add) failed|cannot |dockerfile parse)/i.test(line)) ?? spoken.at(-1) ?? said;
}
