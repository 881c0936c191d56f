import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/host/process.ts';
import { makeProject } from '../cases/project.ts';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { expectNothingLeft } from './kill.ts';

/** What an agent can leave in its workspace; `delete` removes it and follows nothing. The person is not root anywhere. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  beforeAll(async () => {
    box = new Sandbox(lab, { as: 'person' });
    await makeProject(box, 'wild');
    box.write('mine/work', 'mine\n');
    box.write('mine/deep/er/work', 'mine\n');
  });
  afterAll(() => box.dispose());

  const start = async () => {
    const task = await box.ok(['task', 'new', 'wild']);
    await box.ok(['task', 'run-cli', 'wild', task]);
    return task;
  };
  const exec = (task: string, script: string, ...flags: readonly string[]) => box.ok(['task', 'exec', ...flags, 'wild', task, '--', 'sh', '-ec', script]);
  const workspace = (task: string) => box.path(`state/tasks/wild/${task}/workspace`);
  const mine = () => ['mine/work', 'mine/deep/er/work'].map((file) => readFileSync(box.path(file), 'utf8'));
  const host = ['/etc/passwd', '/bin/sh', '/usr/bin/env'];
  const expectGone = async (task: string) => {
    expect(existsSync(box.path(`state/tasks/wild/${task}`))).toBe(false);
    expect(existsSync(box.path(`state/projects/wild/tasks/${task}.yml`))).toBe(false);
    expect(await box.container(`wild-cli-${task}`)).toBeUndefined();
    expect(mine()).toEqual(['mine\n', 'mine\n']);
    expect(host.map((file) => existsSync(file))).toEqual([true, true, true]);
    await expectNothingLeft(box);
  };

  it('links to everywhere, sockets, pipes, odd names and read-only folders', async () => {
    const task = await start();
    await exec(
      task,
      [
        'ln -s / root; ln -s /etc etc; ln -s /etc/passwd passwd; ln -s .. up; ln -s . self; ln -s loop loop; ln -s /nowhere dangling',
        `ln -s ${box.path('mine')} mine; ln -s ${box.path('mine/work')} work; ln -s ../../../../../mine relative; ln -s ${box.path('state')} state`,
        'mkfifo pipe; mkdir -p locked/in; echo x > locked/in/file; chmod 000 locked/in; chmod 500 locked',
        'mkdir -- "-rf" "$(printf "a\\nb")"; echo x > "$(printf "\\377\\376")"; echo x > " "; mkdir "*"; ln -s "*" "-"',
        'python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'socket\')" 2>/dev/null || perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => q(socket), Listen => 1)" || true',
        'd=deep; for i in 1 2 3 4 5 6 7 8 9; do d=$d/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep; done; mkdir -p $d',
      ].join('\n'),
    );
    expect(lstatSync(`${workspace(task)}/root`).isSymbolicLink()).toBe(true);
    await box.ok(['task', 'delete', '--yes', 'wild', task]);
    await expectGone(task);
  });

  it('files of other owners, as sudo leaves them', async () => {
    const task = await start();
    await exec(
      task,
      'mkdir -p foreign/deep; echo x > foreign/deep/file; ln -s / foreign/root; ln -s /etc/passwd foreign/deep/passwd; chmod 700 foreign; chmod 500 foreign/deep; chown -R 12345:12345 foreign || chown -R 1:1 foreign; echo x > root-file; chmod 600 root-file',
      '--root',
    );
    expect([lstatSync(`${workspace(task)}/foreign`).uid, lstatSync(`${workspace(task)}/root-file`).uid]).not.toContain(box.uid);
    await box.ok(['task', 'delete', '--yes', 'wild', task]);
    await expectGone(task);
  });

  it('files of other owners, when the container was removed by hand', async () => {
    const task = await start();
    await exec(task, 'mkdir foreign; echo x > foreign/file; chmod 700 foreign', '--root');
    await box.engineProgram(['rm', '-f', `wild-cli-${task}`]);
    await box.ok(['task', 'delete', '--yes', 'wild', task]);
    await expectGone(task);
  });

  it('a workspace that is a link itself: the link goes, what it leads to stays', async () => {
    const task = await box.ok(['task', 'new', 'wild']);
    await box.as(['mkdir', '-p', box.path(`state/tasks/wild/${task}`)]);
    await box.as(['ln', '-s', box.path('mine'), workspace(task)]);
    await box.ok(['task', 'delete', '--yes', 'wild', task]);
    await expectGone(task);
  });

  it('something mounted inside: an error that names it, nothing of it is removed, and delete works once it is unmounted', async () => {
    const task = await start();
    const inside = `${workspace(task)}/inside`;
    await exec(task, 'mkdir inside');
    mkdirSync(box.path('disk'), { recursive: true });
    writeFileSync(box.path('disk/canary'), 'alive\n');
    expect((await run(['mount', '--bind', box.path('disk'), inside])).exitCode).toBe(0);
    try {
      const end = await box.slipway(['task', 'delete', '--yes', 'wild', task]);
      expect([end.exitCode, end.stderr]).toEqual([1, expect.stringContaining('[E_REMOVE_MOUNT]')]);
      expect(end.stderr).toContain(inside);
      expect(readFileSync(box.path('disk/canary'), 'utf8')).toBe('alive\n');
      expect((await box.slipway(['task', 'status', 'wild', task])).exitCode).toBe(0);
    } finally {
      await run(['umount', inside]);
    }
    await box.ok(['task', 'delete', '--yes', 'wild', task]);
    await expectGone(task);
    expect(readFileSync(box.path('disk/canary'), 'utf8')).toBe('alive\n');
  });

  it('while somebody still writes into it', async () => {
    const task = await start();
    const writer = spawn(
      'sh',
      ['-c', 'i=0; while mkdir -p "$0/w$((i % 7))" && echo x > "$0/w$((i % 7))/$i"; do i=$((i + 1)); done 2>/dev/null', workspace(task)],
      { stdio: 'ignore', ...(box.user ? { uid: box.user.uid, gid: box.user.gid } : {}) },
    );
    const ended = once(writer, 'exit');
    try {
      await box.slipway(['task', 'delete', '--yes', 'wild', task]);
    } finally {
      writer.kill('SIGKILL');
      await ended;
    }
    const again = await box.slipway(['task', 'delete', '--yes', 'wild', task]);
    if (again.exitCode !== 0) expect(again.stderr).toContain('[E_NO_TASK]');
    expect(mine()).toEqual(['mine\n', 'mine\n']);
  });
});
