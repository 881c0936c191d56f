import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numRuns } from '../../test/thorough.ts';
import { change } from './change.ts';
import type { App, StepKind, Verb } from './model.ts';
import { openOperations } from './read-journal.ts';
import { recoverOperations } from './recover.ts';
import { recordsAt, testAppAt } from './test-app.ts';

/** What verbs change here: values, and the temporary things that carry the operation that made them, as containers and folders do. */
interface World {
  readonly values: Map<string, string>;
  /** Thing → its operation. */
  readonly temporary: Map<string, string>;
  /** Operation of every commit, in order. */
  readonly commits: string[];
  /** Passings of a place where the process can be killed, until it is; never where `undefined`. */
  left: number | undefined;
  killed: () => void;
  /** Lets go what was killed, once nothing of it matters any more: it holds open files. */
  readonly hanging: (() => void)[];
}

interface Wanted {
  readonly thing: string;
  readonly value: string;
}

/** Nothing that runs after a kill does anything: whoever waits here waits for ever. */
function passing(world: World): Promise<void> {
  if (world.left === undefined) return Promise.resolve();
  if (world.left > 0) {
    world.left -= 1;
    return Promise.resolve();
  }
  world.killed();
  return new Promise((_, reject) => world.hanging.push(() => reject(new Error('killed'))));
}

function kindsOf(world: World): readonly StepKind[] {
  const kind = (name: string, effect: (operation: string, step: Wanted) => void, more: Partial<StepKind> = {}): StepKind => ({
    do: name,
    describe: () => name,
    async apply({ operation }, step) {
      await passing(world);
      effect(operation, step as unknown as Wanted);
      await passing(world);
    },
    ...more,
  });
  return [
    kind('test.make', (operation, { thing }) => world.temporary.set(thing, operation)),
    kind(
      'test.swap',
      (operation, { thing, value }) => {
        world.values.set(thing, value);
        world.commits.push(operation);
      },
      { isDone: async ({ operation }) => world.commits.includes(operation) },
    ),
    kind('test.clear', (_, { thing }) => world.temporary.delete(thing)),
    kind('test.unmake', (operation) => {
      for (const [thing, made] of world.temporary) if (made === operation) world.temporary.delete(thing);
    }),
    kind('test.set', (_, { thing, value }) => world.values.set(thing, value)),
  ];
}

type State = Readonly<{ value: string | undefined; temporary: boolean; parts: readonly (string | undefined)[] }>;

function verbsOf(world: World): Readonly<Record<'replace' | 'set', Verb<Wanted, State>>> {
  const common = {
    locks: ({ thing }: Wanted) => [`test/${thing}`],
    describe: ({ thing, value }: Wanted) => `${thing} = ${value}`,
    observe: async (_: App, { thing }: Wanted) => {
      await passing(world);
      return {
        value: world.values.get(thing),
        temporary: world.temporary.has(`${thing}-new`),
        parts: ['a', 'b', 'c'].map((part) => world.values.get(`${thing}/${part}`)),
      };
    },
  };
  return {
    // As `restart --recreate` and `run`: aside, swapped, cleared away.
    replace: {
      ...common,
      name: 'test.replace',
      plan: (state, { thing, value }) => {
        const clear = { do: 'test.clear', thing: `${thing}-new` };
        if (state.value === value) return { steps: state.temporary ? [clear] : [] };
        return {
          steps: [{ do: 'test.make', thing: `${thing}-new` }, { do: 'test.swap', thing, value, commit: true }, clear],
          otherwise: [{ do: 'test.unmake' }],
        };
      },
      reached: (state, { value }) => state.value === value && !state.temporary,
    },
    // As `stop` and `delete`: what is left to do is found by looking.
    set: {
      ...common,
      name: 'test.set',
      plan: ({ parts }, { thing, value }) => ({
        steps: ['a', 'b', 'c'].filter((_, index) => parts[index] !== value).map((part) => ({ do: 'test.set', thing: `${thing}/${part}`, value })),
      }),
    },
  };
}

function appOf(root: string, world: World): App {
  const app = testAppAt(root, { kinds: kindsOf(world), verbs: Object.values(verbsOf(world)) as readonly unknown[] as readonly Verb[] });
  const stepKind = async (name: string) => {
    // Before the intent is written.
    await passing(world);
    return app.registry.stepKind(name);
  };
  return { ...app, registry: { ...app.registry, stepKind } };
}

/** Runs a command until its end or its kill. A dead holder's locks are free: here they are simply gone, since the test itself lives on. */
async function until<T>(root: string, world: World, passes: number | undefined, command: () => Promise<T>): Promise<T | 'killed'> {
  const killed = new Promise<'killed'>((resolve) => {
    world.killed = () => resolve('killed');
  });
  world.left = passes;
  const running = command();
  running.catch(() => {});
  const end = await Promise.race([running, killed]);
  world.left = undefined;
  if (end === 'killed') rmSync(join(root, 'state', 'locks'), { recursive: true, force: true });
  return end;
}

const command = fc.record({
  verb: fc.constantFrom('replace' as const, 'set' as const),
  thing: fc.constantFrom('x', 'y'),
  value: fc.constantFrom('1', '2', '3'),
  /** After how many places it is killed, and the recoveries after it, too. */
  kills: fc.array(fc.nat({ max: 14 }), { maxLength: 4 }),
});

describe('any sequence of verbs, kills and recoveries', () => {
  it('commits at most once, leaves nothing where it was undone, and has reached its goal where it was completed', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 5 }), async (commands) => {
        const root = mkdtempSync(join(tmpdir(), 'slipway-property-'));
        const world: World = { values: new Map(), temporary: new Map(), commits: [], left: undefined, killed: () => {}, hanging: [] };
        try {
          for (const { verb, thing, value, kills } of commands) {
            const before = [new Map(world.values), world.commits.length] as const;
            const app = appOf(root, world);
            const known = (await recordsAt(root)).length;
            await until(root, world, kills[0], () => change(app, verbsOf(world)[verb], { thing, value }));
            for (const passes of kills.slice(1)) await until(root, world, passes, () => recoverOperations(app));
            await recoverOperations(app);

            expect(await openOperations(join(root, 'state', 'journal'))).toEqual([]);
            expect([...world.temporary]).toEqual([]);
            const fresh = (await recordsAt(root)).slice(known);
            expect(fresh.length).toBeLessThanOrEqual(1);
            expect(new Set(world.commits).size).toBe(world.commits.length);
            const outcome = fresh[0]?.end?.outcome;
            expect([undefined, 'done', 'completed', 'undone']).toContain(outcome);
            if (outcome === 'undone') expect([new Map(world.values), world.commits.length]).toEqual(before);
            if (outcome === 'done' || outcome === 'completed') {
              const reached = verb === 'replace' ? [world.values.get(thing)] : ['a', 'b', 'c'].map((part) => world.values.get(`${thing}/${part}`));
              expect(new Set(reached)).toEqual(new Set([value]));
            }
            expect(existsSync(join(root, 'state', 'locks', 'test', `${thing}.lock`))).toBe(false);
          }
        } finally {
          rmSync(root, { recursive: true, force: true });
          for (const letGo of world.hanging) letGo();
        }
      }),
      { numRuns: numRuns(10, 80) },
    );
  });
});
