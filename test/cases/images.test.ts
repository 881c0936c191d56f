import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, lab as setting, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly layer: string;
  readonly state: string;
  readonly reasons: readonly string[];
  readonly projects: readonly string[];
}

const agent = (name: string, install: string) => `label: ${name}\ninstall: [${JSON.stringify(install)}]\nversion: [cat, /etc/${name}]\ncommand: [sh]\n`;

/** What images are for: a change marks exactly what stands on it, a build makes exactly that anew, and nothing in use is ever lost. */
describe.each(engines)('$name', { timeout: 300_000 }, (lab) => {
  let box: Sandbox;
  let base: string;
  let repository: string;

  beforeAll(async () => {
    box = new Sandbox(lab);
    repository = await box.repository('repos/demo', { 'README.md': '# demo\n' });
    base = `${uniqueName('img-base')}:1`;
    await box.engineProgram(['tag', setting.images.debian, base]);
    box.write('config/agents/one.yml', agent('one', 'echo 1 > /etc/one'));
    box.write('config/agents/two.yml', agent('two', 'echo 2 > /etc/two'));
    project('first', ['one']);
    await box.ok(['build', 'first'], { timeoutMs: 600_000 });
  }, 600_000);

  afterAll(async () => {
    await box.dispose();
    await box.engineProgram(['rmi', '-f', base]).catch(() => {});
  });

  const project = (id: string, agents: readonly string[], snippet = 'RUN echo snippet > /etc/snippet') =>
    box.write(
      `config/projects/${id}/project.yml`,
      [
        `id: ${id}`,
        `repository: ${repository}`,
        `base: ${base}`,
        `agents: [${agents.join(', ')}]`,
        `default_agent: ${agents[0]}`,
        'shutdown_timeout: 2',
        'build:',
        '  network: none',
        'snippet: |',
        `  ${snippet}`,
        '',
      ].join('\n'),
    );

  /** `{ l0: 'fresh', 'l1-cli': 'stale: agent one changed', … }` of a project. */
  const layers = async (id: string): Promise<Record<string, string>> => {
    const all = await box.json<readonly Listed[]>(['image', 'list']);
    const own = all.filter(({ projects }) => projects.includes(id));
    return Object.fromEntries(own.map(({ layer, state, reasons }) => [layer, state === 'stale' ? `stale: ${reasons.join('; ')}` : state]));
  };
  const allFresh = { l0: 'fresh', 'l1-cli': 'fresh', 'l2-cli': 'fresh' };
  const idOf = async (reference: string) => (await box.engine.images.inspect(reference))?.id;
  const own = () => box.engine.images.list({ labels: { 'io.slipway.install': box.installId ?? '' } });
  const planned = async (...args: readonly string[]) =>
    (await box.json<{ readonly steps: readonly { readonly do: string; readonly layer?: string }[] }>([...args, '--dry-run'])).steps.map(
      (step) => `${step.do} ${step.layer}`,
    );

  it('builds what the files say, for the user dev, with the environment of the project', async () => {
    expect(await layers('first')).toEqual(allFresh);
    const inside = await box.engineProgram([
      'run',
      '--rm',
      'first:l2-cli',
      'sh',
      '-c',
      'cat /etc/one /etc/snippet; id -u dev; sudo -l -U dev | tail -n 1 | tr -d " "; echo $CODE_REPO; pwd; ls /usr/local/lib/slipway',
    ]);
    expect(inside.split('\n')).toEqual([
      '1',
      'snippet',
      '1000',
      '(ALL:ALL)NOPASSWD:ALL',
      repository,
      '/workspace',
      ...readdirSync('templates/container').sort(),
    ]);
  });

  it('does nothing, and says so, where all match', async () => {
    const before = await own();
    expect(await box.ok(['build', 'first'])).toMatch(/^Nothing to do: .* are up to date\.$/);
    expect((await own()).map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
  });

  it('--dry-run prints what would be built, and builds nothing', async () => {
    project('first', ['one'], 'RUN echo dry > /etc/snippet');
    const before = await idOf('first:l2-cli');
    expect(await planned('build', 'first')).toEqual(['image.build l2-cli', 'image.name l2-cli']);
    expect(await idOf('first:l2-cli')).toBe(before);
    project('first', ['one']);
  });

  it('a snippet change marks L2 and its containers, and nothing else', async () => {
    const task = (await box.json<{ readonly id: string }>(['task', 'start', 'first'])).id;
    const problems = async () =>
      (await box.json<{ readonly problems: readonly { readonly message: string; readonly fix: string }[] }>(['task', 'status', 'first', task])).problems;
    expect(await problems()).toEqual([]);
    project('first', ['one'], 'RUN echo other > /etc/snippet');
    expect(await layers('first')).toEqual({ ...allFresh, 'l2-cli': 'stale: snippet changed' });
    expect(await problems()).toMatchObject([
      { message: expect.stringContaining('L2: snippet changed'), fix: `slipway build first && slipway task restart first ${task} --recreate` },
    ]);
    const below = [await idOf(await nameOf('l0')), await idOf(await nameOf('l1-cli'))];
    await box.ok(['build', 'first']);
    expect(await layers('first')).toEqual(allFresh);
    expect([await idOf(await nameOf('l0')), await idOf(await nameOf('l1-cli'))]).toEqual(below);
    expect(await problems()).toMatchObject([{ fix: `slipway task restart first ${task} --recreate` }]);
    await box.ok(['task', 'restart', 'first', task, '--recreate']);
    expect(await problems()).toEqual([]);
  });

  const nameOf = async (layer: string) =>
    (await box.json<readonly Listed[]>(['image', 'list'])).find((image) => image.layer === layer && image.projects.includes('first'))?.name ?? '';

  it('a name that somebody moved leads no new task astray', async () => {
    await box.engineProgram(['tag', setting.images.tiny, 'first:l2-cli']);
    const task = (await box.json<{ readonly id: string }>(['task', 'start', 'first'])).id;
    const container = await box.container(`first-cli-${task}`);
    const image = await box.engine.images.inspect(container?.imageId ?? '');
    expect(image?.labels).toMatchObject({ 'io.slipway.layer': 'l2-cli', 'io.slipway.project': 'first' });
    expect(await box.engineProgram(['exec', `first-cli-${task}`, 'cat', '/etc/one'])).toBe('1');
    await box.ok(['task', 'delete', '--yes', 'first', task]);
    await box.ok(['build', 'first']);
  });

  it("the earlier snippet's image is used again, with nothing built", async () => {
    project('first', ['one']);
    expect(await planned('build', 'first')).toEqual(['image.name l2-cli']);
    await box.ok(['build', 'first']);
    expect(await box.engineProgram(['run', '--rm', 'first:l2-cli', 'cat', '/etc/snippet'])).toBe('snippet');
  });

  it('two projects with different agents never make each other stale', async () => {
    project('second', ['two']);
    await box.ok(['build', 'second'], { timeoutMs: 300_000 });
    expect([await layers('first'), await layers('second')]).toEqual([allFresh, allFresh]);
    box.write('config/agents/two.yml', agent('two', 'echo 2b > /etc/two'));
    expect([await layers('first'), await layers('second')]).toEqual([
      allFresh,
      { ...allFresh, 'l1-cli': 'stale: agent two changed', 'l2-cli': 'stale: layer L1 changed below it' },
    ]);
    await box.ok(['build', 'second'], { timeoutMs: 300_000 });
    expect([await layers('first'), await layers('second')]).toEqual([allFresh, allFresh]);
    expect(await box.engineProgram(['run', '--rm', 'second:l2-cli', 'sh', '-c', 'cat /etc/two; ls /etc/one 2>/dev/null || echo none'])).toBe('2b\nnone');
  });

  it('an L2 that was rebuilt alone hides no stale L1', async () => {
    box.write('config/agents/one.yml', agent('one', 'echo 1b > /etc/one'));
    const stale = { ...allFresh, 'l1-cli': 'stale: agent one changed', 'l2-cli': 'stale: layer L1 changed below it' };
    expect(await layers('first')).toEqual(stale);
    const folder = box.path('generated');
    await box.ok(['generate', 'first', '--out', folder]);
    const l1 = (await own()).find(({ tags }) => tags.some((tag) => tag.startsWith('slipway-l1-cli:') && !tag.includes('fp-')))?.tags ?? [];
    const parent = l1.find((tag) => !tag.includes('fp-')) ?? '';
    // By hand, from the stale L1, under the project's own name.
    await box.engineProgram([
      'build',
      '--build-arg',
      `SLIPWAY_PARENT=${lab.kind === 'podman' ? 'localhost/' : ''}${parent}`,
      '--tag',
      'first:l2-cli',
      `${folder}/l2-cli`,
    ]);
    const byHand = await idOf('first:l2-cli');
    expect(await layers('first')).toEqual(stale);
    expect(await planned('build', 'first')).toEqual(['image.build l1-cli', 'image.build l2-cli', 'image.name l1-cli', 'image.name l2-cli']);
    await box.ok(['build', 'first'], { timeoutMs: 300_000 });
    expect(await layers('first')).toEqual(allFresh);
    expect(await box.engineProgram(['run', '--rm', 'first:l2-cli', 'cat', '/etc/one'])).toBe('1b');
    // Docker's cache may have made it the same as a step of an earlier build, which stays.
    await box.engineProgram(['rmi', '-f', byHand ?? '']).catch(() => {});
  });

  it('--agents makes L1 anew, once: the next build finds nothing to do', async () => {
    const before = await idOf(await nameOf('l1-cli'));
    await box.ok(['build', 'first', '--agents'], { timeoutMs: 300_000 });
    expect(await idOf(await nameOf('l1-cli'))).not.toBe(before);
    expect(await box.ok(['build', 'first'])).toContain('Nothing to do');
    expect(await layers('second')).toEqual(allFresh);
  });

  it('a failed build leaves the old image usable, and nothing of its own', async () => {
    const before = await idOf('first:l2-cli');
    project('first', ['one'], 'RUN echo broken && exit 3');
    const end = await box.slipway(['build', 'first']);
    expect([end.exitCode, end.stderr.includes('[E_IMAGE_BUILD]')]).toEqual([1, true]);
    expect(await idOf('first:l2-cli')).toBe(before);
    expect((await own()).filter(({ tags }) => tags.length === 0)).toEqual([]);
    expect(await layers('first')).toEqual({ ...allFresh, 'l2-cli': 'stale: snippet changed' });
    project('first', ['one']);
    expect(await layers('first')).toEqual(allFresh);
  });

  it('a build that was killed is undone by the next command, its builder ended', async () => {
    const before = await idOf('first:l2-cli');
    project('first', ['one'], `RUN echo asleep-${box.installId} && sleep 20`);
    const build = box.start(['build', 'first']);
    await new Promise<void>((resolve) => {
      let text = '';
      const read = (chunk: Buffer) => {
        text += chunk.toString();
        if (/^asleep-/m.test(text) || /Running in/.test(text)) resolve();
      };
      build.stdout?.on('data', read);
      build.stderr?.on('data', read);
    });
    build.kill('SIGKILL');
    project('first', ['one']);
    const next = await box.slipway(['build', 'first']);
    expect([next.exitCode, next.stderr]).toEqual([0, expect.stringContaining('build first')]);
    expect(await idOf('first:l2-cli')).toBe(before);
    expect(builders(`${box.path('state')}/build/`)).toEqual([]);
    // Podman's service runs the line that it is at to its end; nothing comes of it.
    await expect.poll(() => builders(`asleep-${box.installId}`), { timeout: 60_000 }).toEqual([]);
    expect(await idOf('first:l2-cli')).toBe(before);
    expect((await own()).filter(({ tags }) => tags.length === 0)).toEqual([]);
  });

  it('a base change marks every layer; --dry-run and a build agree on what that means', async () => {
    mkdirSync(box.path('newer'), { recursive: true });
    box.write('newer/Dockerfile', `FROM ${lab.kind === 'podman' ? 'localhost/' : ''}${setting.images.debian}\nRUN echo newer > /etc/base\n`);
    await box.engineProgram(['build', '--network', 'none', '--tag', base, box.path('newer')]);
    expect(await layers('first')).toEqual({
      l0: 'stale: base image changed',
      'l1-cli': 'stale: layer L0 changed below it',
      'l2-cli': 'stale: layer L1 changed below it',
    });
    await box.ok(['build', 'first'], { timeoutMs: 300_000 });
    expect(await layers('first')).toEqual(allFresh);
    expect((await layers('second')).l0).toBe('fresh');
    expect((await layers('second'))['l2-cli']).toBe('stale: layer L1 changed below it');
    expect(await box.engineProgram(['run', '--rm', 'first:l2-cli', 'cat', '/etc/base'])).toBe('newer');
  });

  it('shell opens L2-dev, built first, and exits as its command does', async () => {
    const end = await box.slipway(['shell', 'first', '--', 'sh', '-c', 'id -un; cat /etc/snippet; ls /etc/one 2>/dev/null || echo no-agents; exit 4'], {
      timeoutMs: 300_000,
    });
    expect([end.exitCode, end.stdout.trimEnd().split('\n')]).toEqual([4, ['dev', 'snippet', 'no-agents']]);
    expect(await box.engine.containers.list({ labels: { 'io.slipway.install': box.installId ?? '', 'io.slipway.kind': 'shell' } })).toEqual([]);
  });

  it('prune removes only what no project and no container needs', async () => {
    const [container] = await box.engine.containers.list({ labels: { 'io.slipway.install': box.installId ?? '' } });
    const needsYes = await box.slipway(['image', 'prune']);
    expect([needsYes.exitCode, needsYes.stderr.includes('--yes')]).toEqual([2, true]);
    const ids = async () => (await own()).map(({ id }) => id);
    const before = await ids();
    const steps = (await box.json<{ readonly steps: readonly { readonly do: string; readonly image?: string }[] }>(['image', 'prune', '--dry-run'])).steps;
    const unused = steps.flatMap(({ image }) => image ?? []);
    expect(unused.length).toBeGreaterThan(0);
    expect((await ids()).sort()).toEqual([...before].sort());
    await box.ok(['image', 'prune', '--yes'], { timeoutMs: 240_000 });
    expect((await ids()).sort()).toEqual(before.filter((id) => !unused.includes(id)).sort());
    expect(await layers('first')).toMatchObject(allFresh);
    expect(await box.engine.images.inspect(container?.imageId ?? '')).toBeDefined();
    expect(await box.engine.images.inspect(base)).toBeDefined();
    expect(await box.ok(['image', 'prune', '--yes'])).toMatch(/^Nothing to remove/);
  });

  it('moves images by archives', async () => {
    const name = `${uniqueName('img-moved')}:1`;
    const archive = box.path('moved.tar');
    try {
      await box.ok(['image', 'import', setting.archives.tiny, name]);
      await box.ok(['image', 'save', name, '--output', archive]);
      const before = await idOf(name);
      await box.engineProgram(['rmi', name]);
      expect(await idOf(name)).toBeUndefined();
      await box.ok(['image', 'load', archive]);
      expect(await idOf(name)).toBe(before);
    } finally {
      await box.engineProgram(['rmi', '-f', name]).catch(() => {});
    }
    const missing = await box.slipway(['image', 'save', 'img-no-such:1', '--output', box.path('none.tar')]);
    expect([missing.exitCode, missing.stderr.includes('[E_NO_IMAGE]')]).toEqual([1, true]);
    expect(readdirSync(box.directory)).not.toContain('none.tar');
    const unread = await box.slipway(['image', 'import', box.path('none.tar'), 'img-none:1']);
    expect([unread.exitCode, unread.stderr.includes('[E_NO_FILE]')]).toEqual([1, true]);
  });

  it('a base that cannot be pulled is told with two ways out', async () => {
    box.write(
      'config/projects/lost/project.yml',
      'id: lost\nrepository: https://example.org/x.git\nbase: 127.0.0.1:9/none:1\nagents: [one]\ndefault_agent: one\n',
    );
    const end = await box.slipway(['build', 'lost']);
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toMatch(/\[E_IMAGE_PULL\][\s\S]*slipway image import[\s\S]*bootstrap: debian/);
  });
});

/** Programs that still run with this in their command line. */
function builders(words: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(words) ? [line] : [];
      } catch {
        return [];
      }
    });
}
