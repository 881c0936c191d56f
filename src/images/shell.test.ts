import { expect, it } from 'vitest';
import { shellArguments } from './shell.ts';

const shell = { image: 'sha256:1', project: 'demo', labels: { a: 'b' }, strict: false, network: undefined, command: [], tty: true };

it('is a throw-away container of the user dev, with a login shell on a terminal', () => {
  const argv = shellArguments(shell);
  expect(argv.slice(0, 7)).toEqual(['run', '--rm', '--interactive', '--tty', '--init', '--label', 'a=b']);
  expect(argv.slice(-9)).toEqual(['demo-dev', '--user', 'dev', '--workdir', '/workspace', '--entrypoint', 'bash', 'sha256:1', '-l']);
});

it('runs a command with its own flags, without a terminal where there is none', () => {
  const argv = shellArguments({ ...shell, tty: false, command: ['ls', '-la'] });
  expect(argv).not.toContain('--tty');
  expect(argv.slice(-4)).toEqual(['--entrypoint', 'ls', 'sha256:1', '-la']);
});

it("is as hardened as the project's tasks", () => {
  expect(shellArguments(shell)).toEqual(expect.arrayContaining(['--cap-drop', 'ALL']));
  expect(shellArguments({ ...shell, strict: true })).toEqual(expect.arrayContaining(['--security-opt', 'no-new-privileges']));
});
