import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { materialize } from '../../src/runs/workspace/materialize.ts';
import { contentOf, type GitRepository } from '../git-repository.ts';
import { demoBox, demoContent as first, type WorkspaceBox } from './ci-workspace.ts';

let box: WorkspaceBox;
let repository: GitRepository;
beforeEach(() => {
  ({ box, repository } = demoBox());
});
afterEach(() => box.dispose());

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

  it('takes the place of what a driver that died had left', async () => {
    const source = await box.resolve(repository.path);
    const directory = box.path('cache/run/workspace');
    for (const left of ['workspace/half', 'making/made-x/top.git/index.lock', 'making/made-x/top.tree/half']) {
      mkdirSync(join(box.path('cache/run', left), '..'), { recursive: true });
      writeFileSync(box.path('cache/run', left), 'x');
    }
    await materialize({ ...box.caller(), source, directory, temporary: box.path('cache/run/making') });
    expect(contentOf(box.path('cache/run'))).toEqual({ 'workspace/file': '- old\n', 'workspace/folder/file': '- old\n' });
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
    box.follow(error, /`git -C \S+ (archive [^`]*)`/, partial);
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
    await expect(box.resolve(repository.path)).rejects.toMatchObject({ code: 'E_REPOSITORY_UNREADABLE', detail: expect.stringContaining('config') });
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

  it('holds a name that the file system does not take', async () => {
    const source = await box.resolve(repository.path, repository.commitOf([['100644', 'n'.repeat(300), repository.blob('x')]]));
    await expect(box.materialize(source)).rejects.toMatchObject({ code: 'E_LAY_OUT', detail: expect.stringContaining('File name too long') });
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
