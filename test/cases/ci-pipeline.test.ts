import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PipelineRepository } from '../pipeline-repository.ts';

let box: PipelineRepository;
beforeEach(async () => {
  box = await new PipelineRepository().begin();
});
afterEach(() => box.dispose());

describe('ci plan', () => {
  it('is the same for a pipeline in YAML and in TypeScript', async () => {
    box.write('.slipway/Dockerfile', 'FROM scratch');
    box.write(
      '.slipway/ci.yml',
      'env: { A: 1, B: two }',
      'resources: { memory: 1g }',
      'jobs:',
      '  build: { steps: [make, [echo, "%s", 5]], cache: [{ key: c, path: .c }], artifacts: [out/] }',
      '  test:',
      '    needs: [build]',
      '    matrix: { node: [20, 22] }',
      '    steps: [{ name: Test, run: npm test, env: { CI: true }, cwd: ./web, timeout: 90s }]',
      '    services: { db: { image: "postgres:16", health: pg_isready } }',
      '    secrets: [TOKEN]',
      '    timeout: 10m',
      '    retry: 2',
      '    allowFailure: true',
      '  last: { needs: ["test (node=22)"], always: true, cwd: web, steps: ["true"] }',
    );
    const yaml = await box.plan();
    rmSync(join(box.repository, '.slipway/ci.yml'));
    box.write(
      '.slipway/ci.ts',
      "import { job, pipeline } from 'slipway';",
      'import { settings } from "./settings";',
      "const build = job('build', { steps: ['make', ['echo', '%s', 5]], cache: [{ key: 'c', path: '.c' }], artifacts: ['out/'] });",
      "const test = job('test', { needs: [build], matrix: { node: [20, 22] }, ...settings });",
      "const last = job('last', { needs: 'test (node=22)', always: true, cwd: 'web', steps: ['true'] });",
      "export default pipeline({ env: { A: 1, B: 'two' }, resources: { memory: '1g' }, jobs: [build, test, last] });",
    );
    box.write(
      '.slipway/settings.ts',
      "import type { JobSettings } from 'slipway';",
      'export const settings: JobSettings = {',
      "  steps: [{ name: 'Test', run: 'npm test', env: { CI: true }, cwd: './web', timeout: '90s' }],",
      "  services: { db: { image: 'postgres:16', health: 'pg_isready' } },",
      "  secrets: ['TOKEN'], timeout: '10m', retry: 2, allowFailure: true,",
      '};',
    );
    await box.ok(['ci', 'trust', '--yes']);
    expect(await box.plan()).toEqual({ ...yaml, source: '.slipway/ci.ts' });
    expect(yaml.jobs.map(({ name }) => name)).toEqual(['build', 'test (node=20)', 'test (node=22)', 'last']);
  });

  it('prints the same bytes each time, from any folder of the work tree', async () => {
    box.write('.slipway/ci.yml', 'jobs: { a: { steps: [x] } }');
    box.write('deep/down/file', '');
    expect(await box.ok(['ci', 'plan', '--json'], join(box.repository, 'deep/down'))).toBe(await box.ok(['ci', 'plan', '--json']));
  });

  it('tells people what the jobs are', async () => {
    box.write('.slipway/ci.yml', 'image: debian:12', 'jobs:', '  a: { steps: [x, y] }', '  b: { steps: [x], needs: a, retry: 1, services: { db: redis } }');
    expect(await box.ok(['ci', 'plan'])).toBe(
      [
        '.slipway/ci.yml, executor container (debian:12)',
        '',
        'JOB   NEEDS   WORK      REMARKS',
        'a     -       2 steps   -',
        'b     a       1 step    retry 1; services db',
        '',
      ].join('\n'),
    );
  });

  it('names the hash of the tree for a function', async () => {
    box.writeScript("job('a', async ({ sh }) => sh('x'))");
    const { sha256 } = JSON.parse(await box.ok(['ci', 'trust', '--yes', '--json'])) as { readonly sha256: string };
    expect((await box.plan()).jobs).toMatchObject([{ name: 'a', work: { kind: 'function', hash: sha256 } }]);
  });
});

