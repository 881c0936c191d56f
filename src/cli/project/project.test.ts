import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { typeAt } from '../../../test/typed-program.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-cli-project-'));
  mkdirSync(join(home, 'repo/.git'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const slipway = (argv: readonly string[], input?: string) => typeAt(home, argv, input);

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}
const projectFile = (id: string) => join(home, `config/projects/${id}/project.yml`);

describe('project new', () => {
  test('writes what was asked for, with comments, and reads it back', async () => {
    const end = await slipway(
      [
        'project',
        'new',
        'demo',
        '--repo',
        join(home, 'repo'),
        '--branch',
        'main',
        '--base',
        'debian:12',
        '--agent',
        'codex',
        '--agent',
        'claude',
        '--snippet',
        '-',
        '--human-name',
        'Ada: "L" #1',
        '--human-email',
        'ada@example.org',
      ],
      'RUN echo "a: b" # c\r\n\tENV X=1\n\n\n',
    );
    expect(end).toMatchObject({ exitCode: 0, stdout: `Project demo is made: ${projectFile('demo')}\n`, stderr: 'Look it over, then `slipway build demo`.\n' });
    expect(readFileSync(projectFile('demo'), 'utf8')).toContain('# Ports of its containers, published on 127.0.0.1.\n# ports:');
    const shown = JSON.parse((await slipway(['project', 'show', 'demo', '--json'])).stdout);
    expect(shown).toMatchObject({
      id: 'demo',
      file: projectFile('demo'),
      repository: join(home, 'repo'),
      branch: 'main',
      base: 'debian:12',
      agents: ['codex', 'claude'],
      default_agent: 'codex',
      snippet: 'RUN echo "a: b" # c\n\tENV X=1\n',
      human: { name: 'Ada: "L" #1', email: 'ada@example.org' },
      trust_host_ca: null,
      sources: { base: 'project', hardening: 'default' },
    });
  });

  test('needs nothing but an id', async () => {
    expect((await slipway(['project', 'new', 'demo', '--json'])).stdout).toBe(`${JSON.stringify({ id: 'demo', file: projectFile('demo') }, undefined, 2)}\n`);
    expect((await slipway(['project', 'show', 'demo'])).stdout).toMatch(/^base: +ubuntu:24\.04 +\(default\)$/m);
  });

  test('keeps what is in the folder already', async () => {
    write('config/projects/demo/snippet.Dockerfile', 'RUN true\n');
    expect((await slipway(['project', 'new', 'demo'])).exitCode).toBe(0);
    expect(existsSync(join(home, 'config/projects/demo/snippet.Dockerfile'))).toBe(true);
  });

  test('refuses one that exists, also a broken one, and leaves it', async () => {
    write('config/projects/demo/project.yml', 'broken: [\n');
    expect(await slipway(['project', 'new', 'demo'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('error: The project `demo` exists already. [E_PROJECT_EXISTS]'),
    });
    expect(readFileSync(projectFile('demo'), 'utf8')).toBe('broken: [\n');
  });

  test.each([
    [['../x'], 1, 'E_BAD_ID'],
    [['--', '-x'], 1, 'E_BAD_ID'],
    [[''], 1, 'E_BAD_ID'],
    [['x'.repeat(300)], 1, 'E_BAD_ID'],
    [['demo', '--repo', 'ext::sh'], 2, 'E_BAD_SETTING'],
    [['demo', '--repo=--upload-pack=x'], 2, 'E_BAD_SETTING'],
    [['demo', '--repo', 'https://me:hunter2@example.org/x'], 2, 'E_BAD_SETTING'],
    [['demo', '--repo', './nowhere'], 2, 'E_REPOSITORY'],
    [['demo', '--repo', '/'], 2, 'E_REPOSITORY'],
    [['demo', '--branch=-x'], 2, 'E_BAD_SETTING'],
    [['demo', '--base', 'No Base'], 2, 'E_BAD_SETTING'],
    [['demo', '--agent', 'nobody'], 1, 'E_NO_AGENT'],
    [['demo', '--agent', 'claude', '--agent', 'claude'], 2, 'E_BAD_SETTING'],
    [['demo', '--human-email', 'x'], 2, 'E_BAD_SETTING'],
    [['demo', '--human-name', 'a\nb'], 2, 'E_BAD_SETTING'],
    [['demo', '--snippet', '/nowhere'], 1, 'E_SNIPPET'],
  ])('refuses %j and makes nothing', async (argv, exitCode, code) => {
    const end = await slipway(['project', 'new', ...argv]);
    expect(end).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(`[${code}]\n`) });
    expect(end.stderr).not.toContain('hunter2');
    expect(existsSync(join(home, 'config'))).toBe(false);
    expect(existsSync(join(home, 'x'))).toBe(false);
  });

  test('--dry-run prints the plan and makes nothing', async () => {
    expect(await slipway(['project', 'new', 'demo', '--dry-run'])).toMatchObject({ exitCode: 0, stdout: '- Write project.yml of demo\n' });
    expect(existsSync(join(home, 'config'))).toBe(false);
    expect(existsSync(join(home, 'state'))).toBe(false);
  });

  test('twenty at a time of one id make one', async () => {
    const ends = await Promise.all(Array.from({ length: 20 }, () => slipway(['project', 'new', 'demo'])));
    expect(ends.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
    expect(ends.filter(({ stderr }) => stderr.includes('E_PROJECT_EXISTS'))).toHaveLength(19);
  });
});

describe('project list', () => {
  test('is an empty array, and a note for people', async () => {
    expect(await slipway(['project', 'list', '--json'])).toEqual({ exitCode: 0, stdout: '[]\n', stderr: '' });
    expect(await slipway(['project', 'list'])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('shows every project and warns of a broken one', async () => {
    await slipway(['project', 'new', 'demo', '--repo', 'git@example.org:x.git']);
    write('config/projects/broken/project.yml', 'nope: 1\n');
    const end = await slipway(['project', 'list']);
    expect(end.stdout).toBe(
      [
        'ID       REPOSITORY              BRANCH   BASE           AGENTS',
        'broken   cannot be read',
        'demo     git@example.org:x.git   -        ubuntu:24.04   claude, codex, opencode',
        '',
      ].join('\n'),
    );
    expect(end.stderr).toContain('project broken: ');
    expect(end.exitCode).toBe(1);
    const json = JSON.parse((await slipway(['project', 'list', '--json'])).stdout);
    expect(json).toMatchObject([
      { id: 'broken', error: { code: 'E_BAD_FILE' } },
      { id: 'demo', repository: 'git@example.org:x.git', error: null },
    ]);
  });
});

describe('project delete', () => {
  beforeEach(async () => {
    await slipway(['project', 'new', 'demo']);
    write('config/projects/demo/snippet.Dockerfile', 'RUN true\n');
    write('state/build/demo/l2-cli/Dockerfile', 'FROM x\n');
    write('state/projects/demo/task-index.json', '{}\n');
    write('state/projects/other/task-index.json', '{}\n');
    write('state/task-ids/demo.json', '{"format":1,"last":3}\n');
  });

  test('an id that was given out is not given out again, also where the project is made anew', async () => {
    await slipway(['project', 'delete', 'demo', '--yes']);
    await slipway(['project', 'new', 'demo']);
    expect(await slipway(['task', 'new', 'demo'])).toMatchObject({ exitCode: 0, stdout: '4\n' });
  });

  test('removes the folder and what Slipway keeps, and nothing else', async () => {
    await slipway(['project', 'new', 'other']);
    expect(await slipway(['project', 'delete', 'demo', '--yes'])).toMatchObject({ exitCode: 0, stdout: 'Project demo is deleted.\n' });
    for (const path of ['config/projects/demo', 'state/build/demo', 'state/projects/demo']) expect(existsSync(join(home, path)), path).toBe(false);
    for (const path of ['config/projects/other/project.yml', 'state/projects/other/task-index.json']) expect(existsSync(join(home, path)), path).toBe(true);
    expect(await slipway(['project', 'delete', 'demo', '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no project `demo`. [E_NO_PROJECT]'),
    });
  });

  test('without a terminal needs --yes, and says so before anything is removed', async () => {
    expect(await slipway(['project', 'delete', 'demo'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') });
    expect(existsSync(projectFile('demo'))).toBe(true);
  });

  test('refuses a project with tasks, and names them', async () => {
    write('state/projects/demo/tasks/2.yml', 'id: 2\n');
    write('state/tasks/demo/11/workspace/work', 'x');
    for (const flags of [[], ['--yes'], ['--dry-run']]) {
      expect(await slipway(['project', 'delete', 'demo', ...flags])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('The project `demo` has tasks: 2, 11. [E_PROJECT_HAS_TASKS]'),
      });
    }
    expect(existsSync(projectFile('demo'))).toBe(true);
    expect(existsSync(join(home, 'state/build/demo'))).toBe(true);
  });

  test('a broken one can go; a link goes, and what it points to stays', async () => {
    write('dotfiles/demo/project.yml', 'broken: [\n');
    rmSync(join(home, 'config/projects/demo'), { recursive: true });
    symlinkSync(join(home, 'dotfiles/demo'), join(home, 'config/projects/demo'));
    expect((await slipway(['project', 'delete', 'demo', '-y'])).exitCode).toBe(0);
    expect(() => lstatSync(join(home, 'config/projects/demo'))).toThrow('ENOENT');
    expect(existsSync(join(home, 'dotfiles/demo/project.yml'))).toBe(true);
  });

  test.each(['..', '.', '', 'a/b', '../projects'])('never takes %j', async (id) => {
    expect(await slipway(['project', 'delete', id, '--yes'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[E_BAD_ID]') });
    expect(existsSync(projectFile('demo'))).toBe(true);
  });

  test('that was cut off is completed by the next command, which says so', async () => {
    const directory = join(home, 'state/build/demo');
    const steps = [
      { do: 'project.remove-state', project: 'demo', directory },
      { do: 'project.remove-config', project: 'demo', directory: join(home, 'config/projects/demo') },
    ];
    const begin = {
      format: 1,
      type: 'begin',
      operation: '20260101t000000-00000000',
      verb: 'project.delete',
      summary: 'project delete demo',
      wanted: { id: 'demo' },
      locks: ['project/demo'],
      plan: { steps },
      at: '2026-01-01T00:00:00.000Z',
      user: 'ada',
      pid: 1,
      command: 'project delete demo',
    };
    write('state/journal/open/20260101t000000-00000000.jsonl', `${JSON.stringify(begin)}\n${JSON.stringify({ type: 'intent', step: 0, at: begin.at })}\n`);
    rmSync(directory, { recursive: true });
    const end = await slipway(['project', 'list', '--json']);
    expect(end).toMatchObject({
      exitCode: 0,
      stdout: '[]\n',
      stderr: expect.stringContaining('recovered: `project delete demo` had been cut off and was completed.'),
    });
    expect(existsSync(join(home, 'state/projects/demo'))).toBe(false);
  });
});
