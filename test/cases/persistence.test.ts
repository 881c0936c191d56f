import { lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { makeProject } from './project.ts';

/** What people lose work by: stops, removals by hand, seeding, and owners of files. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'keep');
  });
  afterAll(() => box.dispose());

  const exec = (task: string, command: string, ...flags: readonly string[]) => box.ok(['task', 'exec', ...flags, 'keep', task, '--', 'sh', '-c', command]);
  const workspace = (task: string, file = '') => box.path('state/tasks/keep', task, 'workspace', file);
  const startTask = async () => {
    await box.ok(['task', 'start', 'keep', '--json']);
    const tasks = await box.json<readonly { readonly id: string }[]>(['task', 'list', 'keep']);
    return tasks.at(-1)?.id ?? '';
  };

  it('keeps what was installed and written anywhere in the container over stop and start', async () => {
    const task = await startTask();
    // A package of apt's kind, made here: the container needs no network for it.
    await exec(
      task,
      'mkdir -p /tmp/p/DEBIAN /tmp/p/usr/bin && printf "#!/bin/sh\\necho packaged\\n" > /tmp/p/usr/bin/packaged && chmod 755 /tmp/p/usr/bin/packaged && printf "Package: packaged\\nVersion: 1\\nArchitecture: all\\nMaintainer: Ada <ada@example.org>\\nDescription: test\\n" > /tmp/p/DEBIAN/control && dpkg-deb -b /tmp/p /tmp/packaged.deb && sudo dpkg -i /tmp/packaged.deb',
    );
    await exec(
      task,
      'mkdir -p /tmp/n && cd /tmp/n && printf \'{"name":"installed","version":"1.0.0","bin":{"installed":"x.js"}}\' > package.json && printf "#!/usr/bin/env node\\nconsole.log(42)\\n" > x.js && chmod +x x.js && npm pack --silent && sudo npm install -g --offline --silent ./installed-1.0.0.tgz',
    );
    await exec(task, 'echo outside > ~/outside; sudo sh -c "echo system > /opt/system"');
    const before = await box.container(`keep-cli-${task}`);

    await box.ok(['task', 'stop', 'keep', task]);
    await box.ok(['task', 'restart', 'keep', task]);

    expect((await box.container(`keep-cli-${task}`))?.id).toBe(before?.id);
    expect(await exec(task, 'packaged; installed; cat ~/outside /opt/system')).toBe('packaged\n42\noutside\nsystem');
  });

  it('keeps the history of an interactive shell that was open at the stop', async () => {
    const task = await startTask();
    // `script` gives the shell inside a terminal, as a person has one.
    const shell = box.slipway([
      'task',
      'exec',
      'keep',
      task,
      '--',
      'bash',
      '-c',
      'printf "echo remembered-words\\nsleep 60\\n" | script -qc "bash -i" /dev/null',
    ]);
    await expect.poll(() => exec(task, 'cat ~/.bash_history 2>/dev/null || true'), { timeout: 20_000 }).toContain('remembered-words');
    await box.ok(['task', 'stop', 'keep', task]);
    await shell;
    await box.ok(['task', 'restart', 'keep', task]);
    expect(await exec(task, 'cat ~/.bash_history')).toContain('remembered-words');
  });

  it('keeps a workspace file when the container was removed by hand, and seeds nothing again', async () => {
    const task = await startTask();
    writeFileSync(workspace(task, 'README.md'), 'uncommitted\n');
    await exec(task, 'echo new > made-inside; git checkout -q -b work');
    await box.engineProgram(['rm', '-f', `keep-cli-${task}`]);
    await box.ok(['task', 'restart', 'keep', task]);
    expect(readFileSync(workspace(task, 'README.md'), 'utf8')).toBe('uncommitted\n');
    expect(await exec(task, 'cat made-inside; git branch --show-current')).toBe('new\nwork');
  });

  it('fills the workspace with the configured branch at the first run; files that stood there before win', async () => {
    const task = await box.ok(['task', 'new', 'keep']);
    box.write(`state/tasks/keep/${task}/workspace/README.md`, 'mine\n');
    box.write(`state/tasks/keep/${task}/workspace/notes`, 'note\n');
    await box.ok(['task', 'run-cli', 'keep', task]);
    expect(await exec(task, 'cat README.md notes; git branch --show-current; git status --short')).toBe('mine\nnote\nmain\n M README.md\n?? notes');
  });

  it("gives the workspace to the person, and lets the container's user write what is the person's", async () => {
    const task = await startTask();
    expect(statSync(workspace(task, 'README.md')).uid).toBe(box.uid);
    await exec(task, 'echo inside > README.md; mkdir dir; echo x > dir/file; git -c user.name=A -c user.email=a@example.org commit -qam inside');
    for (const file of ['README.md', 'dir', 'dir/file', '.git/HEAD']) expect(lstatSync(workspace(task, file)).uid).toBe(box.uid);
    await box.as(['sh', '-c', `echo outside >> '${workspace(task, 'dir/file')}' && rm '${workspace(task, 'README.md')}'`]);
    expect(await exec(task, 'cat dir/file; ls README.md 2>/dev/null || echo gone')).toBe('x\noutside\ngone');
  });

  it('a new container is a fresh one, and --recreate keeps the workspace', async () => {
    const task = await startTask();
    await exec(task, 'echo kept > kept; echo lost > ~/lost');
    const before = await box.container(`keep-cli-${task}`);
    await box.ok(['task', 'restart', '--recreate', 'keep', task]);
    const after = await box.container(`keep-cli-${task}`);
    expect(after).toMatchObject({ state: 'running' });
    expect(after?.id).not.toBe(before?.id);
    expect(await exec(task, 'cat kept; ls ~/lost 2>/dev/null || echo fresh')).toBe('kept\nfresh');
    expect(await box.container(before?.id ?? '')).toBeUndefined();
  });

  it("exec gives the command's own exit code, its two streams apart, its stdin, and root where asked", async () => {
    const task = await startTask();
    for (const code of [0, 3, 125, 126, 127, 137])
      expect((await box.slipway(['task', 'exec', 'keep', task, '--', 'sh', '-c', `exit ${code}`])).exitCode).toBe(code);
    const streams = await box.slipway(['task', 'exec', 'keep', task, '--', 'sh', '-c', 'echo out; echo err >&2']);
    expect([streams.stdout, streams.stderr]).toEqual(['out\n', 'err\n']);
    expect((await box.slipway(['task', 'exec', 'keep', task, 'cat'], { input: 'through\n' })).stdout).toBe('through\n');
    expect(await exec(task, 'id -un')).toBe(box.uid === 0 ? 'root' : 'dev');
    expect(await exec(task, 'id -u', '--root')).toBe('0');
    expect(await box.ok(['task', 'exec', 'keep', task, 'echo', '--root', '-x'])).toBe('--root -x');
    await box.ok(['task', 'stop', 'keep', task]);
    const stopped = await box.slipway(['task', 'exec', 'keep', task, 'true']);
    expect([stopped.exitCode, stopped.stderr.includes('[E_TASK_NOT_RUNNING]')]).toEqual([125, true]);
  });

  it("keeps its shared credentials private to the person and its hands off the container's limits", async () => {
    const task = await startTask();
    const status = await exec(task, 'grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status');
    // CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID: bits 0, 1, 3, 5, 6, 7.
    expect(status).toMatch(/CapBnd:\s+00000000000000eb\n/);
    expect(status).toMatch(/Seccomp:\s+2/);
    expect((await box.container(`keep-cli-${task}`))?.init).toBe(true);
  });
});
