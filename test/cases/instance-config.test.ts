import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, uniqueName } from '../lab.ts';
import { askService } from '../services.ts';
import { InstanceBox } from './instance-box.ts';

/** What is changed on an instance that runs: variables, mounts, config.yml; and what it wrote. */
describe.each(engines)('$name', (lab) => {
  // Other files have instances on these engines at the same time.
  const web = uniqueName('web');
  let box: InstanceBox;
  let port: number;

  beforeAll(async () => {
    box = new InstanceBox(lab, 2);
    port = box.port;
    await box.service({ version: 'good' });
    box.write('web.yml', `image: ${box.tag('good')}\nport: ${port}\nenv: { LEVEL: info }\nhealth: { http: /health, soak: 1s }\n`);
    const end = await box.slipway(['instance', 'create', web, '--config', 'web.yml', '--no-unit', '--env', 'TOKEN=first']);
    if (end.exitCode !== 0) throw new Error(end.stderr);
  }, 300_000);
  afterAll(() => box.dispose(), 180_000);

  const environment = async () => (await askService(port, '/env')).text.split('\n');
  const edit = (change: (text: string) => string) => {
    const file = box.file(web, 'config.yml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };

  it('env set, list and unset: names alone are shown, the file stays 0600', async () => {
    expect(await box.ok(['instance', 'env', 'set', web, 'TOKEN=second', 'EXTRA=two words'])).toBe(`TOKEN, EXTRA of ${web}: set.`);
    const piped = await box.slipway(['instance', 'env', 'set', web, 'PIPED'], { input: 'from a pipe\n' });
    expect(piped.exitCode).toBe(0);
    await box.ok(['instance', 'env', 'unset', web, 'EXTRA']);
    expect(await box.json(['instance', 'env', 'list', web])).toEqual([
      { name: 'LEVEL', value: 'info', source: 'config.yml' },
      { name: 'PIPED', value: '***', source: '.env' },
      { name: 'TOKEN', value: '***', source: '.env' },
    ]);
    expect(await box.ok(['instance', 'env', 'list', web, '--reveal'])).toContain('from a pipe');
    expect(statSync(box.file(web, '.env')).mode & 0o777).toBe(0o600);
    expect(await environment()).toContain('TOKEN=first');
  });

  it('mount add refuses what is not there and what is taken; config.yml keeps its comments', async () => {
    edit((text) => `# mine\n${text}`);
    box.write('shared/file', 'shared');
    for (const [mount, code] of [
      [`${box.path('nowhere')}:/srv`, 'E_NO_FILE'],
      [`${box.path('shared')}:/data`, 'E_MOUNT_TAKEN'],
      ['/srv', 'E_USAGE'],
    ] as const)
      expect((await box.slipway(['instance', 'mount', 'add', web, mount])).stderr).toContain(`[${code}]`);
    expect(await box.ok(['instance', 'mount', 'add', web, `${box.path('shared')}:/srv:ro`])).toBe(`/srv of ${web}: added.`);
    expect(await box.json(['instance', 'mount', 'list', web])).toEqual([
      { type: 'bind', source: box.file(web, 'data'), target: '/data', read_only: false },
      { type: 'bind', source: box.path('shared'), target: '/srv', read_only: true },
    ]);
    expect(box.read(`state/instances/${web}/config.yml`)).toMatch(/^# mine\n/);
  });

  it('drift is shown, secrets as stars; a start without a terminal asks for --yes or --as-is', async () => {
    edit((text) => text.replace('LEVEL: info', 'LEVEL: debug'));
    const { drift, problems } = await box.status(web);
    expect(drift).toEqual([
      { key: 'env.LEVEL', configured: 'debug', running: 'info' },
      { key: 'env.TOKEN', configured: '***', running: '***' },
      { key: 'env.PIPED', configured: '***', running: null },
      { key: 'mounts./srv', configured: `${box.path('shared')} (read-only)`, running: null },
    ]);
    expect(problems).toMatchObject([{ kind: 'drift' }]);
    const end = await box.slipway(['instance', 'start', web]);
    expect([end.exitCode, end.stderr.includes('[E_DRIFT]'), end.stderr.includes('--as-is'), end.stderr.includes('env.LEVEL')]).toEqual([1, true, true, true]);
    expect(await environment()).toContain('LEVEL=info');
    expect(await box.ok(['instance', 'start', web, '--as-is'])).toBe(`Instance ${web} is running already, and is well.`);
    const restarted = await box.slipway(['instance', 'restart', web]);
    expect([restarted.exitCode, restarted.stderr.includes('4 settings differ')]).toEqual([0, true]);
    expect(await environment()).toContain('LEVEL=info');
  });

  it('start --yes applies it all; the data and the log of the former container stay', async () => {
    await askService(port, '/put/note/kept');
    await askService(port, '/log/before-the-change');
    const former = await box.container(`slipway-${web}`);
    await box.ok(['instance', 'start', web, '--yes'], { timeoutMs: 120_000 });
    const now = await box.container(`slipway-${web}`);
    expect(now?.id).not.toBe(former?.id);
    expect(await box.status(web)).toMatchObject({ state: 'running', drift: [], problems: [] });
    const variables = await environment();
    for (const variable of ['LEVEL=debug', 'TOKEN=second', 'PIPED=from a pipe']) expect(variables).toContain(variable);
    expect((await askService(port, '/get/note')).text).toBe('kept');
    expect(now?.mounts).toContainEqual({ type: 'bind', source: box.path('shared'), target: '/srv', readOnly: true });
    await askService(port, '/log/after-the-change');
    await expect.poll(async () => (await box.slipway(['instance', 'logs', web])).stderr).toMatch(/before-the-change\n(?:.*\n)*?after-the-change\n/);
  });

  it('another port in config.yml: the container keeps its own until it is made anew, and messages name the one that answers', async () => {
    edit((text) => text.replace(`port: ${port}`, `port: ${port + 1}`));
    expect(await box.ok(['instance', 'restart', web])).toContain(`running on http://localhost:${port} `);
    expect(await box.status(web)).toMatchObject({ state: 'running', port, drift: [{ key: 'port', configured: String(port + 1), running: String(port) }] });
    await box.ok(['instance', 'start', web, '--yes'], { timeoutMs: 120_000 });
    expect((await askService(port + 1, '/get/note')).text).toBe('kept');
    await expect(askService(port, '/')).rejects.toThrow();
    edit((text) => text.replace(`port: ${port + 1}`, `port: ${port}`));
    await box.ok(['instance', 'start', web, '--yes'], { timeoutMs: 120_000 });
    expect((await askService(port, '/')).text).toBe('good');
  });

  it('logs: --tail, --since, and --follow over a restart until it is stopped', async () => {
    await box.ok(['instance', 'restart', web]);
    const tail = await box.slipway(['instance', 'logs', web, '--tail', '1']);
    expect(`${tail.stdout}${tail.stderr}`).toBe('service good starts\n');
    expect((await box.slipway(['instance', 'logs', web, '--since', '2099-01-01T00:00:00Z'])).stdout).toBe('');
    expect((await box.slipway(['instance', 'logs', web, '--since', '1h', '-t'])).stdout).toMatch(/^2\d{3}-\S+Z service good starts$/m);
    const following = box.start(['instance', 'logs', web, '--follow', '--tail', '1']);
    let seen = '';
    for (const stream of [following.stdout, following.stderr]) stream?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    const ended = once(following, 'exit');
    await expect.poll(() => seen, { timeout: 15_000 }).toBe('service good starts\n');
    await askService(port, '/log/first-word');
    await expect.poll(() => seen, { timeout: 15_000 }).toContain('first-word\n');
    await box.ok(['instance', 'restart', web]);
    await askService(port, '/log/second-word');
    await expect.poll(() => seen, { timeout: 15_000 }).toContain('second-word\n');
    await box.ok(['instance', 'stop', web]);
    expect((await ended)[0]).toBe(0);
    expect(seen.split('\n').filter((line) => line === 'first-word' || line === 'service good starts' || line === 'second-word')).toEqual([
      'service good starts',
      'first-word',
      'service good starts',
      'second-word',
    ]);
  });

  it('a stopped instance without a secret it needs is not started', async () => {
    edit((text) => `${text}required_secrets: [OTHER]\n`);
    const end = await box.slipway(['instance', 'start', web]);
    expect([end.exitCode, end.stderr.includes('[E_NO_SECRET]'), end.stderr.includes(`slipway instance env set ${web} OTHER`)]).toEqual([1, true, true]);
    expect(await box.ok(['instance', 'env', 'list', web])).toMatch(/^OTHER\s+missing$/m);
  });

  it('a broken config.yml is an entry of its own, and stops nobody else', async () => {
    edit((text) => `${text}prot: 1\n`);
    const all = await box.slipway(['instance', 'status']);
    expect([all.exitCode, all.stderr]).toEqual([1, expect.stringMatching(/config\.yml:\d+:\d+: .*port/)]);
    expect((await box.slipway(['instance', 'status', '-q'])).exitCode).toBe(3);
    expect((await box.slipway(['instance', 'start', web])).stderr).toContain('[E_BAD_FILE]');
    edit((text) => text.replace('prot: 1\n', ''));
  });
});
