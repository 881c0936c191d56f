import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { engines, uniqueName } from '../lab.ts';
import { askService } from '../services.ts';
import { InstanceBox } from './instance-box.ts';

interface Shown {
  readonly exitCode: number | null;
  readonly text: string;
}

/** What a person is asked on a terminal. */
describe.each(engines)('$name', (lab) => {
  const web = uniqueName('asked');
  let box: InstanceBox;
  let port: number;

  beforeAll(async () => {
    box = new InstanceBox(lab, 4);
    port = box.port;
    await box.service({ version: 'good' });
    box.write('web.yml', `image: ${box.tag('good')}\nport: ${port}\nenv: { LEVEL: info }\nrequired_secrets: [TOKEN]\nhealth: { http: /health, soak: 1s }\n`);
  }, 300_000);
  afterAll(() => box.dispose(), 180_000);

  /** script(1) is a terminal. Each answer is typed when its question stands there. */
  async function onTerminal(args: readonly string[], answers: readonly (readonly [string, string])[]): Promise<Shown> {
    const asUser = box.user === null ? [] : ['setpriv', `--reuid=${box.user.uid}`, `--regid=${box.user.gid}`, '--init-groups', '--'];
    const line = [...asUser, process.execPath, inject('program'), ...args].map((word) => `'${word}'`).join(' ');
    const terminal = spawn('script', ['-qec', `stty cols 160 rows 40 && ${line}`, '/dev/null'], { cwd: box.directory, env: box.env() });
    let text = '';
    const left = [...answers];
    terminal.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [next] = left;
      if (next === undefined || !text.includes(next[0])) return;
      left.shift();
      setTimeout(() => terminal.stdin.write(next[1]), 300);
    });
    const exitCode = await new Promise<number | null>((resolve) => terminal.once('close', resolve));
    return { exitCode, text };
  }

  it('a missing secret is asked for, and what is typed is not shown', async () => {
    const { exitCode, text } = await onTerminal(['instance', 'create', web, '--config', 'web.yml', '--no-unit'], [['TOKEN', 'typed-secret\r']]);
    expect([exitCode, text]).toEqual([0, expect.not.stringContaining('typed-secret')]);
    expect((await askService(port, '/env')).text).toContain('TOKEN=typed-secret');
    expect(JSON.stringify(await box.json(['journal']))).not.toContain('typed-secret');
  });

  it('env set NAME asks too', async () => {
    const { exitCode, text } = await onTerminal(['instance', 'env', 'set', web, 'OTHER'], [['OTHER', 'hidden-word\r']]);
    expect([exitCode, text]).toEqual([0, expect.not.stringContaining('hidden-word')]);
    expect(readFileSync(box.file(web, '.env'), 'utf8')).toContain('OTHER=hidden-word\n');
  });

  it('drift is one table and one question: no leaves all as it is, yes applies it', async () => {
    const config = box.file(web, 'config.yml');
    writeFileSync(config, readFileSync(config, 'utf8').replace('LEVEL: info', 'LEVEL: debug'));
    const refused = await onTerminal(['instance', 'start', web], [['anew from the configuration?', 'n']]);
    expect([refused.exitCode, /env\.LEVEL +debug +info/.test(refused.text), /env\.OTHER +\*\*\* +-/.test(refused.text)]).toEqual([1, true, true]);
    expect(refused.text).toContain('Nothing was changed. [E_DECLINED]');
    expect((await askService(port, '/env')).text).toContain('LEVEL=info');
    const applied = await onTerminal(['instance', 'start', web], [['anew from the configuration?', 'y']]);
    expect([applied.exitCode, applied.text.includes(`Instance ${web} running on http://localhost:${port}`)]).toEqual([0, true]);
    expect((await askService(port, '/env')).text).toContain('LEVEL=debug');
  });

  it('delete asks: no leaves it, yes removes it', async () => {
    const refused = await onTerminal(['instance', 'delete', web], [[`Remove instance ${web}?`, 'n']]);
    expect([refused.exitCode, existsSync(box.file(web, 'config.yml')), refused.text]).toEqual([
      1,
      true,
      expect.stringContaining('Nothing was removed. [E_DECLINED]'),
    ]);
    const done = await onTerminal(['instance', 'delete', web], [[`Remove instance ${web}?`, 'y']]);
    expect([done.exitCode, done.text]).toEqual([0, expect.stringContaining(`Instance ${web} is deleted.`)]);
    expect(existsSync(box.file(web))).toBe(false);
  });
});
