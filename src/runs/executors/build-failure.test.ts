import { expect, test } from 'vitest';
import { SlipwayError } from '../../errors.ts';
import { buildFailure } from './build-failure.ts';

/** Last lines as Docker 20.10's two builders and Podman 4.3 were seen to write them. */
test.each([
  ['invalid', 'Error response from daemon: dockerfile parse error line 2: unknown instruction: FOO'],
  ['invalid', 'Error response from daemon: the Dockerfile (.slipway/Dockerfile) cannot be empty'],
  ['invalid', 'Error response from daemon: no build stage in current context'],
  ['invalid', 'Error: no contents in "/tmp/libpod_builder1/build/.slipway/Dockerfile"'],
  ['invalid', 'Error: building at STEP "FOO ": Build error: Unknown instruction: "FOO" &imagebuilder.Step{Env:[]string{"PATH=/bin"}}'],
  ['invalid', 'Error: no FROM statement found'],
  ['invalid', 'ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: FOO'],
  ['command', "The command '/bin/sh -c echo last words >&2; exit 7' returned a non-zero code: 7"],
  ['command', 'Error: building at STEP "RUN exit 7": while running runtime: exit status 7'],
  ['command', 'ERROR: failed to solve: process "/bin/sh -c exit 7" did not complete successfully: exit code: 7'],
  ['base-image', 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host'],
  ['base-image', 'Error: creating build container: short-name "nobody:1" did not resolve to an alias and no unqualified-search registries are defined'],
  ['base-image', 'pull access denied for nobody, repository does not exist or may require docker login'],
  ['other', 'COPY failed: file not found in build context or excluded by .dockerignore: stat nothere: file does not exist'],
])('%s: %s', (reason, line) => {
  const error = new SlipwayError('E_IMAGE_BUILD', 'Cannot build slipway-ci/demo:1: exit code 1', { detail: `Step 1/2\n${line}` });
  const outcome = buildFailure(error);
  expect(outcome).toMatchObject({ kind: 'image-build-failed', retryable: reason === 'base-image', evidence: { reason } });
  expect(outcome.evidence['exit_code']).toBe(reason === 'command' ? 7 : undefined);
  expect(outcome.evidence['last_lines']).toContain(line);
});

test('what a command says is not what the engine says', () => {
  const detail = "unknown instruction: told by a test\nThe command '/bin/sh -c ./test' returned a non-zero code: 2\nexit status 9";
  expect(buildFailure(new SlipwayError('E_IMAGE_BUILD', 'Cannot build x: exit code 2', { detail }))).toMatchObject({
    message: 'A command of .slipway/Dockerfile failed with exit code 2.',
  });
});

test('a full disk and an engine that went away are no fault of the Dockerfile', () => {
  const of = (detail: string) => buildFailure(new SlipwayError('E_IMAGE_BUILD', 'Cannot build x: exit code 1', { detail })).kind;
  expect(of('Error: committing container: write /var/lib/x: no space left on device')).toBe('disk-full');
  expect(of('error during connect: Post "http://docker/build": read unix: connection reset by peer')).toBe('engine-lost');
});
