import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { materialize } from '../../src/runs/workspace/materialize.ts';
import { contentOf, type GitRepository } from '../git-repository.ts';
import { demoBox, demoContent as first, WorkspaceBox } from './ci-workspace.ts';

let box: WorkspaceBox;
let repository: GitRepository;
beforeEach(() => {
  ({ box, repository } = demoBox());
});
afterEach(() => box.dispose());

const gitFiles = (path = repository.path) => contentOf(join(path, '.git'));

describe('the changes of a work tree', () => {
  const dirty = () => box.make(repository.path, 'HEAD', { dirty: true });
  /** What `git add -A` makes of it, in a copy. */
  const asAdded = () => {
    expect(spawnSync('cp', ['-a', repository.path, box.path('copy')]).status).toBe(0);
    box.user.git(box.path('copy'), 'add', '-A');
    return box.user.git(box.path('copy'), 'write-tree');
  };
  /** Tests, and holds that the repository stayed as it was and that the tree is the one that `git add -A` would give. */
  const check = async () => {
    const before = gitFiles();
    const made = await dirty();
    expect(gitFiles()).toEqual(before);
    expect(made.tree).toBe(asAdded());
    return made.content;
  };

  it('are taken from a linked work tree alone', async () => {
    repository.git('worktree', 'add', '-q', '-b', 'other', box.path('linked'));
    writeFileSync(box.path('linked/file'), 'new\n');
    writeFileSync(box.path('linked/more'), 'new\n');
    box.user.git(box.path('linked'), 'add', 'file');
    repository.write('file', 'of the main work tree\n');
    const before = gitFiles();
    const made = await box.make(box.path('linked/folder'), 'HEAD', { dirty: true });
    expect(made.content).toEqual({ ...first, file: '- new\n', more: '- new\n' });
    expect(gitFiles()).toEqual(before);
  });

  it('are none in a clean one', async () => {
    expect(await check()).toEqual(first);
    expect((await dirty()).tree).toBe(repository.tree());
  });

  it('may turn files into folders, folders into links, and programs into files', async () => {
    repository.write('program', 'x', 0o755);
    repository.write('linked/file', 'old\n');
    repository.commit();
    unlinkSync(join(repository.path, 'file'));
    repository.write('file/inside', 'new\n');
    rmSync(join(repository.path, 'linked'), { recursive: true });
    symlinkSync('folder', join(repository.path, 'linked'));
    chmodSync(join(repository.path, 'program'), 0o644);
    expect(await check()).toEqual({ 'file/inside': '- new\n', 'folder/file': '- old\n', linked: '-> folder', program: '- x' });
  });

  it('leave out what the person, the repository and the tree ignore', async () => {
    mkdirSync(box.path('home/.config/git'), { recursive: true });
    writeFileSync(box.path('home/.config/git/ignore'), '*.person\n');
    writeFileSync(join(repository.path, '.git/info/exclude'), '*.repository\n');
    repository.write('.gitignore', '*.tree\n');
    for (const ending of ['person', 'repository', 'tree', 'kept']) repository.write(`a.${ending}`, 'x');
    expect(await check()).toEqual({ ...first, '.gitignore': '- *.tree\n', 'a.kept': '- x' });
    box.user.git(box.root, 'config', '--global', 'core.excludesFile', '~/ignored');
    writeFileSync(box.path('home/ignored'), '*.kept\n');
    expect((await dirty()).content).toEqual({ ...first, '.gitignore': '- *.tree\n', 'a.person': '- x' });
  });

  it('are seen in a file of the same size, changed in the second of the last commit', async () => {
    for (let round = 0; round < 5; round++) {
      repository.write('file', `one ${round}\n`);
      repository.commit();
      repository.write('file', `two ${round}\n`);
      expect((await dirty()).content).toMatchObject({ file: `- two ${round}\n` });
    }
  });

  it('are complete with a split index, an untracked cache, a file noted for later, and one in conflict', async () => {
    repository.git('config', 'core.untrackedCache', 'true');
    repository.git('branch', 'theirs');
    repository.write('file', 'ours\n');
    repository.commit();
    repository.git('checkout', '-q', 'theirs');
    repository.write('file', 'theirs\n');
    repository.commit();
    expect(() => repository.git('merge', 'main')).toThrow();
    repository.git('update-index', '--split-index');
    repository.write('later', 'x');
    repository.git('add', '--intent-to-add', 'later');
    repository.git('status');
    const content = await check();
    expect(content).toMatchObject({ later: '- x', file: expect.stringContaining('<<<<<<< HEAD\ntheirs\n') });
  });

  it('have the line ends that the repository’s own attributes ask for', async () => {
    writeFileSync(join(repository.path, '.git/info/attributes'), '*.txt text\n');
    repository.write('a.txt', 'new\r\n');
    expect(await check()).toMatchObject({ 'a.txt': '- new\n' });
  });

  it('have the line ends that a commit of them would have', async () => {
    repository.write('.gitattributes', '*.txt text eol=crlf\n');
    repository.write('a.txt', 'one\r\n');
    repository.commit();
    repository.write('a.txt', 'two\r\n');
    repository.write('b.txt', 'new\r\n');
    expect(await check()).toMatchObject({ 'a.txt': '- two\n', 'b.txt': '- new\n' });
  });

  it('keep odd names and links', async () => {
    repository.write(Buffer.from([0xff, 0x0a, 0x22]), 'x');
    repository.write(':(exclude)file', 'x');
    repository.write('-n', 'x', 0o755);
    symlinkSync(Buffer.from([0xfe]), join(repository.path, 'link'));
    expect(await check()).toEqual({ ...first, '\xff\n"': '- x', ':(exclude)file': '- x', '-n': 'x x', link: '-> \xfe' });
  });

  it('run no filter and no hook of the repository', async () => {
    const marker = box.path('ran');
    repository.write('.gitattributes', '* filter=evil diff=evil\n');
    for (const key of [
      'filter.evil.clean',
      'filter.evil.smudge',
      'filter.evil.process',
      'diff.evil.textconv',
      'core.fsmonitor',
      'core.pager',
      'alias.rev-parse',
      'core.sshCommand',
      'credential.helper',
      'gpg.program',
    ])
      repository.git('config', key, `touch ${marker}; cat #`);
    repository.write('.git/evil.config', `[core]\n\tfsmonitor = touch ${marker}\n\thooksPath = ${join(repository.path, '.git/hooks')}\n`);
    repository.git('config', 'include.path', 'evil.config');
    for (const hook of ['post-checkout', 'post-index-change', 'pre-commit', 'reference-transaction'])
      repository.write(`.git/hooks/${hook}`, `#!/bin/sh\ntouch ${marker}\n`, 0o755);
    repository.write('file', 'new\n');
    repository.write('more', 'new\n');
    const made = await dirty();
    expect(made.content).toMatchObject({ file: '- new\n', more: '- new\n' });
    await box.make(repository.path);
    expect(existsSync(marker)).toBe(false);
  });

  it('have git ask the repository itself only for names and settings', async () => {
    repository.write('more', 'new\n');
    const { env, log } = box.watchGit();
    await box.make(repository.path, 'HEAD', { env, dirty: true });
    const calls = log().trim().split('\n');
    const own = calls.filter((call) => call.includes('.git] ['));
    expect(own.filter((call) => / (add|write-tree|read-tree|checkout-index) /.test(`${call} `))).toHaveLength(4);
    expect(calls.filter((call) => !own.includes(call) && !/ (rev-parse|config) /.test(call))).toEqual([]);
  });

  it('do not hold Slipway’s own folders, where those are in the work tree', async () => {
    const inside = new WorkspaceBox();
    try {
      const own = inside.user.init(inside.root);
      own.write('.gitignore', 'home\n');
      own.write('file', 'old\n');
      own.git('add', 'file', '.gitignore');
      own.git('commit', '-q', '-m', 'First');
      own.write('state/journal', 'x');
      own.write('more', 'new\n');
      expect((await inside.make(own.path, 'HEAD', { dirty: true })).content).toEqual({ '.gitignore': '- home\n', file: '- old\n', more: '- new\n' });
    } finally {
      inside.dispose();
    }
  });

  it('are found whatever way Slipway’s own folders are written', async () => {
    const paths = { ...box.paths, state: `${repository.path}/../nowhere`, cache: `${repository.path}/../cache` };
    repository.write('more', 'new\n');
    const source = await box.resolve(repository.path, 'HEAD', { dirty: true });
    await materialize({ ...box.caller(), paths, source, directory: box.path('cache/w'), temporary: box.path('cache/t') });
    expect(contentOf(box.path('cache/w'))).toEqual({ ...first, more: '- new\n' });
  });

  it('are refused for another commit, for a bare repository, and where HEAD moved meanwhile', async () => {
    repository.write('file', 'new\n');
    repository.commit();
    await expect(box.resolve(repository.path, 'HEAD~1', { dirty: true })).rejects.toMatchObject({ code: 'E_WORK_TREE' });
    box.user.git(box.root, 'clone', '-q', '--bare', repository.path, box.path('bare.git'));
    await expect(box.resolve(box.path('bare.git'), 'main', { dirty: true })).rejects.toMatchObject({ code: 'E_WORK_TREE' });
    const source = await box.resolve(repository.path, 'main', { dirty: true });
    repository.commit();
    await expect(box.materialize(source)).rejects.toMatchObject({ code: 'E_WORK_TREE', message: expect.stringContaining('Another commit') });
  });

  it('may hold a repository of its own, but not one without a commit', async () => {
    const nested = box.user.init(join(repository.path, 'nested'));
    nested.write('inside', 'old\n');
    nested.commit();
    nested.write('inside', 'new\n');
    expect((await dirty()).content).toEqual({ ...first, 'nested/inside': '- new\n' });
    box.user.init(join(repository.path, 'unborn'));
    await expect(dirty()).rejects.toMatchObject({ code: 'E_WORK_TREE', message: expect.stringContaining(join(repository.path, 'unborn')) });
  });
});
