import { expect, test } from 'vitest';
import { buildArguments } from './build-program.ts';
import { demultiplex } from './demultiplex.ts';
import { readDialect, versionedPath } from './dialect.ts';
import { parseEndpoint } from './endpoint.ts';
import { readEvent } from './events.ts';
import { engineProgram } from './program.ts';
import { localReference, pathPart, shortReference, splitReference } from './reference.ts';
import { sshArgv } from './ssh.ts';

test.each([
  ['unix:///run/x.sock', { scheme: 'unix', path: '/run/x.sock' }],
  ['/run/x.sock', { scheme: 'unix', path: '/run/x.sock' }],
  ['tcp://host:2376', { scheme: 'tcp', host: 'host', port: 2376 }],
  ['tcp://[::1]:2375', { scheme: 'tcp', host: '::1', port: 2375 }],
  ['ssh://ann@box:2222/run/podman/podman.sock', { scheme: 'ssh', user: 'ann', host: 'box', port: 2222, path: '/run/podman/podman.sock' }],
  ['ssh://box', { scheme: 'ssh', user: undefined, host: 'box', port: undefined, path: '' }],
])('%s is an endpoint', (text, parsed) => {
  expect(parseEndpoint(text)).toEqual(parsed);
});

test.each(['', 'docker.sock', 'ftp://x', 'ssh://-oProxyCommand=x', 'tcp://'])('"%s" is none', (text) => {
  expect(() => parseEndpoint(text)).toThrow(expect.objectContaining({ code: 'E_ENGINE_ENDPOINT' }));
});

test('a path of an ssh endpoint cannot become a command of the other machine', () => {
  const argv = sshArgv({ scheme: 'ssh', host: 'box', user: 'ann', port: 22, path: "/a'; rm -rf /'" });
  expect(argv.slice(-3, -1)).toEqual(['--', 'ann@box']);
  expect(argv.at(-1)).toContain(`-H 'unix:///a'\\''; rm -rf /'\\''' system dial-stdio`);
});

test('frames are taken apart wherever the chunks break', async () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const bytes = Buffer.concat([frame(1, 'one'), frame(2, 'two'), frame(1, ''), frame(1, 'three')]);
  for (let size = 1; size <= bytes.length; size++) {
    const seen = { stdout: '', stderr: '' };
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })();
    for await (const { stream, data } of demultiplex(chunks)) seen[stream] += data.toString();
    expect(seen).toEqual({ stdout: 'onethree', stderr: 'two' });
  }
});

test('the older of the two API versions is spoken', () => {
  expect(readDialect({ 'api-version': '1.41' })).toEqual({ kind: 'docker', apiVersion: '1.41', libpodVersion: '' });
  expect(readDialect({ 'api-version': '1.99' }).apiVersion).toBe('1.47');
  const podman = readDialect({ 'api-version': '1.41', 'libpod-api-version': '5.4.0' });
  expect(podman.kind).toBe('podman');
  expect(versionedPath(podman, '/libpod/info')).toBe('/v4.0.0/libpod/info');
});

test.each([
  ['localhost/fit:1', 'fit:1'],
  ['docker.io/library/debian:12', 'debian:12'],
  ['docker.io/owner/fit:1', 'owner/fit:1'],
  ['localhost:5000/fit:1', 'localhost:5000/fit:1'],
  ['quay.io/fit:1', 'quay.io/fit:1'],
])('%s reads as %s', (full, short) => {
  expect(shortReference(full)).toBe(short);
});

test('names without a registry are local; a port is no tag', () => {
  expect(localReference('fit:1')).toBe('localhost/fit:1');
  expect(localReference('owner/fit:1')).toBe('localhost/owner/fit:1');
  expect(localReference('localhost:5000/fit')).toBe('localhost:5000/fit');
  expect(splitReference('localhost:5000/fit')).toEqual({ repository: 'localhost:5000/fit', tag: 'latest' });
  expect(splitReference('a/b:1')).toEqual({ repository: 'a/b', tag: '1' });
});

test('a name never leaves its place in a path', () => {
  expect(pathPart('owner/fit:1@sha256:0')).toBe('owner/fit:1@sha256:0');
  expect(pathPart('a?b#c d')).toBe('a%3Fb%23c%20d');
  for (const name of ['', '.', '..', 'a/../b', '/a', 'a//b']) expect(() => pathPart(name)).toThrow(expect.objectContaining({ code: 'E_BAD_NAME' }));
});

test.each([
  ['container', 'died', 'die'],
  ['container', 'remove', 'destroy'],
  ['container', 'exec_died', 'exec-die'],
  ['container', 'exec_die', 'exec-die'],
  ['container', 'exec_start: sh -c true', 'exec-start'],
  ['container', 'health_status: healthy', 'health'],
  ['image', 'remove', 'remove'],
  ['container', 'start', 'start'],
])('%s %s is told as %s', (Type, Action, action) => {
  expect(readEvent({ Type, Action, timeNano: 1_700_000_000_500_000_000 })).toMatchObject({ action, at: '2023-11-14T22:13:20.500Z' });
});

test("the program is told the endpoint, and the person's contexts do not count", () => {
  const { argv, env } = engineProgram('docker', 'unix:///x', { PATH: '/bin', DOCKER_HOST: 'tcp://elsewhere', DOCKER_CONTEXT: 'work' });
  expect(argv).toEqual(['docker', '-H', 'unix:///x']);
  expect(env).toEqual({ PATH: '/bin', DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined, CONTAINER_HOST: undefined });
  expect(engineProgram('podman', 'unix:///x', {}).argv).toEqual(['podman', '--remote', '--url', 'unix:///x']);
});

test('a build as it is typed', () => {
  const build = { context: '/ctx', tags: ['a:1'], labels: { l: '1' }, buildArgs: { A: 'b c' }, network: 'host', noCache: true, pull: true };
  const rest = [
    '--iidfile',
    '/id',
    '--file',
    '/ctx/Dockerfile',
    '--tag',
    'a:1',
    '--label',
    'l=1',
    '--build-arg',
    'A=b c',
    '--network',
    'host',
    '--no-cache',
    '--pull',
    '/ctx',
  ];
  const files = { id: '/id', dockerfile: '/ctx/Dockerfile', labelled: false };
  expect(buildArguments('docker', build, files)).toEqual(['build', '--force-rm', ...rest]);
  expect(buildArguments('podman', build, files)).toEqual(['build', '--format', 'docker', ...rest]);
  expect(buildArguments('docker', build, { ...files, labelled: true })).not.toContain('--label');
});
