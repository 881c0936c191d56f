import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentOf, type GitRepository } from '../git-repository.ts';
import { WorkspaceBox } from './ci-workspace.ts';

let box: WorkspaceBox;
let repository: GitRepository;
beforeEach(() => {
  box = new WorkspaceBox();
  repository = box.user.init(box.path('demo'));
  repository.write('file', 'old\n');
  repository.write('folder/file', 'old\n');
  repository.commit('First');
});
afterEach(() => box.dispose());

const first = { file: '- old\n', 'folder/file': '- old\n' };
const gitFiles = (path = repository.path) => contentOf(join(path, '.git'));

describe('the tree of a commit', () => {
  it('is complete in a linked work tree, which shares the name of its repository', async () => {
    repository.git('worktree', 'add', '-q', '-b', 'other', box.path('linked'));
    const linked = box.user.init(box.path('linked'));
    linked.write('more', 'new\n');
    linked.commit();
    const made = await box.make(box.path('linked'));
    expect(made.content).toEqual({ ...first, more: '- new\n' });
    expect(made.source).toMatchObject({ repository: box.path('linked'), ref: 'refs/heads/other', name: 'demo', home: join(repository.path, '.git') });
  });

  it('is complete where `.git` is a file, and in a bare repository', async () => {
    box.user.git(box.root, 'clone', '-q', '--separate-git-dir', box.path('elsewhere.git'), repository.path, box.path('apart'));
    expect((await box.make(box.path('apart', 'folder'))).content).toEqual(first);
    box.user.git(box.root, 'clone', '-q', '--bare', repository.path, box.path('bare.git'));
    const made = await box.make(box.path('bare.git'), 'main');
    expect(made.content).toEqual(first);
    expect(made.source).toMatchObject({ repository: box.path('bare.git'), name: 'bare' });
  });

  it('is complete in a SHA-256 repository', async () => {
    const modern = box.user.init(box.path('modern'), '--object-format=sha256');
    modern.write('file', 'new\n');
    modern.commit();
    modern.write('file', 'newer\n');
    expect(await box.make(modern.path)).toMatchObject({ content: { file: '- new\n' }, tree: modern.tree() });
    const dirty = await box.make(modern.path, 'HEAD', { dirty: true });
    modern.commit();
    expect(dirty).toMatchObject({ content: { file: '- newer\n' }, tree: modern.tree() });
  });

  it('is complete where objects are borrowed, also in turn, by relative paths, and from folders with odd names', async () => {
    const odd = box.path('with: colon');
    renameSync(repository.path, odd);
    box.user.git(box.root, 'clone', '-q', '--shared', odd, box.path('second'));
    box.user.git(box.root, 'clone', '-q', '--shared', box.path('second'), box.path('third'));
    writeFileSync(box.path('third/.git/objects/info/alternates'), '../../../second/.git/objects\n');
    for (const path of [odd, box.path('second'), box.path('third')]) expect((await box.make(path)).content).toEqual(first);
  });

  it('is complete below a folder with quotes, colons and line breaks in its name', async () => {
    const odd = box.path('with: colon,\n"line" break\\');
    renameSync(repository.path, odd);
    expect((await box.make(odd)).content).toEqual(first);
    writeFileSync(join(odd, 'file'), 'new\n');
    expect((await box.make(odd, 'HEAD', { dirty: true })).content).toEqual({ ...first, file: '- new\n' });
  });

  it('is the whole tree in a sparse checkout, with its changes where they are asked for', async () => {
    repository.write('outside/file', 'old\n');
    repository.commit();
    repository.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'folder');
    expect(existsSync(join(repository.path, 'outside'))).toBe(false);
    repository.write('folder/file', 'new\n');
    expect((await box.make(repository.path)).content).toEqual({ ...first, 'outside/file': '- old\n' });
    expect((await box.make(repository.path, 'HEAD', { dirty: true })).content).toEqual({ ...first, 'folder/file': '- new\n', 'outside/file': '- old\n' });
  });

  it('is as committed whatever the settings of the person, the repository and its work tree say', async () => {
    repository.write('.gitattributes', '*.filtered filter=shout\n*.utf16 working-tree-encoding=UTF-16\n*.text text\n');
    repository.write('a.filtered', 'quiet\n');
    repository.write('a.utf16', Buffer.from('\ufeffwide\n', 'utf16le'));
    repository.write('a.text', 'a\nb\n');
    repository.commit();
    const marker = box.path('ran');
    repository.git('config', 'extensions.worktreeConfig', 'true');
    repository.git('config', '--worktree', 'core.eol', 'crlf');
    repository.git('config', '--worktree', 'filter.shout.smudge', `touch ${marker}; tr a-z A-Z`);
    repository.git('config', '--worktree', 'filter.shout.required', 'true');
    box.user.git(box.root, 'config', '--global', 'core.autocrlf', 'true');
    box.user.git(box.root, 'config', '--global', 'core.attributesFile', box.path('attributes'));
    writeFileSync(box.path('attributes'), '* text=auto eol=crlf ident\n');
    const made = await box.make(repository.path);
    expect(made.content).toMatchObject({ 'a.filtered': '- quiet\n', 'a.text': '- a\nb\n', 'a.utf16': '- wide\n' });
    expect(existsSync(marker)).toBe(false);
    expect(box.treeOf(made.folder)).toBe(made.tree);
  });

  it('is that of the commit itself, not of what replaces it', async () => {
    const one = repository.git('rev-parse', 'HEAD');
    repository.write('file', 'new\n');
    const two = repository.commit();
    repository.git('replace', one, two);
    expect((await box.make(repository.path, one)).content).toEqual(first);
  });

  it('is found from a hook, whose environment points at its own repository', async () => {
    const other = box.user.init(box.path('other'));
    other.write('other', 'x');
    other.commit();
    const env = { GIT_DIR: join(other.path, '.git'), GIT_INDEX_FILE: join(other.path, '.git/index'), GIT_WORK_TREE: other.path, GIT_PREFIX: 'x/' };
    expect((await box.make(repository.path, 'HEAD', { env })).content).toEqual(first);
    expect((await box.make(repository.path, 'HEAD', { env, dirty: true })).content).toEqual(first);
  });

  it('may be empty, and may be of many files', async () => {
    const empty = repository.commitOf([]);
    expect((await box.make(repository.path, empty)).content).toEqual({});
    for (let index = 0; index < 500; index++) repository.write(`many/${index % 7}/${index}`, `${index}\n`);
    repository.commit();
    const made = await box.make(repository.path);
    expect(Object.keys(made.content)).toHaveLength(502);
    expect(box.treeOf(made.folder)).toBe(repository.tree());
  });

  it('is made twice at once without one meeting the other', async () => {
    const source = await box.resolve(repository.path);
    const made = await Promise.all([box.materialize(source), box.materialize(source)]);
    expect(made.map(({ content }) => content)).toEqual([first, first]);
  });

  it('is exact for any names and bytes', async () => {
    const name = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x5f : byte))));
    const usable = name.filter((bytes) => !/^\.{1,2}$|^\.git|~/i.test(bytes.toString('latin1')));
    const files = fc.uniqueArray(fc.tuple(usable, fc.uint8Array({ maxLength: 200 }), fc.boolean()), {
      selector: ([key]) => key.toString('latin1'),
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(files, async (list) => {
        const any = box.user.init(box.path('any'));
        for (const [key, content, isProgram] of list) any.write(key, Buffer.from(content), isProgram ? 0o755 : 0o644);
        any.commit();
        const made = await box.make(any.path);
        const expected = list.map(([key, content, isProgram]) => [
          key.toString('latin1'),
          `${isProgram ? 'x' : '-'} ${Buffer.from(content).toString('latin1')}`,
        ]);
        expect(made.content).toEqual(Object.fromEntries(expected));
        expect(box.treeOf(made.folder)).toBe(any.tree());
        rmSync(any.path, { recursive: true });
      }),
      { numRuns: 15 },
    );
  });
});

