import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goingRun, pipelineRepository, type RunJson, runPipeline } from '../ci-run.ts';
import { engines, lab as labFile, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';

const tiny = labFile.images.tiny;
const jobs = (...steps: readonly string[]) => `jobs:\n  job:\n    steps:\n${steps.map((step) => `      - ${JSON.stringify(step)}\n`).join('')}`;

/** The person is unprivileged wherever the engine allows it: what a container's root writes is not theirs. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  /** Images of the tests' own, beside the install's. */
  const images: string[] = [];
  let sequence = 0;
  const make = (pipeline: string, dockerfile?: string, files: Readonly<Record<string, string>> = {}) =>
    pipelineRepository(box, `repo${++sequence}`, { pipeline, files, ...(dockerfile === undefined ? {} : { dockerfile }) });
  const runOf = async (...args: Parameters<typeof make>) => runPipeline(box, await make(...args));

  beforeAll(() => {
    box = new Sandbox(lab);
  });
  afterAll(async () => {
    for (const image of images) await box.engine.images.remove(image, { force: true });
    await box.dispose();
  });

  it('one container from .slipway/Dockerfile, as long as the run', async () => {
    const repository = await make(
      jobs('pwd; cat a; cat /built', 'touch /work/here; while [ ! -e go ]; do sleep 0.1; done'),
      `FROM ${tiny}\nRUN echo built > /built\nENTRYPOINT ["/bin/false"]\n`,
      {
        a: 'committed\n',
      },
    );
    const stranger = await box.engine.containers.create({ name: uniqueName('slipway-ci-repo1'), image: tiny, labels: {}, command: ['true'] });
    try {
      const running = runPipeline(box, repository);
      const going = await goingRun(box, ({ workspace }) => existsSync(join(workspace, 'here')));
      const container = await box.container(`slipway-ci-repo1-${going.id}`);
      expect(container).toMatchObject({
        state: 'running',
        init: true,
        workingDir: '/work',
        labels: { 'io.slipway.kind': 'run', 'io.slipway.project': 'repo1', 'io.slipway.run': going.id, 'io.slipway.install': box.installId },
      });
      expect(container?.mounts).toContainEqual({ type: 'bind', source: going.workspace, target: '/work' });
      expect(going.container).toMatchObject({ image_tag: `slipway-ci/repo1:${going.id}`, container_id: container?.id, container_stopped_at: null });
      box.write(`cache/runs/repo1/${going.id}/workspace/go`, '');
      const { exitCode, run, shown } = await running;
      expect([exitCode, run.outcome?.kind]).toEqual([0, 'succeeded']);
      expect(shown).toContain('/work\ncommitted\nbuilt\n');
      const record = parse(readFileSync(join(run.directory, 'container.yml'), 'utf8')) as Record<string, string>;
      expect(Object.keys(record).sort()).toEqual(
        ['image_tag', 'container_id', 'build_started_at', 'build_finished_at', 'container_started_at', 'container_stopped_at'].sort(),
      );
      expect(record).toMatchObject({ image_tag: `slipway-ci/repo1:${run.id}`, container_id: container?.id });
      const { build_started_at, build_finished_at, container_started_at, container_stopped_at } = record;
      const times = [build_started_at, build_finished_at, container_started_at, container_stopped_at].map((time) => Date.parse(time ?? ''));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(readFileSync(join(run.directory, 'build.log'), 'utf8')).toContain('RUN echo built');
      expect(await box.engine.containers.inspect(stranger)).toBeDefined();
    } finally {
      await box.engine.containers.remove(stranger, { force: true });
    }
  });

  it("an image's user of another id works in the workspace, and what it leaves does not stay", async () => {
    const dockerfile = `FROM ${tiny}\nUSER 4242:4242\nHEALTHCHECK CMD false\nVOLUME /work\nWORKDIR /elsewhere\nSTOPSIGNAL SIGWINCH\n`;
    const script = 'id -u; cat a; echo new >> a; mkdir -p deep/er; echo x > deep/er/x; chmod 700 deep deep/er; ln -s /etc out; umask 077; echo kept > kept';
    const { exitCode, run, shown } = await runOf(`${jobs(script)}    artifacts: [kept, deep, out]\n`, dockerfile, { a: 'mine\n' });
    expect([exitCode, run.outcome?.message, shown]).toEqual([0, '1 job succeeded.', expect.stringContaining('4242\nmine\n')]);
    const kept = join(run.directory, 'artifacts/job/kept');
    expect([readFileSync(kept, 'utf8'), statSync(kept).uid, readFileSync(join(run.directory, 'artifacts/job/deep/er/x'), 'utf8')]).toEqual([
      'kept\n',
      box.uid,
      'x\n',
    ]);
    expect(existsSync(join(run.directory, 'artifacts/job/out'))).toBe(false);
  });

  it("root's files do not stay either, also where the container was killed", async () => {
    const repository = await make(`image: ${tiny}\n${jobs('mkdir -p r/s; echo x > r/s/x; chmod 000 r/s r; touch here; sleep 60')}`);
    const running = runPipeline(box, repository);
    const going = await goingRun(box, ({ workspace }) => existsSync(join(workspace, 'here')));
    await box.engineProgram(['kill', going.container.container_id ?? '']);
    const { exitCode, run } = await running;
    expect([exitCode, run.outcome]).toEqual([
      125,
      expect.objectContaining({ kind: 'container-died', retryable: true, evidence: expect.objectContaining({ exit_code: 137, oom_killed: false }) }),
    ]);
    expect(run.container.container_stopped_at).not.toBeNull();
  });

  it('removed by another program in the middle of a step', async () => {
    const repository = await make(`image: ${tiny}\n${jobs('touch here; sleep 60')}`);
    const running = runPipeline(box, repository);
    const going = await goingRun(box, ({ workspace }) => existsSync(join(workspace, 'here')));
    await box.engineProgram(['rm', '-f', going.container.container_id ?? '']);
    const { exitCode, run } = await running;
    expect([exitCode, run.outcome]).toEqual([
      125,
      expect.objectContaining({
        kind: 'container-removed',
        retryable: true,
        evidence: expect.objectContaining({ container_id: going.container.container_id }),
      }),
    ]);
  });

  it("a secret reaches steps, and is in nobody's inspect or process list; root of the container is not the machine's", async () => {
    const [name, value] = ['slipway_test_token', uniqueName('t0ken')];
    box.write('config/config.yml', `secrets:\n  TOKEN: { file: ${box.write('token', value)} }\n`);
    const repository = await make(
      `image: ${tiny}\n${jobs('echo "length ${#TOKEN}"; echo $TOKEN; mount -t tmpfs none /mnt || echo refused; touch here; while [ ! -e go ]; do sleep 0.1; done')}    secrets: [TOKEN]\n    env: { NAME: ${name} }\n`,
    );
    const running = runPipeline(box, repository);
    const going = await goingRun(box, ({ workspace }) => existsSync(join(workspace, 'here')));
    expect(await box.engineProgram(['inspect', going.container.container_id ?? ''])).not.toContain(value);
    expect(await box.as(['sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "'])).not.toContain(value);
    expect(await box.engineProgram(['top', going.container.container_id ?? ''])).not.toContain(value);
    box.write(`${going.workspace.slice(box.directory.length + 1)}/go`, '');
    const { exitCode, run, shown } = await running;
    expect([exitCode, shown]).toEqual([0, expect.stringContaining(`length ${value.length}\n{{ TOKEN }}\n`)]);
    expect(shown).toContain('refused\n');
    expect(await box.as(['sh', '-c', `grep -rl ${value} ${run.directory} || true`])).toBe('');
  });

  it('two runs of one commit at once have nothing in common', async () => {
    const service = `    services: { web: { image: "${tiny}", command: [sleep, "60"] } }\n`;
    const repository = await make(
      `executor: container\n${jobs('cat /etc/hosts > hosts; sleep 2; cat hosts; echo $SLIPWAY_RUN > mine; ls')}${service}`,
      `FROM ${tiny}\n`,
    );
    const both = await Promise.all([runPipeline(box, repository), runPipeline(box, repository)]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const addresses = both.map(({ shown }) => /^(\S+)\s+web$/m.exec(shown)?.[1]);
    expect(new Set([...addresses, undefined]).size).toBe(3);
    expect(both[0]?.run.container.container_id).not.toBe(both[1]?.run.container.container_id);
  });

  it.each([
    { what: 'missing', dockerfile: undefined, says: /There is no .slipway\/Dockerfile/, evidence: { reason: 'missing' } },
    { what: 'bad', dockerfile: `FROM ${tiny}\nFOO bar\n`, says: /is not a Dockerfile that can be built: .*FOO/i, evidence: { reason: 'invalid' } },
    { what: 'empty', dockerfile: '\n', says: /is not a Dockerfile that can be built/, evidence: { reason: 'invalid' } },
    {
      what: 'failing',
      dockerfile: `FROM ${tiny}\nRUN echo last words; exit 7\n`,
      says: /A command of .slipway\/Dockerfile failed with exit code 7/,
      evidence: { reason: 'command', exit_code: 7, last_lines: expect.stringContaining('last words') },
    },
  ])('a Dockerfile that is $what', async ({ dockerfile, says, evidence }) => {
    const { exitCode, run } = await runOf(`executor: container\n${jobs('true')}`, dockerfile);
    expect([exitCode, run.outcome]).toEqual([
      125,
      expect.objectContaining({
        kind: 'image-build-failed',
        message: expect.stringMatching(says),
        retryable: false,
        evidence: expect.objectContaining(evidence),
      }),
    ]);
    expect(run.container.container_id).toBeNull();
  });

  it('an image that cannot be pulled', async () => {
    const { exitCode, run } = await runOf(`image: registry.invalid/nobody:1\n${jobs('true')}`);
    expect([exitCode, run.outcome?.kind, run.outcome?.message]).toEqual([125, 'image-pull-failed', expect.stringContaining('registry.invalid/nobody:1')]);
  });

  it('an image without a shell', async () => {
    const { exitCode, run } = await runOf(`executor: container\n${jobs('true')}`, `FROM ${tiny}\nRUN rm /bin/sh\n`);
    expect([exitCode, run.outcome]).toEqual([
      125,
      expect.objectContaining({
        kind: 'container-start-failed',
        message: expect.stringContaining('has no /bin/sh'),
        evidence: expect.objectContaining({ reason: 'no-shell' }),
      }),
    ]);
  });

  it('a step over its memory limit, also where the script swallows it', async () => {
    const eat = 'head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null; echo survived $?; exit 0';
    const { exitCode, run, shown } = await runOf(`image: ${tiny}\nresources:\n  memory: 48m\n${jobs(eat)}`);
    const { rootless, cgroupVersion } = await box.engine.info();
    if (rootless && cgroupVersion === 1) {
      // Nothing holds the limit there, which doctor says: nothing is claimed.
      expect([exitCode, run.outcome?.kind, shown]).toEqual([0, 'succeeded', expect.stringContaining('survived 0')]);
      return;
    }
    expect([exitCode, run.outcome]).toEqual([125, expect.objectContaining({ kind: 'out-of-memory', job: 'job', retryable: false })]);
    expect(run.outcome?.evidence['oom_kills']).toBeGreaterThan(0);
    expect(shown).toContain('survived');
  });

  it("services are there before the jobs, by name, and a step's own exit 137 is its own", async () => {
    const serve = '[sh, -c, "mkdir -p /www; echo from $NAME > /www/index.html; sleep 1; exec httpd -f -p 80 -h /www"]';
    const pipeline = `image: ${tiny}
jobs:
  job:
    services:
      web:
        image: ${tiny}
        command: ${serve}
        env: { NAME: web }
        health: { command: wget -q -O /dev/null http://127.0.0.1/, interval: 1s, timeout: 30s }
      other:
        image: ${tiny}
        command: ${serve}
        env: { NAME: other }
        health: { command: [wget, -q, -O, /dev/null, "http://web/"], interval: 1s, timeout: 30s }
    steps:
      - wget -q -O - http://web/ http://other/
      - exit 137
`;
    const { exitCode, run, shown } = await runOf(pipeline);
    expect(shown).toContain('from web\nfrom other\n');
    expect([exitCode, run.outcome]).toEqual([1, expect.objectContaining({ kind: 'command-failed', evidence: expect.objectContaining({ exit_code: 137 }) })]);
  });

  it("a service's image may have a health check of its own", async () => {
    const image = `${uniqueName('slipway-test-health')}:1`;
    images.push(image);
    const folder = box.path('health');
    box.write('health/Dockerfile', `FROM ${tiny}\nHEALTHCHECK --interval=1s --retries=30 CMD test -e /up\nCMD sleep 2; touch /up; sleep 600\n`);
    await box.engineProgram(['build', ...(lab.kind === 'podman' ? ['--format', 'docker'] : []), '-t', image, folder]);
    const { exitCode, run } = await runOf(`image: ${tiny}\n${jobs('true')}    services:\n      slow: { image: "${image}" }\n`);
    expect([exitCode, run.outcome?.kind]).toEqual([0, 'succeeded']);
  });

  it.each([
    {
      what: 'ends',
      service: 'command: [sh, -c, "echo last words; exit 3"]',
      says: 'Service db ended with exit code 3',
      evidence: { service: 'db', exit_code: 3, last_lines: 'last words' },
    },
    {
      what: 'stays unhealthy',
      service: 'command: [sleep, "60"], health: { command: "false", interval: 1s, timeout: 2s }',
      says: 'Service db was not healthy within 2 s',
      evidence: { service: 'db' },
    },
  ])('a service that $what', async ({ service, says, evidence }) => {
    const { exitCode, run } = await runOf(`image: ${tiny}\n${jobs('true')}    services:\n      db: { image: "${tiny}", ${service} }\n`);
    expect([exitCode, run.outcome]).toEqual([
      125,
      expect.objectContaining({ kind: 'container-start-failed', message: expect.stringContaining(says), evidence: expect.objectContaining(evidence) }),
    ]);
  });

  it("caches last from run to run, for an image's user too, and prune takes them", async () => {
    const pipeline = `executor: container
jobs:
  job:
    cache:
      - { key: modules, path: node_modules }
      - { key: home, path: /var/cache/job }
    steps:
      - cat node_modules/before /var/cache/job/before; echo "written by $(id -u)" | tee node_modules/before > /var/cache/job/before
`;
    const repository = await make(pipeline, `FROM ${tiny}\n`);
    const first = await runPipeline(box, repository);
    expect([first.exitCode, first.shown]).toEqual([0, expect.not.stringContaining('written by 0')]);
    box.write(`${repository.slice(box.directory.length + 1)}/.slipway/Dockerfile`, `FROM ${tiny}\nUSER 4242\n`);
    const second = await runPipeline(box, repository, ['--dirty']);
    expect([second.exitCode, second.shown]).toEqual([0, expect.stringContaining('written by 0\nwritten by 0\n')]);
    const own = { 'io.slipway.install': box.installId ?? '', 'io.slipway.kind': 'run' };
    const caches = async () => (await box.engine.volumes.list({ labels: own })).map(({ labels }) => labels['io.slipway.cache']).sort();
    expect(await caches()).toEqual(['home', 'modules']);
    await box.ok(['ci', 'prune', '--yes', '--older-than', '1d']);
    expect(await caches()).toEqual(['home', 'modules']);
    await box.ok(['ci', 'prune', '--yes', '--older-than', '0']);
    expect(await caches()).toEqual([]);
    const built = await box.engine.images.list({ labels: own });
    expect(built.flatMap(({ tags }) => tags)).toEqual([]);
  });

  it('a kept container is stopped and stays with its workspace until it is pruned', async () => {
    const repository = await make(`image: ${tiny}\n${jobs('echo looked at > result')}`);
    const end = await box.slipway(['ci', 'run', '--json', '--keep'], { cwd: repository });
    const run = JSON.parse(end.stdout) as RunJson;
    expect(await box.container(run.container.container_id ?? '')).toMatchObject({ state: 'exited' });
    expect(readFileSync(join(run.workspace, 'result'), 'utf8')).toBe('looked at\n');
    await box.engineProgram(['start', run.container.container_id ?? '']);
    expect(await box.engineProgram(['exec', run.container.container_id ?? '', 'cat', 'result'])).toBe('looked at');
    await box.ok(['ci', 'prune', '--yes', '--older-than', '0']);
    expect([await box.container(run.container.container_id ?? ''), existsSync(run.workspace)]).toEqual([undefined, false]);
  });
});
