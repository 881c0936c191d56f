import { expect, test } from 'vitest';
import { configFromFile, projectFromFile } from './from-file.ts';
import { resolveSettings } from './resolve.ts';
import type { ConfigFile, ProjectFile } from './schema.ts';

const resolved = (project: ProjectFile, config: ConfigFile = {}) =>
  resolveSettings(projectFromFile('demo', project, '/home/ada'), configFromFile(config), '/c/projects/demo', '');

test('a project that says nothing has the defaults', () => {
  expect(resolved({})).toMatchObject({
    id: 'demo',
    repository: undefined,
    branch: undefined,
    base: 'ubuntu:24.04',
    agents: ['claude', 'codex', 'opencode'],
    ownAgents: false,
    defaultAgent: 'claude',
    resources: { pids: 4096, memoryBytes: undefined },
    hardening: 'standard',
    shutdownTimeoutSeconds: 10,
    trustHostCa: undefined,
    sources: { base: 'default', agents: 'default', resources: 'default', hardening: 'default' },
  });
});

test('config.yml wins over the defaults, project.yml over both, part by part', () => {
  const config: ConfigFile = {
    base: 'debian:12',
    hardening: 'strict',
    resources: { memory: '8g', pids: 100 },
    human: { name: 'Ada', email: 'a@b.c' },
    trust_host_ca: true,
    shutdown_timeout: 0,
    build: { network: 'host' },
  };
  expect(resolved({ base: 'alpine:3', resources: { memory: '1g', gpus: 2 }, human: { email: 'x@y.z' }, trust_host_ca: false }, config)).toMatchObject({
    base: 'alpine:3',
    hardening: 'strict',
    resources: { memoryBytes: 2 ** 30, pids: 100, gpus: 2, cpus: undefined },
    human: { name: 'Ada', email: 'x@y.z' },
    trustHostCa: false,
    shutdownTimeoutSeconds: 0,
    build: { network: 'host' },
    sources: {
      base: 'project',
      hardening: 'config',
      resources: 'project and config',
      human: 'project and config',
      trustHostCa: 'project',
      shutdownTimeoutSeconds: 'config',
      build: 'config',
      env: 'default',
    },
  });
});

test('the default agent is one of the agents', () => {
  expect(resolved({ agents: ['codex', 'opencode'] })).toMatchObject({ defaultAgent: 'codex', ownAgents: true, sources: { defaultAgent: 'project' } });
  expect(resolved({ agents: ['codex', 'claude'] }).defaultAgent).toBe('claude');
  expect(resolved({ agents: ['codex', 'claude'] }, { default_agent: 'codex' })).toMatchObject({ defaultAgent: 'codex', sources: { defaultAgent: 'config' } });
  expect(resolved({ default_agent: 'opencode' }).defaultAgent).toBe('opencode');
});

test('short forms of ports, values and paths are written out', () => {
  const project = resolved({
    repository: '~/src/x',
    ports: [3000, '8080:80', { container: 5432, host: 0 }],
    env: { N: 1, B: true, S: 'x' },
    mounts: [{ source: '~/data', target: '/data' }],
    base: { bootstrap: 'debian', suite: 'bookworm' },
  });
  expect(project.repository).toBe('/home/ada/src/x');
  expect(project.ports).toEqual([
    { container: 3000, host: 3000, address: '127.0.0.1', protocol: 'tcp' },
    { container: 80, host: 8080, address: '127.0.0.1', protocol: 'tcp' },
    { container: 5432, host: 0, address: '127.0.0.1', protocol: 'tcp' },
  ]);
  expect(project.env).toEqual({ N: '1', B: 'true', S: 'x' });
  expect(project.mounts).toEqual([{ source: '/home/ada/data', target: '/data', readOnly: false }]);
  expect(project.base).toEqual({ bootstrap: 'debian', suite: 'bookworm', packages: [], components: [] });
});