describe('a commit that cannot be had', () => {
  it('beyond a shallow clone’s end is named, with the way to it', async () => {
    repository.write('file', 'new\n');
    repository.commit();
    box.user.git(box.root, 'clone', '-q', '--depth=1', `file://${repository.path}`, box.path('shallow'));
    expect((await box.make(box.path('shallow'))).content).toEqual({ ...first, file: '- new\n' });
    await expect(box.resolve(box.path('shallow'), 'HEAD~1')).rejects.toMatchObject({ code: 'E_REVISION', hint: expect.stringContaining('fetch --unshallow') });
  });

  it('of a partial clone is not fetched; the advice brings it', async () => {
    repository.write('file', 'only here\n');
    repository.commit();
    repository.write('file', 'new\n');
    repository.commit();
    repository.git('config', 'uploadpack.allowFilter', 'true');
    repository.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
    const partial = box.path('partial');
    box.user.git(box.root, 'clone', '-q', '--filter=blob:none', `file://${repository.path}`, partial);
    expect((await box.make(partial)).content).toEqual({ ...first, file: '- new\n' });
    const source = await box.resolve(partial, 'HEAD~1');
    const before = gitFiles(partial);
    const error = await box.materialize(source).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'E_OBJECT_MISSING', detail: expect.stringContaining('file') });
    expect(gitFiles(partial)).toEqual(before);
    follow(error, /`git -C \S+ (archive [^`]*)`/, partial);
    expect((await box.materialize(source)).content).toEqual({ ...first, file: '- only here\n' });
  });

  it('of a tree-less clone is not fetched either', async () => {
    repository.write('file', 'new\n');
    repository.commit();
    repository.git('config', 'uploadpack.allowFilter', 'true');
    box.user.git(box.root, 'clone', '-q', '--filter=tree:0', '--no-checkout', `file://${repository.path}`, box.path('treeless'));
    await expect(box.make(box.path('treeless'), 'HEAD~1')).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
  });

  it('is broken on disk', async () => {
    const id = repository.git('rev-parse', 'HEAD:file');
    const object = join(repository.path, '.git/objects', id.slice(0, 2), id.slice(2));
    chmodSync(object, 0o644);
    writeFileSync(object, 'not an object');
    await expect(box.make(repository.path)).rejects.toMatchObject({ code: 'E_OBJECT_MISSING', detail: expect.stringContaining(id) });
  });

  it('is in a repository of another user', async () => {
    spawnSync('chown', ['-R', '4242:4242', repository.path]);
    await expect(box.resolve(repository.path)).rejects.toMatchObject({
      code: 'E_REPOSITORY_OWNER',
      hint: expect.stringContaining(`git config --global --add safe.directory ${repository.path}`),
    });
    box.user.git(box.root, 'config', '--global', '--add', 'safe.directory', repository.path);
    expect((await box.make(repository.path)).content).toEqual(first);
  });

  it('is in a repository whose configuration git cannot read', async () => {
    appendFileSync(join(repository.path, '.git/config'), '[core\n');
    await expect(box.resolve(repository.path)).rejects.toMatchObject({ code: 'E_REPOSITORY', detail: expect.stringContaining('config') });
  });

  it('is asked for inside a git directory', async () => {
    await expect(box.resolve(join(repository.path, '.git/refs'))).rejects.toMatchObject({ code: 'E_NO_REPOSITORY' });
  });

  it.each([
    ['.git', '40000', 'tree'],
    ['..', '40000', 'tree'],
    ['.', '40000', 'tree'],
    ['.GIT', '40000', 'tree'],
    ['a/../../b', '100644', 'blob'],
    ['/etc/slipway-test', '100644', 'blob'],
    ['', '100644', 'blob'],
  ])('holds an entry named %j', async (name, mode, kind) => {
    const id = kind === 'tree' ? repository.git('rev-parse', 'HEAD:folder') : repository.blob('evil\n');
    const source = await box.resolve(repository.path, repository.commitOf([[mode, name, id]]));
    await expect(box.materialize(source)).rejects.toMatchObject({ code: 'E_BAD_TREE' });
  });

  it('writes through a link of the same name', async () => {
    mkdirSync(box.path('outside'));
    const link = repository.blob(box.path('outside'));
    const folder = repository.git('rev-parse', 'HEAD:folder');
    const commit = repository.commitOf([
      ['120000', 'x', link],
      ['40000', 'x', folder],
    ]);
    await box.make(repository.path, commit).catch(() => {});
    expect(contentOf(box.path('outside'))).toEqual({});
  });

  it('meets a full disk: nothing is left', async () => {
    repository.write('large', Buffer.alloc(4_000_000, 'x'));
    repository.commit();
    const cache = box.path('cache');
    mkdirSync(cache);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', cache]).status).toBe(0);
    try {
      await expect(box.make(repository.path)).rejects.toMatchObject({ code: 'E_DISK_FULL' });
    } finally {
      spawnSync('umount', [cache]);
    }
  });

  it('is given up in the middle: nothing is left', async () => {
    for (let index = 0; index < 2000; index++) repository.write(`many/${index}`, `${index}\n`);
    repository.commit();
    const source = await box.resolve(repository.path);
    for (const after of [0, 20, 60, 120]) {
      const controller = new AbortController();
      const made = box.materialize(source, {}, controller.signal);
      setTimeout(() => controller.abort(new Error('given up')), after);
      await made.then(
        () => {},
        (error: unknown) => expect(error).toMatchObject({ message: 'given up' }),
      );
    }
  });
});

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

