import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNothingLeft, goingRun, pipelineRepository, type RunJson } from '../ci-run.ts';
import { engines, lab as labFile } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';

const tiny = labFile.images.tiny;

/** Whatever a run is at when it is told to end, or its driver dies: nothing of it stays on the engine. */
describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  /** Takes calls and never answers. */
  let silent: Server;
  let sequence = 0;
  beforeAll(async () => {
    box = new Sandbox(lab);
    silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterAll(async () => {
    silent.close();
    await box.dispose();
  });

  /** Starts `ci run`, waits until the run is where it is wanted, and does something to it. */
  const interrupted = async (
    pipeline: string,
    dockerfile: string | undefined,
    isThere: (run: RunJson) => boolean,
    act: (client: ReturnType<Sandbox['start']>, run: RunJson) => void,
  ) => {
    const name = `cut${++sequence}`;
    const cwd = await pipelineRepository(box, name, { pipeline, ...(dockerfile === undefined ? {} : { dockerfile }) });
    const client = box.start(['ci', 'run', '--json'], { cwd });
    const ended = once(client, 'exit');
    let stdout = '';
    let stderr = '';
    client.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    client.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const going = await goingRun(box, (run) => run.repository === name && isThere(run));
    act(client, going);
    const [exitCode] = (await ended) as [number | null];
    const run = JSON.parse(stdout || '{}') as RunJson;
    return { exitCode, run, going, stderr };
  };
  const buildLogHas = (text: string) => (run: RunJson) => {
    const file = join(run.directory, 'build.log');
    return existsSync(file) && readFileSync(file, 'utf8').includes(text);
  };
  const builds = `FROM ${tiny}\nRUN echo building-$((1+1)); sleep 8\n`;
  const isBuilding = buildLogHas('building-2');
  const steps = (step: string, more = '') => `image: ${tiny}\njobs:\n  job:\n    steps: [${JSON.stringify(step)}]\n${more}`;
  const inWorkspace = (file: string) => (run: RunJson) => existsSync(join(run.workspace, file));
  const interrupt = (client: ReturnType<Sandbox['start']>) => client.kill('SIGINT');

  const phases: readonly {
    readonly phase: string;
    readonly pipeline: () => string;
    readonly dockerfile?: string;
    readonly isThere: (run: RunJson) => boolean;
  }[] = [
    { phase: 'its image is built', pipeline: () => 'executor: container\njobs: { job: { steps: [echo] } }\n', dockerfile: builds, isThere: isBuilding },
    {
      phase: 'its image is pulled',
      pipeline: () => `image: 127.0.0.1:${port(silent)}/image:1\njobs: { job: { steps: [echo] } }\n`,
      isThere: ({ phase }) => phase === 'image',
    },
    {
      phase: 'a service is not healthy yet',
      pipeline: () =>
        steps('echo', `    services: { db: { image: "${tiny}", command: [sleep, "60"], health: { command: "false", interval: 1s, timeout: 60s } } }\n`),
      isThere: ({ phase }) => phase === 'container',
    },
    { phase: 'a step is at work', pipeline: () => steps('touch here; sleep 60'), isThere: inWorkspace('here') },
    {
      phase: 'what it left behind ignores TERM and holds its output',
      pipeline: () => steps(`sh -c 'trap "" TERM; touch here; while :; do sleep 1; done' & wait`),
      isThere: inWorkspace('here'),
    },
  ];
  it.each(phases)('cancelled while $phase', async ({ pipeline, dockerfile, isThere }) => {
    const { exitCode, run } = await interrupted(pipeline(), dockerfile, isThere, interrupt);
    expect([exitCode, run.outcome?.kind]).toEqual([130, 'cancelled']);
    await expectNothingLeft(box, run);
    expect(await box.engine.images.inspect(`slipway-ci/${run.repository}:${run.id}`)).toBeUndefined();
  });

  it('cancelled by a closed terminal: what always runs does so in the same container', async () => {
    const pipeline = steps('hostname > /name; touch here; sleep 60', '  after:\n    needs: [job]\n    always: true\n    steps: ["cat /name; echo tidied"]\n');
    const { exitCode, run, stderr } = await interrupted(pipeline, undefined, inWorkspace('here'), (client) => client.kill('SIGHUP'));
    expect([exitCode, run.outcome?.kind, stderr]).toEqual([130, 'cancelled', expect.stringContaining(`${run.repository}\ntidied\n`)]);
    expect(run.jobs.map(({ name, state }) => [name, state])).toEqual([
      ['job', 'cancelled'],
      ['after', 'succeeded'],
    ]);
    await expectNothingLeft(box, run);
  });

  it('a step at its time limit is ended with all that it started, and the container stays for what always runs', async () => {
    const cwd = await pipelineRepository(box, `cut${++sequence}`, {
      pipeline: `image: ${tiny}
jobs:
  job:
    steps:
      - { run: "sh -c 'trap \\"\\" TERM; sleep 61' & sleep 62", timeout: 2s }
  after:
    needs: [job]
    always: true
    steps: ["ps | grep -c '[s]leep 6' || echo none of them"]
`,
    });
    const end = await box.slipway(['ci', 'run', '--json'], { cwd });
    const run = JSON.parse(end.stdout) as RunJson;
    expect([end.exitCode, run.outcome?.kind, end.stderr]).toEqual([1, 'timeout', expect.stringContaining('none of them\n')]);
    await expectNothingLeft(box, run);
  });

  const killDriver = (_: unknown, { driver }: RunJson) => {
    if (driver === null) throw new Error('the run has no driver');
    process.kill(driver, 'SIGKILL');
  };

  it('its driver killed in the middle of a step: another one follows the step to its end', async () => {
    const pipeline = steps('echo begun >> log; touch here; i=0; while [ $i -lt 40 ]; do i=$((i+1)); sleep 0.1; done; echo counted to $i; cat log');
    const { exitCode, run, stderr } = await interrupted(pipeline, undefined, inWorkspace('here'), killDriver);
    expect([exitCode, run.outcome?.kind, stderr]).toEqual([0, 'succeeded', expect.stringContaining('counted to 40\nbegun\n')]);
    await expectNothingLeft(box, run);
  });

  it('its driver killed while the image is built: the build ends with it', async () => {
    const { exitCode, run } = await interrupted('executor: container\njobs: { job: { steps: [echo] } }\n', builds, isBuilding, killDriver);
    expect([exitCode, run.outcome?.kind]).toEqual([125, 'runner-crashed']);
    await expectNothingLeft(box, run);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    expect(await box.engine.images.inspect(`slipway-ci/${run.repository}:${run.id}`)).toBeUndefined();
  });
});

function port(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
