import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipelineRepository, type RunJson, runPipeline } from '../ci-run.ts';
import { engines, lab as labFile, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';

const tiny = labFile.images.tiny;
const gone = '20260101t000000-00000000';

describe.each(engines)('$name', (lab) => {
  let box: Sandbox;
  const strangers: string[] = [];
  beforeAll(() => {
    box = new Sandbox(lab);
  });
  afterAll(async () => {
    for (const id of strangers) await box.engine.containers.remove(id, { force: true });
    await box.dispose();
  });

  const labels = (install: string, run: string) => ({
    'io.slipway.managed': 'true',
    'io.slipway.install': install,
    'io.slipway.kind': 'run',
    'io.slipway.project': 'reaped',
    'io.slipway.run': run,
  });
  const make = async (name: string, its: Readonly<Record<string, string>>) => {
    const id = await box.engine.containers.create({ name: uniqueName(name), image: tiny, labels: its, command: ['sleep', '100'] });
    strangers.push(id);
    return id;
  };

  it("removes what runs of this install have left behind, and nothing of anybody else's", async () => {
    const repository = await pipelineRepository(box, 'reaped', { pipeline: `image: ${tiny}\njobs: { it: { steps: [echo] } }` });
    const kept = JSON.parse(await box.ok(['ci', 'run', '--keep', '--json'], { cwd: repository })) as RunJson;
    const ended = (await runPipeline(box, repository)).run;
    const install = box.installId ?? '';
    const ofNone = await make('of-none', labels(install, gone));
    const ofEnded = await make('of-ended', labels(install, ended.id));
    const others = await make('others', labels('another-install', gone));
    const people = await make('people', {});
    const network = uniqueName('left');
    await box.engine.networks.create(network, { labels: labels(install, gone) });
    box.write(`cache/runs/reaped/${gone}/workspace/file`, 'left');

    const told = await box.json<{ readonly settled: readonly unknown[]; readonly removed: readonly { readonly id: string }[] }>(['ci', 'reap']);
    expect(told.settled).toEqual([]);
    expect(told.removed.map(({ id }) => id).sort()).toEqual([gone, ended.id].sort());
    const there = async (id: string) => (await box.engine.containers.inspect(id)) !== undefined;
    expect([await there(ofNone), await there(ofEnded), await there(others), await there(people)]).toEqual([false, false, true, true]);
    expect(await box.engine.networks.inspect(network)).toBeUndefined();
    expect([existsSync(box.path('cache/runs/reaped', gone)), existsSync(kept.workspace)]).toEqual([false, true]);
    expect(await box.container(`slipway-ci-reaped-${kept.id}`)).toBeDefined();
    expect(await box.ok(['ci', 'reap'])).toBe('Nothing to settle, and nothing is left behind.');
    await box.ok(['ci', 'prune', '--keep', '0', '--yes']);
    expect([existsSync(kept.workspace), await box.container(`slipway-ci-reaped-${kept.id}`)]).toEqual([false, undefined]);
  });
});
