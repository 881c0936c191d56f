import { expect, test } from 'vitest';
import { SlipwayError } from '../../errors.ts';
import { parseYaml } from '../../state/yaml.ts';
import { serviceFromFile, serviceName } from './from-file.ts';
import { checkedServiceSchema, withVersion } from './schema.ts';

const read = async (text: string) => serviceFromFile(await parseYaml('service.yml', text, checkedServiceSchema), '/src/Web Tool/.git');
const mistakes = async (text: string) => {
  try {
    await read(text);
  } catch (error) {
    if (error instanceof SlipwayError) return [error.message, ...(error.detail?.split('\n') ?? [])].filter((line) => /^service\.yml:\d/.test(line));
    throw error;
  }
  return [];
};

test('an empty file is a container that is built from the Dockerfile', async () => {
  expect(await read('')).toEqual({
    service: 'web-tool',
    kind: 'container',
    build: undefined,
    image: undefined,
    dockerfile: 'Dockerfile',
    files: [],
    requiredFiles: [],
    requiredSecrets: [],
    port: 8080,
    health: {},
    metrics: undefined,
    paths: {},
    command: undefined,
    env: {},
    stopTimeoutSeconds: undefined,
  });
});

test('an image without a build is one that is pulled', async () => {
  expect(await read('image: nginx:{version}')).toMatchObject({ image: 'nginx:{version}', dockerfile: undefined, build: undefined });
});

test('values are taken as they are meant', async () => {
  expect(
    await read(
      'health: { command: "curl -f localhost", interval: 500ms, soak: 2m, passes: 3 }\nenv: { N: 3, YES: true, T: text }\ncommand: node a.js\nstop_timeout: 5\npaths: { data: /d }',
    ),
  ).toMatchObject({
    health: { probe: { kind: 'command', command: ['/bin/sh', '-c', 'curl -f localhost'] }, intervalMs: 500, soakMs: 120_000, passes: 3 },
    env: { N: '3', YES: 'true', T: 'text' },
    command: ['/bin/sh', '-c', 'node a.js'],
    stopTimeoutSeconds: 5,
    paths: { data: '/d' },
  });
});

test.each([
  ['service: Web', ['service.yml:1:10']],
  ['prot: 1', ['service.yml:1:1']],
  ['port: 70000', ['service.yml:1:7']],
  ['build: make', ['service.yml:1:8']],
  ['build: make\nimage: x\ndockerfile: D', ['service.yml:3:13']],
  ['image: x\ndockerfile: D', ['service.yml:2:13']],
  ['image: "{version}"\nport: no', ['service.yml:2:7']],
  ['image: X Y', ['service.yml:1:8']],
  ['kind: process', ['service.yml:1:7']],
  ['kind: process\ncommand: [a]\nhealth: { image: true }', ['service.yml:3:9']],
  ['health: { http: /, tcp: true }', ['service.yml:1:9']],
  ['health: { http: health }', ['service.yml:1:17']],
  ['health: { wait: soon }', ['service.yml:1:17']],
  ['files: [/etc, ../x, "a\\nb"]', ['service.yml:1:9', 'service.yml:1:15', 'service.yml:1:21']],
  ['required_secrets: [1A]', ['service.yml:1:20']],
  ['paths: { data: data }', ['service.yml:1:16']],
  ['env: [A]', ['service.yml:1:6']],
])('%j is refused at its place', async (text, places) => {
  expect((await mistakes(text)).map((line) => /^service\.yml:\d+:\d+/.exec(line)?.[0])).toEqual(places);
});

test.each([
  ['/src/web', 'web'],
  ['/src/web/.git', 'web'],
  ['https://example.org/team/My.Tool.git', 'my-tool'],
  ['git@example.org:tool.git', 'tool'],
  ['file:///srv/git/tool/', 'tool'],
  ['/src/日本', 'service'],
])('the service of %s is called %s', (repository, name) => {
  expect(serviceName(repository)).toBe(name);
});

test('a version in a reference is one that a tag can have', () => {
  expect(withVersion('web:{version}-{version}', 'team/v1.0+2')).toBe('web:team-v1.0-2-team-v1.0-2');
});
