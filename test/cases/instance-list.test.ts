import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Forwarder } from '../forwarder.ts';
import { engines, uniqueName } from '../lab.ts';
import { InstanceBox, type StatusJson } from './instance-box.ts';

/** A hundred instances cost an engine no more than one. */
describe.each(engines)('$name', (lab) => {
  const prefix = uniqueName('list');
  const made = ['a', 'b', 'c'].map((letter) => `${prefix}-${letter}`);
  // The rest are copies of the first one's files and container.
  const copies = Array.from({ length: 97 }, (_, index) => `${prefix}-copy${index + 100}`);
  let box: InstanceBox;
  let road: Forwarder;

  beforeAll(async () => {
    box = new InstanceBox(lab, 3);
    await box.service({ version: 'good' });
    road = new Forwarder(box.path('engine.sock'), lab.endpoint);
    await road.open();
    const env = { SLIPWAY_ENGINE: road.endpoint };
    for (const [index, name] of made.entries()) {
      const end = await box.slipway(
        ['instance', 'create', name, '--image', box.tag('good'), '--port', String(box.port + 10 + index), '--no-unit', '--no-start'],
        { env },
      );
      if (end.exitCode !== 0) throw new Error(end.stderr);
    }
    const [first = ''] = made;
    await box.as(['sh', '-c', 'first=$1; shift; for copy; do cp -R "$first" "$copy"; done', 'sh', ...[first, ...copies].map((name) => box.file(name))]);
    const { labels = {} } = (await box.container(`slipway-${first}`)) ?? {};
    for (const name of copies) {
      await box.engine.containers.create({ name: `slipway-${name}`, image: box.tag('good'), labels: { ...labels, 'io.slipway.instance': name } });
    }
  }, 300_000);
  afterAll(async () => {
    await road.close();
    await box.dispose();
  }, 120_000);

  it('one list tells the state of all', async () => {
    road.requests.length = 0;
    const all = await box.json<readonly StatusJson[]>(['instance', 'status']);
    expect(all.map(({ id, state, well }) => [id, state, well])).toEqual([...made, ...copies].map((name) => [name, 'stopped', true]));
    expect(road.requests.filter((request) => !request.endsWith('/_ping'))).toEqual(['GET /containers/json']);
  });
});
