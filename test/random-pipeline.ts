import fc from 'fast-check';

export interface RandomJob {
  readonly name: string;
  readonly needs: readonly string[];
  /** How each attempt ends: a step that exits so, or never ends within the job's limit. */
  readonly ends: readonly (number | 'never')[];
  readonly takesMs: number;
  readonly retry: number;
  readonly allowFailure: boolean;
  readonly always: boolean;
}

export interface RandomRun {
  readonly jobs: readonly RandomJob[];
  /** Milliseconds until it is cancelled, and until its own limit. */
  readonly cancelMs: number | undefined;
  readonly limitSeconds: number | undefined;
}

export const randomRun: fc.Arbitrary<RandomRun> = fc.record({
  jobs: fc
    .array(
      fc.record({
        needs: fc.array(fc.nat(10), { maxLength: 2 }),
        ends: fc.array(fc.oneof({ weight: 6, arbitrary: fc.constant(0 as const) }, fc.constantFrom(1, 2, 125, 137, 143), fc.constant('never' as const)), {
          minLength: 2,
          maxLength: 2,
        }),
        takesMs: fc.integer({ min: 0, max: 400 }),
        retry: fc.nat(1),
        allowFailure: fc.boolean(),
        always: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((list) =>
      list.map((job, index) => ({ ...job, name: `j${index}`, needs: [...new Set(job.needs.filter((need) => need < index).map((need) => `j${need}`))] })),
    ),
  cancelMs: fc.option(fc.integer({ min: 0, max: 2500 }), { nil: undefined, freq: 2 }),
  limitSeconds: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 4 }),
});

/** Its ci.yml. Each attempt leaves `JOB begin` and, where its step gets that far, `JOB over` in the log. */
export function pipelineOf({ jobs }: RandomRun, log: string, head: Readonly<Record<string, string>> = {}): string {
  const described = jobs.map(({ name, needs, ends, takesMs, ...rest }) => {
    const cases = ends.map(
      (end, index) => `${index + 1}) ${end === 'never' ? 'sleep 100' : `sleep ${takesMs / 1000}; echo ${name} over >> ${log}; exit ${end}`} ;;`,
    );
    return [
      name,
      {
        needs: needs.length === 0 ? undefined : needs,
        timeout: '1s',
        ...rest,
        steps: [`echo ${name} begin >> ${log}; case $SLIPWAY_ATTEMPT in ${cases.join(' ')} esac`],
      },
    ];
  });
  return JSON.stringify({ ...head, jobs: Object.fromEntries(described) });
}

/** What is wrong with the order in which jobs ran. */
export function disorderIn({ jobs }: RandomRun, lines: readonly string[]): readonly string[] {
  const allNeeds = (name: string): readonly string[] => {
    const needs = jobs.find((job) => job.name === name)?.needs ?? [];
    return [...needs, ...needs.flatMap(allNeeds)];
  };
  return jobs.flatMap(({ name }) => {
    const begun = lines.indexOf(`${name} begin`);
    if (begun < 0) return [];
    return allNeeds(name).flatMap((need) =>
      lines.some((line, at) => at > begun && line.startsWith(`${need} `)) ? [`${name} began before ${need} was over`] : [],
    );
  });
}

/** Outcomes that a run may have. A cancel or a limit may come after the last job. */
export function possibleOutcomes({ jobs, cancelMs, limitSeconds }: RandomRun): ReadonlySet<string> {
  const natural = new Set<string>();
  const fails = (job: RandomJob) => job.ends.slice(0, job.retry + 1).every((end) => end !== 0);
  const bad = jobs.filter((job) => fails(job) && !job.allowFailure);
  // A job that is never reached decides nothing, and what decides is what ended first: any of those that fail.
  for (const { ends, retry } of bad) natural.add(ends[retry] === 'never' ? 'timeout' : 'command-failed');
  if (bad.length === 0) natural.add('succeeded');
  if (cancelMs !== undefined) natural.add('cancelled');
  if (limitSeconds !== undefined) natural.add('timeout');
  // The 2 s of such a job may be short for a busy machine in another attempt, too.
  if (jobs.some(({ ends, retry, allowFailure }) => ends.slice(0, retry + 1).includes('never') && !allowFailure)) natural.add('timeout');
  return natural;
}
