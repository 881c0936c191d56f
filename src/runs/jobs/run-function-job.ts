import { type FunctionResult, runFunction } from '../pipeline/run-function.ts';
import { Masker } from '../secrets/masker.ts';
import { jobVariables, lanePrefix, markerOf } from './attempt.ts';
import { nextLog } from './attempt-file.ts';
import { Lane } from './channel.ts';
import { Commands } from './commands.ts';
import { FunctionLog } from './function-log.ts';
import { cancelled, lost } from './job-end.ts';
import { recoverSecrets } from './liveness.ts';
import type { JobEnd, JobRequest } from './model.ts';
import { SupervisedLane } from './supervised-lane.ts';
import { endLeftovers } from './supervisor.ts';

/** Runs an attempt of a job whose work is a function. One whose driver has died ended with it: only what its commands wrote is left to be kept. */
export async function runFunctionJob(request: JobRequest): Promise<JobEnd> {
  const { cancel, adopted } = request;
  if (adopted) return endOrphan(request);
  return cancel.aborted ? cancelled : begin(request);
}

async function begin(request: JobRequest): Promise<JobEnd> {
  const { job, record, secrets, needs, script, cancel } = request;
  const masker = new Masker(secrets);
  const startedAt = new Date().toISOString();
  let next = await nextLog(record, job.id);
  const takeNumber = () => next++;
  const stopping = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    stopping.abort();
  };
  const commands = new Commands({ request, masker, startedAt, takeNumber, onFailure: fail });
  const printed = new FunctionLog(request, masker, takeNumber);
  let isOver = false;
  const stop = () => {
    stopping.abort();
    void commands.stop();
  };
  const onLimit = () => {
    isOver = true;
    stop();
  };
  const timer = job.timeoutSeconds === undefined ? undefined : setTimeout(onLimit, Math.min(job.timeoutSeconds * 1000, 2 ** 31 - 1));
  cancel.addEventListener('abort', stop, { once: true });
  try {
    const result = await runFunction(
      { ...script, job, variables: jobVariables(request), needs },
      {
        sh: commands.run,
        async secret(name) {
          const value = secrets.get(name);
          if (value === undefined) throw new Error(`the secret ${name} has no value`);
          return value;
        },
        log: (stream, chunk) => printed.write(stream, chunk),
      },
      stopping.signal,
    );
    if (stopping.signal.aborted) await commands.stop();
    const isWhole = await commands.close();
    await printed.end(printedEnd(result));
    if (failure !== undefined) throw failure.error;
    const end = endOfFunction(request, result, commands, isOver || commands.ended.some(({ isLimit }) => isLimit));
    return maskedEnd(
      isWhole || end.state !== 'succeeded'
        ? end
        : { ...end, state: 'failed', reason: 'lost', message: 'A supervisor of its commands left no record of its end.' },
      masker,
    );
  } catch (error) {
    await commands.stop();
    throw error;
  } finally {
    clearTimeout(timer);
    cancel.removeEventListener('abort', stop);
  }
}

function endOfFunction({ job }: JobRequest, result: FunctionResult, { ended }: Commands, isOver: boolean): JobEnd {
  const oomKills = ended.reduce((sum, { end }) => sum + (end.oomKills ?? 0), 0);
  const about = { output: null, oomKills } as const;
  if (isOver) return { state: 'failed', reason: 'timeout', message: `The job ran over its limit of ${job.timeoutSeconds} s.`, ...about };
  switch (result.kind) {
    case 'returned':
      return { state: 'succeeded', reason: 'done', output: result.output, oomKills };
    case 'skipped':
      return { state: 'skipped', reason: 'skipped', ...(result.reason === '' ? {} : { message: result.reason }), ...about };
    case 'cancelled':
      return { state: 'cancelled', reason: 'cancelled', message: 'It was cancelled.', ...about };
    case 'lost':
      return { state: 'failed', reason: 'lost', message: `${result.message}.`, ...about };
    case 'threw': {
      const step = result.exit === undefined ? undefined : ended.findLast(({ end }) => end.exitCode === result.exit);
      if (step === undefined) return { state: 'failed', reason: 'function', message: result.message, ...about };
      return { state: 'failed', reason: 'step', message: result.message, log: step.log, end: step.end, ...about };
    }
  }
}

function printedEnd(result: FunctionResult): { readonly reason: 'exited' | 'cancelled' | 'lost'; readonly exitCode?: number } {
  if (result.kind === 'cancelled' || result.kind === 'lost') return { reason: result.kind };
  return { reason: 'exited', exitCode: result.kind === 'threw' ? 1 : 0 };
}

function maskedEnd(end: JobEnd, masker: Masker): JobEnd {
  return { ...end, output: masker.json(end.output), ...(end.message === undefined ? {} : { message: masker.text(end.message) }) };
}

/** Its process ended with the driver. Its supervisors end when their stdin does, once the command that runs has ended: that is not waited for. */
async function endOrphan(request: JobRequest): Promise<JobEnd> {
  const { channel, executor, graceSeconds, job, secrets, cancel } = request;
  const names = await Lane.names(channel, lanePrefix(request));
  const lanes = names.flatMap((name) => Lane.find(channel, executor.channel, name, executor.kind) ?? []);
  await Promise.all(
    lanes.map(async (lane) => {
      const recovered = job.secrets.length > 0 ? await recoverSecrets(lane) : [];
      const isKnown = recovered !== undefined || job.secrets.every((name) => secrets.has(name));
      const supervised = new SupervisedLane({
        request,
        lane,
        marker: markerOf(request),
        masker: isKnown ? new Masker([...secrets, ...(recovered ?? [])]) : undefined,
        startedAt: new Date(0).toISOString(),
        patienceMs: 0,
        describe: (step) => ({ log: step, title: { name: 'a command of the function', command: '' } }),
        onEnd: () => {},
      });
      try {
        await supervised.stop();
        await supervised.ended;
      } finally {
        lane.close();
      }
    }),
  );
  await endLeftovers(executor, markerOf(request), graceSeconds);
  return cancel.aborted ? { ...cancelled, message: 'It was cancelled.' } : lost('The driver died that its function ran beside.');
}
