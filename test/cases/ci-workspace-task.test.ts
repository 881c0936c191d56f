import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentOf, type GitRepository } from '../git-repository.ts';
import { demoBox, type WorkspaceBox } from './ci-workspace.ts';

let box: WorkspaceBox;
let repository: GitRepository;
beforeEach(() => {
  ({ box, repository } = demoBox());
});
afterEach(() => box.dispose());

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

  it('is never what git works in, not for LFS and submodules either', async () => {
    const { env, log } = box.watchGit();
    const sha = 'a'.repeat(64);
    task.write('.gitattributes', '*.bin filter=lfs\n');
    task.write('large.bin', `version https://git-lfs.github.com/spec/v1\noid sha256:${sha}\nsize 1\n`);
    const withLfs = task.commit();
    await expect(box.make(top, withLfs, { env })).rejects.toMatchObject({ code: 'E_LFS', hint: expect.not.stringContaining('git -C') });
    const withSubmodule = task.commitOf([['160000', 'sub', task.git('rev-parse', 'HEAD~1')]]);
    await expect(box.make(top, withSubmodule, { env })).rejects.toMatchObject({ code: 'E_SUBMODULE', hint: expect.not.stringContaining('git -C') });
    const lines = log();
    expect(lines).toContain('checkout-index');
    expect(lines).not.toContain(top);
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
