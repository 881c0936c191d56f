import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { PipelinePlan } from '../../src/runs/model.ts';
import { type ProcessEnd, run } from '../../src/host/process.ts';

/** Pipelines through the program. No engine is asked. */

let folder = '';
let repository = '';
beforeEach(async () => {
  folder = mkdtempSync('/var/tmp/slipway-test-pipeline-');
  repository = join(folder, 'repository');
  mkdirSync(repository);
  await git('init', '-q', '-b', 'main');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function env(): Readonly<Record<string, string>> {
  const here = (name: string) => join(folder, name);
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: here('home'),
    SLIPWAY_CONFIG_DIR: here('config'),
    SLIPWAY_STATE_DIR: here('state'),
    SLIPWAY_CACHE_DIR: here('cache'),
    LANG: 'C.UTF-8',
    SECRET_TOKEN: 'of the person',
  };
}

function slipway(args: readonly string[], cwd = repository): Promise<ProcessEnd> {
  return run([process.execPath, inject('program'), ...args], { cwd, env: env() });
}

async function ok(args: readonly string[], cwd = repository): Promise<string> {
  const end = await slipway(args, cwd);
  if (end.exitCode !== 0) throw new Error(`slipway ${args.join(' ')} ended with ${end.exitCode}:\n${end.stdout}${end.stderr}`);
  return end.stdout;
}

const planOf = async (cwd = repository) => JSON.parse(await ok(['ci', 'plan', '--json'], cwd)) as PipelinePlan;

async function git(...args: readonly string[]): Promise<string> {
  const end = await run(['git', '-C', repository, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { env: env() });
  if (end.exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with ${end.exitCode}:\n${end.stderr}`);
  return end.stdout.trim();
}

async function commit(): Promise<string> {
  await git('add', '-A');
  await git('commit', '-q', '-m', 'A commit');
  return git('rev-parse', 'HEAD');
}

function write(path: string, ...lines: readonly string[]): string {
  const file = join(repository, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** A ci.ts that leaves a trace where it is run. */
function writeScript(...jobs: readonly string[]): string {
  const trace = join(folder, 'trace');
  write(
    '.slipway/ci.ts',
    "import { appendFileSync } from 'node:fs';",
    "import { job, pipeline } from 'slipway';",
    `appendFileSync(${JSON.stringify(trace)}, 'run\\n');`,
    `export default pipeline({ jobs: [${jobs.join(', ')}] });`,
  );
  return trace;
}

describe('ci plan', () => {
  it('is the same for a pipeline in YAML and in TypeScript', async () => {
    write('.slipway/Dockerfile', 'FROM scratch');
    write(
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
    const yaml = await planOf();
    rmSync(join(repository, '.slipway/ci.yml'));
    write(
      '.slipway/ci.ts',
      "import { job, pipeline } from 'slipway';",
      "import { settings } from './settings';",
      "const build = job('build', { steps: ['make', ['echo', '%s', 5]], cache: [{ key: 'c', path: '.c' }], artifacts: ['out/'] });",
      "const test = job('test', { needs: [build], matrix: { node: [20, 22] }, ...settings });",
      "const last = job('last', { needs: 'test (node=22)', always: true, cwd: 'web', steps: ['true'] });",
      "export default pipeline({ env: { A: 1, B: 'two' }, resources: { memory: '1g' }, jobs: [build, test, last] });",
    );
    write(
      '.slipway/settings.ts',
      "import type { JobSettings } from 'slipway';",
      'export const settings: JobSettings = {',
      "  steps: [{ name: 'Test', run: 'npm test', env: { CI: true }, cwd: './web', timeout: '90s' }],",
      "  services: { db: { image: 'postgres:16', health: 'pg_isready' } },",
      "  secrets: ['TOKEN'], timeout: '10m', retry: 2, allowFailure: true,",
      '};',
    );
    await ok(['ci', 'trust', '--yes']);
    expect(await planOf()).toEqual({ ...yaml, source: '.slipway/ci.ts' });
    expect(yaml.jobs.map(({ name }) => name)).toEqual(['build', 'test (node=20)', 'test (node=22)', 'last']);
  });

  it('prints the same bytes each time, from any folder of the work tree', async () => {
    write('.slipway/ci.yml', 'jobs: { a: { steps: [x] } }');
    write('deep/down/file', '');
    expect(await ok(['ci', 'plan', '--json'], join(repository, 'deep/down'))).toBe(await ok(['ci', 'plan', '--json']));
  });

  it('tells people what the jobs are', async () => {
    write('.slipway/ci.yml', 'image: debian:12', 'jobs:', '  a: { steps: [x, y] }', '  b: { steps: [x], needs: a, retry: 1, services: { db: redis } }');
    expect(await ok(['ci', 'plan'])).toBe(
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
    writeScript("job('a', async ({ sh }) => sh('x'))");
    const { sha256 } = JSON.parse(await ok(['ci', 'trust', '--yes', '--json'])) as { readonly sha256: string };
    expect((await planOf()).jobs).toMatchObject([{ name: 'a', work: { kind: 'function', hash: sha256 } }]);
  });
});

describe('ci validate', () => {
  it('tells every mistake with its place and its line, and exits with 1', async () => {
    write(
      '.slipway/ci.yml',
      'imag: debian:12',
      'jobs:',
      '  a/b: { steps: [x] }',
      '  c: { steps: [x], needs: [d, e] }',
      '  d: { steps: [x], needs: c, cwd: /tmp }',
    );
    const end = await slipway(['ci', 'validate']);
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
    write('.slipway/ci.yml', 'jobs:', '  a: { steps: [x], needs: [] }');
    const end = await slipway(['ci', 'validate', '--json']);
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
    write('.slipway/ci.yml', 'jobs: { a: { steps: [x] } }');
    expect(await ok(['ci', 'validate'])).toBe('.slipway/ci.yml is valid: 1 job, executor host.\n');
    expect(JSON.parse(await ok(['ci', 'validate', '--json']))).toEqual({ valid: true, source: '.slipway/ci.yml', executor: 'host', jobs: ['a'], mistakes: [] });
  });

  it('judges for the executor that is asked for', async () => {
    write('.slipway/ci.yml', 'image: debian:12', 'jobs: { a: { steps: [x], services: { db: redis } } }');
    await ok(['ci', 'validate']);
    const end = await slipway(['ci', 'validate', '--executor', 'host']);
    expect(end.stderr).toContain('.slipway/ci.yml:2:26: `jobs.a.services` need the executor `container`: `--executor host` was asked for');
  });

  it('tells the places of a ci.ts, in whichever file they are', async () => {
    write(
      '.slipway/ci.ts',
      "import { pipeline } from 'slipway';",
      "import { jobs } from './jobs.ts';",
      'export default pipeline({',
      "  imag: 'debian:12',",
      '  jobs,',
      '});',
    );
    write(
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
    await ok(['ci', 'trust', '--yes']);
    const { mistakes } = JSON.parse((await slipway(['ci', 'validate', '--json'])).stdout) as {
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
    ['two pipelines', () => [write('.slipway/ci.yml', 'jobs: {}'), write('.slipway/ci.ts', '')], 'E_PIPELINE_INVALID'],
    [
      'a link in its place',
      () => [write('elsewhere.yml', 'jobs: {}'), mkdirSync(join(repository, '.slipway')), symlinkSync('../elsewhere.yml', join(repository, '.slipway/ci.yml'))],
      'E_PIPELINE_INVALID',
    ],
    ['a folder that is a link', () => [write('elsewhere/ci.yml', 'jobs: {}'), symlinkSync('elsewhere', join(repository, '.slipway'))], 'E_PIPELINE_INVALID'],
    ['what is no text', () => writeFileSync(write('.slipway/ci.yml'), Buffer.from([0x61, 0x0a, 0xff])), 'E_PIPELINE_INVALID'],
  ])('refuses %s', async (_title, make, code) => {
    make();
    const end = await slipway(['ci', 'validate']);
    expect(end).toMatchObject({ exitCode: 1, stdout: '' });
    expect(end.stderr).toContain(`[${code}]`);
  });

  it('needs a repository', async () => {
    expect((await slipway(['ci', 'validate'], folder)).stderr).toContain('[E_NO_REPOSITORY]');
  });
});

describe('ci trust', () => {
  it('is asked for before anything of a ci.ts is run, and again after each change', async () => {
    const trace = writeScript("job('a', { steps: ['x'] })");
    write('.slipway/lib/part.ts', 'export {};');
    for (const command of ['plan', 'validate']) {
      const end = await slipway(['ci', command]);
      expect(end).toMatchObject({ exitCode: 1, stdout: '' });
      expect(end.stderr).toContain('[E_PIPELINE_UNTRUSTED]');
      expect(end.stderr).toContain('`slipway ci trust`');
    }
    expect(existsSync(trace)).toBe(false);
    const said = await ok(['ci', 'trust', '--yes']);
    expect(said).toMatch(/^\.slipway\/ci\.ts +100644 +\d+ bytes$/m);
    expect(said).toMatch(/^\.slipway\/lib\/part\.ts +100644 +\d+ bytes$/m);
    expect(said).toMatch(/^sha256 [0-9a-f]{64}$/m);
    expect(existsSync(trace)).toBe(false);
    await planOf();
    expect(readFileSync(trace, 'utf8')).toBe('run\n');

    const changes: readonly (() => unknown)[] = [
      () => write('.slipway/lib/part.ts', 'export const a = 1;'),
      () => chmodSync(join(repository, '.slipway/lib/part.ts'), 0o755),
      () => write('.slipway/lib/new.ts', ''),
    ];
    for (const change of changes) {
      change();
      expect((await slipway(['ci', 'plan'])).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
      expect(readFileSync(trace, 'utf8')).toBe('run\n');
      await ok(['ci', 'trust', '--yes']);
    }
    expect(JSON.parse(await ok(['ci', 'trust', '--yes', '--json']))).toMatchObject({ changed: false });
  });

  it('is given on a terminal, or by --yes; a plan alone gives none', async () => {
    writeScript("job('a', { steps: ['x'] })");
    expect(await slipway(['ci', 'trust'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await ok(['ci', 'trust', '--dry-run'])).toMatch(/^- Trust the tree [0-9a-f]{64} of \.slipway\/$/m);
    expect((await slipway(['ci', 'plan'])).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
  });

  it.each([
    ['y', 0, undefined],
    ['n', 2, '[E_PIPELINE_UNTRUSTED]'],
  ])('shows what it trusts on a terminal, and takes %s for an answer', async (answer, exitCode, then) => {
    writeScript("job('a', { steps: ['x'] })");
    let shown = '';
    // script(1) is a terminal.
    const terminal = spawn('script', ['-qec', `stty cols 120 rows 40 && '${process.execPath}' '${inject('program')}' ci trust`, '/dev/null'], {
      cwd: repository,
      env: env(),
    });
    terminal.stdout.on('data', (chunk: Buffer) => {
      const asked = shown.includes('May this code run');
      shown += chunk.toString();
      if (!asked && shown.includes('May this code run')) terminal.stdin.write(answer);
    });
    expect(await new Promise((resolve) => terminal.once('close', resolve))).toBe(exitCode);
    expect(shown.slice(0, shown.indexOf('May this code run'))).toMatch(/\.slipway\/ci\.ts +100644 +\d+ bytes[\s\S]*sha256 [0-9a-f]{64}/);
    const { stderr } = await slipway(['ci', 'plan']);
    if (then === undefined) expect(stderr).toBe('');
    else expect(stderr).toContain(then);
  });

  it('holds for a commit as for the same files of the work tree, and for every work tree', async () => {
    writeScript("job('a', { steps: ['x'] })");
    await commit();
    write('.slipway/untracked', '');
    await ok(['ci', 'trust', 'HEAD', '--yes']);
    expect((await slipway(['ci', 'plan'])).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
    await git('worktree', 'add', '-q', join(folder, 'linked'));
    expect((await planOf(join(folder, 'linked'))).source).toBe('.slipway/ci.ts');
  });

  it('is a matter of one repository', async () => {
    writeScript("job('a', { steps: ['x'] })");
    await commit();
    await ok(['ci', 'trust', '--yes']);
    await git('clone', '-q', repository, join(folder, 'clone'));
    expect((await slipway(['ci', 'plan'], join(folder, 'clone'))).stderr).toContain('[E_PIPELINE_UNTRUSTED]');
  });

  it('is not needed for data', async () => {
    write('.slipway/ci.yml', 'jobs: { a: { steps: [x] } }');
    expect((await slipway(['ci', 'trust', '--yes'])).stderr).toContain('[E_PIPELINE_DATA]');
  });

  it('stands in the journal', async () => {
    writeScript("job('a', { steps: ['x'] })");
    await ok(['ci', 'trust', '--yes']);
    expect(JSON.parse(await ok(['journal', '--json']))).toMatchObject([{ verb: 'pipeline.trust', outcome: 'done' }]);
  });
});

describe('a ci.ts', () => {
  it("has the program's own library, and sees nothing of the person's environment", async () => {
    write(
      '.slipway/ci.ts',
      "import * as slipway from 'slipway';",
      'const env = { LIBRARY: [typeof slipway.createApp, typeof slipway.job].join(), TOKEN: String(process.env.SECRET_TOKEN) };',
      "export default slipway.pipeline({ env, jobs: [slipway.job('a', { steps: ['x'] })] });",
    );
    await ok(['ci', 'trust', '--yes']);
    expect((await planOf()).env).toEqual({ LIBRARY: 'function,function', TOKEN: 'undefined' });
  });

  it('is not run where it imports what may not be there', async () => {
    const trace = writeScript("job('a', { steps: ['x'] })");
    write('.slipway/ci.ts', "import 'left-pad';", readFileSync(join(repository, '.slipway/ci.ts'), 'utf8'));
    write('.slipway/node_modules/left-pad/index.js', '');
    await ok(['ci', 'trust', '--yes']);
    expect((await slipway(['ci', 'validate'])).stderr).toContain(
      '.slipway/ci.ts:1:8: imports `left-pad`: expected `slipway`, a module of Node.js, or a file below .slipway/',
    );
    expect(existsSync(trace)).toBe(false);
  });

  it('cannot write between the lines of a plan, nor keep anybody waiting with what it left open', async () => {
    write(
      '.slipway/ci.ts',
      "import { job, pipeline } from 'slipway';",
      "console.log('printed');",
      'setInterval(() => {}, 1000);',
      "export default pipeline({ jobs: [job('a', { steps: ['x'] })] });",
    );
    await ok(['ci', 'trust', '--yes']);
    const end = await slipway(['ci', 'plan', '--json']);
    expect(JSON.parse(end.stdout)).toMatchObject({ source: '.slipway/ci.ts' });
    expect(end.stderr).toBe('printed\n');
  });

  it('that ends the process tells so', async () => {
    write('.slipway/ci.ts', 'process.exit(7);');
    await ok(['ci', 'trust', '--yes']);
    expect((await slipway(['ci', 'plan'])).stderr).toContain('.slipway/ci.ts: ended with exit code 7 before its pipeline was there');
  });
});

describe('ci init', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['nothing it knows', {}, ['check: echo "Replace this by what checks your work."']],
    [
      'npm',
      { 'package.json': '{ "scripts": { "test": "x", "lint": "x", "start": "x" } }', 'package-lock.json': '{}' },
      ['install: npm ci', 'lint: npm run lint', 'test: npm run test'],
    ],
    ['pnpm', { 'package.json': '{ "scripts": { "build": "x" } }', 'pnpm-lock.yaml': '' }, ['install: pnpm install --frozen-lockfile', 'build: pnpm run build']],
    ['a broken package.json', { 'package.json': '{' }, ['install: npm install']],
    [
      'pytest',
      { 'pyproject.toml': '[project]\ndependencies = ["pytest"]\n' },
      ['install: python3 -m venv .venv, .venv/bin/pip install -e . pytest', 'test: .venv/bin/python -m pytest'],
    ],
    ['uv', { 'pyproject.toml': '[project]\n', 'uv.lock': '' }, ['install: uv sync --locked', 'test: uv run python -m unittest']],
    ['Rust', { 'Cargo.toml': '[package]\n', 'Cargo.lock': '' }, ['build: cargo build --locked', 'test: cargo test --locked']],
    ['Go', { 'go.mod': 'module x\n' }, ['vet: go vet ./...', 'test: go test ./...']],
    ['make', { Makefile: 'build:\n\ttrue\ntest: build\n\ttrue\nlint := x\n' }, ['build: make build', 'test: make test']],
    ['several', { 'go.mod': 'module x\n', Makefile: 'test:\n\ttrue\n' }, ['go-vet: go vet ./...', 'go-test: go test ./...', 'make-test: make test']],
  ])('writes a sound pipeline for %s', async (_title, files, jobs) => {
    for (const [path, text] of Object.entries(files)) write(path, text);
    expect(await ok(['ci', 'init'])).toBe(`Written: ${join(repository, '.slipway/ci.yml')}\n`);
    const plan = await planOf();
    expect(plan.jobs.map(({ name, work }) => `${name}: ${work.kind === 'steps' ? work.steps.map(({ command }) => command).join(', ') : ''}`)).toEqual(jobs);
  });

  it('overwrites nothing', async () => {
    const file = write('.slipway/ci.yml', 'mine');
    const end = await slipway(['ci', 'init']);
    expect(end).toMatchObject({ exitCode: 1 });
    expect(end.stderr).toContain('[E_PIPELINE_EXISTS]');
    const hook = write('.git/hooks/pre-push', 'mine');
    expect((await slipway(['ci', 'init', '--hook'])).stderr).toContain('[E_HOOK_EXISTS]');
    expect([readFileSync(file, 'utf8'), readFileSync(hook, 'utf8')]).toEqual(['mine\n', 'mine\n']);
  });

  it('writes neither where one of both cannot be written', async () => {
    write('.git/hooks/pre-push', 'mine');
    expect((await slipway(['ci', 'init', '--hook'])).exitCode).toBe(1);
    expect(existsSync(join(repository, '.slipway'))).toBe(false);
  });

  it('leaves a folder for the hooks of all repositories alone', async () => {
    mkdirSync(join(folder, 'hooks'));
    await git('config', 'core.hooksPath', join(folder, 'hooks'));
    expect((await slipway(['ci', 'init', '--hook'])).stderr).toContain('[E_HOOK_ELSEWHERE]');
    expect(existsSync(join(folder, 'hooks/pre-push'))).toBe(false);
  });

  it('plans without writing, and stands in the journal', async () => {
    const files = [join(repository, '.slipway/ci.yml'), join(repository, '.git/hooks/pre-push')];
    expect(await ok(['ci', 'init', '--hook', '--dry-run'])).toBe(files.map((file) => `- Write ${file}\n`).join(''));
    expect(files.filter(existsSync)).toEqual([]);
    expect(JSON.parse(await ok(['ci', 'init', '--hook', '--json']))).toEqual({ files });
    expect(JSON.parse(await ok(['journal', '--json']))).toMatchObject([{ verb: 'pipeline.init', outcome: 'done' }]);
    expect(await ok(['ci', 'init', '--hook'])).toBe('Everything is there already.\n');
  });

  it('writes a hook that runs the pipeline at each commit that is pushed, and stops the push', async () => {
    write('file', '1');
    const first = await commit();
    await ok(['ci', 'init', '--hook']);
    expect(statSync(join(repository, '.git/hooks/pre-push')).mode & 0o111).toBe(0o111);
    await run(['git', 'init', '-q', '--bare', join(folder, 'remote.git')], { env: env() });
    const asked = join(folder, 'asked');
    const program = join(folder, 'bin/slipway');
    mkdirSync(dirname(program));
    writeFileSync(program, `#!/bin/sh\necho "$@" >> ${asked}\nexit "$(cat ${folder}/exit)"\n`, { mode: 0o755 });
    const push = (...args: readonly string[]) =>
      run(['git', '-C', repository, 'push', '-q', join(folder, 'remote.git'), ...args], {
        env: { ...env(), PATH: `${dirname(program)}:${process.env['PATH']}` },
      });
    writeFileSync(join(folder, 'exit'), '1');
    expect((await push('main')).exitCode).not.toBe(0);
    writeFileSync(join(folder, 'exit'), '0');
    expect((await push('main', 'main:other')).exitCode).toBe(0);
    expect((await push(':other')).exitCode).toBe(0);
    expect(readFileSync(asked, 'utf8')).toBe(`ci run ${first}\n`.repeat(3));
    const without = await run(['git', '-C', repository, 'push', '-q', join(folder, 'remote.git'), 'main:third'], { env: env() });
    expect(without.exitCode).not.toBe(0);
    expect(without.stderr).toContain('slipway is not on the PATH');
  });
});
