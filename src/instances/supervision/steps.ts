import { SlipwayError } from '../../errors.ts';
import type { App, Step, StepKind } from '../../operations/model.ts';
import { lockHolder } from '../../state/lock.ts';
import { locksDir } from '../../state/paths.ts';
import { currentProcess } from '../../state/process-identity.ts';
import { readInstance } from '../store.ts';
import { steps as units } from '../units/steps.ts';
import { endOrphan } from './end-orphan.ts';
import { isSupervised, readSupervision, runningProcess, type SupervisedProcess, supervisionLock, writeSupervision } from './file.ts';
import { launchSupervisor, supervisorLog } from './launch.ts';
import { readRequest, writeRequest } from './request.ts';

interface ProcessStep extends Step {
  readonly instance: string;
}

const lookMs = 50;
/** Beyond the service's own stop timeout: until its supervisor has looked. */
const marginMs = 10_000;
/** From a program's end until its supervisor has written how that was. */
const toldWithinMs = 2_000;
const startWithinMs = 30_000;

/** The program is stopped, and stays so until `instance.process-start`, whatever its supervisor is. */
const stop: StepKind = {
  do: 'instance.process-stop',
  describe: (step) => `Stop the program of ${(step as ProcessStep).instance}`,
  async apply({ app, operation }, step) {
    const { instance } = step as ProcessStep;
    const { stopTimeoutSeconds } = await readInstance(app.paths, instance, app.person.home);
    const program = await runningProcess(app.paths, instance);
    await writeRequest(app.paths, instance, { hold: operation });
    for (const until = Date.now() + stopTimeoutSeconds * 1000 + marginMs; Date.now() < until; await app.clock.sleep(lookMs)) {
      if ((await runningProcess(app.paths, instance)) === undefined) break;
      if (!(await isSupervised(app.paths, instance))) break;
    }
    if (program !== undefined) await awaitExit(app, instance, program);
    if ((await endOrphan(app, instance)) === 'killed') await recordKill(app, instance);
  },
};

/** In the place of the supervisor, which it has none of. */
async function recordKill(app: App, instance: string): Promise<void> {
  const supervision = await readSupervision(app.paths, instance);
  if (supervision === undefined || (await isSupervised(app.paths, instance))) return;
  const lastExit = { at: app.clock.now().toISOString(), exitCode: undefined, signal: 'SIGKILL', killed: true } as const;
  await writeSupervision(app.paths, instance, { ...supervision, lastExit });
}

/** Whoever asks next how it ended is told of this end, not of the one before. */
async function awaitExit(app: App, instance: string, program: SupervisedProcess): Promise<void> {
  for (let waited = 0; waited < toldWithinMs && (await isSupervised(app.paths, instance)); waited += lookMs) {
    if (((await readSupervision(app.paths, instance))?.lastExit?.at ?? '') >= program.startedAt) return;
    await app.clock.sleep(lookMs);
  }
}

/** Has the instance's supervisor start the program, and a supervisor first where there is none. That it is well is told by its health. */
const start: StepKind = {
  do: 'instance.process-start',
  describe: (step) => `Start the program of ${(step as ProcessStep).instance}`,
  async apply({ app }, step) {
    const { instance } = step as ProcessStep;
    if ((await runningProcess(app.paths, instance)) !== undefined && (await isSupervised(app.paths, instance))) {
      await writeRequest(app.paths, instance, {});
      return;
    }
    const since = app.clock.now().toISOString();
    await writeRequest(app.paths, instance, { start: since });
    if (!(await isSupervised(app.paths, instance))) await launchSupervisor(app, instance);
    for (const until = Date.now() + startWithinMs; Date.now() < until; await app.clock.sleep(lookMs, app.signal)) {
      if (await hasBegun(app, instance, since)) return;
    }
    throw cannotStart(app, instance, 'its supervisor does not answer');
  },
};

async function hasBegun(app: App, instance: string, since: string): Promise<boolean> {
  if ((await readRequest(app.paths, instance)).start !== undefined) return false;
  const { process: program, reason } = (await readSupervision(app.paths, instance)) ?? {};
  if (reason !== undefined) throw cannotStart(app, instance, reason);
  return program !== undefined && program.startedAt >= since;
}

function cannotStart(app: App, instance: string, why: string): SlipwayError {
  return new SlipwayError('E_INSTANCE_EXITED', `The program of ${instance} could not be started: ${why}`, {
    hint: `Mend that, then run \`slipway instance start ${instance}\`. What its supervisor said is in ${supervisorLog(app, instance)}.`,
  });
}

/** Ends a supervisor that is no unit, so that a unit can take its place. */
const endSupervisor: StepKind = {
  do: 'instance.process-hand-over',
  describe: (step) => `End the process that looks after ${(step as ProcessStep).instance}`,
  async apply({ app }, step) {
    const { instance } = step as ProcessStep;
    const { stopTimeoutSeconds } = await readInstance(app.paths, instance, app.person.home);
    const holder = await lockHolder(locksDir(app.paths), supervisionLock(instance));
    if (holder === undefined) return;
    if (holder.pidNamespace === currentProcess().pidNamespace) process.kill(holder.pid, 'SIGTERM');
    for (const until = Date.now() + stopTimeoutSeconds * 1000 + marginMs; Date.now() < until; await app.clock.sleep(lookMs)) {
      if (!(await isSupervised(app.paths, instance))) return;
    }
    throw new SlipwayError('E_SUPERVISED', `Process ${holder.pid}, which looks after ${instance}, does not end.`, {
      hint: 'End it, then run the command again.',
    });
  },
};

/** Step kinds `instance.unit-*` and `instance.process-*`. */
export const steps: readonly StepKind[] = [...units, stop, start, endSupervisor];
