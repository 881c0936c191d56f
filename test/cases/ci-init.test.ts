import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/host/process.ts';
import { PipelineRepository } from '../pipeline-repository.ts';

let box: PipelineRepository;
beforeEach(async () => {
  box = await new PipelineRepository().begin();
});
afterEach(() => box.dispose());

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
    for (const [path, text] of Object.entries(files)) box.write(path, text);
    expect(await box.ok(['ci', 'init'])).toBe(`Written: ${join(box.repository, '.slipway/ci.yml')}\n`);
    const plan = await box.plan();
    expect(plan.jobs.map(({ name, work }) => `${name}: ${work.kind === 'steps' ? work.steps.map(({ command }) => command).join(', ') : ''}`)).toEqual(jobs);
  });

  it('overwrites nothing', async () => {
    const file = box.write('.slipway/ci.yml', 'mine');
    const end = await box.slipway(['ci', 'init']);
    expect(end).toMatchObject({ exitCode: 1 });
    expect(end.stderr).toContain('[E_PIPELINE_EXISTS]');
    const hook = box.write('.git/hooks/pre-push', 'mine');
    expect((await box.slipway(['ci', 'init', '--hook'])).stderr).toContain('[E_HOOK_EXISTS]');
    expect([readFileSync(file, 'utf8'), readFileSync(hook, 'utf8')]).toEqual(['mine\n', 'mine\n']);
  });

  it('writes neither where one of both cannot be written', async () => {
    box.write('.git/hooks/pre-push', 'mine');
    expect((await box.slipway(['ci', 'init', '--hook'])).exitCode).toBe(1);
    expect(existsSync(join(box.repository, '.slipway'))).toBe(false);
  });

  it('leaves a folder for the hooks of all repositories alone', async () => {
    mkdirSync(join(box.folder, 'hooks'));
    await box.git('config', 'core.hooksPath', join(box.folder, 'hooks'));
    expect((await box.slipway(['ci', 'init', '--hook'])).stderr).toContain('[E_HOOK_ELSEWHERE]');
    expect(existsSync(join(box.folder, 'hooks/pre-push'))).toBe(false);
  });

  it('plans without writing, and stands in the journal', async () => {
    const files = [join(box.repository, '.slipway/ci.yml'), join(box.repository, '.git/hooks/pre-push')];
    expect(await box.ok(['ci', 'init', '--hook', '--dry-run'])).toBe(files.map((file) => `- Write ${file}\n`).join(''));
    expect(files.filter(existsSync)).toEqual([]);
    expect(JSON.parse(await box.ok(['ci', 'init', '--hook', '--json']))).toEqual({ files });
    expect(JSON.parse(await box.ok(['journal', '--json']))).toMatchObject([{ verb: 'pipeline.init', outcome: 'done' }]);
    expect(await box.ok(['ci', 'init', '--hook'])).toBe('Everything is there already.\n');
  });

  it('writes a hook that runs the pipeline at each commit that is pushed, and stops the push', async () => {
    box.write('file', '1');
    const first = await box.commit();
    await box.ok(['ci', 'init', '--hook']);
    expect(statSync(join(box.repository, '.git/hooks/pre-push')).mode & 0o111).toBe(0o111);
    await run(['git', 'init', '-q', '--bare', join(box.folder, 'remote.git')], { env: box.env() });
    const asked = join(box.folder, 'asked');
    const program = join(box.folder, 'bin/slipway');
    mkdirSync(dirname(program));
    writeFileSync(program, `#!/bin/sh\necho "$@" >> ${asked}\nexit "$(cat ${box.folder}/exit)"\n`, { mode: 0o755 });
    const push = (...args: readonly string[]) =>
      run(['git', '-C', box.repository, 'push', '-q', join(box.folder, 'remote.git'), ...args], {
        env: { ...box.env(), PATH: `${dirname(program)}:${process.env['PATH']}` },
      });
    writeFileSync(join(box.folder, 'exit'), '1');
    expect((await push('main')).exitCode).not.toBe(0);
    writeFileSync(join(box.folder, 'exit'), '0');
    expect((await push('main', 'main:other')).exitCode).toBe(0);
    expect((await push(':other')).exitCode).toBe(0);
    expect(readFileSync(asked, 'utf8')).toBe(`ci run ${first}\n`.repeat(3));
    const without = await run(['git', '-C', box.repository, 'push', '-q', join(box.folder, 'remote.git'), 'main:third'], { env: box.env() });
    expect(without.exitCode).not.toBe(0);
    expect(without.stderr).toContain('slipway is not on the PATH');
  });
});