describe('submodules', () => {
  let library: GitRepository;
  let inner: GitRepository;
  beforeEach(() => {
    inner = box.user.init(box.path('inner'));
    inner.write('deep', 'old\n');
    inner.commit();
    library = box.user.init(box.path('library'));
    library.write('code', 'old\n');
    library.git('submodule', '--quiet', 'add', inner.path, 'inner');
    library.commit();
    repository.git('submodule', '--quiet', 'add', library.path, 'libs/a b');
    repository.git('submodule', '--quiet', 'update', '--init', '--recursive');
    repository.commit();
  });
  const all = { ...first, 'libs/a b/code': '- old\n', 'libs/a b/inner/deep': '- old\n' };
  const without = (content: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(content).filter(([name]) => !name.endsWith('.gitmodules')));

  it('are there, nested ones too, at the commits that the tree names', async () => {
    library.write('code', 'new\n');
    library.commit();
    repository.git('-C', 'libs/a b', 'pull', '-q');
    const made = await box.make(repository.path);
    expect(without(made.content)).toEqual(all);
    expect(made.tree).toBe(repository.tree());
  });

  it('are there from a linked work tree, and after they were taken out of the work tree', async () => {
    repository.git('worktree', 'add', '-q', box.path('linked'));
    expect(without((await box.make(box.path('linked'))).content)).toEqual(all);
    repository.git('submodule', '--quiet', 'deinit', '--all', '--force');
    expect(without((await box.make(repository.path)).content)).toEqual(all);
    expect(without((await box.make(repository.path, 'HEAD', { dirty: true })).content)).toEqual(all);
  });

  it('that were never brought are named, and the advice brings them', async () => {
    const clone = box.path('clone');
    box.user.git(box.root, 'clone', '-q', repository.path, clone);
    const error = await box.make(clone).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'E_SUBMODULE', message: `The submodule ${clone}/libs/a b is not on this machine.` });
    follow(error, /`git -C \S+ (submodule [^`]*)`/, clone);
    expect(without((await box.make(clone)).content)).toEqual(all);
  });

  it('that lack the commit are named, and the advice brings it', async () => {
    const clone = box.path('clone');
    box.user.git(box.root, 'clone', '-q', '--recursive', repository.path, clone);
    library.write('code', 'new\n');
    library.commit();
    repository.git('-C', 'libs/a b', 'pull', '-q');
    repository.commit();
    box.user.git(clone, '-c', 'submodule.recurse=false', 'fetch', '-q', '--no-recurse-submodules');
    rmSync(join(clone, 'libs'), { recursive: true });
    const error = await box.make(clone, 'origin/main').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'E_SUBMODULE', message: expect.stringContaining('does not have commit') });
    follow(error, /`git (--git-dir=[^`]*)`/, clone);
    expect(without((await box.make(clone, 'origin/main')).content)).toEqual({ ...all, 'libs/a b/code': '- new\n' });
  });

  it('without an entry of .gitmodules are named', async () => {
    repository.git('rm', '-q', '--cached', '.gitmodules');
    repository.git('commit', '-q', '-m', 'Lost');
    rmSync(join(repository.path, 'libs'), { recursive: true });
    await expect(box.make(repository.path)).rejects.toMatchObject({ code: 'E_SUBMODULE', message: expect.stringContaining('.gitmodules has no entry') });
  });

  it('are not looked for outside of the repository, whatever their names say', async () => {
    const commit = repository.git('rev-parse', 'HEAD:libs/a b');
    const modules = repository.blob('[submodule "../../../library/.git"]\n\tpath = evil\n\turl = x\n');
    const evil = repository.commitOf([
      ['100644', '.gitmodules', modules],
      ['160000', 'evil', commit],
    ]);
    await expect(box.make(repository.path, evil)).rejects.toMatchObject({ code: 'E_SUBMODULE' });
  });

  it('are as they stand in the work tree with its changes, and the tree’s id tells', async () => {
    const clean = await box.make(repository.path, 'HEAD', { dirty: true });
    expect(clean.tree).toBe(repository.tree());
    writeFileSync(join(repository.path, 'libs/a b/inner/deep'), 'new\n');
    const before = gitFiles();
    const made = await box.make(repository.path, 'HEAD', { dirty: true });
    expect(without(made.content)).toEqual({ ...all, 'libs/a b/inner/deep': '- new\n' });
    expect(made.tree).toBe(box.treeOf(made.folder));
    expect(gitFiles()).toEqual(before);
  });

  it('at a newer commit in the work tree give the tree that committing it would', async () => {
    library.write('code', 'new\n');
    library.commit();
    repository.git('-C', 'libs/a b', 'pull', '-q');
    const made = await box.make(repository.path, 'HEAD', { dirty: true });
    expect(without(made.content)).toEqual({ ...all, 'libs/a b/code': '- new\n' });
    repository.commit();
    expect(made.tree).toBe(repository.tree());
  });

  it('that were deleted from the work tree are not there', async () => {
    rmSync(join(repository.path, 'libs'), { recursive: true });
    expect(without((await box.make(repository.path, 'HEAD', { dirty: true })).content)).toEqual(first);
  });
});

