import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import * as fields from './fields.ts';
import { parseMemory } from './memory.ts';
import { parsePort } from './port.ts';
import { repositoryKind, repositoryProblem } from './repository.ts';

const takes = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).success;

describe('a repository', () => {
  test.each([
    ['git@example.org:team/service.git', 'ssh'],
    ['example.org:service', 'ssh'],
    ['git@[::1]:service.git', 'ssh'],
    ['ssh://git@example.org:2222/team/service.git', 'ssh'],
    ['https://example.org/team/service.git', 'http'],
    ['http://localhost:3000/x.git', 'http'],
    ['https://user@example.org/x.git', 'http'],
    ['git://example.org/x.git', 'git'],
    ['/srv/git/with blank.git', 'local'],
    ['~/src/service', 'local'],
    ['file:///srv/git/x.git', 'local'],
  ])('may be %s', (value, kind) => {
    expect(repositoryProblem(value)).toBeUndefined();
    expect(repositoryKind(value)).toBe(kind);
  });

  test.each([
    ['', 'expected an address without blanks'],
    ['a b', 'expected an address without blanks'],
    ['/srv/a\nb', 'expected an address without blanks'],
    ['--upload-pack=touch /tmp/x', 'expected an address without blanks'],
    ['--upload-pack=x', 'expected an address that does not start with a dash'],
    ['ext::sh', 'git remote helpers (`helper::address`) are not taken'],
    ['ssh://-oProxyCommand=x/y', 'expected the name of a host'],
    ['-oProxyCommand=x:y', 'expected an address that does not start with a dash'],
    ['git@-oProxyCommand=x:y', 'expected an SSH or HTTPS address, or an absolute path'],
    ['host:-x', 'expected an SSH or HTTPS address, or an absolute path'],
    ['https://user:token@example.org/x', 'holds a password, and this file is not for secrets: leave it to git (a credential helper or SSH)'],
    ['https://example.org', 'expected a path after the host'],
    ['ftp://example.org/x', 'git addresses with ftp:// are not taken'],
    ['file://host/x', 'expected file:/// and an absolute path'],
    ['relative/path', 'expected an SSH or HTTPS address, or an absolute path'],
    ['../up', 'expected an SSH or HTTPS address, or an absolute path'],
  ])('may not be %j', (value, problem) => {
    expect(repositoryProblem(value)).toBe(problem);
    expect(repositoryKind(value)).toBeUndefined();
  });
});

describe('a branch', () => {
  test.each(['main', 'feature/x-1', 'v1.2', 'ümläut', 'a@b'])('may be %s', (name) => expect(takes(fields.branch, name)).toBe(true));
  test.each([
    '',
    '-x',
    '/x',
    'x/',
    'x.',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    '@',
    'a@{1}',
    '.x',
    'a/.b',
    'x.lock',
    'x.lock/y',
    'a//b',
    'x\u0007',
    'x'.repeat(245),
  ])('may not be %j', (name) => expect(takes(fields.branch, name)).toBe(false));
});

describe('a base', () => {
  test.each(['ubuntu:24.04', 'ubuntu', 'example.org:5000/team/base:v1', 'ghcr.io/a/b-c_d.e', 'localhost/fit:1', `debian@sha256:${'a'.repeat(64)}`])(
    'may be %s',
    (base) => expect(takes(fields.base, base)).toBe(true),
  );
  test.each(['', 'Ubuntu', 'ubuntu:', '-x', 'a b', 'a:b:c', 'a//b', '../x', 'debian@sha256:123', 'x\n'])('may not be %j', (base) =>
    expect(takes(fields.base, base)).toBe(false),
  );
  test('may be bootstrapped, with names that are no options', () => {
    expect(takes(fields.base, { bootstrap: 'debian', suite: 'bookworm', packages: ['git', 'libstdc++6'], components: ['main', 'non-free'] })).toBe(true);
    expect(takes(fields.base, { bootstrap: 'debian', suite: '--aptopt=x' })).toBe(false);
    expect(takes(fields.base, { bootstrap: 'debian', suite: 'sid', packages: ['--x'] })).toBe(false);
    expect(takes(fields.base, { bootstrap: 'arch', suite: 'x' })).toBe(false);
  });
});

describe('a port', () => {
  const local = { address: '127.0.0.1', protocol: 'tcp' };
  test.each([
    ['3000', { container: 3000, host: 3000, ...local }],
    ['8080:3000', { container: 3000, host: 8080, ...local }],
    ['0:3000', { container: 3000, host: 0, ...local }],
    ['53:53/udp', { container: 53, host: 53, address: '127.0.0.1', protocol: 'udp' }],
    ['0.0.0.0:8080:3000', { container: 3000, host: 8080, address: '0.0.0.0', protocol: 'tcp' }],
    ['[::1]:8080:3000', { container: 3000, host: 8080, address: '::1', protocol: 'tcp' }],
    ['0.0.0.0:3000', { container: 3000, host: 3000, address: '0.0.0.0', protocol: 'tcp' }],
  ])('%s', (text, port) => expect(parsePort(text)).toEqual(port));
  test.each(['', '0', '65536', '3000:0', '70000:1', 'a:1', '1:2:3', '999.0.0.1:1:1', '3000/sctp', '-1', '1-2'])('%j is none', (text) =>
    expect(parsePort(text)).toBeUndefined(),
  );
});

describe('a size', () => {
  test.each([
    ['4g', 4 * 2 ** 30],
    ['512m', 512 * 2 ** 20],
    ['1.5G', 1.5 * 2 ** 30],
    ['100 MiB', 100 * 2 ** 20],
    ['64kb', 64 * 2 ** 10],
    ['7340032', 7_340_032],
  ])('%s', (text, bytes) => expect(parseMemory(text)).toBe(bytes));
  test.each(['', 'lots', '4x', '-1g', '4 g g', '99999999t'])('%j is none', (text) => expect(parseMemory(text)).toBeUndefined());
  test('below what engines take is refused', () => {
    expect(takes(fields.resources, { memory: '6m' })).toBe(true);
    expect(takes(fields.resources, { memory: '5m' })).toBe(false);
    expect(takes(fields.resources, { memory: 4 })).toBe(false);
  });
});

describe('a mount', () => {
  test.each([
    [{ source: '/data', target: '/data' }, true],
    [{ source: '~/data', target: '/home/dev/data', read_only: true }, true],
    [{ source: 'data', target: '/data' }, false],
    [{ source: '/data', target: 'data' }, false],
    [{ source: '/data', target: '/' }, false],
    [{ source: '/data', target: '/workspace/' }, false],
    [{ source: '/data', target: '/workspace/data' }, true],
    [{ source: '/a/../b', target: '/b' }, false],
    [{ source: '/a:b', target: '/b' }, false],
  ])('%j: %s', (mount, good) => expect(takes(fields.mount, mount)).toBe(good));
});

test('a variable has a name that shells take, and a plain value', () => {
  expect(takes(fields.environment, { A_1: 'x', B: 1, C: true })).toBe(true);
  expect(takes(fields.environment, { '1A': 'x' })).toBe(false);
  expect(takes(fields.environment, { 'A=B': 'x' })).toBe(false);
  expect(takes(fields.environment, { A: 'x\0' })).toBe(false);
  expect(takes(fields.environment, { A: 'x\ny' })).toBe(false);
});
