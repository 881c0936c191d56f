import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentOf, type GitRepository, GitUser } from '../git-repository.ts';
import type { Paths } from '../../src/state/paths.ts';
import { materialize } from '../../src/runs/workspace/materialize.ts';
import { resolveSource } from '../../src/runs/workspace/source.ts';

let root: string;
let paths: Paths;
let repository: GitRepository;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-workspace-'));
  paths = { config: join(root, 'config'), state: join(root, 'state'), cache: join(root, 'cache') };
  repository = new GitUser(join(root, 'home')).init(join(root, 'demo'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const caller = () => ({ paths, env: repository.user.env, signal: new AbortController().signal });
const resolve = (revision: string, dirty = false) => resolveSource(repository.path, revision, { ...caller(), dirty });
const workspace = () => join(root, 'cache/runs/demo/1/workspace');
const make = async (revision = 'HEAD', dirty = false) =>
  materialize({ ...caller(), source: await resolve(revision, dirty), directory: workspace(), temporary: `${workspace()}.new` });

describe('a workspace', () => {
  it('is the tree of the commit, byte for byte', async () => {
    repository.write('run.sh', '#!/bin/sh\n', 0o755);
    repository.write('with blank\nand "line break"', 'odd');
    repository.write(Buffer.from([0x66, 0xff, 0xfe]), 'not UTF-8');
    repository.write('dos.txt', 'a\r\nb\r\n');
    repository.write('unix.bat', 'a\nb\n');
    repository.write('ident.c', '$Id$ $Format:%H$\n');
    repository.write('internal/notes.txt', 'kept');
    symlinkSync('run.sh', join(repository.path, 'link'));
    symlinkSync('/etc/nowhere', join(repository.path, 'dangling'));
    repository.write('.gitattributes', '*.c ident export-subst\ninternal export-ignore\n*.bat text eol=crlf\n*.txt -text\n');
    repository.commit();
    repository.write('later.txt', 'not in the commit');
    repository.commit();

    expect(await make('HEAD~1')).toEqual({ tree: repository.tree('HEAD~1') });

    expect(contentOf(workspace())).toEqual({
      '.gitattributes': '- *.c ident export-subst\ninternal export-ignore\n*.bat text eol=crlf\n*.txt -text\n',
      dangling: '-> /etc/nowhere',
      'dos.txt': '- a\r\nb\r\n',
      'f\xff\xfe': '- not UTF-8',
      'ident.c': '- $Id$ $Format:%H$\n',
      'internal/notes.txt': '- kept',
      link: '-> run.sh',
      'run.sh': 'x #!/bin/sh\n',
      'unix.bat': '- a\nb\n',
      'with blank\nand "line break"': '- odd',
    });
    expect(readdirSync(join(workspace(), '..'))).toEqual(['workspace']);
  });

  it('has the work tree’s changes where they are asked for, and leaves index, references, stash and objects as they are', async () => {
    for (const name of ['kept', 'staged', 'unstaged', 'gone', 'removed', 'both']) repository.write(name, 'old\n');
    repository.write('.gitignore', 'ignored\n');
    repository.commit();
    repository.write('staged', 'new\n');
    repository.write('both', 'staged\n');
    repository.git('add', '.');
    repository.git('rm', '-q', 'removed');
    repository.write('both', 'unstaged\n');
    repository.write('unstaged', 'new\n', 0o755);
    repository.write('untracked/file', 'new\n');
    repository.write('ignored', 'secret\n');
    unlinkSync(join(repository.path, 'gone'));
    const before = contentOf(join(repository.path, '.git'));

    const { tree } = await make('HEAD', true);

    expect(contentOf(workspace())).toEqual({
      '.gitignore': '- ignored\n',
      both: '- unstaged\n',
      kept: '- old\n',
      staged: '- new\n',
      unstaged: 'x new\n',
      'untracked/file': '- new\n',
    });
    expect(contentOf(join(repository.path, '.git'))).toEqual(before);
    repository.commit();
    expect(tree).toBe(repository.tree());
  });

  it('leaves nothing where it cannot be made', async () => {
    repository.write('a', 'a');
    const source = await resolve(repository.commit());
    const id = repository.git('rev-parse', 'HEAD:a');
    rmSync(join(repository.path, '.git/objects', id.slice(0, 2), id.slice(2)));
    await expect(materialize({ ...caller(), source, directory: workspace(), temporary: `${workspace()}.new` })).rejects.toMatchObject({
      code: 'E_OBJECT_MISSING',
    });
    expect(readdirSync(join(workspace(), '..'))).toEqual([]);
  });
});

describe('a source', () => {
  it('has the full commit, the branch and the repository’s name', async () => {
    const commit = repository.commit();
    repository.git('tag', 'v1');
    const common = { repository: repository.path, commit, dirty: false, name: 'demo', home: join(repository.path, '.git') };
    expect(await resolve('HEAD')).toEqual({ ...common, revision: 'HEAD', ref: 'refs/heads/main' });
    expect(await resolve('v1')).toEqual({ ...common, revision: 'v1', ref: 'refs/tags/v1' });
    expect(await resolve(commit.slice(0, 8))).toEqual({ ...common, revision: commit.slice(0, 8) });
    expect(existsSync(paths.state) || existsSync(paths.cache)).toBe(false);
  });

  it('is never an option, a range, a file, or what no commit has', async () => {
    repository.write('file', 'x');
    repository.commit();
    for (const revision of ['--output=x', '-h', '', 'nowhere', '0123456789012345678901234567890123456789', 'HEAD~1', 'HEAD:file', 'main..main'])
      await expect(resolve(revision)).rejects.toMatchObject({ code: 'E_REVISION' });
    expect(existsSync(paths.state) || existsSync(paths.cache)).toBe(false);
  });

  it('is an error where there is no repository, and where it has no commit', async () => {
    await expect(resolve('HEAD')).rejects.toMatchObject({ code: 'E_NO_COMMIT' });
    await expect(resolveSource(root, 'HEAD', { ...caller(), dirty: false })).rejects.toMatchObject({ code: 'E_NO_REPOSITORY' });
  });
});
