import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../errors.ts';
import { RunFailure } from '../executors/failure.ts';
import type { JobFacts, Outcome, PlannedJob, RunPhase } from '../model.ts';
import { type Ending, outcomeOf } from './outcome.ts';
import type { JobResult } from './schedule.ts';

function planned(name: string, allowFailure = false): PlannedJob {
  const nothing = { always: false, retry: 0, env: {}, cwd: '.', secrets: [], services: [], artifacts: [], caches: [], needs: [] };
  return { ...nothing, name, id: name, group: name, allowFailure, work: { kind: 'steps', steps: [] } };
}

const succeeded: JobResult = { state: 'succeeded', attempt: 1, output: null, facts: { reason: 'done', oomKills: 0 } };

function failed(reason: JobFacts['reason'], exitCode?: number, oomKills = 0): JobResult {
  const end = { reason: 'exited', startedAt: '', endedAt: '', ...(exitCode === undefined ? {} : { exitCode }) } as const;
  return { state: 'failed', attempt: 1, output: null, reason: 'It failed.', facts: { reason, oomKills, log: 2, end } };
}

/** How a run ends whose jobs ended so, one after the other. */
function ending(results: Readonly<Record<string, JobResult>>, more: Partial<Ending> = {}, allowed: readonly string[] = []): Outcome {
  const jobs = Object.keys(results).map((name) => planned(name, allowed.includes(name)));
  return outcomeOf({ jobs, results: new Map(Object.entries(results)), stepName: () => 'npm test', ...more });
}

const request = { kind: 'cancelled', at: '2026-01-01T00:00:00Z', by: 'somebody' } as const;
const died: Outcome = { kind: 'container-died', message: 'It died.', retryable: true, evidence: {} };
const fault = (error: unknown, phase: RunPhase = 'jobs') => ({ fault: { error, phase } });
const fullDisk = new SlipwayError('E_DISK_FULL', 'No space left.');

describe('a run whose jobs', () => {
  it('all succeeded, did', () => {
    expect(ending({ a: succeeded, b: succeeded })).toEqual({ kind: 'succeeded', message: '2 jobs succeeded.', retryable: false, evidence: { jobs: 2 } });
  });

  it('failed where they may, did too', () => {
    expect(ending({ a: succeeded, b: failed('step', 1) }, {}, ['b'])).toMatchObject({ kind: 'succeeded', evidence: { jobs: 1, allowed_failures: 1 } });
  });

  it('failed, is decided by the first of them', () => {
    expect(ending({ a: succeeded, b: failed('step', 137), c: failed('timeout') })).toEqual({
      kind: 'command-failed',
      message: 'Job b: It failed.',
      retryable: false,
      evidence: { reason: 'step', attempts: 1, step: 'npm test', exit_code: 137, step_ended: 'exited' },
      job: 'b',
      step: 2,
    });
  });

  it.each([
    ['step', 'command-failed'],
    ['function', 'command-failed'],
    ['timeout', 'timeout'],
    ['lost', 'runner-crashed'],
  ] as const)('failed by %s is %s', (reason, kind) => {
    expect(ending({ a: failed(reason) }).kind).toBe(kind);
  });

  it('were killed for memory is out-of-memory, also where the script swallowed it', () => {
    const swallowed: JobResult = { ...succeeded, facts: { reason: 'done', oomKills: 1 } };
    expect(ending({ a: failed('step', 1), b: swallowed })).toMatchObject({ kind: 'out-of-memory', job: 'b', evidence: { oom_kills: 1 } });
    expect(ending({ a: swallowed }, {}, ['a']).kind).toBe('succeeded');
  });

  it('have no result did not succeed', () => {
    const jobs = [planned('a'), planned('b')];
    expect(outcomeOf({ jobs, results: new Map([['a', succeeded]]), stepName: () => undefined })).toMatchObject({ kind: 'runner-crashed', job: 'b' });
  });

  it('were cancelled without anybody asking for it did not succeed', () => {
    expect(ending({ a: { state: 'cancelled', attempt: 1, output: null } }).kind).toBe('runner-crashed');
  });
});

describe('what made the jobs fail goes first', () => {
  const bad = { a: failed('lost') };
  it.each<[string, Partial<Ending>, string]>([
    ['the executor that ended', { executor: died, request }, 'container-died'],
    ['a full disk', { executor: died, request, ...fault(fullDisk) }, 'disk-full'],
    ['a cancel', { request, ...fault(new Error('aborted')) }, 'cancelled'],
    ['a newer run', { request: { ...request, kind: 'superseded' } }, 'superseded'],
    ["the run's own limit", { timedOutSeconds: 5 }, 'timeout'],
    ['a failure of Slipway', fault(new Error('what?')), 'runner-crashed'],
  ])('%s', (_, more, kind) => {
    expect(ending(bad, more).kind).toBe(kind);
  });
});

describe('what a phase threw', () => {
  it.each<[RunPhase, string, string]>([
    ['workspace', 'E_REVISION', 'workspace-materialization-failed'],
    ['plan', 'E_PIPELINE_INVALID', 'pipeline-invalid'],
    ['plan', 'E_NO_SECRET', 'pipeline-invalid'],
    ['image', 'E_IMAGE_BUILD', 'image-build-failed'],
    ['image', 'E_IMAGE_PULL', 'image-pull-failed'],
    ['image', 'E_NO_IMAGE', 'image-pull-failed'],
    ['image', 'E_ENGINE_UNREACHABLE', 'engine-lost'],
    ['image', 'E_ENGINE_REMOTE', 'container-start-failed'],
    ['image', 'E_ENGINE_NONE', 'container-start-failed'],
    ['container', 'E_CONTAINER_START', 'container-start-failed'],
    ['container', 'E_REGISTRY_UNREACHABLE', 'image-pull-failed'],
    ['jobs', 'E_ENGINE_CHANGED', 'engine-lost'],
    ['jobs', 'E_RUN_LOST', 'runner-crashed'],
    ['jobs', 'E_DISK_FULL', 'disk-full'],
  ])('in phase %s: %s is %s, with its code as evidence', (phase, code, kind) => {
    expect(ending({}, fault(new SlipwayError(code as `E_${string}`, 'No.', { hint: 'Do this.' }), phase))).toMatchObject({
      kind,
      message: 'No.',
      evidence: { code, hint: 'Do this.' },
    });
  });

  it('knows by itself how the run ends, where it does', () => {
    expect(ending({}, fault(new RunFailure('E_RUN_IMAGE', died), 'image'))).toBe(died);
  });

  it.each([
    Object.assign(new Error('write'), { code: 'ENOSPC' }),
    new SlipwayError('E_REPOSITORY', 'Git failed.', { detail: 'fatal: write error: No space left on device' }),
    new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'EDQUOT' }) }),
  ])('is a full disk, however that is said: %s', (error) => {
    expect(ending({}, fault(error, 'workspace')).kind).toBe('disk-full');
  });
});
