import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ProcessEnd, run } from '../../src/host/process.ts';

const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-build-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const build = (env: Readonly<Record<string, string>>): Promise<ProcessEnd> =>
  run([process.execPath, script, '--program', '--out', join(folder, 'dist')], { env: { HOME: folder, ...env } });
const codes = () =>
  readdirSync(join(folder, 'dist'))
    .flatMap((name) => /^([a-z]+)\.js\.([a-z-]+)\./.exec(name)?.slice(1, 3).join(' ') ?? [])
    .sort();
const others = ['help help', 'instances instance', 'program commands', 'program instance', 'program task-exec', 'program task-restart', 'program task-status'];
const ofRuns = ['parsers', 'program', 'runs'].flatMap((part) => [`${part} ci`, `${part} ci-drive`]);

it("the program is built whatever the person's git is told to do, and none of it is done", async () => {
  const hooks = join(folder, 'hooks');
  const mark = join(folder, 'hooked');
  mkdirSync(hooks);
  writeFileSync(join(hooks, 'post-commit'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  writeFileSync(join(folder, '.gitconfig'), `[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = ${folder}/none\n[core]\n\thooksPath = ${hooks}\n`);
  const end = await build({ PATH: process.env.PATH ?? '' });
  expect([end.exitCode, end.stderr]).toEqual([0, '']);
  expect([codes(), existsSync(mark)]).toEqual([[...others, ...ofRuns].sort(), false]);
});

it('the program is built where there is no git yet', async () => {
  const end = await build({ PATH: join(folder, 'none') });
  expect([end.exitCode, end.stderr]).toEqual([0, '']);
  expect([codes(), existsSync(join(folder, 'dist/program.js'))]).toEqual([others, true]);
  const help = await run([process.execPath, join(folder, 'dist/slipway.js'), '--help']);
  expect([help.exitCode, help.stdout]).toEqual([0, expect.stringContaining('Usage: slipway')]);
});
