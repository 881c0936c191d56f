import { parse } from 'valibot';
import { describe, expect, it } from 'vitest';
import type { PipelinePlan } from '../model.ts';
import { compile } from './compile.ts';
import type { Surroundings } from './definition.ts';
import { planSchema } from './plan-schema.ts';
import { readYamlDefinition } from './yaml-definition.ts';

const source = '.slipway/ci.yml';

function planOf(text: string, surroundings: Surroundings = { hasDockerfile: false }): PipelinePlan {
  return compile(readYamlDefinition(source, text), surroundings);
}

describe('a plan', () => {
  it('holds every setting, with defaults filled in', () => {
    const plan = planOf(
      `
image: debian:12
env: { LANG: C.UTF-8, SAME: pipeline }
resources: { memory: 512m, cpus: 2, pids: 200 }
jobs:
  build:
    steps: [make]
    cache: [{ key: ccache, path: ./.ccache/ }, { key: root, path: /root/.cache/ }]
    artifacts: [out/, "./logs/*.txt"]
  test:
    needs: build
    matrix: { py: [3.9, 3.10], os: [debian] }
    env: { SAME: job, N: 1, YES: true }
    cwd: ./sub//dir/
    timeout: 1h30m
    retry: 2
    allowFailure: true
    always: true
    secrets: [TOKEN]
    services:
      db: { image: "postgres:16", command: [postgres, -c, 5], env: { PORT: 5432 }, health: { command: [pg_isready, -q], interval: 5s, timeout: 2m } }
      cache: redis:7
    steps:
      - |

        first
        second
      - [printf, "%s", 1.50]
      - { name: Named, run: [true], env: { A: 007 }, cwd: .., timeout: 90s }
`.replace('cwd: ..,', 'cwd: x/..,'),
    );
    expect(parse(planSchema, plan)).toEqual(plan);
    const work = {
      kind: 'steps',
      steps: [
        { name: 'first', command: '\nfirst\nsecond\n', env: {} },
        { name: 'printf %s 1.50', command: ['printf', '%s', '1.50'], env: {} },
        { name: 'Named', command: ['true'], env: { A: '007' }, cwd: '.', timeoutSeconds: 90 },
      ],
    };
    const test = {
      group: 'test',
      needs: ['build'],
      always: true,
      allowFailure: true,
      retry: 2,
      timeoutSeconds: 5400,
      env: { LANG: 'C.UTF-8', SAME: 'job', N: '1', YES: 'true' },
      cwd: 'sub/dir',
      secrets: ['TOKEN'],
      services: [
        {
          name: 'db',
          image: 'postgres:16',
          command: ['postgres', '-c', '5'],
          env: { PORT: '5432' },
          health: { command: ['pg_isready', '-q'], intervalSeconds: 5, timeoutSeconds: 120 },
        },
        { name: 'cache', image: 'redis:7', env: {} },
      ],
      artifacts: [],
      caches: [],
      work,
    };
    expect(plan).toEqual({
      format: 1,
      source,
      executor: 'container',
      image: 'debian:12',
      env: { LANG: 'C.UTF-8', SAME: 'pipeline' },
      resources: { memoryBytes: 536_870_912, cpus: 2, pids: 200 },
      jobs: [
        {
          name: 'build',
          id: 'build',
          group: 'build',
          needs: [],
          always: false,
          allowFailure: false,
          retry: 0,
          env: { LANG: 'C.UTF-8', SAME: 'pipeline' },
          cwd: '.',
          secrets: [],
          services: [],
          artifacts: ['out', 'logs/*.txt'],
          caches: [
            { key: 'ccache', path: '.ccache' },
            { key: 'root', path: '/root/.cache' },
          ],
          work: { kind: 'steps', steps: [{ name: 'make', command: 'make', env: {} }] },
        },
        { ...test, name: 'test (py=3.9, os=debian)', id: 'test-py-3-9-os-debian', matrix: { py: '3.9', os: 'debian' } },
        { ...test, name: 'test (py=3.10, os=debian)', id: 'test-py-3-10-os-debian', matrix: { py: '3.10', os: 'debian' } },
      ],
    });
  });

  it('is frozen to its depths', () => {
    const { jobs } = planOf('jobs: { a: { steps: [x], env: { A: b } } }');
    expect(() => Object.assign(jobs[0]?.env ?? {}, { A: 'c' })).toThrow(TypeError);
    expect(() => Object.assign(jobs, { 1: {} })).toThrow(TypeError);
  });

  it('has jobs in the order of the file, also where their names are numbers', () => {
    const { jobs } = planOf('jobs:\n  "10": { steps: [x] }\n  b: { steps: [x] }\n  "2": { steps: [x] }\n');
    expect(jobs.map(({ name }) => name)).toEqual(['10', 'b', '2']);
  });

  it('needs every job of a matrix by its group, or one by its whole name', () => {
    const { jobs } = planOf(
      'jobs:\n  t: { matrix: { n: [1, 2] }, steps: [x] }\n  all: { needs: t, steps: [x] }\n  one: { needs: ["t (n=2)", t], steps: [x] }\n',
    );
    expect(jobs.map(({ name, needs }) => [name, needs])).toEqual([
      ['t (n=1)', []],
      ['t (n=2)', []],
      ['all', ['t (n=1)', 't (n=2)']],
      ['one', ['t (n=2)', 't (n=1)']],
    ]);
  });

  it('gives each job a folder of its own, whatever its name', () => {
    const { jobs } = planOf(
      'jobs:\n  "Test it!": { steps: [x] }\n  test it: { steps: [x] }\n  "…": { steps: [x] }\n  test-it-2: { steps: [x] }\n  "..": { steps: [x] }\n',
    );
    expect(jobs.map(({ id }) => id)).toEqual(['test-it', 'test-it-2', 'job', 'test-it-2-2', 'job-2']);
  });

  it.each([
    ['host without an image and a Dockerfile', '', { hasDockerfile: false }, 'host'],
    ['container with an image', 'image: a', { hasDockerfile: false }, 'container'],
    ['container with a Dockerfile', '', { hasDockerfile: true }, 'container'],
    ['what the pipeline says', 'executor: host', { hasDockerfile: true }, 'host'],
    ['what was asked for above all', 'executor: host', { hasDockerfile: true, executor: 'container' }, 'container'],
  ] as const)('runs on %s', (_title, line, surroundings, executor) => {
    expect(planOf(`${line}\njobs: { a: { steps: [x] } }\n`, surroundings).executor).toBe(executor);
  });

  it('keeps numbers as they are written where they become texts, also by an alias', () => {
    const { jobs, env } = planOf('env: { A: &v 1.10, B: *v, C: 0x10, D: True }\njobs:\n  a: { retry: &n 2, env: { N: *n }, steps: [[echo, *n]] }\n');
    expect(env).toEqual({ A: '1.10', B: '1.10', C: '0x10', D: 'True' });
    expect(jobs[0]).toMatchObject({ retry: 2, env: { N: '2' }, work: { steps: [{ command: ['echo', '2'] }] } });
  });
});
