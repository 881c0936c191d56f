import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { expectNothingLeft, journal, nextCommand } from './kill.ts';

/** Processes of this machine, those in containers too, whose command line holds the text. */
function processesWith(text: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}

let sequence = 0;
/** A number of seconds that no other process sleeps for. */
function odd(): string {
  sequence += 1;
  return `${200 + (process.pid % 100)}.${Date.now() % 100_000}${sequence}`;
}

/** kill -9 of the client alone, while a program works for it. */
describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'child');
  });
  afterAll(() => box.dispose());

  async function killWhen(args: readonly string[], env: Readonly<Record<string, string>>, busy: () => boolean): Promise<void> {
    const client = box.start(args, { env });
    const ended = once(client, 'exit');
    await expect.poll(busy, { timeout: 60_000, interval: 50 }).toBe(true);
    client.kill('SIGKILL');
    await ended;
  }
  const named = () => readdirSync(box.path('state/journal/open')).some((name) => box.read(`state/journal/open/${name}`).includes('"type":"child"'));

  it('a build: its program is ended by the next command, nothing half-made stays, and building again works', async () => {
    const settings = box.read('config/projects/child/project.yml');
    // Podman's service goes on with the line at work, but not to the image.
    const seconds = lab.kind === 'docker' ? odd() : `15.${Date.now()}`;
    box.write('config/projects/child/project.yml', `${settings}snippet: |\n  RUN sleep ${seconds}\n`);
    const images = async () => (await box.engine.images.list({ labels: { 'io.slipway.install': box.installId ?? '' } })).map(({ id }) => id).toSorted();
    const before = await images();
    await killWhen(['build', 'child'], {}, () => named() && processesWith(`sleep\0${seconds}`).length + processesWith(`sleep ${seconds}`).length > 0);
    expect(await nextCommand(box)).toBe('undone');
    await expect.poll(() => processesWith(seconds), { timeout: 30_000 }).toEqual([]);
    await expectNothingLeft(box);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await expect.poll(images, { timeout: 20_000 }).toEqual(before);
    expect((await journal(box)).at(-1)).toMatchObject({ verb: 'image.build', outcome: 'undone' });
    box.write('config/projects/child/project.yml', settings);
    await box.ok(['build', 'child'], { timeoutMs: 300_000 });
  });

  describe('the clone that fills a workspace', () => {
    let ssh: string;
    let seconds: string;
    beforeAll(async () => {
      // Git's own way to another program than ssh; it waits before it answers, when told so.
      ssh = box.write('ssh.sh', '#!/bin/sh\nfor last; do :; done\n[ -z "$SLOW" ] || sleep "$SLOW"\nexec sh -c "$last"\n');
      chmodSync(ssh, 0o755);
      box.write(
        'config/projects/child/project.yml',
        box.read('config/projects/child/project.yml').replace(/^repository: .*$/m, `repository: ssh://here${box.path('repos/child')}`),
      );
      seconds = odd();
    });
    const env = () => ({ GIT_SSH_COMMAND: ssh });
    const next = () => box.slipway(['task', 'list'], { env: env() });
    const asleep = () => processesWith(`sleep\0${seconds}`).length > 0;

    it('run-cli: the clone is ended, and the next command does the rest', async () => {
      const task = await box.ok(['task', 'new', 'child']);
      await killWhen(['task', 'run-cli', 'child', task], { ...env(), SLOW: seconds }, () => named() && asleep());
      const end = await next();
      expect([end.exitCode, end.stderr]).toEqual([0, expect.stringContaining('had been cut off and was completed.')]);
      await expect.poll(asleep, { timeout: 10_000 }).toBe(false);
      await expectNothingLeft(box);
      expect((await box.container(`child-cli-${task}`))?.state).toBe('running');
      expect(box.read(`state/tasks/child/${task}/workspace/README.md`)).toBe('# child\n');
    });

    it('run-cli, and the upstream is gone since: closed as it is, said so, and the task works once it is back', async () => {
      const task = await box.ok(['task', 'new', 'child']);
      await killWhen(['task', 'run-cli', 'child', task], { ...env(), SLOW: seconds }, () => named() && asleep());
      const end = await box.slipway(['task', 'list'], { env: { GIT_SSH_COMMAND: 'false' } });
      expect([end.exitCode, end.stderr]).toEqual([0, expect.stringMatching(/^recovered: .* closed as it is: Cannot clone/m)]);
      await expectNothingLeft(box);
      expect(await box.json(['task', 'status', 'child', task])).toMatchObject({ state: 'created', mode: null });
      await box.ok(['task', 'run-cli', 'child', task], { env: env() });
      expect(box.read(`state/tasks/child/${task}/workspace/README.md`)).toBe('# child\n');
    });

    it('run: undone, and nothing of the clone is left', async () => {
      await killWhen(['run', 'child', 'true'], { ...env(), SLOW: seconds }, () => named() && asleep());
      const end = await next();
      expect([end.exitCode, end.stderr]).toEqual([0, expect.stringContaining('had been cut off and was undone.')]);
      await expect.poll(asleep, { timeout: 10_000 }).toBe(false);
      await expectNothingLeft(box);
      const task = (await box.json<readonly { readonly id: string }[]>(['task', 'list'])).at(-1)?.id ?? '';
      expect(await box.json(['task', 'status', 'child', task])).toMatchObject({ state: 'created', mode: null, run: null });
      expect(readdirSync(box.path(`state/tasks/child/${task}/workspace`))).toEqual([]);
      expect(existsSync(box.path(`state/tasks/child/${task}/agent-config/env`))).toBe(false);
    });
  });
});
