import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { expectNothingLeft } from './kill.ts';

/** A container that dies as it starts: the command fails and says where to look, and the task stays usable. */
describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  let settings: string;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'frail');
    settings = box.read('config/projects/frail/project.yml');
  });
  afterAll(() => box.dispose());

  const configure = async (more: string) => {
    box.write('config/projects/frail/project.yml', `${settings}${more}`);
    await box.ok(['build', 'frail'], { timeoutMs: 300_000 });
  };
  const entry = '/usr/local/lib/slipway/entry.sh';
  const replaced = (script: string) => `snippet: |\n  USER root\n  RUN printf '%s\\n' '#!/bin/sh' '${script}' > ${entry} && chmod 755 ${entry}\n`;

  it.each([
    { what: 'an entry that ends with an error', snippet: replaced('echo last words; exit 3'), says: /exit code 3/, words: 'last words' },
    { what: 'an entry that ends with success', snippet: replaced('echo last words'), says: /exit code 0/, words: 'last words' },
  ])('$what', async ({ snippet, says, words }) => {
    await configure(snippet);
    const task = await box.ok(['task', 'new', 'frail']);
    const end = await box.slipway(['task', 'run-cli', 'frail', task]);
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringMatching(says)]);
    expect(end.stderr).toContain('[E_CONTAINER_START]');
    expect(end.stderr).toContain(words);
    expect(end.stderr).toContain(`slipway task logs frail ${task}`);
    expect((await box.slipway(['task', 'logs', 'frail', task])).stdout).toContain(words);
    expect(await box.json(['task', 'status', 'frail', task])).toMatchObject({ state: 'exited', mode: 'cli' });
    const stop = await box.slipway(['task', 'stop', 'frail', task]);
    expect([stop.exitCode, stop.stderr]).toEqual([1, expect.stringContaining('is not running (exited)')]);
    expect((await box.slipway(['task', 'restart', 'frail', task])).stderr).toContain('[E_CONTAINER_START]');
    box.write(`state/tasks/frail/${task}/workspace/work`, 'mine\n');

    await configure('');
    await box.ok(['task', 'restart', '--recreate', 'frail', task]);
    expect((await box.container(`frail-cli-${task}`))?.state).toBe('running');
    expect(box.read(`state/tasks/frail/${task}/workspace/work`)).toBe('mine\n');
    await box.ok(['task', 'delete', '--yes', 'frail', task]);
    await expectNothingLeft(box);
  });

  const unstartable = [
    { what: 'an entry that is missing', snippet: `snippet: |\n  USER root\n  RUN rm ${entry}\n` },
    { what: 'an entry that cannot be run', snippet: `snippet: |\n  USER root\n  RUN chmod 644 ${entry}\n` },
    { what: 'an entry without its interpreter', snippet: replaced('x').replace('#!/bin/sh', '#!/no/such/shell') },
    { what: 'a mount that is missing', snippet: 'mounts:\n  - source: /no/such/folder\n    target: /mnt\n' },
  ];
  // How an engine refuses a program is the same for all three.
  it.each(unstartable.filter(({ what }) => lab.kind === 'docker' || !/cannot be run|interpreter/.test(what)))('$what', async ({ snippet }) => {
    await configure(snippet);
    const task = await box.ok(['task', 'new', 'frail']);
    const end = await box.slipway(['task', 'run-cli', 'frail', task]);
    expect([end.exitCode, end.stderr]).toEqual([1, expect.stringMatching(/^error: .*\[E_[A-Z_]+\]/m)]);
    expect(end.stderr).not.toMatch(/E_INTERNAL|E_NO_SUCH\b/);
    for (const verb of ['status', 'logs', 'stop', 'restart']) {
      const next = await box.slipway(['task', verb, 'frail', task]);
      expect([verb, next.exitCode, next.stderr]).toEqual([verb, verb === 'status' ? 0 : expect.toBeOneOf([0, 1]), expect.not.stringContaining('E_INTERNAL')]);
    }
    expect((await box.slipway(['task', 'list'])).exitCode).toBe(0);
    await configure('');
    const status = await box.json<{ readonly container_id: string | null }>(['task', 'status', 'frail', task]);
    await box.ok(status.container_id === null ? ['task', 'run-cli', 'frail', task] : ['task', 'restart', '--recreate', 'frail', task]);
    expect((await box.container(`frail-cli-${task}`))?.state).toBe('running');
    await box.ok(['task', 'delete', '--yes', 'frail', task]);
    await expectNothingLeft(box);
  });

  it("a headless agent whose program is missing: the exit code is the shell's, and the task can be deleted", async () => {
    box.write(
      'config/agents/absent.yml',
      'label: Absent\ninstall: ["true"]\nversion: [sh, -c, "echo 1"]\ncommand: [absent]\nheadless:\n  command: [no-such-agent, "{prompt}"]\n',
    );
    box.write('config/projects/frail/project.yml', settings.replace('agents: [shell]', 'agents: [shell, absent]'));
    await box.ok(['build', 'frail'], { timeoutMs: 300_000 });
    const end = await box.slipway(['run', 'frail', '--agent', 'absent', 'hello']);
    expect(end.exitCode).toBe(127);
    expect(end.stderr).toContain('no-such-agent');
    for (const { id } of await box.json<readonly { readonly id: string }[]>(['task', 'list', 'frail'])) await box.ok(['task', 'delete', '--yes', 'frail', id]);
    await expectNothingLeft(box);
  });
});
