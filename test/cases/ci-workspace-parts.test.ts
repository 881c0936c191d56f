import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, cpSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentOf, type GitRepository } from '../git-repository.ts';
import { demoBox, demoContent as first, type WorkspaceBox } from './ci-workspace.ts';

let box: WorkspaceBox;
let repository: GitRepository;
beforeEach(() => {
  ({ box, repository } = demoBox());
});
afterEach(() => box.dispose());

const gitFiles = (path = repository.path) => contentOf(join(path, '.git'));

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
    box.follow(error, /`git -C \S+ (submodule [^`]*)`/, clone);
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
    box.follow(error, /`git (--git-dir=[^`]*)`/, clone);
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

  it('whose git directory in the work tree is none are taken from git’s own copy', async () => {
    rmSync(join(repository.path, 'libs/a b'), { recursive: true });
    mkdirSync(join(repository.path, 'libs/a b/.git'), { recursive: true });
    expect(without((await box.make(repository.path, 'HEAD', { dirty: true })).content)).toEqual(all);
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
    box.user.git(box.root, 'config', '--global', 'lfs.storage', '~/../moved');
    expect(whole((await box.make(repository.path)).folder)).toBe(true);
    box.user.git(box.root, 'config', '--global', '--unset', 'lfs.storage');
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

  it('are never passed off as their content where an extension or another version wrote them', async () => {
    for (const text of [pointer.replace('oid', `ext-0-caps sha256:${'a'.repeat(64)}\noid`), pointer.replace('spec/v1', 'spec/v2')]) {
      repository.write('a.bin', text);
      repository.write('sub/b.bin', pointer);
      repository.commit();
      await expect(box.make(repository.path)).rejects.toMatchObject({ code: 'E_LFS', message: expect.stringContaining('only its own programs') });
    }
  });

  it('are there in a submodule that is not in the work tree', async () => {
    const above = box.user.init(box.path('above'));
    above.git('submodule', '--quiet', 'add', repository.path, 'sub');
    above.commit();
    cpSync(store, join(above.path, '.git/modules/sub/lfs'), { recursive: true });
    rmSync(join(above.path, 'sub'), { recursive: true });
    expect(whole(join((await box.make(above.path)).folder, 'sub'))).toBe(true);
  });

  it('are as they stand in the work tree with its changes', async () => {
    repository.git('checkout', '-q', '.');
    writeFileSync(join(repository.path, 'a.bin'), 'changed\n');
    const made = await box.make(repository.path, 'HEAD', { dirty: true });
    expect(made.content).toMatchObject({ 'a.bin': 'x changed\n' });
    expect(readFileSync(join(made.folder, 'sub/b.bin')).equals(content)).toBe(true);
  });
});
