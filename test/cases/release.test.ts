import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning } from '../processes.ts';
import { engines, lab as labFile, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { plainService as plain, type ReleaseJson, ServiceRepository } from '../service-repository.ts';

const tiny = labFile.images.tiny;

interface ManifestYaml {
  readonly built_at: string;
  readonly git_commit: string;
  readonly repository: string;
  readonly image_digest: string;
  readonly files: Readonly<Record<string, string>>;
}

describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  /** Images of build commands carry no label. */
  const images: string[] = [];
  const build = (repository: ServiceRepository, ...args: readonly string[]) => box.slipway(['release', 'build', ...args], { cwd: repository.path });
  const built = async (repository: ServiceRepository, ...args: readonly string[]) =>
    JSON.parse(await box.ok(['release', 'build', ...args, '--json'], { cwd: repository.path })) as ReleaseJson;
  const verify = () => box.slipway(['release', 'verify']);
  const folders = (service: string) => (existsSync(box.path('state/releases', service)) ? readdirSync(box.path('state/releases', service)) : []);
  const work = () => (existsSync(box.path('cache/releases')) ? readdirSync(box.path('cache/releases')) : []);

  beforeAll(() => {
    box = new Sandbox(lab);
  });
  afterAll(async () => {
    for (const image of images) await box.engine.images.remove(image, { force: true });
    await box.dispose();
  });

  it('a release is the tag, whatever the work tree is, and the work tree stays as it is', async () => {
    const web = await ServiceRepository.make(box, 'web', plain('one'), 'v1.0.0');
    const commit = await web.git('rev-parse', 'HEAD');
    await web.version('v2.0.0', plain('two'));
    // What must not be run, and what must not be in it.
    const trace = box.path('trace');
    for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change']) {
      web.write(`.git/hooks/${hook}`, `#!/bin/sh\necho ${hook} >> ${trace}\n`);
      chmodSync(join(web.path, '.git/hooks', hook), 0o755);
    }
    await web.git('config', 'filter.spy.smudge', `sh -c 'echo smudge >> ${trace}; cat'`);
    await web.git('config', 'core.fsmonitor', `sh -c 'echo fsmonitor >> ${trace}'`);
    web.write('.git/info/attributes', '* filter=spy\n');
    web.write('bin/start', 'changed and not committed\n');
    web.write('conf/untracked.yml', 'b: 2\n');
    await web.git('-c', 'core.fsmonitor=false', '-c', 'filter.spy.clean=cat', 'add', 'bin/start').catch(() => '');
    await box.as(['rm', '-f', trace]);
    const before = await quiet(web);
    const release = await built(web, 'v1.0.0');
    expect(await quiet(web)).toBe(before);
    expect(existsSync(trace)).toBe(false);

    expect(release).toMatchObject({ id: 'web/v1.0.0', git_commit: commit, reused: false, directory: box.path('state/releases/web/v1.0.0') });
    expect(readdirSync(release.directory).sort()).toEqual(['files', 'image.tar', 'manifest.yml']);
    expect(readFileSync(join(release.directory, 'files/bin/start'), 'utf8')).toBe('#!/bin/sh\necho one\n');
    const manifest = parse(readFileSync(join(release.directory, 'manifest.yml'), 'utf8')) as ManifestYaml;
    expect(manifest).toMatchObject({ git_commit: commit, repository: web.path, image_digest: release.image_digest });
    expect(Object.keys(manifest.files)).toEqual(['image.tar', 'files/bin/start', 'files/conf/a.yml']);
    expect(Math.abs(Date.parse(manifest.built_at) - Date.now())).toBeLessThan(120_000);
    expect(await box.engine.images.inspect(release.image_digest)).toMatchObject({ command: ['sleep', '1000'] });
    expect(work()).toEqual([]);
    const end = await verify();
    expect([end.exitCode, end.stdout]).toEqual([0, 'web v1.0.0: whole\n']);
  });

  it('one that is there is used, not built again, also where its tag was moved or its repository is gone', async () => {
    const again = await ServiceRepository.make(box, 'again', plain('one'), 'v1');
    const first = await built(again, 'v1');
    expect(await built(again, 'v1')).toEqual({ ...first, reused: true });
    await again.version('v2', plain('two'));
    await again.git('tag', '-f', 'v1');
    const moved = await build(again, 'v1', '--json');
    expect([moved.exitCode, JSON.parse(moved.stdout)]).toEqual([0, { ...first, reused: true }]);
    expect(moved.stderr).toContain('tag v1 was moved');
    expect(JSON.parse(await box.ok(['release', 'build', 'again', 'v1', '--json']))).toEqual({ ...first, reused: true });
    // Another repository's service of the same name.
    const other = await ServiceRepository.make(box, 'other/again', plain('other'), 'v1');
    const taken = await build(other, 'v1');
    expect([taken.exitCode, taken.stderr]).toEqual([1, expect.stringContaining('[E_RELEASE_OTHER]')]);
    expect(folders('again')).toEqual(['v1']);
  });

  it('a build command makes it: its image, its files, links within the tree', async () => {
    const image = uniqueName('slipway-test-own');
    images.push(`${image}:v1-2`, `${image}:v2`);
    const program = lab.kind === 'docker' ? 'docker' : 'podman';
    const own = await ServiceRepository.make(
      box,
      'own',
      {
        '.slipway/service.yml': `service: own-service
build: |
  set -e
  mkdir -p dist/deep
  echo "$SLIPWAY_SERVICE $SLIPWAY_VERSION $SLIPWAY_COMMIT" > dist/built
  pwd > dist/deep/where; chmod +x dist/deep/where
  ln -s ../built dist/deep/link
  git rev-parse --show-toplevel > dist/repository || true
  ${program} build -t "$SLIPWAY_IMAGE" .
image: ${image}:{version}
files: ["dist/**"]
`,
        Dockerfile: `FROM ${tiny}\nCOPY dist/built /built\n`,
      },
      'v1+2',
    );
    const release = await built(own, 'v1+2');
    expect(release).toMatchObject({ service: 'own-service', version: 'v1+2', directory: box.path('state/releases/own-service/v1%2B2') });
    const file = (path: string) => join(release.directory, 'files/dist', path);
    expect(readFileSync(file('built'), 'utf8')).toBe(`own-service v1+2 ${release.git_commit}\n`);
    expect(readFileSync(file('deep/where'), 'utf8')).toContain(box.path('cache/releases/'));
    expect(statSync(file('deep/where')).mode & 0o777).toBe(0o555);
    expect(readFileSync(file('deep/link'), 'utf8')).toBe(readFileSync(file('built'), 'utf8'));
    expect(readFileSync(file('repository'), 'utf8')).toBe('');
    expect((await box.engine.images.inspect(`${image}:v1-2`))?.id).toBe(release.image_digest);
    expect((await verify()).exitCode).toBe(0);
  });

  it.each<[string, string, string, string]>([
    ['a command that fails', 'build: echo last words; exit 3\nimage: x:1\n', 'E_RELEASE_BUILD', 'last words'],
    ['a command that leaves no image', 'build: "true"\nimage: slipway-test-none:{version}\n', 'E_RELEASE_BUILD', 'left no image slipway-test-none:v1'],
    ['a Dockerfile that fails', 'dockerfile: bad/Dockerfile\n', 'E_IMAGE_BUILD', ''],
    ['no Dockerfile', 'dockerfile: none/Dockerfile\n', 'E_RELEASE_BUILD', "none/Dockerfile is not in the tag's tree"],
    ['a Dockerfile out of the tree', 'dockerfile: out\n', 'E_RELEASE_BUILD', "leads out of the tag's tree"],
    ['files that are not there', 'files: [bin, nowhere]\n', 'E_RELEASE_FILES', '"nowhere"'],
    ['a link out of the tree', 'files: [out]\n', 'E_RELEASE_FILES', 'out is a link to /etc/hostname'],
    ['a file that is required', 'files: [bin]\nrequired_files: [bin/start, bin/stop]\n', 'E_RELEASE_BUILD', 'files/bin/stop is missing'],
  ])('of %s nothing is left', async (what, service, code, said) => {
    const name = what.replaceAll(/[^a-z]+/g, '-');
    const repository = await ServiceRepository.make(box, name, {
      ...plain('one'),
      '.slipway/service.yml': service,
      'bad/Dockerfile': `FROM ${tiny}\nRUN exit 9\n`,
    });
    await repository.git('config', 'core.symlinks', 'true');
    await box.as(['ln', '-s', '/etc/hostname', join(repository.path, 'out')]);
    await repository.version('v1');
    const before = await repository.state();
    const end = await build(repository, 'v1');
    expect([end.exitCode, end.stdout, end.stderr]).toEqual([1, '', expect.stringContaining(`[${code}]`)]);
    expect(end.stderr).toContain(said);
    expect([folders(name), work(), await repository.state()]).toEqual([[], [], before]);
    const left = (await box.engine.images.list({ labels: { 'io.slipway.install': box.installId ?? '' } })).flatMap(({ tags }) => tags);
    expect(left.filter((tag) => tag.startsWith(`slipway-release/${name}:`))).toEqual([]);
  });

  it('a bad tag, a repository without a service, and mistakes in its file are told before anything is made', async () => {
    const bad = await ServiceRepository.make(box, 'bad', { ...plain('one'), '.slipway/service.yml': 'prot: 80\nhealth:\n  htpp: /\nbuild: make\n' }, 'v1');
    const before = await bad.state();
    const noTag = await build(bad, 'v9.9.9');
    expect([noTag.exitCode, noTag.stderr]).toEqual([1, expect.stringContaining(`Git tag v9.9.9 not found in ${bad.path}. [E_NO_TAG]`)]);
    const mistakes = await build(bad, 'v1');
    expect([mistakes.exitCode, mistakes.stderr]).toEqual([1, expect.stringContaining('v1:.slipway/service.yml has 3 mistakes. [E_BAD_FILE]')]);
    expect(mistakes.stderr).toContain('v1:.slipway/service.yml:1:1: unknown key `prot`: did you mean `port`?\n    1 | prot: 80');
    expect(mistakes.stderr).toContain('v1:.slipway/service.yml:3:3: unknown key `health.htpp`: did you mean `http`?');
    expect(mistakes.stderr).toMatch(/v1:.slipway\/service.yml:4:\d: `build`: expected `image` beside it/);
    await bad.version('v2', {});
    await bad.git('rm', '-q', '.slipway/service.yml');
    await bad.version('v3');
    expect((await build(bad, 'v3')).stderr).toContain('There is no .slipway/service.yml in v3');
    expect((await build(bad, 'other', 'v2')).exitCode).toBe(1);
    expect([folders('bad'), work()]).toEqual([[], []]);
    expect(before).toContain('v1');
  });

  it('by an address: from a copy, which gets what is new', async () => {
    const far = await ServiceRepository.make(box, 'far', plain('one'), 'v1.0.0');
    const address = `file://${far.path}`;
    const build = async (...version: readonly string[]) =>
      JSON.parse(await box.ok(['release', 'build', ...version, '--repo', address, '--json'])) as ReleaseJson;
    expect(await build('v1.0.0')).toMatchObject({ id: 'far/v1.0.0', reused: false, repository: address });
    await far.version('v1.1.0', plain('two'));
    expect(await build('v1.1.0')).toMatchObject({ id: 'far/v1.1.0', reused: false });
    const gone = await box.slipway(['release', 'build', 'v1', '--repo', 'file:///var/tmp/slipway-nowhere']);
    expect([gone.exitCode, gone.stderr]).toEqual([1, expect.stringContaining('[E_CLONE]')]);
    // A clone of it has submodules, a bare copy has none.
    const library = await ServiceRepository.make(box, 'library', { used: 'by far\n' });
    await far.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.path, 'library');
    await far.version('v1.2.0', { '.slipway/service.yml': `image: ${tiny}\nfiles: [library]\n` });
    const bare = await box.slipway(['release', 'build', 'v1.2.0', '--repo', address]);
    expect([bare.exitCode, bare.stderr]).toEqual([1, expect.stringContaining('git clone --recurse-submodules')]);
    const whole = await built(far, 'v1.2.0');
    expect(readFileSync(join(whole.directory, 'files/library/used'), 'utf8')).toBe('by far\n');
    expect(readdirSync(box.path('cache/mirrors')).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('two builds at once: one builds, the other uses what it built', async () => {
    const both = await ServiceRepository.make(box, 'both', { ...plain('one'), '.slipway/service.yml': `build: sleep 2 && exit 0\nimage: ${tiny}\n` }, 'v1');
    const [one, two] = await Promise.all([built(both, 'v1'), built(both, 'v1')]);
    expect([one.reused, two.reused].sort()).toEqual([false, true]);
    expect({ ...one, reused: true }).toEqual({ ...two, reused: true });
    expect(folders('both')).toEqual(['v1']);
  });

  it('a killed build is ended and cleared by the next command', async () => {
    const pid = box.path('pid');
    const killed = await ServiceRepository.make(
      box,
      'killed',
      { ...plain('one'), '.slipway/service.yml': `build: echo $$ > ${pid}.partial && mv ${pid}.partial ${pid} && sleep 600\nimage: x:1\n` },
      'v1',
    );
    const child = box.start(['release', 'build', 'v1'], { cwd: killed.path });
    await until(() => existsSync(pid));
    child.kill('SIGKILL');
    const line = Number(readFileSync(pid, 'utf8'));
    expect(isRunning(line)).toBe(true);
    const end = await box.slipway(['release', 'list']);
    expect([end.exitCode, end.stderr]).toEqual([0, expect.stringContaining('`build release v1 of killed` had been cut off and was undone')]);
    expect([isRunning(line), folders('killed'), work()]).toEqual([false, [], []]);
  });

  it('an interrupted build leaves nothing', async () => {
    const started = box.path('started');
    const repository = await ServiceRepository.make(
      box,
      'interrupted',
      { ...plain('one'), '.slipway/service.yml': `build: touch ${started} && sleep 600\nimage: x:1\n` },
      'v1',
    );
    const child = box.start(['release', 'build', 'v1'], { cwd: repository.path });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(() => existsSync(started));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect([folders('interrupted'), work()]).toEqual([[], []]);
  });

  /** As `state`, by a git that runs nothing of the repository's. */
  function quiet(repository: ServiceRepository): Promise<string> {
    const plainGit = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'filter.spy.clean=cat', '--no-optional-locks'];
    return Promise.all(
      [['rev-parse', 'HEAD'], ['ls-files', '--stage'], ['for-each-ref'], ['diff-files', '-p'], ['worktree', 'list']].map((args) =>
        repository.git(...plainGit, ...args),
      ),
    ).then((said) => said.join('\n---\n'));
  }
});

async function until(is: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600 && !is(); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(is()).toBe(true);
}