describe('files of LFS', () => {
  const content = Buffer.alloc(3_000_000, 'large\n');
  let pointer: string;
  let store: string;
  let object: string;
  beforeEach(() => {
    const sha = createHash('sha256').update(content).digest('hex');
    pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha}\nsize ${content.length}\n`;
    store = join(repository.path, '.git/lfs');
    object = join('objects', sha.slice(0, 2), sha.slice(2, 4), sha);
    repository.write(join('.git/lfs', object), content);
    repository.write('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n');
    repository.write('a.bin', pointer, 0o755);
    repository.write('sub/b.bin', pointer);
    repository.write('small.bin', 'no pointer\n');
    repository.write('pointer.txt', pointer);
    repository.commit();
    rmSync(join(repository.path, 'a.bin'));
    rmSync(join(repository.path, 'sub/b.bin'));
  });
  const whole = (folder: string) => readFileSync(join(folder, 'a.bin')).equals(content) && readFileSync(join(folder, 'sub/b.bin')).equals(content);

  it('have their content and their mode; pointers elsewhere stay pointers', async () => {
    const made = await box.make(repository.path);
    expect(whole(made.folder)).toBe(true);
    expect(statSync(join(made.folder, 'a.bin')).mode & 0o111).not.toBe(0);
    expect(made.content).toMatchObject({ 'small.bin': '- no pointer\n', 'pointer.txt': `- ${pointer}` });
    expect(made.tree).toBe(repository.tree());
  });

  it('come from the store that is configured, from a borrowed one, and from the work tree', async () => {
    box.user.git(box.root, 'clone', '-q', '--shared', repository.path, box.path('borrower'));
    expect(whole((await box.make(box.path('borrower'))).folder)).toBe(true);
    renameSync(store, box.path('moved'));
    repository.git('config', 'lfs.storage', box.path('moved'));
    expect(whole((await box.make(repository.path)).folder)).toBe(true);
    repository.git('config', '--unset', 'lfs.storage');
    repository.write('a.bin', content);
    repository.write('sub/b.bin', content);
    expect(whole((await box.make(repository.path)).folder)).toBe(true);
  });

  it('that are missing, cut short or changed are named, with the command that brings them', async () => {
    const named = { code: 'E_LFS', hint: expect.stringContaining(`lfs fetch origin ${repository.git('rev-parse', 'HEAD')}`) };
    const file = join(store, object);
    writeFileSync(file, Buffer.concat([content.subarray(1), Buffer.from('x')]));
    await expect(box.make(repository.path)).rejects.toMatchObject(named);
    writeFileSync(file, content.subarray(1));
    await expect(box.make(repository.path)).rejects.toMatchObject(named);
    rmSync(file);
    await expect(box.make(repository.path)).rejects.toMatchObject(named);
    symlinkSync('/dev/zero', file);
    await expect(box.make(repository.path)).rejects.toMatchObject(named);
  });

  it('are as they stand in the work tree with its changes', async () => {
    repository.git('checkout', '-q', '.');
    writeFileSync(join(repository.path, 'a.bin'), 'changed\n');
    const made = await box.make(repository.path, 'HEAD', { dirty: true });
    expect(made.content).toMatchObject({ 'a.bin': 'x changed\n' });
    expect(readFileSync(join(made.folder, 'sub/b.bin')).equals(content)).toBe(true);
  });
});

describe('a repository that a container can write', () => {
  let top: string;
  let task: GitRepository;
  beforeEach(() => {
    top = box.path('state/tasks/hello/1/workspace');
    task = box.user.init(top);
    task.write('file', 'of the agent\n');
    task.commit();
  });
  const content = { file: '- of the agent\n' };

  it('gives its commits by HEAD, branch, tag and id, packed and not', async () => {
    task.git('tag', 'v1');
    task.git('tag', '-a', '-m', 'Two', 'v2');
    const commit = task.git('rev-parse', 'HEAD');
    const made = await box.make(join(top), 'HEAD');
    expect(made).toMatchObject({ content, tree: task.tree(), source: { name: 'hello-task-1', commit, ref: 'refs/heads/main', repository: top } });
    await expect(box.make(top, 'v2')).rejects.toMatchObject({ code: 'E_REVISION' });
    task.git('gc', '-q');
    for (const revision of ['HEAD', 'main', 'v1', 'v2', commit, 'refs/heads/main']) expect((await box.make(top, revision)).content).toEqual(content);
    for (const revision of ['nowhere', 'HEAD~1', '../../x', '--all']) await expect(box.resolve(top, revision)).rejects.toMatchObject({ code: 'E_REVISION' });
    await expect(box.make(top, '0'.repeat(40))).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
  });

  it('is not asked for its changes', async () => {
    await expect(box.resolve(top, 'HEAD', { dirty: true })).rejects.toMatchObject({ code: 'E_REPOSITORY_UNTRUSTED' });
  });

  it('runs nothing, is not written, and shows nothing of the machine', async () => {
    const marker = box.path('ran');
    const secret = repository.commitOf([['100644', 'private', repository.blob('private\n')]]);
    const before = contentOf(repository.path);
    for (const key of [
      'core.fsmonitor',
      'core.sshCommand',
      'filter.evil.smudge',
      'filter.evil.process',
      'core.alternateRefsCommand',
      'uploadpack.packObjectsHook',
      'core.gitProxy',
    ])
      task.git('config', key, `touch ${marker}; cat #`);
    task.write('.gitattributes', '* filter=evil\n');
    task.commit();
    task.git('config', 'extensions.partialClone', 'origin');
    task.git('config', 'remote.origin.url', `ext::sh -c "touch ${marker}"`);
    task.git('config', 'remote.origin.promisor', 'true');
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction', 'pre-receive'])
      task.write(`.git/hooks/${hook}`, `#!/bin/sh\ntouch ${marker}\n`, 0o755);
    appendFileSync(join(top, '.git/config'), '[include]\n\tpath = /dev/zero\n');
    task.write('.git/objects/info/alternates', `${join(repository.path, '.git/objects')}\n/\n`);
    task.write('.git/commondir', repository.path);
    // By the commit above, which the agent made.
    rmSync(marker, { force: true });
    const made = await box.make(top);
    expect(made.content).toEqual({ ...content, '.gitattributes': '- * filter=evil\n' });
    await expect(box.make(top, secret)).rejects.toMatchObject({ code: 'E_OBJECT_MISSING', hint: expect.not.stringContaining(`git -C`) });
    expect(existsSync(marker)).toBe(false);
    expect(contentOf(repository.path)).toEqual(before);
  });

  it('is not followed out of its folder', async () => {
    const theirs = join(repository.path, '.git');
    const head = repository.git('rev-parse', 'HEAD');
    const objects = join(top, '.git/objects');
    for (const [at, to] of [
      [objects, join(theirs, 'objects')],
      [join(objects, head.slice(0, 2)), join(theirs, 'objects', head.slice(0, 2))],
      [join(objects, head.slice(0, 2), head.slice(2)), join(theirs, 'objects', head.slice(0, 2), head.slice(2))],
    ] as const) {
      rmSync(objects, { recursive: true });
      mkdirSync(join(at, '..'), { recursive: true });
      symlinkSync(to, at);
      await expect(box.make(top, head)).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
    }
    for (const file of ['HEAD', 'refs/heads/main', 'packed-refs']) {
      rmSync(join(top, '.git', file), { force: true });
      symlinkSync(join(theirs, file), join(top, '.git', file));
      await expect(box.resolve(top, 'main')).rejects.toMatchObject({ code: file === 'HEAD' ? 'E_NO_REPOSITORY' : 'E_REVISION' });
      rmSync(join(top, '.git', file));
      writeFileSync(join(top, '.git', file), 'ref: refs/heads/main\n');
    }
    rmSync(join(top, '.git'), { recursive: true });
    symlinkSync(theirs, join(top, '.git'));
    await expect(box.resolve(top)).rejects.toMatchObject({ code: 'E_NO_REPOSITORY' });
    unlinkSync(join(top, '.git'));
    writeFileSync(join(top, '.git'), `gitdir: ${theirs}\n`);
    await expect(box.resolve(top)).rejects.toMatchObject({ code: 'E_NO_REPOSITORY' });
  });

  it('does not hold anybody up with a pipe in a file’s place', async () => {
    for (const file of ['refs/heads/pipe', 'HEAD', `objects/aa/${'b'.repeat(38)}`]) {
      rmSync(join(top, '.git', file), { force: true });
      mkdirSync(join(top, '.git', file, '..'), { recursive: true });
      expect(spawnSync('mkfifo', [join(top, '.git', file)]).status).toBe(0);
    }
    await expect(box.resolve(top, 'pipe')).rejects.toMatchObject({ code: 'E_NO_REPOSITORY' });
    expect((await box.make(top, readFileSync(join(top, '.git/refs/heads/main'), 'utf8').trim())).content).toEqual(content);
  });

  it('does not pass off other bytes as those of an id', async () => {
    const id = task.git('rev-parse', 'HEAD:file');
    const other = task.blob('something else\n');
    const place = (one: string) => join(top, '.git/objects', one.slice(0, 2), one.slice(2));
    rmSync(place(id));
    cpSync(place(other), place(id));
    await expect(box.make(top)).rejects.toMatchObject({ code: expect.stringMatching(/^E_(OBJECT_MISSING|BAD_TREE)$/) });
  });

  it.each(['.git', '..'])('does not write an entry named %j', async (name) => {
    const commit = task.commitOf([['40000', name, task.tree()]]);
    await expect(box.make(top, commit)).rejects.toMatchObject({ code: 'E_BAD_TREE' });
  });

  it('is not opened through what names it, nor anywhere else that containers write', async () => {
    const named = { code: 'E_REPOSITORY_UNTRUSTED' };
    mkdirSync(box.path('pointing'));
    writeFileSync(box.path('pointing/.git'), `gitdir: ${join(top, '.git')}\n`);
    await expect(box.resolve(box.path('pointing'))).rejects.toMatchObject(named);
    symlinkSync(top, box.path('link'));
    expect((await box.resolve(box.path('link'))).repository).toBe(top);
    for (const folder of [
      'state/tasks/hello/1/agent-config',
      'state/instances/web/data',
      'cache/runs/demo/20261121t000000-00000000/workspace',
      'other/tasks/hello/1/workspace',
    ]) {
      box.user.init(box.path(folder));
      if (folder.startsWith('other/')) writeFileSync(box.path('other/install.json'), '{}');
      await expect(box.resolve(box.path(folder))).rejects.toMatchObject(named);
    }
    const embedding = box.user.init(box.path('embedding'));
    embedding.write('a', 'a');
    embedding.commit();
    cpSync(box.path('pointing'), join(embedding.path, 'nested'), { recursive: true });
    await expect(box.make(embedding.path, 'HEAD', { dirty: true })).rejects.toMatchObject(named);
  });
});

/** Does what an error's hint says, as the person would. */
function follow(error: unknown, command: RegExp, cwd: string): void {
  const { hint } = error as { readonly hint: string };
  const words = command.exec(hint)?.[1];
  expect(words, hint).toBeDefined();
  const end = spawnSync('sh', ['-c', `git ${words}`], { cwd, env: box.user.env, encoding: 'utf8' });
  expect(end.stderr, hint).not.toMatch(/fatal|error/);
  expect(end.status, hint).toBe(0);
}
