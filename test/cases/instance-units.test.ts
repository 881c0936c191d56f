import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, type LabUser, lab, removeLabelled, uniqueName } from '../lab.ts';
import { renderSystemdUnit } from '../../src/instances/units/render.ts';
import { Machine } from '../machine.ts';
import { Sandbox } from '../sandbox.ts';
import { ServiceRepository } from '../service-repository.ts';
import { askService, buildService, serviceLabel } from '../services.ts';
import { freePort, makeInstance, quick, supervisionOf } from './supervised.ts';

const docker = engines.find(({ name }) => name === 'docker');

/** Units on a systemd that is PID 1 of a container, whose restart is the reboot. */
describe('a machine with systemd', () => {
  let box: Sandbox;
  let machine: Machine;
  const names: string[] = [];
  const machines: Machine[] = [];
  const named = (word: string) => {
    const name = uniqueName(word);
    names.push(name);
    return name;
  };
  const poll = (ask: () => unknown) => expect.poll(ask, { timeout: 45_000, interval: 200 });
  const answers = (port: number) => poll(() => askService(port, '/').then(({ text }) => text));
  const ask = async (unit: string, word: 'is-active' | 'is-enabled' | 'is-failed') => (await machine.exec(['systemctl', word, unit])).stdout.trim();
  const ok = async (args: readonly string[], as?: LabUser) => {
    const end = await machine.slipway(args, as);
    expect([end.exitCode, end.stderr], args.join(' ')).toEqual([0, expect.anything()]);
    return end.stdout.trim();
  };

  beforeAll(async () => {
    if (docker === undefined) throw new Error('the lab has no docker');
    box = new Sandbox(docker, { as: 'root' });
    machine = await Machine.boot(box, uniqueName('machine'));
    machines.push(machine);
  }, 900_000);
  afterAll(async () => {
    for (const one of machines) await one.remove();
    await box.dispose();
    for (const name of names) await removeLabelled(box.engine, { [serviceLabel]: name });
  });

  it('a unit is written, verified, enabled and started; after a reboot the instance is up again; then it is taken away, and the instance runs on', async () => {
    const name = named('unit');
    const unit = `slipway-${name}.service`;
    const { port } = await makeInstance(box, name, { version: 'v1' });

    const plan = await ok(['instance', 'install', name, '--dry-run']);
    expect(plan).toContain(`ExecStart=${process.execPath} `);
    expect(plan).toContain(`$ systemctl --no-ask-password enable ${unit}`);
    expect(await ask(unit, 'is-enabled')).toBe('');

    await ok(['instance', 'install', name]);
    expect(await machine.exec(['systemd-analyze', 'verify', `/etc/systemd/system/${unit}`])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect([await ask(unit, 'is-enabled'), await ask(unit, 'is-active')]).toEqual(['enabled', 'active']);
    await answers(port).toBe('v1');
    expect(await ok(['instance', 'install', name])).toContain('has its unit already');

    await machine.reboot();
    await answers(port).toBe('v1');
    expect(await ask(unit, 'is-active')).toBe('active');
    // It went down in order before: nothing was killed.
    expect((await supervisionOf(box, name))?.restarts).toEqual([]);

    await machine.cut();
    await box.engine.containers.kill(`slipway-${name}`, 'SIGKILL');
    await machine.start();
    await answers(port).toBe('v1');

    await ok(['instance', 'uninstall', name]);
    expect([await ask(unit, 'is-enabled'), await ask(unit, 'is-active')]).toEqual(['', 'inactive']);
    expect(await machine.exec(['ls', '/etc/systemd/system'])).toMatchObject({ stdout: expect.not.stringContaining(unit) as string });
    expect(await askService(port, '/')).toMatchObject({ text: 'v1' });
    expect(await ok(['instance', 'uninstall', name])).toContain('has no unit');
  }, 240_000);

  it('a stop of the unit stops the service gracefully, and a start brings it back', async () => {
    const name = named('unit');
    const unit = `slipway-${name}.service`;
    const { port } = await makeInstance(box, name, { version: 'v1' });
    await ok(['instance', 'install', name]);
    await answers(port).toBe('v1');
    await machine.ok(['systemctl', 'stop', unit]);
    expect(await box.container(`slipway-${name}`)).toMatchObject({ state: 'exited', exitCode: 143 });
    await machine.ok(['systemctl', 'start', unit]);
    await answers(port).toBe('v1');
    await machine.ok(['systemctl', 'kill', '-s', 'KILL', unit]);
    await poll(() => ask(unit, 'is-active')).toBe('active');
    expect(await askService(port, '/')).toMatchObject({ text: 'v1' });
    await ok(['instance', 'uninstall', name]);
  }, 120_000);

  it('a loop of crashes ends in `failed`, and systemd does not begin it again', async () => {
    const name = named('unit');
    const unit = `slipway-${name}.service`;
    await makeInstance(box, name, { version: 'v1', behaviour: 'crashes' });
    const end = await machine.slipway(['instance', 'install', name], undefined, quick);
    expect(end).toMatchObject({ exitCode: 0 });
    await poll(() => ask(unit, 'is-failed')).toBe('failed');
    expect(await machine.ok(['systemctl', 'show', '-p', 'Result,ExecMainStatus', unit])).toBe('Result=exit-code\nExecMainStatus=75');
    expect(await supervisionOf(box, name)).toMatchObject({ state: 'failed', reason: expect.stringContaining('exit code 3') as string });
    expect(JSON.parse(await ok(['instance', 'status', name, '--json']))).toMatchObject({ state: 'failed', well: false });
    expect(await ok(['instance', 'status'])).toMatch(new RegExp(`^${name} .*failed`, 'm'));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await ask(unit, 'is-failed')).toBe('failed');
    await ok(['instance', 'uninstall', name]);
    expect(await ask(unit, 'is-failed')).toBe('inactive');
  }, 120_000);

  it('update, a bad update and rollback under a unit: it stays the same unit, and looks after what serves', async () => {
    const name = named('unit');
    const unit = `slipway-${name}.service`;
    for (const version of [{ version: 'v1' }, { version: 'v2' }, { version: 'v3', behaviour: 'never-healthy' }] as const) {
      await buildService(box.engine, `${name}-${version.version}:test`, name, version);
    }
    expect(await ok(['instance', 'create', name, '--image', `${name}-v1:test`, '--health', '/health'])).toMatch(/running on http:\/\/localhost:\d+/);
    const { port } = JSON.parse(await ok(['instance', 'status', name, '--json'])) as { readonly port: number };
    const config = `state/instances/${name}/config.yml`;
    box.write(config, box.read(config).replace('http: /health', 'http: /health\n  soak: 1s\n  wait: 8s'));
    expect([await ask(unit, 'is-enabled'), await ask(unit, 'is-active')]).toEqual(['enabled', 'active']);
    const supervisor = await machine.ok(['systemctl', 'show', '-p', 'MainPID', unit]);

    await ok(['instance', 'update', name, '--image', `${name}-v2:test`]);
    expect(await askService(port, '/')).toMatchObject({ text: 'v2' });
    const bad = await machine.slipway(['instance', 'update', name, '--image', `${name}-v3:test`]);
    expect([bad.exitCode, bad.stderr]).toEqual([1, expect.stringContaining(`Update failed, rolled back to ${name}-v2:test`)]);
    await answers(port).toBe('v2');
    await ok(['instance', 'rollback', name]);
    expect(await askService(port, '/')).toMatchObject({ text: 'v1' });

    expect(await machine.ok(['systemctl', 'show', '-p', 'MainPID', unit])).toBe(supervisor);
    await box.engine.containers.kill(`slipway-${name}`, 'SIGKILL');
    await poll(async () => (await supervisionOf(box, name))?.restarts.length).toBe(1);
    await answers(port).toBe('v1');

    await ok(['instance', 'stop', name]);
    await poll(() => ask(unit, 'is-active')).toBe('inactive');
    await machine.reboot();
    expect((await box.container(`slipway-${name}`))?.state).toBe('exited');
    await ok(['instance', 'start', name]);
    expect(await ask(unit, 'is-active')).toBe('active');
    await ok(['instance', 'delete', name, '--force']);
    expect(await ask(unit, 'is-enabled')).toBe('');
    expect(await box.container(`slipway-${name}`)).toBeUndefined();
  }, 240_000);

  it.each(['install', 'uninstall'] as const)(
    '%s killed at every journal write: the next command settles it, and no half of it is left',
    async (verb) => {
      const name = named('unit');
      const unit = `slipway-${name}.service`;
      const { port } = await makeInstance(box, name, { version: 'v1' });
      const preload = box.write('kill-at.mjs', readFileSync(new URL('../faults/kill-at.mjs', import.meta.url), 'utf8'));
      const isThere = async () => {
        const file = (await machine.exec(['test', '-e', `/etc/systemd/system/${unit}`])).exitCode === 0;
        return [file, await ask(unit, 'is-enabled'), await ask(unit, 'is-active')];
      };
      const whole = [true, 'enabled', 'active'];
      const nothing = [false, '', 'inactive'];
      await ok(['instance', 'install', name]);
      await answers(port).toBe('v1');
      if (verb === 'install') await ok(['instance', 'uninstall', name]);
      let write = 1;
      for (; ; write += 1) {
        const end = await machine.slipway(['instance', verb, name], undefined, { NODE_OPTIONS: `--import ${preload}`, KILL_AT: `${write}:before` });
        if (end.exitCode === 0) break;
        expect(end.exitCode, end.stderr).toBe(137);
        const next = await machine.slipway(['instance', 'status', name]);
        expect(next.exitCode, next.stderr).toBe(0);
        const there = await isThere();
        // Not begun, or through: never between.
        expect([whole, nothing], `write ${write}: ${next.stderr}`).toContainEqual(there);
        expect(write > 2 && there.join() !== (verb === 'install' ? whole : nothing).join(), `write ${write}: ${next.stderr}`).toBe(false);
        // It serves all the time.
        expect(await askService(port, '/')).toMatchObject({ text: 'v1' });
        await ok(['instance', verb === 'install' ? 'uninstall' : 'install', name]);
        if (verb === 'uninstall') await answers(port).toBe('v1');
      }
      expect(write).toBeGreaterThan(6);
      await ok(['instance', 'uninstall', name]);
    },
    300_000,
  );

  it('an uninstall that is cut off is settled by the supervisor that it ends and by the next command, and it serves all the time', async () => {
    const name = named('unit');
    const unit = `slipway-${name}.service`;
    const { port } = await makeInstance(box, name, { version: 'v1' });
    const preload = box.write('kill-at.mjs', readFileSync(new URL('../faults/kill-at.mjs', import.meta.url), 'utf8'));
    await ok(['instance', 'install', name]);
    const end = await machine.slipway(['instance', 'uninstall', name], undefined, { NODE_OPTIONS: `--import ${preload}`, KILL_AT: '3:before' });
    expect(end.exitCode, end.stderr).toBe(137);
    // The supervisor does not wait for its own end.
    await expect.poll(() => ask(unit, 'is-active'), { timeout: 20_000, interval: 20 }).toMatch(/^(?:deactivating|inactive)$/);
    await ok(['instance', 'status', name]);
    expect([await ask(unit, 'is-enabled'), await ask(unit, 'is-active')]).toEqual(['', 'inactive']);
    expect(await askService(port, '/')).toMatchObject({ text: 'v1' });
    expect(await supervisionOf(box, name)).toMatchObject({ state: 'ended' });
  }, 120_000);

  it('another install leaves a unit of that name alone', async () => {
    const name = named('unit');
    await makeInstance(box, name, { version: 'v1' });
    const file = `/etc/systemd/system/slipway-${name}.service`;
    await machine.ok(['sh', '-c', `printf '[Unit]\\nX-Slipway-Install=other\\n' > ${file}`]);
    expect(await machine.slipway(['instance', 'install', name])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[E_UNIT_TAKEN]') as string });
    expect(await machine.ok(['cat', file])).toContain('other');
    await machine.ok(['rm', file]);
  });

  it("a program's unit: its supervisor is the unit, one program runs at a time, and it runs on without the unit", async () => {
    // Made on this machine, and looked after by the other.
    const name = named('prog');
    const unit = `slipway-${name}.service`;
    const marker = `${Date.now()}`;
    const repository = await ServiceRepository.make(
      box,
      'prog',
      {
        '.slipway/service.yml': 'kind: process\nfiles: [run]\ncommand: [./run]\nhealth: { none: true, start_period: 1s }\nstop_timeout: 5\n',
        Dockerfile: `FROM ${lab.images.tiny}\nCMD ["sleep", "1000"]\n`,
        run: `#!/bin/sh\necho up\nexec sleep ${marker}\n`,
      },
      'v1.0.0',
    );
    await box.as(['chmod', '755', `${repository.path}/run`]);
    await repository.version('v1.0.1');
    await box.ok(['instance', 'create', name, '--repo', repository.path, '--port', `${await freePort()}`, '--no-unit', '--no-start']);
    const running = async () => (await machine.exec(['pgrep', '-f', `^sleep ${marker}$`])).stdout.trim().split('\n').filter(Boolean);

    await ok(['instance', 'install', name]);
    expect([await ask(unit, 'is-enabled'), await ask(unit, 'is-active'), await running()]).toEqual(['enabled', 'inactive', []]);
    await ok(['instance', 'start', name]);
    expect([await ask(unit, 'is-active'), (await running()).length]).toEqual(['active', 1]);

    const [first] = await running();
    await machine.ok(['systemctl', 'kill', '--kill-who=main', '-s', 'KILL', unit]);
    await poll(async () => (await running()).filter((pid) => pid !== first).length).toBe(1);
    expect(await running()).toHaveLength(1);
    await machine.ok(['systemctl', 'stop', unit]);
    expect(await running()).toEqual([]);
    await machine.reboot();
    await poll(async () => (await running()).length).toBe(1);

    await ok(['instance', 'uninstall', name]);
    expect(await ask(unit, 'is-active')).toBe('inactive');
    expect(await running()).toHaveLength(1);
    await ok(['instance', 'install', name]);
    await poll(async () => [await ask(unit, 'is-active'), (await running()).length]).toEqual(['active', 1]);
    await ok(['instance', 'delete', name, '--force']);
    expect([await running(), await ask(unit, 'is-enabled')]).toEqual([[], '']);
  }, 240_000);

  it('systemd takes what is in a unit literally: quotes, spaces, specifiers, variables, in words, variables and folders', async () => {
    const odd = ['$HOME', '${HOME}', '50%', '%n', 'a "b" c', "it's", 'back\\slash', 'tab\there', 'ü;#', ''];
    const value = odd.join(' ');
    const directory = `/srv/odd '"%n" \\$HOME`;
    const unit = renderSystemdUnit({
      instance: 'odd',
      install: 'none',
      scope: 'system',
      program: ['/bin/sh', '-c', 'pwd > /run/odd; printf "%s\\n" "$ODD" "$@" >> /run/odd', 'sh', ...odd],
      directory,
      log: '',
      environment: { ODD: value },
      user: { name: 'root', gid: 0 },
      stopTimeoutSeconds: 30,
      endpoint: 'unix:///var/run/docker.sock',
    });
    box.write('odd.service', unit);
    await machine.ok(['mkdir', '-p', directory]);
    await machine.ok(['cp', box.path('odd.service'), '/etc/systemd/system/odd.service']);
    expect(await machine.exec(['systemd-analyze', 'verify', '/etc/systemd/system/odd.service'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    await machine.ok(['systemctl', 'daemon-reload']);
    await machine.ok(['systemctl', 'start', 'odd.service']);
    await poll(async () => (await machine.exec(['cat', '/run/odd'])).stdout.split('\n')).toEqual([directory, value, ...odd, 'supervise', 'odd', '']);
  });

  it("a person's own unit, without root: verified, up again after a reboot once they linger", async () => {
    const person = lab.person;
    const theirs = new Sandbox(box.lab, { as: 'person' });
    const own = await Machine.boot(theirs, uniqueName('machine'));
    machines.push(own);
    try {
      const name = named('unit');
      const unit = `slipway-${name}.service`;
      const { port } = await makeInstance(theirs, name, { version: 'v1' });
      const user = { ...person, home: theirs.path('home') };
      await own.addUser(user);

      const without = await own.slipway(['instance', 'install', name], user);
      expect([without.exitCode, without.stderr]).toEqual([1, expect.stringContaining('[E_NO_SERVICE_MANAGER]')]);
      expect(without.stderr).toContain(`slipway supervise ${name}`);
      const asSystem = await own.slipway(['instance', 'install', name, '--system'], user);
      expect([asSystem.exitCode, asSystem.stderr]).toEqual([1, expect.stringContaining('[E_UNIT_PERMISSION]')]);

      await own.ok(['systemctl', 'start', `user@${user.uid}.service`]);
      const installed = await own.slipway(['instance', 'install', name], user);
      expect(installed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('loginctl enable-linger') as string });
      const file = theirs.path('home/.config/systemd/user', unit);
      expect(installed.stdout).toContain(file);
      expect(await own.exec(['systemd-analyze', 'verify', '--user', file], user)).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
      await answers(port).toBe('v1');

      await own.ok(['loginctl', 'enable-linger', user.name]);
      await own.reboot();
      await answers(port).toBe('v1');
      expect(await own.ok(['systemctl', '--user', 'is-active', unit], user)).toBe('active');
      const again = await own.slipway(['instance', 'install', name], user);
      expect(again).toMatchObject({ exitCode: 0, stderr: '' });
      expect((await own.slipway(['instance', 'uninstall', name], user)).exitCode).toBe(0);
      expect((await own.exec(['systemctl', '--user', 'is-active', unit], user)).stdout.trim()).toBe('inactive');
    } finally {
      await theirs.dispose();
    }
  }, 240_000);
});
