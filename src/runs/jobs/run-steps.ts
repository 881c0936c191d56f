import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../errors.ts';
import type { Launched } from '../executors/model.ts';
import type { PlannedStep } from '../model.ts';
import { Masker } from '../secrets/masker.ts';
import { markerOf, prepareLane, prepareStep, secretsOf } from './attempt.ts';
import { type AttemptFile, nextLog, readAttempt, writeAttempt } from './attempt-file.ts';
import { Lane } from './channel.ts';
import { readComplaints } from './follow-lane.ts';
import { cancelled, cutOutput, endOfSteps, lost } from './job-end.ts';
import { recoverSecrets } from './liveness.ts';
import type { JobEnd, JobRequest } from './model.ts';
import { type EndedStep, SupervisedLane } from './supervised-lane.ts';
import { endLeftovers, readBeginning, startSupervisor } from './supervisor.ts';

/** What ends the steps at a limit runs beside them: where they have got rid of it, or it cannot end them, this long after the grace. */
const overdueMs = 10_000;

/** A driver may have died between writing what an attempt needs and starting it. */
const patienceMs = 10_000;

/** Runs an attempt of a job that is a list of steps, or follows one that runs already. */
export async function runSteps(request: JobRequest, steps: readonly PlannedStep[]): Promise<JobEnd> {
  const { record, job, attempt, adopted } = request;
  const begun = adopted ? await readAttempt(record, job.id, attempt) : undefined;
  return (begun && (await adopt(request, steps, begun))) ?? begin(request, steps);
}

async function begin(request: JobRequest, steps: readonly PlannedStep[]): Promise<JobEnd> {
  const { job, attempt, executor, record, secrets, graceSeconds, cancel } = request;
  if (cancel.aborted) return cancelled;
  const lane = prepareLane(request, steps.length);
  try {
    const content: AttemptFile = { lane: lane.name, firstLog: await nextLog(record, job.id), startedAt: new Date().toISOString() };
    const prepare = async () => {
      for (const [index, step] of steps.entries()) prepareStep(request, lane, index + 1, step);
      await writeAttempt(record, job.id, attempt, content);
    };
    const order = {
      marker: markerOf(request),
      graceSeconds,
      limitSeconds: job.timeoutSeconds,
      steps: steps.length,
      lane: lane.inside,
      secrets: secretsOf(job, secrets),
    };
    const launched = await startSupervisor(executor, order, cancel, prepare).catch((error: unknown) => {
      if (cancel.aborted) return undefined;
      throw error;
    });
    if (launched === undefined) return cancelled;
    const said = readBeginning(launched);
    const masker = new Masker(secrets);
    const end = await follow(request, steps, { lane, content, masker, launched });
    return end ?? lost(masker.text(`Its supervisor could not start: ${await said}`));
  } finally {
    lane.close();
  }
}

/** `undefined`: nothing of it has run, nor will. */
async function adopt(request: JobRequest, steps: readonly PlannedStep[], content: AttemptFile): Promise<JobEnd | undefined> {
  const { channel, executor, job, secrets } = request;
  const lane = Lane.find(channel, executor.channel, content.lane, executor.kind);
  if (lane === undefined) return lost('Its channel is gone.');
  try {
    // What was read again may have changed, or be out of reach of this process: the supervisor knows what its steps were given.
    const recovered = job.secrets.length > 0 ? await recoverSecrets(lane) : [];
    const isKnown = recovered !== undefined || job.secrets.every((name) => secrets.has(name));
    const masker = isKnown ? new Masker([...secrets, ...(recovered ?? [])]) : undefined;
    const end = await follow(request, steps, { lane, content, masker, patienceMs });
    // One that starts only now finds nothing.
    if (end === undefined) await rename(join(channel, lane.name), join(channel, `${lane.name}.late`));
    return end;
  } finally {
    lane.close();
  }
}

interface Followed {
  readonly lane: Lane;
  readonly content: AttemptFile;
  readonly masker: Masker | undefined;
  readonly launched?: Launched;
  readonly patienceMs?: number;
}

/** `undefined`: the supervisor never told of itself. */
async function follow(
  request: JobRequest,
  steps: readonly PlannedStep[],
  { lane, content, masker, launched, patienceMs }: Followed,
): Promise<JobEnd | undefined> {
  const { job, executor, graceSeconds, cancel } = request;
  const ended: EndedStep[] = [];
  const supervised = new SupervisedLane({
    request,
    lane,
    marker: markerOf(request),
    masker,
    startedAt: content.startedAt,
    launched,
    patienceMs,
    describe(step) {
      const { name = '', command = '' } = steps[step - 1] ?? {};
      return { log: content.firstLog + step - 1, title: { name, command } };
    },
    onEnd: (_, step) => void ended.push(step),
  });
  const stop = () => void supervised.stop();
  cancel.addEventListener('abort', stop, { once: true });
  if (cancel.aborted) stop();
  const overdue =
    job.timeoutSeconds === undefined ? undefined : setTimeout(stop, Math.min((job.timeoutSeconds + graceSeconds) * 1000 + overdueMs, 2 ** 31 - 1));
  try {
    const end = await supervised.ended;
    if (end.isSilent && end.done === undefined) return cancel.aborted ? cancelled : undefined;
    if (end.done === undefined) {
      const kills = await endLeftovers(executor, markerOf(request), graceSeconds);
      const result = endOfSteps(ended, end, { steps: steps.length, wasCancelled: cancel.aborted });
      const since = kills === undefined || end.kills === undefined ? 0 : Math.max(0, kills - end.kills);
      return { ...result, oomKills: result.oomKills + since };
    }
    if (end.isCut && !cancel.aborted) {
      const result = cutOutput(ended, readComplaints(lane));
      if (result instanceof SlipwayError) throw result;
      return result;
    }
    const result = endOfSteps(ended, end, { steps: steps.length, limitSeconds: job.timeoutSeconds, wasCancelled: cancel.aborted });
    return masker && result.message !== undefined ? { ...result, message: masker.text(result.message) } : result;
  } catch (error) {
    // A log that cannot be written: its steps would go on for nobody.
    await supervised.stop();
    throw error;
  } finally {
    clearTimeout(overdue);
    cancel.removeEventListener('abort', stop);
  }
}
