import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Paths } from '../state/paths.ts';
import { resolveProject } from './resolve.ts';
import { listProjectIds, readConfig, readProject, readProjects } from './store.ts';

let paths: Paths;
beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-projects-'));
  paths = { config: join(home, 'config'), state: join(home, 'state'), cache: join(home, 'cache') };
});
afterEach(() => rmSync(dirname(paths.config), { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(paths.config, path)), { recursive: true });
  writeFileSync(join(paths.config, path), text);
}

describe('a project', () => {
  test('that is not there is told with the nearest name', async () => {
    await expect(readProject(paths, 'demo')).rejects.toMatchObject({
      code: 'E_NO_PROJECT',
      message: 'There is no project `demo`.',
      hint: '`slipway project new demo --repo ADDRESS` makes it.',
    });
    write('projects/demo/project.yml', '');
    await expect(readProject(paths, 'dmeo')).rejects.toMatchObject({ code: 'E_NO_PROJECT', hint: 'Did you mean `demo`? `slipway project list` shows all.' });
    await expect(readProject(paths, 'other')).rejects.toMatchObject({ hint: '`slipway project list` shows the projects.' });
  });

  test.each(['..', '.', '', 'a/b', '-x', 'A', 'x'.repeat(300), 'a--b', 'a\nb', 'a\0b'])('is never looked for as %j', async (id) => {
    await expect(readProject(paths, id)).rejects.toMatchObject({ code: 'E_BAD_ID' });
  });

  test('has the id of its folder', async () => {
    write('projects/demo/project.yml', 'branch: x\nid: other\n');
    await expect(readProject(paths, 'demo')).rejects.toMatchObject({
      code: 'E_BAD_FILE',
      message: `${paths.config}/projects/demo/project.yml:2:5: \`id\`: expected demo, as the folder is called, found "other"`,
    });
  });

  test('has a default agent among its own', async () => {
    write('projects/demo/project.yml', 'agents: [codex]\ndefault_agent: claude\n');
    await expect(readProject(paths, 'demo')).rejects.toMatchObject({
      message: expect.stringContaining(':2:16: `default_agent`: expected one of `agents`, found "claude"'),
    });
  });
});

describe('the list', () => {
  test('is empty without a folder', async () => {
    expect(await listProjectIds(paths)).toEqual([]);
    expect(await readProjects(paths)).toEqual([]);
  });

  test('has every project; a broken file hides no other', async () => {
    write('projects/b/project.yml', 'branch: main\n');
    write('projects/a/project.yml', 'brunch: main\n');
    write('projects/.git/project.yml', '');
    write('projects/Not-An-Id/project.yml', '');
    write('projects/no-file/other.txt', '');
    write('projects/file', '');
    write('elsewhere/project.yml', '');
    symlinkSync(join(paths.config, 'elsewhere'), join(paths.config, 'projects/linked'));
    const entries = await readProjects(paths);
    expect(entries.map(({ id }) => id)).toEqual(['a', 'b', 'linked']);
    expect(entries[0]?.error).toMatchObject({ code: 'E_BAD_FILE', message: expect.stringContaining('did you mean `branch`?') });
    expect(entries[1]?.project?.branch).toBe('main');
  });
});

describe('config.yml', () => {
  test('may be missing', async () => {
    expect((await readConfig(paths)).agents).toBeUndefined();
  });

  test.each(['auto', 'docker', 'podman', 'unix:///run/x.sock', 'ssh://host', 'tcp://1.2.3.4:2375'])('takes the engine %s', async (engine) => {
    write('config.yml', `engine: ${engine}\n`);
    expect((await readConfig(paths)).engine).toBe(engine);
  });

  test('refuses other engines and unknown keys', async () => {
    write('config.yml', 'engine: containerd\n');
    await expect(readConfig(paths)).rejects.toMatchObject({
      code: 'E_BAD_FILE',
      message: expect.stringContaining('`engine`: expected auto, docker, podman, or a URL that starts with unix://, ssh:// or tcp://, found "containerd"'),
    });
    write('config.yml', 'repository: /x\n');
    await expect(readConfig(paths)).rejects.toMatchObject({ code: 'E_BAD_FILE' });
  });
});

describe('a snippet', () => {
  test('is text in place, or a file beside project.yml', async () => {
    write('projects/demo/project.yml', 'snippet: |\n  RUN true\n');
    expect((await resolveProject(paths, 'demo')).snippet).toBe('RUN true\n');
    write('projects/demo/project.yml', 'snippet: { file: parts/snippet.Dockerfile }\n');
    write('projects/demo/parts/snippet.Dockerfile', 'RUN false\n');
    expect((await resolveProject(paths, 'demo')).snippet).toBe('RUN false\n');
  });

  test.each(['/etc/passwd', '../x', 'a/../../x', ''])('is never read from %j', async (file) => {
    write('projects/demo/project.yml', `snippet: { file: ${JSON.stringify(file)} }\n`);
    await expect(resolveProject(paths, 'demo')).rejects.toMatchObject({ code: 'E_BAD_FILE' });
  });

  test('that is missing, a folder, a pipe, too large or no text is an error that says so', async () => {
    write('projects/demo/project.yml', 'snippet: { file: s }\n');
    const file = join(paths.config, 'projects/demo/s');
    const says = (why: string) => expect(resolveProject(paths, 'demo')).rejects.toMatchObject({ code: 'E_SNIPPET', message: `The snippet ${file} ${why}.` });
    await says('does not exist');
    mkdirSync(file);
    await says('is not a regular file');
    rmSync(file, { recursive: true });
    spawnSync('mkfifo', [file]);
    await says('is not a regular file');
    rmSync(file);
    writeFileSync(file, '');
    truncateSync(file, 1_048_577);
    await says('is larger than 1 MiB');
    writeFileSync(file, Buffer.from([0xff, 0xfe]));
    await says('is not UTF-8 text');
    chmodSync(file, 0o644);
  });
});
