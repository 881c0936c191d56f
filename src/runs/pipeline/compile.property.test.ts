import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { numRuns } from '../../../test/thorough.ts';
import type { PipelinePlan } from '../model.ts';
import { compile } from './compile.ts';
import { readYamlDefinition } from './yaml-definition.ts';

const words = fc.stringMatching(/^[a-z][a-z0-9 .:_=,()-]{0,12}[a-z0-9)]$/);
const variables = fc.dictionary(fc.stringMatching(/^[A-RT-Z][A-Z0-9_]{0,6}$/), fc.oneof(fc.string(), fc.integer(), fc.boolean()).filter(hasNoNul), {
  maxKeys: 3,
});
const command = fc.oneof(
  words,
  fc.array(words, { minLength: 1, maxLength: 3 }),
  fc.record({ run: words, name: words, env: variables, cwd: fc.constantFrom('.', 'a/../b') }, { requiredKeys: ['run'] }),
);
const jobSettings = fc.record(
  {
    steps: fc.array(command, { minLength: 1, maxLength: 3 }),
    env: variables,
    timeout: fc.constantFrom('1s', '90s', '1h30m'),
    retry: fc.integer({ min: 0, max: 10 }),
    always: fc.boolean(),
    allowFailure: fc.boolean(),
    matrix: fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.uniqueArray(words, { minLength: 1, maxLength: 3 }), { minKeys: 1, maxKeys: 2 }),
    /** Which of the jobs before it needs, by its place from the end. */
    back: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['steps'] },
);
const jobs = fc.uniqueArray(fc.tuple(words, jobSettings), { minLength: 1, maxLength: 8, selector: ([name]) => name });

/** Needs that point back only, in a file whose order is another one: sound, and not sorted already. */
const sound = fc.tuple(jobs, fc.infiniteStream(fc.nat())).map(([made, order]) => {
  const written = made.map(([name, { back, ...settings }], index) => {
    const needs = [...new Set((back ?? []).flatMap((distance) => made[index - distance]?.[0] ?? []))];
    return [name, { ...settings, ...(needs.length === 0 ? {} : { needs }) }] as const;
  });
  const shuffled = written.map((job) => ({ job, place: order.next().value ?? 0 })).sort((a, b) => a.place - b.place);
  return { jobs: Object.fromEntries(shuffled.map(({ job }) => job)) };
});

it('any sound pipeline gives the same bytes each time, and an order that its needs allow', () => {
  fc.assert(
    fc.property(sound, (pipeline) => {
      const text = stringify(pipeline);
      const plan = planOf(text);
      expect(JSON.stringify(planOf(text))).toBe(JSON.stringify(plan));
      expect(new Set(plan.jobs.map(({ name }) => name)).size).toBe(plan.jobs.length);
      expect(new Set(plan.jobs.map(({ id }) => id)).size).toBe(plan.jobs.length);
      expect(plan.jobs.every(({ id }) => /^[a-z0-9_]+(?:-[a-z0-9_]+)*$/.test(id))).toBe(true);
      expect(runnable(plan)).toEqual(plan.jobs.map(({ name }) => name).sort());
    }),
    { numRuns: numRuns(20, 100) },
  );
});

it('a pipeline whose needs lead back to themselves is none, however long the way', () => {
  fc.assert(
    fc.property(fc.uniqueArray(words, { minLength: 1, maxLength: 8 }), (names) => {
      const circle = names.map((name, index) => [name, { steps: ['x'], needs: [names[(index + 1) % names.length]] }]);
      expect(() => planOf(stringify({ jobs: Object.fromEntries(circle) }))).toThrow(names.length === 1 ? /needs itself/ : /a cycle: /);
    }),
    { numRuns: numRuns(20, 100) },
  );
});

it('any text is a plan or PipelineInvalid with at least one mistake', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json().map((text) => `jobs: ${text}`),
    fc
      .record({ jobs: fc.dictionary(fc.string(), fc.dictionary(fc.constantFrom('needs', 'steps', 'matrix', 'services', 'cache', 'env'), fc.jsonValue())) })
      .map((value) => stringify(value)),
  );
  fc.assert(
    fc.property(anything, (text) => {
      try {
        planOf(text);
      } catch (error) {
        expect(error).toMatchObject({
          code: 'E_PIPELINE_INVALID',
          mistakes: expect.arrayContaining([expect.objectContaining({ message: expect.any(String) })]),
        });
      }
    }),
    { numRuns: numRuns(20, 100) },
  );
});

function planOf(text: string): PipelinePlan {
  return compile(readYamlDefinition('.slipway/ci.yml', text), { hasDockerfile: false });
}

/** The jobs that a scheduler gets to which starts what has all that it needs. */
function runnable({ jobs: planned }: PipelinePlan): readonly string[] {
  const done = new Set<string>();
  for (let before = -1; before < done.size; ) {
    before = done.size;
    for (const { name, needs } of planned) if (needs.every((need) => done.has(need))) done.add(name);
  }
  return [...done].sort();
}

function hasNoNul(value: unknown): boolean {
  return typeof value !== 'string' || !value.includes('\0');
}
