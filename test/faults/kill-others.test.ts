import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../cases/project.ts';
import { engines, lab as allEngines, uniqueName } from '../lab.ts';
import { Sandbox } from '../sandbox.ts';
import { type Cut, cutAt, expectNothingLeft, isAfterEnd, journal, Killer, nextCommand, type Told } from './kill.ts';

interface StatusJson {
  readonly id: string;
  readonly state: string;
  readonly mode: string | null;
  readonly run: { readonly exit_code: number | null; readonly reason: string | null } | null;
}

const minutes = 60_000;

/** kill -9 at every journal write of what makes tasks, projects and images. */
describe.each(engines.filter(({ rootless }) => !rootless))('$name', (lab) => {
  let box: Sandbox;
  let killer: Killer;
  const image = `${uniqueName('slipway-faults')}:1`;
  beforeAll(async () => {
    box = new Sandbox(lab);
    await makeProject(box, 'half');
    killer = new Killer(box);
  });
  afterAll(async () => {
    await box.engine.images.remove(image, { force: true }).catch(() => {});
    await box.dispose();
  });

  const list = () => box.json<readonly StatusJson[]>(['task', 'list']);
  const settled = async () =>
    expect((await journal(box)).map(({ verb, outcome }) => `${verb} ${outcome}`).filter((line) => / (open|abandoned)$/.test(line))).toEqual([]);

  /** Cuts a command everywhere; `look` sees what the next command said. */
  async function everywhere(
    command: () => Promise<readonly string[]> | readonly string[],
    some: (cut: Cut) => boolean,
    look: (told: Told, cut: Cut) => Promise<void>,
  ): Promise<ReadonlySet<Told>> {
    const cuts = (await killer.cutsOf(await command())).filter(some);
    const seen = new Set<Told>();
    for (const cut of cuts) {
      await cutAt(cut, async () => {
        if (!(await killer.killIfReached(await command(), cut))) return;
        const told = await nextCommand(box);
        seen.add(told);
        await expectNothingLeft(box);
        await look(told, cut);
      });
    }
    await settled();
    return seen;
  }
  const all = () => true;

  it(
    'run: the agent runs and its exit is recorded, or nothing of it is left but a new task',
    async () => {
      // The journal's end of one operation is cut the same in all of them.
      const some = ({ kind }: Cut) => lab.kind === 'docker' || / (container|task)\./.test(kind);
      const known = new Set<string>();
      await everywhere(
        () => ['run', 'half', 'echo out > made; exit 7'],
        some,
        async () => {
          for (const task of await list()) {
            if (known.has(task.id)) continue;
            known.add(task.id);
            const container = await box.container(`half-run-${task.id}`);
            if (container === undefined) {
              expect(task).toMatchObject({ state: 'created', mode: null, run: null });
              expect(existsSync(box.path(`state/tasks/half/${task.id}/agent-config/env`))).toBe(false);
            } else {
              await expect
                .poll(() => box.json<StatusJson>(['task', 'status', 'half', task.id]), { timeout: 30_000, interval: 200 })
                .toMatchObject({ state: 'exited', mode: 'run', run: { exit_code: 7, reason: 'exited' } });
              expect(box.read(`state/tasks/half/${task.id}/workspace/made`)).toBe('out\n');
            }
          }
        },
      );
      expect((await box.slipway(['run', 'half', 'exit 7'])).exitCode).toBe(7);
    },
    10 * minutes,
  );

  it(
    'build: nothing half-made, and the next build finishes it',
    async () => {
      const settings = box.read('config/projects/half/project.yml');
      let value = 0;
      const change = () => {
        value += 1;
        box.write('config/projects/half/project.yml', `${settings}snippet: |\n  ENV CUT=${value}\n`);
      };
      const command = () => {
        change();
        return ['build', 'half'];
      };
      const seen = await everywhere(command, all, async (told, cut) => {
        const left = await box.engine.images.list({ labels: { 'io.slipway.install': box.installId ?? '', 'io.slipway.kind': 'layer' } });
        expect(left.filter(({ tags }) => tags.length === 0)).toEqual([]);
        const again = await box.slipway(['build', 'half'], { timeoutMs: 300_000 });
        expect([again.exitCode, again.stderr]).toEqual([0, again.stderr]);
        if (told === 'completed' || isAfterEnd(cut)) expect(again.stdout).toMatch(/nothing to do|up to date|fresh/i);
        expect((await box.engine.images.inspect('half:l2-cli'))?.env ?? []).toContain(`CUT=${value}`);
      });
      expect([...seen]).toEqual(expect.arrayContaining(['undone']));
      box.write('config/projects/half/project.yml', settings);
      await box.ok(['build', 'half'], { timeoutMs: 300_000 });
    },
    10 * minutes,
  );

  if (lab.kind === 'docker')
    it(
      'image prune',
      async () => {
        const settings = box.read('config/projects/half/project.yml');
        let value = 100;
        const stale = async () => {
          value += 1;
          for (const text of [`${settings}snippet: |\n  ENV CUT=${value}\n`, settings]) {
            box.write('config/projects/half/project.yml', text);
            await box.ok(['build', 'half'], { timeoutMs: 300_000 });
          }
        };
        await box.ok(['image', 'prune', '--yes']);
        await stale();
        const cuts = await killer.cutsOf(['image', 'prune', '--yes']);
        const some = cuts.filter((cut, index) => cut.when === 'after' || cut.kind.startsWith('done') || index === 0);
        for (const cut of some) {
          await cutAt(cut, async () => {
            await stale();
            if (!(await killer.killIfReached(['image', 'prune', '--yes'], cut))) return;
            await nextCommand(box);
            await expectNothingLeft(box);
            await box.ok(['image', 'prune', '--yes']);
            expect(await box.ok(['image', 'prune', '--dry-run'])).toMatch(/nothing/i);
            expect(await box.engine.images.inspect('half:l2-cli')).toBeDefined();
          });
        }
        await settled();
      },
      10 * minutes,
    );

  it(
    'image import, save and load',
    async () => {
      const archive = allEngines.archives.tiny;
      await everywhere(
        () => ['image', 'import', archive, image],
        ({ kind, when }) => kind.includes('image.') || when === 'after',
        async () => {
          await box.ok(['image', 'import', archive, image]);
          expect(await box.engine.images.inspect(image)).toBeDefined();
        },
      );
      const file = box.path('saved.tar');
      await everywhere(
        () => ['image', 'save', image, '-o', file],
        ({ kind, when }) => kind.includes('image.') || when === 'after',
        async () => expect(readdirSync(box.directory).filter((name) => name.includes('partial'))).toEqual([]),
      );
      await box.ok(['image', 'save', image, '-o', file]);
      await everywhere(
        () => ['image', 'load', file],
        ({ kind, when }) => kind.includes('image.') || when === 'after',
        async () => expect(await box.engine.images.inspect(image)).toBeDefined(),
      );
    },
    10 * minutes,
  );

  if (lab.kind === 'docker')
    describe('what asks no engine', () => {
      it(
        'task new: no id is given twice',
        async () => {
          const given = new Set<string>();
          for (const { id } of await list()) given.add(id);
          await everywhere(
            () => ['task', 'new', 'half'],
            all,
            async () => {
              const fresh = await box.ok(['task', 'new', 'half']);
              expect(given.has(fresh)).toBe(false);
              for (const { id, state } of await list()) {
                if (!given.has(id)) expect(state).toBe('created');
                given.add(id);
              }
              // The highest goes, and its id with it.
              await box.ok(['task', 'delete', '--yes', 'half', fresh]);
            },
          );
        },
        5 * minutes,
      );

      it(
        'task start: the new task runs, or has not run yet',
        async () => {
          await everywhere(
            () => ['task', 'start', 'half'],
            ({ kind, when }) => /task\.write|container\.|begin|end|filed/.test(kind) && (when === 'before' || kind.startsWith('intent')),
            async () => {
              for (const { id, state, mode } of await list()) {
                if (mode === 'run' || state === 'not-found') continue;
                const container = await box.container(`half-cli-${id}`);
                expect([id, state]).toEqual([id, container === undefined ? 'created' : 'running']);
                await box.ok(['task', 'delete', '--yes', 'half', id]);
              }
            },
          );
        },
        10 * minutes,
      );

      it(
        'project new, project delete',
        async () => {
          let made = 0;
          const prefix = uniqueName('brief');
          const id = () => `${prefix}-${made}`;
          const file = () => box.path(`config/projects/${id()}/project.yml`);
          const newOne = () => ['project', 'new', id(), '--base', 'nothing:1', '--agent', 'shell'];
          await everywhere(
            async () => {
              made += 1;
              return newOne();
            },
            all,
            async (told, cut) => {
              expect(existsSync(file())).toBe(told === 'completed' || isAfterEnd(cut));
              if (!existsSync(file())) await box.ok(newOne());
              await box.ok(['project', 'show', id()]);
            },
          );
          await everywhere(
            async () => {
              made += 1;
              await box.ok(newOne());
              await box.ok(['generate', id()]);
              return ['project', 'delete', '--yes', id()];
            },
            all,
            async (told, cut) => {
              expect(existsSync(file())).toBe(told !== 'completed' && !isAfterEnd(cut));
              if (existsSync(file())) await box.ok(['project', 'delete', '--yes', id()]);
              expect([existsSync(box.path(`config/projects/${id()}`)), existsSync(box.path(`state/build/${id()}`))]).toEqual([false, false]);
            },
          );
        },
        10 * minutes,
      );
    });
});