describe('ci validate', () => {
  it('tells every mistake with its place and its line, and exits with 1', async () => {
    box.write(
      '.slipway/ci.yml',
      'imag: debian:12',
      'jobs:',
      '  a/b: { steps: [x] }',
      '  c: { steps: [x], needs: [d, e] }',
      '  d: { steps: [x], needs: c, cwd: /tmp }',
    );
    const end = await box.slipway(['ci', 'validate']);
    expect(end).toMatchObject({ exitCode: 1, stdout: '' });
    expect(end.stderr).toBe(
      [
        'error: .slipway/ci.yml has 5 mistakes. [E_PIPELINE_INVALID]',
        '  .slipway/ci.yml:1:1: unknown key `imag`: did you mean `image`?',
        '    1 | imag: debian:12',
        '  .slipway/ci.yml:3:3: `jobs.a/b`: expected a job\'s name without `/`, on one line, found "a/b"',
        '    3 |   a/b: { steps: [x] }',
        '  .slipway/ci.yml:4:28: a cycle: `c` needs `d` needs `c`',
        '    4 |   c: { steps: [x], needs: [d, e] }',
        '  .slipway/ci.yml:4:31: `jobs.c.needs` names `e`, which does not exist',
        '    4 |   c: { steps: [x], needs: [d, e] }',
        '  .slipway/ci.yml:5:35: `jobs.d.cwd`: expected a path inside the workspace, relative to its top, found "/tmp"',
        '    5 |   d: { steps: [x], needs: c, cwd: /tmp }',
        'Nothing was run. Mend it; `slipway ci validate` looks at it again.',
        '',
      ].join('\n'),
    );
  });

  it('gives mistakes as data with --json', async () => {
    box.write('.slipway/ci.yml', 'jobs:', '  a: { steps: [x], needs: [] }');
    const end = await box.slipway(['ci', 'validate', '--json']);
    expect(end).toMatchObject({ exitCode: 1, stderr: '' });
    expect(JSON.parse(end.stdout)).toEqual({
      valid: false,
      source: '.slipway/ci.yml',
      executor: null,
      jobs: [],
      mistakes: [
        {
          file: '.slipway/ci.yml',
          line: 2,
          column: 27,
          text: '  a: { steps: [x], needs: [] }',
          message: '`jobs.a.needs`: names no job: leave it out, or name one',
        },
      ],
    });
  });

  it('is content with a sound pipeline', async () => {
    box.write('.slipway/ci.yml', 'jobs: { a: { steps: [x] } }');
    expect(await box.ok(['ci', 'validate'])).toBe('.slipway/ci.yml is valid: 1 job, executor host.\n');
    expect(JSON.parse(await box.ok(['ci', 'validate', '--json']))).toEqual({
      valid: true,
      source: '.slipway/ci.yml',
      executor: 'host',
      jobs: ['a'],
      mistakes: [],
    });
  });

  it('judges for the executor that is asked for', async () => {
    box.write('.slipway/ci.yml', 'image: debian:12', 'jobs: { a: { steps: [x], services: { db: redis } } }');
    await box.ok(['ci', 'validate']);
    const end = await box.slipway(['ci', 'validate', '--executor', 'host']);
    expect(end.stderr).toContain('.slipway/ci.yml:2:26: `jobs.a.services` need the executor `container`: `--executor host` was asked for');
  });

  it('tells the places of a ci.ts, in whichever file they are', async () => {
    box.write(
      '.slipway/ci.ts',
      "import { pipeline } from 'slipway';",
      'import { jobs } from "./jobs.ts";',
      'export default pipeline({',
      "  imag: 'debian:12',",
      '  jobs,',
      '});',
    );
    box.write(
      '.slipway/jobs.ts',
      "import { job } from 'slipway';",
      'interface Unused { a: string }',
      'export const jobs = [',
      "  job('a', {",
      "    steps: ['x'],",
      "    needs: ['b'],",
      '  }),',
      "  job('a', { steps: [] }),",
      '];',
    );
    await box.ok(['ci', 'trust', '--yes']);
    const { mistakes } = JSON.parse((await box.slipway(['ci', 'validate', '--json'])).stdout) as {
      readonly mistakes: readonly Readonly<Record<string, unknown>>[];
    };
    expect(mistakes.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)).toEqual([
      '.slipway/ci.ts:4:3 unknown key `imag`: did you mean `image`?',
      '.slipway/jobs.ts:6:13 `jobs.a.needs` names `b`, which does not exist',
      '.slipway/jobs.ts:8:3 duplicate job `a`',
    ]);
  });

  it.each<[string, () => unknown, string]>([
    ['no pipeline', () => {}, 'E_NO_PIPELINE'],
    ['two pipelines', () => [box.write('.slipway/ci.yml', 'jobs: {}'), box.write('.slipway/ci.ts', '')], 'E_PIPELINE_INVALID'],
    [
      'a link in its place',
      () => [
        box.write('elsewhere.yml', 'jobs: {}'),
        mkdirSync(join(box.repository, '.slipway')),
        symlinkSync('../elsewhere.yml', join(box.repository, '.slipway/ci.yml')),
      ],
      'E_PIPELINE_INVALID',
    ],
    [
      'a folder that is a link',
      () => [box.write('elsewhere/ci.yml', 'jobs: {}'), symlinkSync('elsewhere', join(box.repository, '.slipway'))],
      'E_PIPELINE_INVALID',
    ],
    ['what is no text', () => writeFileSync(box.write('.slipway/ci.yml'), Buffer.from([0x61, 0x0a, 0xff])), 'E_PIPELINE_INVALID'],
  ])('refuses %s', async (_title, make, code) => {
    make();
    const end = await box.slipway(['ci', 'validate']);
    expect(end).toMatchObject({ exitCode: 1, stdout: '' });
    expect(end.stderr).toContain(`[${code}]`);
  });

  it('needs a repository', async () => {
    expect((await box.slipway(['ci', 'validate'], box.folder)).stderr).toContain('[E_NO_REPOSITORY]');
  });
});
