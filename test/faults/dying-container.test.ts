import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packContext } from '../../src/engine/build-context.ts';
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
  const replaced = (script: string) => `RUN printf '%s\\n' '#!/bin/sh' '${script}' > ${entry} && chmod 755 ${entry}`;
  let times = 0;
  /** Somebody changes the project's image by hand: its names and labels are the same. The snippet makes it an image of its own. */
  const breakImage = async (instruction: string) => {
    await configure(`snippet: "RUN : ${++times}"\n`);
    const image = await box.engine.images.inspect('frail:l2-cli');
    box.write('by-hand/Dockerfile', `FROM frail:l2-cli\nUSER root\n${instruction}\n`);
    await box.engine.images.build({ context: await packContext(box.path('by-hand')), tags: image?.tags ?? [] });
  };

  it.each([
    { what: 'an entry that ends with an error', instruction: replaced('echo last words; exit 3'), says: /exit code 3/, words: 'last words' },
    { what: 'an entry that ends with success', instruction: replaced('echo last words'), says: /exit code 0/, words: 'last words' },
  ])('$what', async ({ instruction, says, words }) => {
    await breakImage(instruction);
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
    { what: 'an entry that is missing', begin: () => breakImage(`RUN rm ${entry}`) },
    { what: 'an entry that cannot be run', begin: () => breakImage(`RUN chmod 644 ${entry}`) },
    { what: 'an entry without its interpreter', begin: () => breakImage(replaced('x').replace('#!/bin/sh', '#!/no/such/shell')) },
    { what: 'a mount that is missing', begin: () => configure('mounts:\n  - source: /no/such/folder\n    target: /mnt\n') },
  ];
  // How an engine refuses a program is the same for all three.
  it.each(unstartable.filter(({ what }) => lab.kind === 'docker' || !/cannot be run|interpreter/.test(what)))('$what', async ({ begin }) => {
    await begin();
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
