import { SlipwayError } from '../../errors.ts';
import type { App } from '../../operations/model.ts';
import { openOperations } from '../../operations/read-journal.ts';
import { acquireLock, type Lock, lockHolder } from '../../state/lock.ts';
import { journalDir, locksDir } from '../../state/paths.ts';
import { currentProcess } from '../../state/process-identity.ts';
import { readInstance } from '../store.ts';
import { ContainerService } from './container-service.ts';
import { supervisedByVariable } from '../units/render.ts';
import { detachedVerb, supervisionLock } from './file.ts';
import { Keeper, type KeeperEnd, type KeeperOptions } from './keeper.ts';
import { ProcessService } from './process-service.ts';
import { SupervisionRecord } from './record.ts';

export type SuperviseOptions = Omit<KeeperOptions, 'name' | 'isNew'>;

/** A lock whose holder died in another PID namespace, such as that of a container before its restart, is free after its lease. */
const leaseMs = 40_000;
const recoverEveryMs = 5_000;

/**
 * Looks after one instance until it is meant to stop, has failed, or this process is told to end. Throws E_SUPERVISED where another
 * process does so already.
 */
export async function supervise(app: App, name: string, options: SuperviseOptions): Promise<KeeperEnd> {
  await app.installId();
  const { kind } = await readInstance(app.paths, name, app.person.home);
  const lock = await lockSupervision(app, name);
  const stopping = new AbortController();
  // What is begun is brought to its end, also where this process is told to end.
  const whole: App = { ...app, signal: new AbortController().signal };
  const recovering = keepRecovering(app, stopping.signal);
  try {
    const { record, goesOn } = await SupervisionRecord.open(app.paths, name);
    const service = kind === 'process' ? new ProcessService(whole, name, (process) => record.write({ process })) : new ContainerService(whole, name);
    return await new Keeper(whole, service, record, { ...options, name, isNew: !goesOn }).keep(app.signal);
  } finally {
    stopping.abort();
    await recovering;
    await lock.release();
  }
}

async function lockSupervision(app: App, name: string): Promise<Lock> {
  const holder = await lockHolder(locksDir(app.paths), supervisionLock(name));
  const isElsewhere = holder !== undefined && holder.pidNamespace !== currentProcess().pidNamespace;
  if (isElsewhere) app.out.note(`Waiting for the lock of ${name}: its holder, process ${holder.pid}, is of another PID namespace.`);
  try {
    const timeoutMs = isElsewhere ? leaseMs : 0;
    const verb = app.env[supervisedByVariable] === 'slipway' ? detachedVerb(name) : `supervise ${name}`;
    return await acquireLock(locksDir(app.paths), supervisionLock(name), { operation: name, verb, timeoutMs, signal: app.signal });
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'E_BUSY')) throw error;
    throw new SlipwayError('E_SUPERVISED', `Instance ${name} is looked after already${holder ? ` by process ${holder.pid}` : ''}.`, {
      cause: error,
      hint: `\`slipway instance status ${name}\` shows how it is.`,
    });
  }
}

/** What was cut off on an instance has it stopped: nobody may come by for long to settle that. Beside the keeper, whose help it may need. */
async function keepRecovering(app: App, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([app.signal, stopping]);
  while (!signal.aborted) {
    try {
      if ((await openOperations(journalDir(app.paths))).length > 0) {
        const { recoverOperations, recoveryLine } = await import('../../operations/recover.ts');
        for (const one of await recoverOperations({ ...app, signal })) app.out.note(recoveryLine(one));
      }
    } catch (error) {
      if (!signal.aborted) app.out.warn(error instanceof Error ? error.message : String(error));
    }
    await app.clock.sleep(recoverEveryMs, signal).catch(() => {});
  }
}
