import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, lab as labFile, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { ServiceRepository } from '../service-repository.ts';
import { cutAt, expectNothingLeft, isAfterEnd, Killer, nextCommand, type Told } from './kill.ts';

const tiny = labFile.images.tiny;
const minutes = 60_000;

/** kill -9 at every journal write of what makes and removes releases. */
describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  let killer: Killer;
  let web: ServiceRepository;
  // Names of images are seen by everybody on the engine.
  const service = uniqueName('web');
  beforeAll(async () => {
    box = new Sandbox(lab);
    killer = new Killer(box);
    web = await ServiceRepository.make(
      box,
      'web',
      {
        '.slipway/service.yml': `service: ${service}\nfiles: [bin]\nrequired_files: [bin/start]\n`,
        Dockerfile: `FROM ${tiny}\nCOPY bin/start /start\n`,
        'bin/start': 'one\n',
      },
      'v1',
    );
  });
  afterAll(() => box.dispose());

  const folders = () => (existsSync(box.path('state/releases', service)) ? readdirSync(box.path('state/releases', service)) : []);
  const work = () => (existsSync(box.path('cache/releases')) ? readdirSync(box.path('cache/releases')) : []);
  const names = async () => (await box.engine.images.list()).flatMap(({ tags }) => tags).filter((tag) => tag.startsWith(`slipway-release/${service}:`));
  const build = () => ['release', 'build', 'v1', '--repo', web.path];
  const clear = () => box.ok(['release', 'prune', '--keep', '0', '--yes']);

  it(
    'a build: a whole release, or nothing of it',
    async () => {
      const before = await web.state();
      const cuts = await killer.cutsOf(build());
      await clear();
      const seen = new Set<Told>();
      for (const cut of cuts) {
        await cutAt(cut, async () => {
          await killer.kill(build(), cut);
          const told = await nextCommand(box);
          seen.add(told);
          const isThere = told === 'completed' || isAfterEnd(cut);
          expect([folders(), work()]).toEqual([isThere ? ['v1'] : [], []]);
          expect((await names()).map((name) => name.replace(/-[0-9a-f]{12}$/, ''))).toEqual(isThere ? [`slipway-release/${service}:v1`] : []);
          await expectNothingLeft(box);
          if (isThere) await box.ok(['release', 'verify', service, 'v1']);
          if (isThere) return void (await clear());
          // What was undone is in nobody's way.
          if (cut.write % 5 !== 0) return;
          await box.ok(build());
          await box.ok(['release', 'verify', service, 'v1']);
          await clear();
        });
      }
      expect(await names()).toEqual([]);
      expect([...seen].sort()).toEqual(['completed', 'nothing', 'undone']);
      expect(await web.state()).toBe(before);
    },
    10 * minutes,
  );

  it(
    'a removal: all of the release, or none of it',
    async () => {
      const prune = ['release', 'prune', '--keep', '0', '--yes'];
      await box.ok(build());
      const cuts = await killer.cutsOf(prune);
      for (const cut of cuts) {
        await cutAt(cut, async () => {
          await box.ok(build());
          await killer.kill(prune, cut);
          const told = await nextCommand(box);
          expect(folders()).toEqual(told === 'completed' || isAfterEnd(cut) ? [] : ['v1']);
          if (folders().length > 0) await box.ok(['release', 'verify']);
          else expect(await names()).toEqual([]);
          await expectNothingLeft(box);
        });
      }
    },
    10 * minutes,
  );
});
